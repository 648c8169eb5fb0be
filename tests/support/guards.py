"""What a committed notebook must hold: each rule takes a notebook and returns what is wrong, in words."""

import re
from collections.abc import Callable, Iterator
from functools import cache

import nbformat

from lab.core.layout import CHECKOUT

ALLOWED_TAGS = {"parameters", "nbval-ignore-output", *(f"exercise-{number}" for number in range(1, 16))}
MACHINE_PATH = re.compile(r"(?<![\w.])/(?:home|Users|root|tmp|work|var|private)/\w")
COMPARED_SHARE = 0.9
LONGEST_CELL = 15
BANNED = re.compile(r"\b(simply|easily|obviously|just)\b", re.IGNORECASE)

PARTS = (
    "**You will**", "**Before you start:**", "**Time:**", "**Cost on AWS:**", "## You are here",
    "**Predict, then run.**", "## Break it on purpose", "## What you did", "**Quiz.**", "**Clean up.**",
)  # fmt: skip

Notebook = nbformat.NotebookNode
Rule = Callable[[Notebook], Iterator[str]]


def code_cells(notebook: Notebook) -> list[Notebook]:
    return [cell for cell in notebook.cells if cell.cell_type == "code"]


def tags(cell: Notebook) -> set[str]:
    return set(cell.metadata.get("tags", ()))


def executed_in_order(notebook: Notebook) -> Iterator[str]:
    counts = [cell.execution_count for cell in code_cells(notebook)]
    if counts != list(range(1, len(counts) + 1)):
        yield f"code cells must have run once, top to bottom: execution counts are {counts}"


def no_errors_and_no_standard_error(notebook: Notebook) -> Iterator[str]:
    for cell in code_cells(notebook):
        for output in cell.outputs:
            if output.output_type == "error":
                yield f"cell {cell.execution_count} ended in {output.ename}"
            if output.get("name") == "stderr":
                yield f"cell {cell.execution_count} keeps text from standard error"


def one_parameters_cell(notebook: Notebook) -> Iterator[str]:
    found = [cell for cell in code_cells(notebook) if "parameters" in tags(cell)]
    if len(found) != 1:
        yield f"there must be exactly one parameters cell, there are {len(found)}"
    for line in found[0].source.splitlines() if found else ():
        if not re.fullmatch(r"\w+ = [^#]+  # .+", line):
            yield f"a parameter is a plain literal with a comment: {line!r}"


def no_injected_parameters(notebook: Notebook) -> Iterator[str]:
    if any("injected-parameters" in tags(cell) for cell in code_cells(notebook)):
        yield "a run with other parameters was committed"


def known_tags(notebook: Notebook) -> Iterator[str]:
    for cell in notebook.cells:
        if unknown := tags(cell) - ALLOWED_TAGS - {"injected-parameters"}:
            yield f"unknown tags {sorted(unknown)}"


def no_machine_paths(notebook: Notebook) -> Iterator[str]:
    if found := MACHINE_PATH.search(nbformat.writes(notebook)):
        yield f"a path of one machine: {found.group()}…"


def no_notes_of_a_run(notebook: Notebook) -> Iterator[str]:
    if "papermill" in notebook.metadata or any("papermill" in cell.metadata for cell in notebook.cells):
        yield "papermill's notes of a run were committed"


def nearly_all_outputs_compared(notebook: Notebook) -> Iterator[str]:
    cells = code_cells(notebook)
    ignored = [cell for cell in cells if "nbval-ignore-output" in tags(cell)]
    if len(ignored) > (1 - COMPARED_SHARE) * len(cells):
        yield f"{len(ignored)} of {len(cells)} outputs are not compared"
    for cell in ignored:
        if not cell.source.startswith("# Output not compared: "):
            yield f"an output that is not compared needs its reason in the first line: {cell.source[:40]!r}"


def pictures_have_descriptions(notebook: Notebook) -> Iterator[str]:
    for cell in code_cells(notebook):
        printed = [output.get("data", {}).get("text/plain") for output in cell.outputs if not _is_picture(output)]
        for output in filter(_is_picture, cell.outputs):
            description = output.metadata.get("image/png", {}).get("alt")
            if not description or description not in printed:
                yield f"the picture of cell {cell.execution_count} has no description that is printed below it"


