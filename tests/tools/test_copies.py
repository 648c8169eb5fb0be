"""Working copies: gaps and no outputs, and no work is ever lost."""

import jupytext
import nbformat
import pytest
from nbformat.v4 import new_code_cell, new_output

from helpers.checks.source import solution_cell
from tools import copies, notebooks, sources

NAME = "06_spark_cleaning"


@pytest.fixture
def folder(tmp_path):
    copies.bring_up_to_date(tmp_path)
    return tmp_path


def text_of(notebook):
    return "\n".join(cell.source for cell in notebook.cells)


def change(copy):
    notebook = nbformat.read(copy, as_version=4)
    notebook.cells.append(new_code_cell("mine = 1"))
    nbformat.write(notebook, copy)


def outdate(copy):
    """Make a copy look like one of an earlier version of the notebook that nobody has written into."""
    notebook = nbformat.read(copy, as_version=4)
    notebook.cells = notebook.cells[:-1]
    notebook.metadata["workbook"] = {"made": copies.digest(notebook)}
    nbformat.write(notebook, copy)


@pytest.mark.parametrize("source", notebooks.sources(), ids=lambda source: source.stem)
def test_a_copy_has_the_notebooks_cells_without_outputs(folder, source):
    copy = nbformat.read(folder / f"{source.stem}.ipynb", as_version=4)
    nbformat.validate(copy)
    code = [cell for cell in copy.cells if cell.cell_type == "code"]
    assert all(cell.outputs == [] and cell.execution_count is None for cell in code)
    own = [cell for cell in copy.cells if not cell.id.endswith("-solution")]
    assert len(own) == len(jupytext.read(source).cells)


@pytest.mark.parametrize("source", notebooks.sources(), ids=lambda source: source.stem)
def test_a_gap_is_the_solution_without_its_body(source):
    for cell in sources.read(source).cells:
        if (number := sources.exercise_number(cell)) is not None:
            head, gap = cell.source.rsplit("\n", 1)
            assert gap.strip() == "..."
            assert solution_cell(sources.lesson(source.stem).exercises[number]).startswith(head + "\n")


def test_gaps_and_guesses_are_open_and_solutions_folded(folder):
    copy = nbformat.read(folder / f"{NAME}.ipynb", as_version=4)
    assert "guess = lesson.predict(1, ...)" in text_of(copy)
    assert "lesson.quiz(..., ..., ...)" in text_of(copy)
    exercises = sources.lesson(NAME).exercises
    for exercise in exercises.values():
        shown = [cell for cell in copy.cells if solution_cell(exercise) in cell.source]
        assert [cell.cell_type for cell in shown] == ["markdown"]
        assert shown[0].source.startswith("<details>")
    committed = nbformat.read(notebooks.FOLDER / f"{NAME}.ipynb", as_version=4)
    solved = [cell.source for cell in committed.cells if sources.exercise_number(cell)]
    assert solved == [solution_cell(exercise) for exercise in exercises.values()]


def test_what_was_run_and_not_changed_is_no_work(folder):
    copy = folder / f"{NAME}.ipynb"
    notebook = nbformat.read(copy, as_version=4)
    cell = next(cell for cell in notebook.cells if cell.cell_type == "code")
    cell.outputs, cell.execution_count = [new_output("stream", text="1")], 1
    nbformat.write(notebook, copy)
    assert copies.is_untouched(copy)
    change(copy)
    assert not copies.is_untouched(copy)


def test_an_outdated_copy_is_made_anew_unless_there_is_work_in_it(folder):
    idle, worked = folder / "05_databricks_mount.ipynb", folder / f"{NAME}.ipynb"
    outdate(idle)
    outdate(worked)
    change(worked)
    assert copies.bring_up_to_date(folder) == [NAME]
    assert text_of(nbformat.read(idle, as_version=4)) == text_of(copies.make(notebooks.FOLDER / f"{idle.stem}.py"))
    assert "mine = 1" in text_of(nbformat.read(worked, as_version=4))


def test_work_is_kept_beside_a_new_copy_if_the_learner_agrees(folder):
    copy = folder / f"{NAME}.ipynb"
    for _ in range(2):
        change(copy)
        assert copies.renew([NAME], lambda question: True, folder) == [copy]
        assert copies.is_untouched(copy)
    kept = sorted(path.name for path in folder.glob("*-before-*"))
    assert kept == [f"{NAME}-before-1.ipynb", f"{NAME}-before-2.ipynb"]
    assert "mine = 1" in text_of(nbformat.read(folder / kept[0], as_version=4))


def test_work_stays_where_it_is_if_the_learner_does_not_agree(folder):
    copy = folder / f"{NAME}.ipynb"
    change(copy)
    asked = []
    assert copies.renew([NAME], lambda question: asked.append(question), folder) == []
    assert "has work of yours" in asked[0]
    assert "mine = 1" in text_of(nbformat.read(copy, as_version=4))


def test_a_notebook_that_is_not_there_is_named(folder):
    with pytest.raises(ValueError, match=r"There is no notebook '66_spark'\. There are: 00_start_here, 01"):
        copies.renew(["66_spark"], lambda question: True, folder)
