"""Airflow: scheduler, DAG processor, triggerer and API server, each a process; they start when MWAA asks for them."""

import json
import os
import subprocess
import sys
import urllib.request

from lab.airflow import configuration
from lab.airflow.scheduler import SCHEDULER_MARK
from lab.core.environment import inherited
from lab.core.files import write_private
from lab.core.layout import LabError
from lab.core.runtime import Runtime
from lab.services.base import Service
from lab.setup import airflow as installation

NAME = "airflow"
"""The service that needs all the others."""

PARTS = (NAME, "airflow-api", "airflow-dags", "airflow-triggerer")
"""Names of the services, in the order in which they are stopped."""


class _Part(Service):
    """One process of Airflow; metadata, logs and DAGs are below ``.lab/airflow``.

    Attributes
    ----------
    arguments : tuple of str
        Airflow's command.
    component : str
        Its name in the answer to a question for Airflow's health.
    """

    arguments: tuple[str, ...]
    component: str
    ports = ()
    stands_for = "Amazon MWAA"
    on_demand = True

    def prepare(self, runtime: Runtime) -> None:
        """Install Airflow if it is not there, write its configuration, bring its metadata up to date."""
        installation.build(runtime.lab)
        configuration.write(runtime.lab)
        _migrate(runtime)

    def command(self, runtime: Runtime) -> list[str]:
        """Start the process."""
        return [str(installation.program(runtime.lab)), *self.arguments]

    def environment(self, runtime: Runtime) -> dict[str, str]:
        """Name the configuration."""
        return configuration.environment(runtime.lab)

    def check(self, runtime: Runtime) -> None:
        """Ask the API server, which reads the heartbeats of all parts."""
        url = f"http://127.0.0.1:{runtime.lab.ports['airflow']}/api/v2/monitor/health"
        with urllib.request.build_opener(urllib.request.ProxyHandler({})).open(url, timeout=5) as answer:
            status = json.load(answer)[self.component]["status"]
        if status != "healthy":
            raise ConnectionError(f"the {self.component} is {status or 'not there yet'}")


class AirflowApi(_Part):
    """Pages and REST API, for people and for tasks."""

    name = "airflow-api"
    runs = "Airflow's API server"
    arguments = ("api-server",)
    component = "metadatabase"
    ports = ("airflow",)
    page = ("Airflow's runs and logs", "airflow")


class AirflowDags(_Part):
    """Reads the files in the DAG folder."""

    name = "airflow-dags"
    runs = "Airflow's DAG processor"
    arguments = ("dag-processor",)
    component = "dag_processor"


class AirflowTriggerer(_Part):
    """Waits on behalf of tasks that have stepped aside."""

    name = "airflow-triggerer"
    runs = "Airflow's triggerer"
    # else it would serve its logs to the whole network
    arguments = ("triggerer", "--skip-serve-logs")
    component = "triggerer"


class Airflow(_Part):
    """Starts what is due; tasks run as its children, two at a time."""

    name = NAME
    runs = "Airflow's scheduler"
    arguments = ("scheduler", "--skip-serve-logs")
    component = "scheduler"
    depends_on = ("airflow-api", "airflow-dags", "airflow-triggerer")

    def command(self, runtime: Runtime) -> list[str]:
        """Start the process that ends what an earlier scheduler left, and then becomes Airflow's."""
        return [sys.executable, "-m", "lab.airflow.scheduler", *self.arguments]

    def environment(self, runtime: Runtime) -> dict[str, str]:
        """Mark the scheduler and its children."""
        return super().environment(runtime) | {SCHEDULER_MARK: str(runtime.lab.home)}


def _migrate(runtime: Runtime) -> None:
    """Bring the metadata to the installed version; quick when it is there already."""
    done = runtime.lab.data("airflow") / "migrated-to"
    if done.exists() and done.read_text() == installation.fingerprint():
        return
    variables = inherited(os.environ) | configuration.environment(runtime.lab)
    command = [str(installation.program(runtime.lab)), "db", "migrate"]
    finished = subprocess.run(command, env=variables, capture_output=True, text=True)
    if finished.returncode:
        raise LabError(f"Airflow's metadata could not be made:\n{finished.stdout[-1000:]}{finished.stderr[-2000:]}")
    write_private(done, installation.fingerprint())
