"""Make Airflow's own environment: it brings other versions of pandas and SQLAlchemy than the workbook has.

Only milestone 8 needs it. Set-up begins it in the background (``python -m lab.setup.airflow``) and waits for nothing;
whoever starts Airflow waits until it is there.
"""

import subprocess
import sys
from pathlib import Path

from filelock import FileLock

from helpers.airflow import versions
from lab.core.layout import Lab
from lab.setup import side_environment

REQUIREMENTS = versions.FILE


def folder(lab: Lab) -> Path:
    """Where the environment is."""
    return lab.build / "airflow"


def program(lab: Lab) -> Path:
    """Airflow's command."""
    return folder(lab) / "bin" / "airflow"


def fingerprint() -> str:
    """Digest of everything the environment is made from."""
    return side_environment.fingerprint(REQUIREMENTS)


def is_complete(lab: Lab) -> bool:
    """Tell whether the environment was finished from the present lock file."""
    return side_environment.is_complete(folder(lab), REQUIREMENTS)


def build(lab: Lab) -> None:
    """Make or complete the environment unless it is there; what was cut short goes on where it stopped.

    Raises
    ------
    LabError
        If a package cannot be had.
    """
    lab.build.mkdir(parents=True, exist_ok=True)
    with FileLock(lab.build / "airflow.lock"):
        if not is_complete(lab):
            print("      Airflow's own environment, about 500 MB on disk, up to two minutes", flush=True)
            side_environment.make(folder(lab), REQUIREMENTS, "Airflow")


def begin(lab: Lab) -> None:
    """Begin to make the environment in the background, unless it is there.

    The process stays in this one's group, so that Ctrl-C ends it too; the next set-up goes on where it stopped.
    """
    if is_complete(lab):
        return
    print("      Airflow's own environment is made in the background, 500 MB on disk", flush=True)
    with (lab.build / "airflow.log").open("w") as log:
        subprocess.Popen([sys.executable, "-m", "lab.setup.airflow"], stdin=subprocess.DEVNULL, stdout=log, stderr=log)


if __name__ == "__main__":
    build(Lab.from_environment())
