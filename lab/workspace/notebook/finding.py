"""What a look through code finds, and the lines that are looked through."""

import json
import re
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

Lines = list[tuple[str, str]]
"""Place and code of each line, comments left out."""


@dataclass(frozen=True)
class Finding:
    """One place that needs a look.

    Attributes
    ----------
    place : str
        ``line 7``, or ``cell 3, line 2`` of a Jupyter notebook.
    found : str
        What stands there.
    instead : str
        What to do, as a sentence.
    """

    place: str
    found: str
    instead: str

    def __str__(self) -> str:
        """Show it on one line."""
        return f"{self.place}: {self.found}: {self.instead}"


def texts(file: Path) -> list[tuple[str, str]]:
    """Read the parts of a file that hold code: for each, how places in it begin, and its text."""
    if file.suffix != ".ipynb":
        return [("line ", file.read_text(errors="replace"))]
    cells = enumerate(json.loads(file.read_text())["cells"], start=1)
    return [
        (f"cell {number}, line ", "".join(cell["source"])) for number, cell in cells if cell["cell_type"] == "code"
    ]


def lines(file: Path) -> Lines:
    """Walk through the code of a notebook or a script, comments left out and magics uncommented."""
    return [line for words, text in texts(file) for line in _numbered(text, words)]


def _numbered(text: str, words: str) -> Iterator[tuple[str, str]]:
    for number, line in enumerate(text.splitlines(), start=1):
        code = re.sub(r"^(#|--) MAGIC ?", "", line.strip())
        if not code.startswith("#"):
            yield f"{words}{number}", code
