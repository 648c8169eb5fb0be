"""Make a notebook from its py:percent source: with the gaps of its exercises, or with their solutions."""

import importlib
import importlib.util
import re
from pathlib import Path

import jupytext
from nbformat import NotebookNode

from helpers.checks.lesson import Lesson
from helpers.checks.source import solution_cell

EXERCISE = re.compile(r"exercise-(\d+)")
"""Tag of a cell with a gap."""


def read(source: Path) -> NotebookNode:
    """Read a notebook with its gaps; the same source makes the same notebook."""
    made = jupytext.read(source)
    for number, cell in enumerate(made.cells):
        cell.id = f"cell-{number:02d}"
    return made


def solved(source: Path) -> NotebookNode:
    """Read a notebook and put the solutions where the gaps are."""
    made = read(source)
    for cell in made.cells:
        if (number := exercise_number(cell)) is not None:
            cell.source = solution_cell(lesson(source.stem).exercises[number])
    return made


def exercise_number(cell: NotebookNode) -> int | None:
    """Tell which exercise's gap a cell is."""
    found = [int(match[1]) for tag in cell.metadata.get("tags", ()) if (match := EXERCISE.fullmatch(tag))]
    return found[0] if found else None


def lesson(stem: str) -> Lesson:
    """Find the exercises of a notebook, such as ``06_spark_cleaning``."""
    return importlib.import_module(f"helpers.checks.notebook_{stem.partition('_')[0]}").LESSON
