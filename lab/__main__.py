"""Command line of the lab: ``python -m lab up|status|logs|import|incident|down|reset|doctor``."""

import argparse
import dataclasses
import os
import sys
import time
from pathlib import Path

from rich.console import Console
from rich.table import Table

from helpers.databricks.laptop.dbutils import ExecutionError
from lab.control import doctor, operations, supervision
from lab.core.layout import Lab, LabError

INTERRUPTED = 130
"""Exit code of a program that Ctrl-C ended, as shells have it."""

_WORDS_OF_A_DRILL = ("hint", "tell", "undo")

_LOOK = {True: "[green]ready[/]", False: "[red]not answering[/]"}


def _up(lab: Lab, options: argparse.Namespace) -> int:
    if options.as_on_aws:
        if operations.status(lab):
            raise LabError("The lab runs already. `python -m lab down`, then start it with --as-on-aws.")
        lab = dataclasses.replace(lab, as_on_aws=True)
    try:
        operations.up(lab, options.services)
    except KeyboardInterrupt:
        print("\nStopped, and so is all that this command had started. The same command starts over.", file=sys.stderr)
        return INTERRUPTED
    print("The lab is up. `python -m lab status` shows it, `python -m lab down` stops it.")
    return 0


def _status(lab: Lab, options: argparse.Namespace) -> int:
    lab = supervision.as_it_runs(lab)
    reports = operations.status(lab)
    if not reports:
        print("The lab is down. `python -m lab up` starts it.")
        return 1
    table = Table(box=None, header_style="bold")
    for heading in ("service", "stands for", "state", "port", "memory", "up for", "process"):
        table.add_column(heading, justify="right" if heading in ("port", "memory", "up for", "process") else "left")
    for report in reports:
        service, state = report.service, report.state
        look = _LOOK[report.healthy] if state.running else state.word
        minutes, seconds = divmod(int(time.time() - state.since), 60)
        table.add_row(
            service.name, service.stands_for, look, str(lab.ports[service.ports[0]]) if service.ports else "",
            f"{report.memory_mb:.0f} MB" if state.running else "",
            f"{minutes}:{seconds:02d} min" if state.running else "", str(state.pid or ""),
        )  # fmt: skip
    Console(width=None if sys.stdout.isatty() else 120).print(table)
    print("\nTo be seen in a browser:", *operations.pages(lab, reports), sep="\n")
    return 0 if all(report.healthy for report in reports if report.state.running) else 1


def _logs(lab: Lab, options: argparse.Namespace) -> int:
    for service in operations.choose([options.service]) if options.service else operations.choose(()):
        if options.service in (None, service.name):
            file = lab.logs / f"{service.name}.log"
            print(f"--- {file}")
            print(operations.tail(file, options.lines))
    return 0


def _down(lab: Lab, options: argparse.Namespace) -> int:
    left = operations.down(lab)
    print("The lab is down." + (f" {left} processes had to be ended one by one." if left else ""))
    return 0


def _reset(lab: Lab, options: argparse.Namespace) -> int:
    if not options.yes:
        answer = input(f"Delete {lab.home} with all topics, objects and tables? [y/N] ") if sys.stdin.isatty() else ""
        if answer.strip().lower() != "y":
            print("Nothing deleted. `python -m lab reset --yes` does it without asking.")
            return 1
    operations.reset(lab)
    print(f"{lab.home} is gone; the next `python -m lab up` makes a new lab.")
    return 0


def _doctor(lab: Lab, options: argparse.Namespace) -> int:
    findings = doctor.examine(lab)
    for finding in findings:
        print(f"{'  ok ' if finding.well else 'MEND '} {finding.text}")
    return 0 if all(finding.well for finding in findings) else 1


def _import(lab: Lab, options: argparse.Namespace) -> int:
    from lab.control import import_code  # late: what reads notebooks takes 0.2 s, and no other command needs it

    try:
        for line in import_code.put(supervision.as_it_runs(lab), options.path, options.to or import_code.FOLDER):
            print(line)
    except ExecutionError as error:
        raise LabError(str(error)) from error
    return 0


