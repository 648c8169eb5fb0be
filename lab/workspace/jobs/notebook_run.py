"""``python -m lab.workspace.jobs.notebook_run``: run one notebook of the workspace, write down how it ended.

A process of its own, so that the cluster outlives whatever a notebook does, and so that it can be ended. It starts its
kernel at once, imports what every notebook needs, and then waits on its standard input for the path of a request file;
where the input ends without one, it leaves.
"""

import json
import os
import sys
from pathlib import Path
from typing import Any

from jupyter_client.blocking import BlockingKernelClient
from jupyter_client.manager import KernelManager

from helpers.databricks.laptop.dbutils import Context
from lab.core import addresses
from lab.core.files import write_private
from lab.core.layout import Lab
from lab.core.runtime import existing_runtime

EXTENSION = "lab.workspace.notebook.kernel"
"""Loads what a Databricks notebook has ready: `spark`, `dbutils`, `display`, `%sql`, `%run`."""

AHEAD = ("pandas", "pyarrow", "pyspark.sql.connect.session", "pyspark.sql.connect.functions", "boto3")
"""What takes most of a kernel's start. Nothing of the workbook: a learner may change it while a runner waits."""

START_SECONDS = 60


class Kernel:
    """A kernel that is started ahead of its task."""

    def __init__(self) -> None:
        self.manager = KernelManager(kernel_name="python3")
        self.manager.start_kernel()

    def wait_until_ready(self) -> BlockingKernelClient:
        """Wait until it answers; return a way to talk to it."""
        client = self.manager.client()
        client.start_channels()
        client.wait_for_ready(timeout=START_SECONDS)
        return client

    def told(self, client: BlockingKernelClient, code: str) -> dict[str, Any]:
        """Let it run code that leaves no trace in the notebook; return its answer."""
        answer = client.execute_interactive(code, silent=True, store_history=False, timeout=START_SECONDS)
        return answer["content"]


def lab_environment(lab: Lab) -> dict[str, str]:
    """Build the environment in which a kernel finds the lab."""
    return addresses.variables(existing_runtime(lab)) | addresses.notebook_environment(lab)


def task_environment(asked: dict[str, Any]) -> dict[str, str]:
    """Build what is a task's own: its session of the cluster, its place, its parameters."""
    remote = f"{os.environ['SPARK_REMOTE']};{asked['session']}"
    return {"SPARK_REMOTE": remote} | Context(asked["path"], asked["parameters"], asked["run_id"]).environment()


def make_ready(kernel: Kernel) -> BlockingKernelClient:
    """Wait for a kernel, and let it import what every notebook needs."""
    client = kernel.wait_until_ready()
    imports = "; ".join(f"import {name}" for name in AHEAD)
    kernel.told(client, f"exec({imports!r}, {{}})")
    return client


def give_task(kernel: Kernel, client: BlockingKernelClient, asked: dict[str, Any]) -> dict[str, Any]:
    """Tell a kernel its task's environment and folder, and attach it to the cluster; return its answer."""
    folder = str(Path(asked["source"]).parent)
    told = kernel.told(
        client,
        f"import os; os.environ.update({task_environment(asked)!r}); os.chdir({folder!r}); del os\n"
        f"get_ipython().extension_manager.load_extension({EXTENSION!r})",
    )
    client.stop_channels()
    return told


def main() -> None:
    """Get ready, wait for a task, run it."""
    os.environ.update(lab_environment(Lab.from_environment()))
    kernel = Kernel()
    try:
        # its imports take a second, in which the kernel starts
        from lab.workspace.jobs import execution

        client = make_ready(kernel)
        request = sys.stdin.readline().strip()
        if not request:
            return
        asked = json.loads(Path(request).read_text())
        told = give_task(kernel, client, asked)
        if told["status"] == "ok":
            outcome = execution.run(kernel.manager, asked)
        else:
            outcome = {"error": f"{told['ename']}: {told['evalue']}", "error_trace": "\n".join(told["traceback"])}
        write_private(Path(asked["outcome"]), json.dumps(outcome))
    finally:
        kernel.manager.shutdown_kernel(now=True)


if __name__ == "__main__":
    main()
