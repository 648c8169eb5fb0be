"""A client of the workspace for tests: puts notebooks there, runs them, waits."""

import base64
import json
import os

from helpers.databricks.laptop.dbutils import Api
from helpers.waiting import wait_until
from lab.core import processes
from lab.workspace.jobs.runners import MARK

HOME = "/Users/someone@example.com"


def alive(lab, run):
    """Processes of a run's tasks."""
    asked = (lab.home / "workspace" / "runs" / str(run["run_id"])).glob("*.request.json")
    marks = {json.loads(file.read_text())["runner"] for file in asked}
    return [process for mark in marks for process in processes.marked(MARK, mark)]


class Client:
    """Speaks to the workspace of the lab whose addresses are this process's environment."""

    def __init__(self):
        self.api = Api(os.environ["DATABRICKS_HOST"], os.environ["DATABRICKS_TOKEN"])

    def put(self, name, text, **form):
        """Put a notebook into the workspace; return its path."""
        path = f"{HOME}/{name}"
        content = base64.b64encode(text.encode()).decode()
        self.api.post(
            "/api/2.0/workspace/import",
            **{"path": path, "content": content, "format": "SOURCE", "language": "PYTHON", "overwrite": True} | form,
        )
        return path

    def submit(self, path, parameters=None, **settings):
        task = {"notebook_path": path, "base_parameters": parameters or {}}
        return self.api.post("/api/2.2/jobs/runs/submit", notebook_task=task, **settings)["run_id"]

    def get(self, run_id):
        return self.api.get("/api/2.2/jobs/runs/get", run_id=run_id)

    def output(self, run_id):
        return self.api.get("/api/2.2/jobs/runs/get-output", run_id=run_id)

    def wait(self, run_id, until=lambda run: run["end_time"], seconds=120):
        def reached():
            run = self.get(run_id)
            return run if until(run) else None

        return wait_until(reached, seconds, f"the run {run_id} to come so far")

    def result(self, name, text, parameters=None):
        """Run a notebook that must succeed; return what it handed to `dbutils.notebook.exit`."""
        run = self.wait(self.submit(self.put(name, text), parameters))
        output = self.output(run["run_id"])
        assert run["state"]["result_state"] == "SUCCESS", output
        return output["notebook_output"].get("result")
