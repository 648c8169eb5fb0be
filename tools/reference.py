"""Make the outputs that nbval compares with: sync the notebooks from their sources, run them, strip what varies.

``python -m tools.reference [name …]`` works in a fresh lab of its own beside a learner's.
"""

import dataclasses
import re
import shutil
import subprocess
import sys
import tempfile
from collections.abc import Mapping
from pathlib import Path

import nbformat
from nbformat import NotebookNode

from lab.control import interrupts, operations
from lab.core.layout import CHECKOUT, PORTS, Lab, read_ports
from tools import notebooks, sources

PORT_OFFSET = 13_000
"""Keeps the reference lab's ports apart from a learner's and the tests', and below those that clients get."""

IGNORED = "nbval-ignore-output"

README_PICTURES = {"07_spark_analytics": (1, CHECKOUT / "docs" / "posts_by_category_and_year.png")}
"""Notebook → which of its pictures the README shows, and where."""

VARYING_KEYS = (
    "metadata.papermill cell.metadata.papermill cell.metadata.execution metadata.language_info.version "
    "metadata.language_info.codemirror_mode.version"
)


def sync(source: Path) -> Path:
    """Make a notebook from its source, with the solutions of its exercises; the same source makes the same file."""
    notebook = source.with_suffix(".ipynb")
    nbformat.write(sources.solved(source), notebook)
    return notebook


def strip(notebook: Path) -> None:
    """Remove what differs from run to run and says nothing: standard error and papermill's own notes."""
    subprocess.run(
        [sys.executable, "-m", "nbstripout", "--keep-output", "--keep-count", "--drop-output-type", "stream:stderr",
         "--extra-keys", VARYING_KEYS, str(notebook)],
        check=True,
    )  # fmt: skip


def join_streams(notebook: NotebookNode) -> None:
    """Make one output of what a cell printed: where the kernel cuts it depends on the moment."""
    for cell in notebook.cells:
        joined: list[NotebookNode] = []
        for output in cell.get("outputs", ()):
            if joined and output.output_type == "stream" and joined[-1].get("name") == output.name:
                joined[-1].text += output.text
            else:
                joined.append(output)
        if joined:
            cell.outputs = joined


def measured(notebook: Path) -> dict[str, list]:
    """Collect the outputs that hold seconds, where there are any: source of the cell → outputs."""
    if not notebook.exists():
        return {}
    cells = nbformat.read(notebook, as_version=4).cells
    return {cell.source: cell.outputs for cell in cells if IGNORED in cell.metadata.get("tags", ()) and cell.outputs}


def restore(notebook: Path, earlier: dict[str, list]) -> None:
    """Put earlier measurements back, so that a rebuild differs only where something changed."""
    executed = nbformat.read(notebook, as_version=4)
    for cell in executed.cells:
        if cell.source in earlier and cell.cell_type == "code":
            cell.outputs = earlier[cell.source]
    join_streams(executed)
    nbformat.write(executed, notebook)


def with_default_ports(text: str, ports: Mapping[str, int]) -> str:
    """Write addresses as they are in a learner's lab, whatever ports the reference lab had."""
    for name, port in ports.items():
        text = re.sub(rf"\b(localhost|127\.0\.0\.1):{port}\b", rf"\1:{PORTS[name]}", text)
    return text


def keep_picture(notebook: Path) -> None:
    """Copy a notebook's picture for the README, if it has one."""
    if notebook.stem in README_PICTURES:
        number, target = README_PICTURES[notebook.stem]
        with tempfile.TemporaryDirectory() as folder:
            shutil.copy(notebooks.save_pictures(notebook, Path(folder))[number].file, target)


def build(names: list[str], lab: Lab) -> None:
    """Execute notebooks in a running lab and keep their outputs in place."""
    for source in notebooks.sources():
        if not names or source.stem in names:
            print(f"{source.stem} …", flush=True)
            earlier = measured(source.with_suffix(".ipynb"))
            notebook = sync(source)
            notebooks.execute(notebook, notebook, lab)
            strip(notebook)
            notebook.write_text(with_default_ports(notebook.read_text(), lab.ports))
            restore(notebook, earlier)
            keep_picture(notebook)


def main() -> int:
    """Start a fresh lab, build, stop it and delete it."""
    interrupts.include_termination()
    home = Path(tempfile.mkdtemp(prefix="workbook-reference-"))
    lab = dataclasses.replace(
        Lab.from_environment(), home=home, ports=read_ports({"LAB_PORT_OFFSET": str(PORT_OFFSET)})
    )
    try:
        operations.up(lab)
        build(sys.argv[1:], lab)
    finally:
        operations.down(lab)
        shutil.rmtree(home, ignore_errors=True)
    return 0


if __name__ == "__main__":
    sys.exit(main())
