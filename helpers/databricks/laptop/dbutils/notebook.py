"""`dbutils.notebook`: run another notebook as a job of its own, or leave this one with a result."""

import time
from collections.abc import Mapping

from helpers.databricks.laptop.dbutils.api import Api, ExecutionError
from helpers.databricks.laptop.dbutils.context import Context
from helpers.databricks.laptop.dbutils.entry_point import EntryPoint
from helpers.databricks.laptop.dbutils.partial import Partial

POLL_SECONDS = 0.5


class NotebookExit(BaseException):
    """The notebook ends here; no error, so that ``except Exception`` does not catch it."""


EXIT = NotebookExit.__name__
"""What the workspace looks for in a notebook that has stopped."""


class Notebook(Partial):
    """Notebooks that run notebooks.

    Attributes
    ----------
    entry_point : EntryPoint
        Tells the notebook its own path.
    """

    called = "dbutils.notebook"

    def __init__(self, api: Api, context: Context, entry_point: EntryPoint):
        self._api = api
        self._context = context
        self.entry_point = entry_point

    def exit(self, value: str) -> None:
        """Leave the notebook; `value` is its result."""
        raise NotebookExit(str(value))

    def run(self, path: str, timeout_seconds: int = 0, arguments: Mapping[str, str] | None = None) -> str | None:
        """Run a notebook and wait for it.

        Parameters
        ----------
        path : str
            In the workspace; relative paths begin at this notebook's folder.
        timeout_seconds : int
            Longest run; 0 for no limit.
        arguments : mapping of str to str
            Values for its widgets.

        Returns
        -------
        str or None
            What it handed to `exit`.

        Raises
        ------
        ExecutionError
            If it fails, or takes longer.
        """
        whole = self._context.resolve(path)
        run_id = self._api.post(
            "/api/2.2/jobs/runs/submit",
            run_name=whole.rsplit("/", 1)[-1],
            notebook_task={"notebook_path": whole, "base_parameters": dict(arguments or {})},
            timeout_seconds=timeout_seconds,
            parent_run_id=self._context.run_id,
        )["run_id"]
        while not (run := self._api.get("/api/2.2/jobs/runs/get", run_id=run_id))["end_time"]:
            time.sleep(POLL_SECONDS)
        output = self._api.get("/api/2.2/jobs/runs/get-output", run_id=run_id)
        if run["state"]["result_state"] == "SUCCESS":
            return output["notebook_output"].get("result")
        reason = output.get("error") or run["state"]["state_message"]
        raise ExecutionError(
            f"com.databricks.WorkflowException: com.databricks.NotebookExecutionException: "
            f"{run['state']['result_state']}: {whole}: {reason} See {run['run_page_url']}"
        )
