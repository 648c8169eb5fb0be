"""Execute the notebooks: which there are, how papermill runs them, what pictures came out."""

import base64
import contextlib
import os
import warnings
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

import nbformat
import papermill

from lab.core import addresses
from lab.core.layout import CHECKOUT, Lab

FOLDER = CHECKOUT / "notebooks"

CELL_SECONDS = 600
"""Longest time a single cell may take."""


def paths() -> list[Path]:
    """List the notebooks in their order."""
    return sorted(FOLDER.glob("[0-9][0-9]*_*.ipynb"))


def sources() -> list[Path]:
    """List the py:percent sources of the notebooks in their order."""
    return sorted(FOLDER.glob("[0-9][0-9]*_*.py"))


def title(notebook: Path) -> str:
    """Read a notebook's first heading."""
    first = nbformat.read(notebook, as_version=4).cells[0].source
    return first.splitlines()[0].removeprefix("# ")


def execute(notebook: Path, output: Path, lab: Lab, parameters: dict[str, object] | None = None) -> None:
    """Run one notebook against a lab and keep the executed copy.

    Parameters
    ----------
    notebook : Path
        What to run; its folder is the working folder, as in Jupyter.
    output : Path
        Where the executed notebook goes; it is written cell by cell, also when a cell fails.
    lab : Lab
        The running lab.
    parameters : dict, optional
        Values for the cell tagged ``parameters``.

    Raises
    ------
    papermill.PapermillExecutionError
        If a cell fails.
    """
    with environment_of(lab), warnings.catch_warnings():
        warnings.simplefilter("ignore")  # papermill's own deprecations are none of a learner's business
        papermill.execute_notebook(
            notebook, output, parameters or {}, kernel_name="python3", cwd=str(FOLDER),
            execution_timeout=CELL_SECONDS, progress_bar=False,
        )  # fmt: skip


@contextlib.contextmanager
def environment_of(lab: Lab) -> Iterator[None]:
    """Let kernels that start meanwhile find one lab."""
    before = dict(os.environ)
    os.environ.update(addresses.notebook_environment(lab))
    try:
        yield
    finally:
        os.environ.clear()
        os.environ.update(before)


@dataclass(frozen=True)
class Picture:
    """A figure of an executed notebook."""

    file: Path
    alternative_text: str


def save_pictures(executed: Path, folder: Path) -> list[Picture]:
    """Write a notebook's figures as PNG files.

    Returns
    -------
    list of Picture
        In the order of the notebook; the text is the figure's own description.
    """
    pictures = []
    for cell in nbformat.read(executed, as_version=4).cells:
        for output in cell.get("outputs", ()):
            data = output.get("data", {})
            if "image/png" in data:
                file = folder / f"{executed.stem}-{len(pictures) + 1}.png"
                file.write_bytes(base64.b64decode(data["image/png"]))
                pictures.append(Picture(file, data.get("text/plain", "")))
    return pictures
