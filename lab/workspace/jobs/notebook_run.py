"""Run one notebook of the workspace to its end and write down how it ended: ``python -m … request.json``.

A process of its own, so that the cluster outlives whatever a notebook does, and so that it can be ended.
"""

import json
import os
import sys
import warnings
from pathlib import Path
from typing import Any

import nbformat
import papermill
from papermill.execute import ERROR_MARKER_TAG

from helpers.databricks.laptop.dbutils import EXIT, Context
from lab.core import addresses
from lab.core.files import write_private
from lab.core.layout import Lab
from lab.core.runtime import existing_runtime
from lab.workspace.notebook import source

KERNEL = "--ext=lab.workspace.notebook.kernel"
"""Loads what a Databricks notebook has ready: `spark`, `dbutils`, `display`, `%sql`, `%run`."""

LONGEST_RESULT = 5_000_000
"""Characters of a notebook's result (Jobs API: 5 MB)."""


def environment(asked: dict[str, Any]) -> dict[str, str]:
    """Build the environment in which a task finds the lab, its cluster session, its parameters."""
    lab = Lab.from_environment()
    found = addresses.variables(existing_runtime(lab)) | addresses.notebook_environment(lab)
    found["SPARK_REMOTE"] += f";{asked['session']}"
    return found | Context(asked["path"], asked["parameters"], asked["run_id"]).environment()


def run(asked: dict[str, Any]) -> dict[str, Any]:
    """Execute a notebook.

    Parameters
    ----------
    asked : dict
        What `lab.workspace.jobs.process` has written down.

    Returns
    -------
    dict
        ``notebook_output``, or ``error`` and ``error_trace``, as ``runs/get-output`` answers.
    """
    file, executed = Path(asked["source"]), Path(asked["executed"])
    notebook = source.read(file)
    given = asked["parameters"] if source.has_parameters(notebook) else {}
    try:
        with warnings.catch_warnings():
            warnings.simplefilter("ignore")
            papermill.execute_notebook(
                notebook, executed, given, kernel_name="python3", cwd=str(file.parent), progress_bar=False,
                extra_arguments=[KERNEL],
            )  # fmt: skip
    except papermill.PapermillExecutionError as error:
        if error.ename != EXIT:
            return {"error": f"{error.ename}: {error.evalue}", "error_trace": "\n".join(error.traceback)}
        _show_exit(executed)
        return {"notebook_output": _result(error.evalue)}
    return {"notebook_output": {"truncated": False}}


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


def main() -> None:
    """Run what a request file asks for."""
    asked = json.loads(Path(sys.argv[1]).read_text())
    os.environ.update(environment(asked))
    write_private(Path(asked["outcome"]), json.dumps(run(asked)))


if __name__ == "__main__":
    main()