def _is_picture(output: Notebook) -> bool:
    return "image/png" in output.get("data", {})


def short_cells_led_by_prose(notebook: Notebook) -> Iterator[str]:
    for cell in code_cells(notebook):
        if len(cell.source.splitlines()) > LONGEST_CELL:
            yield f"a cell has more than {LONGEST_CELL} lines: {cell.source[:40]!r}"


def no_prose_in_code_cells(notebook: Notebook) -> Iterator[str]:
    for cell in code_cells(notebook):
        if all(line.startswith("#") for line in cell.source.splitlines()):
            yield f"a code cell holds nothing but comments: {cell.source[:60]!r}"


def shape(notebook: Notebook) -> Iterator[str]:
    prose = "\n".join(cell.source for cell in notebook.cells if cell.cell_type == "markdown")
    if not re.match(r"# Milestone \d+", prose):
        yield "the first line must be '# Milestone N…'"
    for part in PARTS:
        if part not in prose:
            yield f"the part {part!r} is missing"
    if "README.md" not in prose:
        yield "the links to the neighbours and the index are missing"


def _diagrams(notebook: Notebook) -> list[str]:
    prose = "\n".join(cell.source for cell in notebook.cells if cell.cell_type == "markdown")
    return re.findall(r"```mermaid\n(.*?)```", prose, re.DOTALL)


def diagrams_have_titles(notebook: Notebook) -> Iterator[str]:
    for diagram in _diagrams(notebook):
        for part in ("accTitle", "accDescr"):
            if not re.search(rf"^\s*{part}\s*[:{{]", diagram, re.MULTILINE):
                yield f"{part} is missing: a screen reader would pass over the diagram {diagram[:60]!r}"


@cache
def _code_of_the_helpers() -> str:
    return "\n".join(path.read_text() for room in ("helpers", "dags") for path in (CHECKOUT / room).rglob("*.py"))


def diagrams_name_what_there_is(notebook: Notebook) -> Iterator[str]:
    """Whatever a diagram spells as code does, `df_pin`, `{proxy+}` or a port, is in the code or its outputs."""
    there = _code_of_the_helpers() + "".join(cell.source + str(cell.outputs) for cell in code_cells(notebook))
    for diagram in _diagrams(notebook):
        for name in re.findall(r"\w*_\w+|\{[\w+-]+\}|\b\d{4,5}\b|[\w-]+:[A-Z]\w+", diagram):
            if name not in there:
                yield f"a diagram names {name!r}, which nothing else does"


def quiz_has_full_marks(notebook: Notebook) -> Iterator[str]:
    answered = [cell for cell in code_cells(notebook) if cell.source.startswith("lesson.quiz(")]
    if len(answered) != 1:
        yield f"a notebook ends with one quiz, not {len(answered)}"
    for cell in answered:
        said = "".join(output.get("text", "") for output in cell.outputs)
        if not re.fullmatch(r"(\d+) of \1 right\.\n", said):
            yield f"the answers of the quiz must be right: {said!r}"


def kind_words(notebook: Notebook) -> Iterator[str]:
    for cell in notebook.cells:
        if cell.cell_type == "markdown" and (found := BANNED.search(cell.source)):
            yield f"the word {found.group()!r} tells a learner who struggles that it is their fault"


def one_path(notebook: Notebook) -> Iterator[str]:
    for cell in code_cells(notebook):
        if re.search(r"\b(if|elif)\b.*\b(CI|local|laptop|aws)\b", cell.source, re.IGNORECASE):
            yield f"a branch between laptop and account: {cell.source[:60]!r}"


def no_lab(notebook: Notebook) -> Iterator[str]:
    for cell in code_cells(notebook):
        if re.search(r"^\s*(from|import) lab\b", cell.source, re.MULTILINE):
            yield f"the pipeline never imports the lab: {cell.source[:60]!r}"


RULES: tuple[Rule, ...] = (
    executed_in_order, no_errors_and_no_standard_error, one_parameters_cell, no_injected_parameters, known_tags,
    no_machine_paths, no_notes_of_a_run, nearly_all_outputs_compared, pictures_have_descriptions,
    short_cells_led_by_prose, no_prose_in_code_cells, shape, diagrams_have_titles, diagrams_name_what_there_is,
    quiz_has_full_marks, kind_words, one_path, no_lab,
)  # fmt: skip
