"""Every notebook runs from a clean checkout, and gives the committed outputs."""

import os
import shutil
import subprocess
import sys

import nbformat
import pytest
from guards import code_cells
from nbval_comparison import differences, printed
from papermill import PapermillExecutionError

from lab.core import addresses
from lab.core.layout import CHECKOUT
from tools import copies, notebooks

pytestmark = pytest.mark.lab

DRAWS = ("plots.show(", "pipeline_map.", "LiveView(", "_pictures.")
"""What makes a picture."""


@pytest.mark.parametrize("notebook", notebooks.paths(), ids=lambda path: path.stem)
def test_it_runs_and_gives_the_committed_outputs(notebook, lab, tmp_path):
    executed = tmp_path / notebook.name
    try:
        notebooks.execute(notebook, executed, lab)
    except PapermillExecutionError as error:
        pytest.fail(str(error))
    committed = nbformat.read(notebook, as_version=4)
    pictures = notebooks.save_pictures(executed, tmp_path)
    assert len(pictures) == sum(any(draws in cell.source for draws in DRAWS) for cell in code_cells(committed))
    assert "\n\n".join(differences(nbformat.read(executed, as_version=4), committed)) == ""


def test_nbvals_own_command_finds_the_committed_outputs(lab):
    """Once for all notebooks, and a second time on the same lab: the outputs are those of the first."""
    done = nbval(notebooks.FOLDER / "01_ec2_kafka_client.ipynb", lab)
    assert done.returncode == 0, done.stdout[-6000:]


def test_nbval_notices_another_output(lab, tmp_path):
    """A notebook of two cells, under the workbook's own rules of what to ignore."""
    file = tmp_path / "changed.ipynb"
    shutil.copy(notebooks.FOLDER / "conftest.py", tmp_path)
    nbformat.write(printed("200\n", "201\n"), file)
    done = nbval(file, lab)
    assert done.returncode == 1
    assert "1 failed, 1 passed" in done.stdout


def test_a_parameter_changes_what_is_done(lab, tmp_path):
    executed = tmp_path / "fewer.ipynb"
    notebooks.execute(notebooks.FOLDER / "00_start_here.ipynb", executed, lab, {"posts": 20})
    assert "20 of 20 postings acknowledged" in executed.read_text()


def test_a_working_copy_stops_at_the_first_gap_with_one_sentence(lab, tmp_path):
    copies.bring_up_to_date(tmp_path)
    executed = tmp_path / "executed.ipynb"
    with pytest.raises(PapermillExecutionError):
        notebooks.execute(tmp_path / "10_clean_up.ipynb", executed, lab)
    outputs = [output for cell in nbformat.read(executed, as_version=4).cells for output in cell.get("outputs", ())]
    (error,) = (output for output in outputs if output.output_type == "error")
    assert error.traceback == ["Not attempted. Replace the `...` of `is_mine`, run that cell, then this one."]


def nbval(notebook, lab):
    return subprocess.run(
        [sys.executable, "-m", "pytest", "--nbval", "-q", "-p", "no:cacheprovider",
         "--nbval-cell-timeout", str(notebooks.CELL_SECONDS), str(notebook)],
        env=os.environ | addresses.notebook_environment(lab), cwd=CHECKOUT, capture_output=True, text=True,
    )  # fmt: skip
