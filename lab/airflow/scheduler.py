"""``python -m lab.airflow.scheduler``: ends what a killed scheduler left behind, then becomes the scheduler.

Airflow starts workers beside its scheduler, and tasks beside those. When the scheduler is killed they live on: a task
that the next scheduler starts again would then run twice at once.
"""

import os
import sys

from lab.core import processes
from lab.core.layout import Lab
from lab.setup import airflow as installation

SCHEDULER_MARK = "WORKBOOK_SCHEDULER"
"""Stands in the environment of the scheduler and of whatever it starts; the value is the lab's folder."""

POLITE_SECONDS = 5
"""A task that is told to end cancels its run on Databricks; workers without a task do not listen."""


def main() -> None:
    """Become the scheduler; the arguments are Airflow's."""
    lab = Lab.from_environment()
    processes.end_marked(SCHEDULER_MARK, str(lab.home), POLITE_SECONDS)
    program = str(installation.program(lab))
    os.execv(program, [program, *sys.argv[1:]])


if __name__ == "__main__":
    main()
