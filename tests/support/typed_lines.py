"""How much of a notebook the learner types: the lines of exercises that are gaps, of the lines that matter.

Lines matter that do the milestone's work. What sets a notebook up or shows something is left out: parameters, imports,
statements that only print or draw, and the calls of the lesson itself.
"""

import ast
import re
from dataclasses import dataclass
from pathlib import Path

from nbformat import NotebookNode

from tools import sources

SHOWS = re.compile(r"print|display|\w+\.show|\w+_pictures\.|plots\.|(_|\w+) = lesson\.|lesson\.|guess\.|\w+\.close")
"""Beginning of a statement that shows something, asks the learner, or hangs up."""


@dataclass(frozen=True)
class Share:
    """Lines of one notebook, or of several.

    Attributes
    ----------
    typed : int
        Lines that a learner writes into the gaps of the exercises.
    matter : int
        Lines that matter, those among them.
    """

    typed: int
    matter: int

    def __add__(self, other: "Share") -> "Share":
        """Take two notebooks together."""
        return Share(self.typed + other.typed, self.matter + other.matter)

    def __float__(self) -> float:
        """Give typed lines over lines that matter."""
        return self.typed / self.matter


def of(source: Path) -> Share:
    """Count the lines of a notebook's source."""
    gaps, solved = sources.read(source).cells, sources.solved(source).cells
    found = Share(0, 0)
    for gap, cell in zip(gaps, solved, strict=True):
        if cell.cell_type != "code" or "parameters" in cell.metadata.get("tags", ()):
            continue
        if sources.exercise_number(cell) is None:
            found += Share(0, _that_matter(cell))
        else:
            lines, given = len(_lines(cell.source)), len(_lines(gap.source)) - 1  # less the ellipsis
            found += Share(lines - given, lines)
    return found


def _lines(text: str) -> list[str]:
    return [line for line in text.splitlines() if line.strip() and not line.lstrip().startswith("#")]


def _that_matter(cell: NotebookNode) -> int:
    statements = ast.parse(cell.source).body
    return sum(_length(cell.source, one) for one in statements if not _only_shows(one))


def _length(text: str, statement: ast.stmt) -> int:
    return len(_lines("\n".join(text.splitlines()[statement.lineno - 1 : statement.end_lineno])))


def _only_shows(statement: ast.stmt) -> bool:
    if isinstance(statement, ast.For | ast.With):
        return all(_only_shows(one) for one in statement.body)
    is_import = isinstance(statement, ast.Import | ast.ImportFrom)
    return is_import or SHOWS.match(ast.unparse(statement)) is not None
