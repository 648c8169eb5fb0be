"""Make the outputs that nbval compares with: sync the notebooks from their sources, run them, strip what varies.

``python -m helpers.lab.reference [name …]`` works in a fresh lab of its own beside a learner's.
"""

import dataclasses
import shutil
import subprocess
import sys
import tempfile
from pathlib import Path

from helpers.lab import notebooks, operations
from helpers.lab.layout import Lab, read_ports

PORT_OFFSET = 21_000
"""Keeps the reference lab's ports apart from those of a learner's lab and of the tests."""

VARYING_KEYS = (
    "metadata.papermill cell.metadata.papermill cell.metadata.execution metadata.language_info.version "
    "metadata.language_info.codemirror_mode.version"
)


def sync(source: Path) -> Path:
    """Make a notebook from its py:percent source; outputs of unchanged cells stay."""
    notebook = source.with_suffix(".ipynb")
    subprocess.run(
        [sys.executable, "-m", "jupytext", "--quiet", "--to", "ipynb", "--output", str(notebook), str(source)], check=True
    )
    return notebook


def strip(notebook: Path) -> None:
    """Remove what differs from run to run and says nothing: standard error and papermill's own notes."""
    subprocess.run(
        [sys.executable, "-m", "nbstripout", "--keep-output", "--keep-count", "--drop-output-type", "stream:stderr",
         "--extra-keys", VARYING_KEYS, str(notebook)],
        check=True,
    )  # fmt: skip


def build(names: list[str], lab: Lab) -> None:
    """Execute notebooks in a running lab and keep their outputs in place."""
    for source in sorted(notebooks.FOLDER.glob("[0-9][0-9]_*.py")):
        if not names or source.stem in names:
            print(f"{source.stem} …", flush=True)
            notebook = sync(source)
            notebooks.execute(notebook, notebook, lab)
            strip(notebook)


def main() -> int:
    """Start a fresh lab, build, stop it and delete it."""
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
