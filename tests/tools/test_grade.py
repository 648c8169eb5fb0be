"""Grading: each outcome is found, a gap stops nothing, and the copy stays as it is."""

import nbformat
import pytest
from nbformat.v4 import new_code_cell, new_notebook

from lab.control import operations
from lab.core.layout import Lab
from tools import grade

RIGHT = "def lag(end, committed):\n    return sum(o - committed.get(p, 0) for p, o in end.items())"
FIRST_ONLY = "def lag(end, committed):\n    return end[0] - committed.get(0, 0)"
GAP = "def lag(end, committed):\n    ..."
OTHER = "def lag(end, committed):\n    return 7"
FORGOTTEN = "pass"

SET_UP = """
from helpers.checks import notebook_02

class lesson:
    check = staticmethod(lambda number, *answer: notebook_02.check(2, *answer))
    quiz = staticmethod(notebook_02.quiz)
"""


def copy_of(folder, answers):
    """A copy with several answers to the same exercise, each checked under a number of its own."""
    cells = [new_code_cell(SET_UP)]
    for number, answer in enumerate(answers, 1):
        cells += [new_code_cell(f"lag = None; del lag\n{answer}"), new_code_cell(f"lesson.check({number}, lag)")]
    cells.append(new_code_cell('lesson.quiz("c", "b", ...)'))
    kernel = {"name": "python3", "display_name": "Python 3", "language": "python"}
    file = folder / "02_kafka_topics.ipynb"
    nbformat.write(new_notebook(cells=cells, metadata={"kernelspec": kernel}), file)
    return file


def test_every_outcome_is_found_and_a_gap_stops_nothing(tmp_path):
    file = copy_of(tmp_path, [GAP, RIGHT, FIRST_ONLY, OTHER, FORGOTTEN])
    before = file.read_bytes()
    found = grade.verdicts(grade.run(file, Lab(tmp_path / "lab")))
    assert found == {1: "not attempted", 2: "right", 3: "a known mistake", 4: "not yet", 5: "not run"}
    assert file.read_bytes() == before


def test_a_line_for_each_learner_and_notebook(tmp_path, monkeypatch, capsys):
    ann = tmp_path / "ann"
    ann.mkdir()
    copy_of(ann, [RIGHT, GAP])
    monkeypatch.setattr(operations, "status", lambda lab: ["it runs"])
    assert grade.main([str(ann), "--only", "02"]) == 0
    (line,) = [line for line in capsys.readouterr().out.splitlines() if "1 of 2" in line]
    assert "ann" in line
    assert "2 not attempted" in line
    assert line.rstrip().endswith("1 of 3"), "the quiz"


@pytest.mark.parametrize(("reports", "said"), [([], "The lab is down"), (["it runs"], "has no notebook")])
def test_what_cannot_be_graded_is_said(tmp_path, monkeypatch, capsys, reports, said):
    monkeypatch.setattr(operations, "status", lambda lab: reports)
    assert grade.main([str(tmp_path)]) == 2
    assert said in capsys.readouterr().err
