"""nbval's own comparison, applied to a notebook that somebody else has executed: no cell runs twice for it."""

import copy
import importlib.util
from collections.abc import Iterator
from types import SimpleNamespace

import nbformat
from nbformat import NotebookNode
from nbval.plugin import IPyNbCell, coalesce_streams, find_comment_markers, find_metadata_tags, nocolors

from lab.core.layout import CHECKOUT

NEVER_COMPARED = ("metadata", "traceback", "prompt_number", "output_type", "name", "execution_count")
"""What `nbval.plugin.IPyNbFile` leaves out."""


class _Cell:
    """As much of nbval's cell as its comparison needs."""

    compare_outputs = IPyNbCell.compare_outputs
    format_output_compare = IPyNbCell.format_output_compare
    sanitize = IPyNbCell.sanitize
    colors = nocolors
    config = None
    ihook = SimpleNamespace(pytest_assertrepr_compare=lambda **_: [])

    def __init__(self, notebook: SimpleNamespace):
        self.parent = notebook


def _rules() -> SimpleNamespace:
    """Let the notebooks' own conftest say what else is not compared, as it does when nbval runs."""
    rules = SimpleNamespace(skip_compare=NEVER_COMPARED, sanitize_patterns={})
    found = importlib.util.spec_from_file_location("notebooks_conftest", CHECKOUT / "notebooks" / "conftest.py")
    conftest = importlib.util.module_from_spec(found)
    found.loader.exec_module(conftest)
    conftest.pytest_collectstart(rules)
    return rules


def differences(executed: NotebookNode, committed: NotebookNode) -> Iterator[str]:
    """Name each code cell whose outputs differ from the committed ones, with both.

    Raises
    ------
    ValueError
        If the notebooks do not have the same cells.
    """
    rules = _rules()
    code = [[cell for cell in notebook.cells if cell.cell_type == "code"] for notebook in (executed, committed)]
    for number, (made, kept) in enumerate(zip(*code, strict=True)):
        if made.source != kept.source:
            raise ValueError(f"Cell {number} of the executed notebook is another: {made.source!r}")
        options = dict(find_metadata_tags(kept.metadata)) | dict(find_comment_markers(kept.source))
        cell = _Cell(rules)
        outputs = [coalesce_streams(copy.deepcopy(one.outputs)) for one in (made, kept)]
        if options.get("check", True) and not cell.compare_outputs(*outputs):
            yield f"Cell {number}:\n{kept.source}\n" + "\n".join(cell.comparison_traceback)


def printed(*outputs: str) -> NotebookNode:
    """Make a notebook with a cell an output, all of the same source."""
    made = nbformat.v4.new_notebook()
    for text in outputs:
        output = nbformat.v4.new_output("stream", name="stdout", text=text)
        made.cells.append(nbformat.v4.new_code_cell("print(200)", outputs=[output], execution_count=1))
    return made
