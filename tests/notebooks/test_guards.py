"""The committed notebooks keep the rules, and each rule is shown to fire on a notebook with one fault."""

import copy

import guards
import nbformat
import pytest
from nbformat.v4 import new_code_cell, new_markdown_cell, new_notebook, new_output

from tools import notebooks, sources

GOOD_PROSE = """# Milestone 1: a title

**You will** …
**Before you start:** … **Time:** … **Cost on AWS:** …
## You are here
**Predict, then run.** …
## Break it on purpose
## What you did
**Quiz.** … **Clean up.** … [README](../README.md)"""


def good():
    """A small notebook that keeps every rule."""
    picture = new_output(
        "display_data", {"image/png": "x", "text/plain": "Bars."}, metadata={"image/png": {"alt": "Bars."}}
    )
    caption = new_output("display_data", {"text/markdown": "*Bars.*", "text/plain": "Bars."})
    cells = [
        new_markdown_cell(GOOD_PROSE),
        new_code_cell("posts = 200  # how many", execution_count=1, metadata={"tags": ["parameters"]}),
        new_code_cell("show(figure)", execution_count=2, outputs=[picture, caption]),
        *[new_code_cell(f"print({n})", execution_count=n) for n in range(3, 11)],
        new_code_cell(
            'lesson.quiz("a", "c")', execution_count=11, outputs=[new_output("stream", text="2 of 2 right.\n")]
        ),
        new_code_cell(
            "# Output not compared: seconds differ.\nprint(t)",
            execution_count=12,
            metadata={"tags": ["nbval-ignore-output"]},
        ),
    ]
    return new_notebook(cells=cells)


HOME = "/home" + "/ada"

FAULTS = {
    "executed_in_order": lambda n: n.cells[3].update(execution_count=None),
    "no_errors_and_no_standard_error": lambda n: n.cells[3].outputs.append(
        new_output("stream", name="stderr", text="WARN")
    ),
    "one_parameters_cell": lambda n: n.cells[1].metadata.update(tags=[]),
    "no_injected_parameters": lambda n: n.cells[3].metadata.update(tags=["injected-parameters"]),
    "known_tags": lambda n: n.cells[3].metadata.update(tags=["nbval-skip"]),
    "no_machine_paths": lambda n: n.cells[3].update(source=f"open('{HOME}/data')"),
    "no_notes_of_a_run": lambda n: n.metadata.update(papermill={"duration": 1}),
    "nearly_all_outputs_compared": lambda n: n.cells[3].metadata.update(tags=["nbval-ignore-output"]),
    "pictures_have_descriptions": lambda n: n.cells[2].outputs[0].update(metadata={}),
    "short_cells_led_by_prose": lambda n: n.cells[3].update(source="x = 1\n" * 16),
    "no_prose_in_code_cells": lambda n: n.cells[3].update(source="# ### Exercise 1: a heading\n#\n# Write it."),
    "shape": lambda n: n.cells[0].update(source=GOOD_PROSE.replace("**Quiz.**", "")),
    "diagrams_have_titles": lambda n: n.cells.append(
        new_markdown_cell("```mermaid\nflowchart LR\n  accTitle: Two\n  a --> b\n```")
    ),
    "diagrams_name_what_there_is": lambda n: n.cells.append(
        new_markdown_cell("```mermaid\nflowchart LR\n  accTitle: A\n  accDescr: B\n  df_pins --> b\n```")
    ),
    "quiz_has_full_marks": lambda n: n.cells[11].update(
        outputs=[new_output("stream", text="1 of 2 right.\n2: No.\n")]
    ),
    "kind_words": lambda n: n.cells.append(new_markdown_cell("Simply run it.")),
    "one_path": lambda n: n.cells[3].update(source="if on_laptop: pass\nif laptop: pass"),
    "no_lab": lambda n: n.cells[3].update(source="label = 1\nfrom lab.core import layout"),
}


@pytest.mark.parametrize("rule", guards.RULES, ids=lambda rule: rule.__name__)
def test_a_rule_fires_on_its_fault_and_on_nothing_else(rule):
    assert list(rule(good())) == []
    faulty = copy.deepcopy(good())
    FAULTS[rule.__name__](faulty)
    assert list(rule(faulty)) != []


@pytest.mark.parametrize("rule", guards.RULES, ids=lambda rule: rule.__name__)
@pytest.mark.parametrize("notebook", notebooks.paths(), ids=lambda path: path.stem)
def test_a_committed_notebook_keeps_the_rule(notebook, rule):
    assert list(rule(nbformat.read(notebook, as_version=4))) == []


@pytest.mark.parametrize("notebook", notebooks.paths(), ids=lambda path: path.stem)
def test_a_notebook_and_its_source_are_in_step(notebook):
    committed, fresh = nbformat.read(notebook, as_version=4), sources.solved(notebook.with_suffix(".py"))
    assert [(c.cell_type, c.source, guards.tags(c)) for c in committed.cells] == [
        (c.cell_type, c.source, guards.tags(c)) for c in fresh.cells
    ]


def test_every_source_has_its_notebook():
    assert [source.stem for source in notebooks.sources()] == [path.stem for path in notebooks.paths()]
