"""Command line: ``python -m helpers.account check | costs | create | list | clean-up``."""

import argparse
import sys
from collections.abc import Callable

from helpers.account import check, costs, inventory, template
from helpers.account.clean_up import clean_up
from helpers.config import SetupError, Workbook


def _check(workbook: Workbook, options: argparse.Namespace) -> int:
    findings = []
    for finding in check.run(workbook):
        print(finding, flush=True)
        findings.append(finding)
    return 1 if any(finding.ok is False for finding in findings) else 0


def _costs(workbook: Workbook, options: argparse.Namespace) -> int:
    prices = costs.Prices.read()
    print("All that the notebooks make:", *costs.bill(costs.PLAN, prices), sep="\n  ")
    print("What is there now:", *costs.bill(costs.running(inventory.take(workbook)), prices), sep="\n  ")
    return 0


def _create(workbook: Workbook, options: argparse.Namespace) -> int:
    chosen = template.chosen_parameters(options.parameter)
    made = [line for line in costs.PLAN if line.since == "the template"]
    print(*costs.bill(made, costs.Prices.read()), sep="\n")
    if not options.yes:
        print(f"Nothing was made. With --yes the stack {workbook.stack} is, in about half an hour.")
        return 1
    print(f"{workbook.stack}: {template.create(workbook, chosen)}. Put these lines into .env:")
    print(*template.settings(workbook), sep="\n")
    return 0


def _list(workbook: Workbook, options: argparse.Namespace) -> int:
    print(*inventory.lines(inventory.take(workbook)), sep="\n")
    return 0


def _clean_up(workbook: Workbook, options: argparse.Namespace) -> int:
    there = inventory.take(workbook)
    print(*inventory.lines(there), sep="\n")
    if there.is_empty:
        return 0
    if not options.yes:
        print("Nothing was deleted. With --yes all of this is, and cannot be brought back.")
        return 1
    outcome = clean_up(workbook)
    print(*inventory.lines(outcome.left), sep="\n")
    return 0 if outcome.left.is_empty else 1


COMMANDS: dict[str, tuple[Callable[[Workbook, argparse.Namespace], int], str]] = {
    "check": (_check, "what is missing before the notebooks can run; makes nothing"),
    "costs": (_costs, "what an hour costs: of all of it, and of what is there now"),
    "create": (_create, "make the template's stack: network, MSK cluster, budget; needs --yes"),
    "list": (_list, "what of the workbook is on the account"),
    "clean-up": (_clean_up, "delete all of that; needs --yes"),
}


def main(arguments: list[str]) -> int:
    """Run a command.

    Returns
    -------
    int
        0 if all is well, 1 if something is missing or left, 2 if the settings are wrong.
    """
    parser = argparse.ArgumentParser(prog="python -m helpers.account", description="The workbook on your own account.")
    commands = parser.add_subparsers(dest="command", required=True)
    for name, (_, words) in COMMANDS.items():
        command = commands.add_parser(name, help=words, description=words)
        if name in ("create", "clean-up"):
            command.add_argument("--yes", action="store_true", help="do it, rather than say what would be done")
        if name == "create":
            command.add_argument("parameter", nargs="*", help="a parameter of the template, such as NatGateway=yes")
    options = parser.parse_args(arguments)
    try:
        return COMMANDS[options.command][0](Workbook.load(), options)
    except SetupError as error:
        print(error, file=sys.stderr)
        return 2


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
