"""Execute a notebook in a kernel that is ready for it, and tell how it ended."""

import warnings
from pathlib import Path
from typing import Any

import nbformat
import papermill
from jupyter_client.manager import KernelManager
from papermill.execute import ERROR_MARKER_TAG

from helpers.databricks.laptop.causes import cause
from helpers.databricks.laptop.dbutils import EXIT
from lab.workspace.notebook import source

LONGEST_RESULT = 5_000_000
"""Characters of a notebook's result (Jobs API: 5 MB)."""


def run(manager: KernelManager, asked: dict[str, Any]) -> dict[str, Any]:
    """Execute a notebook.

    Parameters
    ----------
    manager : KernelManager
        Of a kernel that is attached to the cluster; it stays alive.
    asked : dict
        What `lab.workspace.jobs.process` has written down.

    Returns
    -------
    dict
        ``notebook_output``, or ``error`` and ``error_trace``, as ``runs/get-output`` answers.
    """
    executed = Path(asked["executed"])
    notebook = source.read(Path(asked["source"]))
    given = asked["parameters"] if source.has_parameters(notebook) else {}
    try:
        with warnings.catch_warnings():
            warnings.simplefilter("ignore")
            papermill.execute_notebook(
                notebook, executed, given, kernel_name="python3", progress_bar=False, km=manager
            )
    except papermill.PapermillExecutionError as error:
        if error.ename != EXIT:
            return {"error": _error(error.ename, error.evalue), "error_trace": "\n".join(error.traceback)}
        _show_exit(executed)
        return {"notebook_output": _result(error.evalue)}
    return {"notebook_output": {"truncated": False}}


def _error(name: str, text: str) -> str:
    """Say what stopped a notebook, its cause first: in a stream's message it stands ten thousand characters behind."""
    found = cause(text)
    return f"{found}\n\n{name}: {text}" if found else f"{name}: {text}"


def _result(value: str) -> dict[str, Any]:
    return {"result": value[:LONGEST_RESULT], "truncated": len(value) > LONGEST_RESULT}


def _show_exit(executed: Path) -> None:
    """Leaving a notebook early is no error: show it as Databricks does, without a traceback."""
    notebook = nbformat.read(executed, as_version=4)
    notebook.cells = [cell for cell in notebook.cells if ERROR_MARKER_TAG not in cell.metadata.get("tags", ())]
    for cell in notebook.cells:
        cell_outputs = cell.get("outputs", [])
        for number, output in enumerate(cell_outputs):
            if output.output_type == "error" and output.ename == EXIT:
                cell_outputs[number] = nbformat.v4.new_output(
                    "stream", name="stdout", text=f"Notebook exited: {output.evalue}\n"
                )
    nbformat.write(notebook, executed)
