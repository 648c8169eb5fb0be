"""The main job, ``make run``: every notebook against real services, a table with a line each, the pictures."""

import sys
import time
from pathlib import Path

from papermill import PapermillExecutionError
from rich.console import Console
from rich.table import Table

from lab.control import interrupts, operations
from lab.core.layout import CHECKOUT, Lab, LabError
from tools import notebooks

RUNS = CHECKOUT / "runs"


def _run_one(notebook: Path, lab: Lab) -> tuple[str, float, list[notebooks.Picture]]:
    """Run a notebook; tell the outcome in words, the seconds it took, and its pictures."""
    started = time.monotonic()
    executed = RUNS / notebook.name
    try:
        notebooks.execute(notebook, executed, lab)
        outcome = "ok"
    except PapermillExecutionError as error:
        outcome = (
            f"stopped at cell {error.exec_count}: {error.ename}: {error.evalue.splitlines()[0] if error.evalue else ''}"
        )
    return outcome, time.monotonic() - started, notebooks.save_pictures(executed, RUNS)


def run(lab: Lab) -> bool:
    """Start the lab, run all notebooks, show what came out, stop the lab if it was not running before.

    Returns
    -------
    bool
        Whether every notebook ran to its end.
    """
    RUNS.mkdir(exist_ok=True)
    for old in RUNS.glob("*.png"):
        old.unlink()
    was_up = bool(operations.status(lab))
    table = Table("milestone", "outcome", "seconds", "pictures", box=None, header_style="bold")
    pictures, all_well = [], True
    operations.up(lab)
    try:
        for notebook in notebooks.paths():
            title = notebooks.title(notebook)
            print(f"running {notebook.name} …", flush=True)
            outcome, seconds, found = _run_one(notebook, lab)
            all_well &= outcome == "ok"
            pictures += found
            table.add_row(title, outcome, f"{seconds:.0f}", str(len(found)))
    finally:
        if not was_up:
            operations.down(lab)
    console = Console(width=None if sys.stdout.isatty() else 120)
    console.print()
    console.print(table)
    print("\nPictures:" if pictures else "\nNo pictures.")
    for picture in pictures:
        print(f"  {picture.file.relative_to(CHECKOUT)}  {picture.alternative_text}")
    print(f"\nThe executed notebooks are in {RUNS.relative_to(CHECKOUT)}/.")
    return all_well


def main() -> int:
    """Run and turn a `LabError` into a sentence."""
    interrupts.include_termination()
    try:
        return 0 if run(Lab.from_environment()) else 1
    except LabError as error:
        print(error, file=sys.stderr)
        return 2
    except KeyboardInterrupt:
        print("\nStopped; the lab is down again. The same command starts over.", file=sys.stderr)
        return 130


if __name__ == "__main__":
    sys.exit(main())
