"""The main job's own part: what it shows when a notebook runs, and when one does not."""

import nbformat
import pytest
from nbformat.v4 import new_code_cell, new_markdown_cell, new_notebook

from lab.control import operations
from lab.core.layout import Lab
from tools import notebooks, run_all

PICTURE = (
    "from helpers.notebook import plots\nimport pandas as pd\n"
    "plots.show(plots.bars(pd.DataFrame({'a': ['x'], 'n': [1]}), 'a', 'n', 'One'), 'One bar.')"
)


@pytest.fixture
def workshop(tmp_path, monkeypatch):
    """Two small notebooks, one of which fails, and no lab."""
    for name, source in (("00_good", PICTURE), ("01_bad", "1 / 0")):
        cells = [new_markdown_cell(f"# Milestone {name[:2]}: {name}"), new_code_cell(source)]
        notebook = new_notebook(
            cells=cells, metadata={"kernelspec": {"name": "python3", "display_name": "Python 3", "language": "python"}}
        )
        nbformat.write(notebook, tmp_path / f"{name}.ipynb")
    monkeypatch.setattr(notebooks, "FOLDER", tmp_path)
    monkeypatch.setattr(run_all, "RUNS", tmp_path / "runs")
    monkeypatch.setattr(run_all, "CHECKOUT", tmp_path)
    calls = []
    monkeypatch.setattr(operations, "status", lambda lab: [])
    monkeypatch.setattr(operations, "up", lambda lab: calls.append("up"))
    monkeypatch.setattr(operations, "down", lambda lab: calls.append("down"))
    return tmp_path, calls


def test_every_notebook_has_its_line_and_every_picture_its_description(workshop, capsys):
    folder, calls = workshop
    assert run_all.run(Lab(folder / "lab")) is False
    shown = capsys.readouterr().out
    assert "Milestone 00: 00_good" in shown
    assert "ZeroDivisionError: division by zero" in shown
    assert "runs/00_good-1.png  One bar." in shown
    assert (folder / "runs" / "00_good-1.png").read_bytes().startswith(b"\x89PNG")
    assert calls == ["up", "down"]


def test_a_lab_that_was_up_stays_up(workshop, monkeypatch):
    folder, calls = workshop
    monkeypatch.setattr(operations, "status", lambda lab: ["running"])
    run_all.run(Lab(folder / "lab"))
    assert calls == ["up"]