def _incident(lab: Lab, options: argparse.Namespace) -> int:
    from lab.incidents import drill  # late: it brings in all of the pipeline's clients, and no other command needs them

    lab, what = supervision.as_it_runs(lab), options.what
    if not any(report.healthy for report in operations.status(lab)):
        raise LabError("The lab is down, and what does not run cannot break. `python -m lab up` starts it.")
    if what == "check":
        well, words = drill.check(lab)
        print(words)
        return 0 if well else 1
    if what in _WORDS_OF_A_DRILL:
        print(getattr(drill, what)(lab))
    elif what is None or what.isdecimal():
        print(drill.begin(lab, int(what) if what else None, options.seed))
        print("\nFind it and repair it. `python -m lab incident check` judges, `… hint` helps, `… tell` explains.")
    else:
        raise LabError(f"{what!r} is no incident: say its number, or {', '.join(('check', *_WORDS_OF_A_DRILL))}.")
    return 0


def _parser() -> argparse.ArgumentParser:
    parser = argparse.ArgumentParser(prog="python -m lab", description="The lab that stands in for AWS and Databricks.")
    commands = parser.add_subparsers(required=True, metavar="command")
    add = commands.add_parser("up", help="set up what is missing, start the services, wait until they answer")
    add.add_argument("services", nargs="*", help="some of them, with what they need; default: all but Airflow")
    add.add_argument("--as-on-aws", action="store_true", help="be as late and as strict as AWS, where a rule says so")
    add.set_defaults(run=_up)
    commands.add_parser("status", help="a table of the services").set_defaults(run=_status)
    add = commands.add_parser("logs", help="the last lines of the logs")
    add.add_argument("service", nargs="?")
    add.add_argument("--lines", type=int, default=30)
    add.set_defaults(run=_logs)
    add = commands.add_parser("import", help="put a notebook of yours into the workspace; says what it cannot honour")
    add.add_argument("path", type=Path, help="a file or a folder: .ipynb, or a Databricks source file")
    add.add_argument("--to", help="folder of the workspace; default: the learner's own")
    add.set_defaults(run=_import)
    add = commands.add_parser("incident", help="break one thing of the pipeline without saying what, for you to repair")
    add.add_argument("what", nargs="?", help="its number (default: drawn), or check, hint, tell, undo")
    add.add_argument("--seed", type=int, help="draws the same incident for everybody who gives it")
    add.set_defaults(run=_incident)
    commands.add_parser("down", help="stop everything; nothing stored is lost").set_defaults(run=_down)
    add = commands.add_parser("reset", help="stop everything and delete what the lab stored")
    add.add_argument("--yes", action="store_true", help="do not ask")
    add.set_defaults(run=_reset)
    commands.add_parser("doctor", help="say what is missing or in the way, and how to mend it").set_defaults(
        run=_doctor
    )
    return parser


def main(arguments: list[str] | None = None) -> int:
    """Run one command; a `LabError` is shown as a sentence, never as a traceback."""
    options = _parser().parse_args(arguments)
    try:
        code = options.run(Lab.from_environment(), options)
        sys.stdout.flush()
        return code
    except LabError as error:
        print(error, file=sys.stderr)
        return 2
    except KeyboardInterrupt:
        print("\nStopped.", file=sys.stderr)
        return INTERRUPTED
    except BrokenPipeError:  # whoever reads has read enough, as `head` has
        os.dup2(os.open(os.devnull, os.O_WRONLY), sys.stdout.fileno())
        return 0
    except OSError as error:
        print(
            f"{error.strerror}: {error.filename or ''}\n`python -m lab doctor` looks for the cause.",
            file=sys.stderr,
        )
        return 2


if __name__ == "__main__":
    sys.exit(main())
