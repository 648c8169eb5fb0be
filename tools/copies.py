"""Working copies of the notebooks: what a learner opens, writes into and keeps.

``python -m tools.copies [name …]`` makes copies anew, such as that of ``06_spark_cleaning``. A copy has no outputs,
gaps where something is to be written, and the solutions folded away. The committed notebooks stay as they are.
"""

import argparse
import hashlib
import re
import sys
from collections.abc import Callable, Iterable
from pathlib import Path

import nbformat
from nbformat import NotebookNode
from nbformat.v4 import new_markdown_cell

from helpers.checks.source import solution_cell
from lab.core.layout import CHECKOUT
from tools import notebooks, sources

FOLDER = CHECKOUT / "my_work"

GUESS = re.compile(r"\bpredict\((\d+), .*\)")
"""A prediction, with the right answer in the committed notebook."""

QUIZ = re.compile(r"(?<=^lesson\.quiz\().*(?=\)$)")
"""The letters of a quiz, right in the committed notebook."""

_FOLDED = """<details><summary>A solution</summary>

```python
{solution}
```
</details>"""


def make(source: Path) -> NotebookNode:
    """Make the working copy of a notebook.

    Parameters
    ----------
    source : Path
        The notebook's py:percent source.

    Returns
    -------
    NotebookNode
        Without outputs; its metadata hold a digest of what was made, by which `is_untouched` knows it.
    """
    made = sources.read(source)
    cells = []
    for cell in made.cells:
        if cell.cell_type == "code":
            cell.source = GUESS.sub(r"predict(\1, ...)", cell.source)
            cell.source = QUIZ.sub(lambda letters: re.sub(r'"\w"', "...", letters[0]), cell.source)
        cells.append(cell)
        if checked := re.match(r"lesson\.check\((\d+),", cell.source):
            cells.append(_folded(source, int(checked[1]), cell.id))
    made.cells = cells
    made.metadata["workbook"] = {"made": digest(made)}
    return made


def _folded(source: Path, number: int, beside: str) -> NotebookNode:
    text = solution_cell(sources.lesson(source.stem).exercises[number])
    return new_markdown_cell(_FOLDED.format(solution=text), id=f"{beside}-solution")


def digest(notebook: NotebookNode) -> str:
    """Sum up the cells of a notebook, whatever their outputs."""
    text = "\0".join(f"{cell.cell_type}\n{cell.source}" for cell in notebook.cells)
    return hashlib.sha256(text.encode()).hexdigest()


def is_untouched(copy: Path) -> bool:
    """Tell whether nobody has changed a cell since a copy was made; what was run only counts as untouched."""
    notebook = nbformat.read(copy, as_version=4)
    return notebook.metadata.get("workbook", {}).get("made") == digest(notebook)


def bring_up_to_date(folder: Path = FOLDER) -> list[str]:
    """Make the copies that are missing, and anew those without work in them whose notebook has changed.

    Returns
    -------
    list of str
        Copies that have work in them and whose notebook has changed since; they stay as they are.
    """
    folder.mkdir(exist_ok=True)
    behind = []
    for source in notebooks.sources():
        copy, made = folder / f"{source.stem}.ipynb", make(source)
        if copy.exists():
            before = nbformat.read(copy, as_version=4)
            if before.metadata.get("workbook") == made.metadata["workbook"]:
                continue
            if not is_untouched(copy):
                behind.append(source.stem)
                continue
        nbformat.write(made, copy)
    return behind


def renew(names: Iterable[str], agrees: Callable[[str], bool], folder: Path = FOLDER) -> list[Path]:
    """Make copies anew; what a learner wrote is kept beside them.

    Parameters
    ----------
    names : iterable of str
        Notebooks, such as ``06_spark_cleaning``.
    agrees : callable
        Asked with a question if a copy has work in it.
    folder : Path
        Where the copies are.

    Returns
    -------
    list of Path
        The copies that were made.

    Raises
    ------
    ValueError
        If there is no notebook of a name.
    """
    by_name = {source.stem: source for source in notebooks.sources()}
    if unknown := [name for name in names if name not in by_name]:
        raise ValueError(f"There is no notebook {unknown[0]!r}. There are: {', '.join(by_name)}.")
    folder.mkdir(exist_ok=True)
    done = []
    for name in names:
        copy = folder / f"{name}.ipynb"
        if copy.exists() and not is_untouched(copy):
            kept = _free_name(copy)
            if not agrees(f"{copy.name} has work of yours in it. Make it anew, and keep yours as {kept.name}? [y/N] "):
                continue
            copy.rename(kept)
        nbformat.write(make(by_name[name]), copy)
        done.append(copy)
    return done


def _free_name(copy: Path) -> Path:
    numbers = range(1, 10_000)
    return next(kept for n in numbers if not (kept := copy.with_name(f"{copy.stem}-before-{n}.ipynb")).exists())


def _asked(question: str) -> bool:
    return sys.stdin.isatty() and input(question).strip().lower() == "y"


def main() -> int:
    """Make the copies that are named anew, or all that are missing."""
    parser = argparse.ArgumentParser(prog="python -m tools.copies", description="Make working copies of the notebooks.")
    parser.add_argument("names", nargs="*", help="notebooks to make anew, such as 06_spark_cleaning")
    names = [name.removesuffix(".ipynb") for name in parser.parse_args().names]
    try:
        done = renew(names, _asked)
    except ValueError as error:
        print(error, file=sys.stderr)
        return 2
    for copy in done:
        print(f"{copy.relative_to(CHECKOUT)} is new.")
    if not names:
        tell(bring_up_to_date())
    return 0 if len(done) == len(names) else 1


def tell(behind: list[str]) -> None:
    """Print which copies are older than their notebooks, and what to do."""
    if behind:
        print("Improved since you began, yours is as you left it:", *behind)
        print(f"`python -m tools.copies {behind[0]}` makes a new copy and keeps yours beside it.")


if __name__ == "__main__":
    sys.exit(main())
