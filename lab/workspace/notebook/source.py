"""Read a notebook in any form that Databricks exports: .ipynb, or a source file with marks between the cells."""

import re
from pathlib import Path

import nbformat
from nbformat import NotebookNode
from nbformat.v4 import new_code_cell, new_markdown_cell, new_notebook

from lab.workspace.errors import WorkspaceError

COMMENT = {".py": "#", ".sql": "--"}
"""File ending → how a comment begins, of the languages that the cluster runs."""

KERNEL = {"name": "python3", "display_name": "Python 3", "language": "python"}

_FIRST_WORD = re.compile(r"%([\w-]+)[ \t]*")
_NO_PYTHON = re.compile(r"[%!]|# (MAGIC|COMMAND|DBTITLE)\b")
"""Lines that stand as they are in a Jupyter notebook's cell, and cannot in a source file."""

_CELL_MAGICS = ("sql", "sh", "fs", "scala", "r")


def header(suffix: str) -> str:
    """First line of a Databricks source file."""
    return f"{COMMENT[suffix]} Databricks notebook source"


def is_notebook(file: Path) -> bool:
    """Tell whether a file is a notebook rather than a file of another kind."""
    if file.suffix == ".ipynb":
        return True
    if file.suffix not in COMMENT:
        return False
    with file.open(errors="replace") as stream:
        return stream.readline().strip().lstrip("\ufeff") == header(file.suffix)


def read(file: Path) -> NotebookNode:
    """Read a notebook as cells that a Python kernel with the workspace's magics understands.

    Parameters
    ----------
    file : Path
        ``.ipynb``, ``.py`` or ``.sql``.

    Raises
    ------
    WorkspaceError
        If the file is damaged.
    """
    if file.suffix == ".ipynb":
        return _from_jupyter(file)
    notebook = new_notebook(metadata={"kernelspec": KERNEL})
    texts = _split(file.read_text(), COMMENT[file.suffix])
    notebook.cells = [_cell(f"%sql\n{text}" if _is_bare_sql(file, text) else text) for text in texts]
    return _numbered(notebook)


def as_source(file: Path) -> str:
    """Write a Jupyter notebook as Databricks exports it: a Python file with marks between the cells."""
    cells = (_marked(cell) for cell in _jupyter(file).cells)
    return f"\n\n{COMMENT['.py']} COMMAND ----------\n\n".join([header(".py") + "\n" + next(cells, ""), *cells]) + "\n"


def _marked(cell: NotebookNode) -> str:
    """Comment out what is no Python: a whole cell by its first word, else single lines."""
    text = cell.source if cell.cell_type == "code" else f"%md\n{cell.source}"
    whole = text.startswith("%")
    return "\n".join(f"# MAGIC {line}" if whole or _NO_PYTHON.match(line) else line for line in text.split("\n"))


def _from_jupyter(file: Path) -> NotebookNode:
    notebook = _jupyter(file)
    notebook.metadata["kernelspec"] = KERNEL
    for number, cell in enumerate(notebook.cells):
        if cell.cell_type == "code":
            notebook.cells[number] = _cell(cell.source, cell.metadata)
    return _numbered(notebook)


def _jupyter(file: Path) -> NotebookNode:
    try:
        return nbformat.reads(file.read_text(), as_version=4)
    except Exception as error:  # the library raises whatever it stumbles over
        raise WorkspaceError("INVALID_PARAMETER_VALUE", f"{file.name} is no notebook: {error}") from error


def _numbered(notebook: NotebookNode) -> NotebookNode:
    notebook.nbformat, notebook.nbformat_minor = 4, 5  # older files have cells without ids
    for number, cell in enumerate(notebook.cells):
        cell.id = f"cell-{number:02d}"
    return notebook


def _is_bare_sql(file: Path, text: str) -> bool:
    return file.suffix == ".sql" and not text.startswith("%")


def _split(text: str, comment: str) -> list[str]:
    """Cut a source file into cells, magics uncommented."""
    lines = text.lstrip("\ufeff").splitlines()
    if lines and lines[0].strip() == f"{comment} Databricks notebook source":
        del lines[0]
    cells: list[list[str]] = [[]]
    for line in lines:
        if re.fullmatch(rf"{comment} COMMAND -+\s*", line):
            cells.append([])
        elif not line.startswith(f"{comment} DBTITLE"):
            cells[-1].append(re.sub(rf"^{comment} MAGIC ?", "", line))
    texts = ("\n".join(cell).strip() for cell in cells)
    return [cell for cell in texts if cell]


def _cell(text: str, metadata: NotebookNode | None = None) -> NotebookNode:
    """Make a cell; its first word, as in ``%sql``, says what kind."""
    found = _FIRST_WORD.match(text)
    kind = found[1] if found else "python"
    if kind in ("md", "md-sandbox"):
        return new_markdown_cell(text[found.end() :].strip())
    if kind == "python" and found:
        text = text[found.end() :].strip()
    if kind == "run" and found:
        text = _run_on_one_line(text[found.end() :])
    if kind in _CELL_MAGICS:
        text = f"%%{kind}\n{text[found.end() :].strip()}"
    return new_code_cell(text, metadata=metadata or {})


def _run_on_one_line(text: str) -> str:
    """Write ``%run`` with its path, and its arguments, on one line, wherever Databricks lets them stand."""
    first, *rest = text.strip().split("\n")
    while rest and re.match(r"\s*(\$|$)", rest[0]):
        first += f" {rest.pop(0).strip()}"
    return "\n".join([f"%run {first.strip()}", *rest])


def has_parameters(notebook: NotebookNode) -> bool:
    """Tell whether a notebook has a cell tagged ``parameters``, as papermill wants it."""
    return any("parameters" in cell.metadata.get("tags", ()) for cell in notebook.cells)
