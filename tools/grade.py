"""Grade a class: run the working copies of each learner and list what the checks said.

``python -m tools.grade FOLDER …``, a folder a learner, such as their `my_work`; the lab has to run. The copies stay as
they are.
"""

import argparse
import re
import sys
from collections.abc import Sequence
from pathlib import Path
from typing import get_args

import nbformat
from nbclient import NotebookClient
from nbformat import NotebookNode
from rich.console import Console
from rich.table import Table

from helpers.checks.verdict import Outcome
from lab.control import operations, supervision
from lab.core.layout import Lab
from tools import notebooks

OUTCOMES = get_args(Outcome)
"""What a check says first."""

_CHECK = re.compile(r"lesson\.check\((\d+),")
_SCORE = re.compile(r"(\d+ of \d+) right\.")


def verdicts(executed: NotebookNode) -> dict[int, str]:
    """Read what the checks of an executed notebook said.

    Returns
    -------
    dict of int to str
        Number of the exercise → one of `OUTCOMES`; ``not run`` where the check itself could not be called.
    """
    return {
        int(found[1]): _outcome(cell)
        for cell in executed.cells
        if cell.cell_type == "code" and (found := _CHECK.search(cell.source))
    }


def score(executed: NotebookNode) -> str:
    """Read how many answers of the quiz are right, as in "2 of 3"; nothing where the quiz was not run."""
    said = (_said(cell) for cell in executed.cells if cell.source.startswith("lesson.quiz("))
    return next((found[1] for text in said if (found := _SCORE.match(text))), "")


def _outcome(cell: NotebookNode) -> str:
    said = _said(cell).lower()
    return next((outcome for outcome in OUTCOMES if said.startswith(outcome)), "not run")


def _said(cell: NotebookNode) -> str:
    return "".join(output.get("text") or output.get("evalue") or "" for output in cell.outputs)


def run(copy: Path, lab: Lab) -> NotebookNode:
    """Execute a copy to its end, whatever fails on the way, and leave the file as it is."""
    notebook = nbformat.read(copy, as_version=4)
    client = NotebookClient(
        notebook, timeout=notebooks.CELL_SECONDS, kernel_name="python3", allow_errors=True,
        resources={"metadata": {"path": str(notebooks.FOLDER)}},
    )  # fmt: skip
    with notebooks.environment_of(lab):
        return client.execute()


def table(graded: Sequence[tuple[str, str, dict[int, str], str]]) -> Table:
    """Draw a line for each learner and notebook: exercises that are right, the others by their outcomes, the quiz."""
    drawn = Table("learner", "notebook", "right", "the others", "quiz", box=None, header_style="bold")
    for learner, name, found, quiz in graded:
        right = [number for number, outcome in found.items() if outcome == "right"]
        others = ", ".join(f"{number} {outcome}" for number, outcome in found.items() if number not in right)
        drawn.add_row(learner, name, f"{len(right)} of {len(found)}", others, quiz)
    return drawn


def main(arguments: list[str] | None = None) -> int:
    """Grade folders; return 2 if the lab is down or a folder has no notebook."""
    parser = argparse.ArgumentParser(prog="python -m tools.grade", description="Grade working copies.")
    parser.add_argument("folders", nargs="+", type=Path, metavar="FOLDER", help="a learner's working copies")
    parser.add_argument("--only", default="", metavar="NN", help="notebooks that begin so, such as 06")
    options = parser.parse_args(arguments)
    lab = supervision.as_it_runs(Lab.from_environment())
    if not operations.status(lab):
        print("The lab is down. `python -m lab up` starts it.", file=sys.stderr)
        return 2
    graded = []
    for folder in options.folders:
        copies = sorted(folder.glob(f"{options.only}*.ipynb"))
        if not copies:
            print(f"{folder} has no notebook that begins with {options.only!r}.", file=sys.stderr)
            return 2
        for copy in copies:
            print(f"{folder.name}: {copy.stem} …", flush=True)
            executed = run(copy, lab)
            graded.append((folder.name, copy.stem, verdicts(executed), score(executed)))
    Console(width=None if sys.stdout.isatty() else 120).print(table(graded))
    return 0


if __name__ == "__main__":
    sys.exit(main())
