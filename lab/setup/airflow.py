"""Make Airflow's own environment: it brings other versions of pandas and SQLAlchemy than the workbook has.

Only milestone 8 needs it. Set-up begins it in the background (``python -m lab.setup.airflow``) and waits for nothing;
whoever starts Airflow waits until it is there.
"""

import hashlib
import shutil
import subprocess
import sys
from pathlib import Path

from filelock import FileLock

from lab.core.layout import CHECKOUT, Lab, LabError

REQUIREMENTS = CHECKOUT / "requirements" / "airflow.txt"


def folder(lab: Lab) -> Path:
    """Where the environment is."""
    return lab.build / "airflow"


def program(lab: Lab) -> Path:
    """Airflow's command."""
    return folder(lab) / "bin" / "airflow"


def version() -> str:
    """Airflow's version, as the lock file has it."""
    lines = REQUIREMENTS.read_text().splitlines()
    return next(line.split("==")[1].split()[0] for line in lines if line.startswith("apache-airflow=="))


def packages() -> set[str]:
    """Names of all that is installed, as the lock file has them."""
    lines = REQUIREMENTS.read_text().splitlines()
    return {line.split("==")[0].strip() for line in lines if "==" in line and line[0].isalnum()}


def fingerprint() -> str:
    """Digest of everything the environment is made from."""
    return hashlib.sha256(f"{sys.version}\n{sys.prefix}".encode() + REQUIREMENTS.read_bytes()).hexdigest()


def is_complete(lab: Lab) -> bool:
    """Tell whether the environment was finished from the present lock file."""
    stamp = folder(lab) / "complete"
    return stamp.exists() and stamp.read_text() == fingerprint()


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
            _make(lab)


def begin(lab: Lab) -> None:
    """Begin to make the environment in the background, unless it is there.

    The process stays in this one's group, so that Ctrl-C ends it too; the next set-up goes on where it stopped.
    """
    if is_complete(lab):
        return
    print("      Airflow's own environment is made in the background, 500 MB on disk", flush=True)
    with (lab.build / "airflow.log").open("w") as log:
        subprocess.Popen([sys.executable, "-m", "lab.setup.airflow"], stdin=subprocess.DEVNULL, stdout=log, stderr=log)


def _make(lab: Lab) -> None:
    print("      Airflow's own environment, about 500 MB on disk, up to two minutes", flush=True)
    place = folder(lab)
    (place / "complete").unlink(missing_ok=True)
    if not (place / "bin" / "python").exists():
        shutil.rmtree(place, ignore_errors=True)
        _uv("venv", "--quiet", "--python", sys.executable, str(place))
    # on a terminal uv shows its progress; elsewhere it would list every package
    quiet = [] if sys.stderr.isatty() else ["--quiet"]
    # Airflow's four processes start at the same moment, and each would compile the same 7,000 files
    _uv(
        "pip", "sync", *quiet, "--compile-bytecode", "--python", str(place / "bin" / "python"), "--require-hashes",
        str(REQUIREMENTS),
    )  # fmt: skip
    (place / "complete").write_text(fingerprint())


def _uv(*arguments: str) -> None:
    if subprocess.run([sys.executable, "-m", "uv", *arguments]).returncode:
        raise LabError(
            "Airflow's environment could not be made; the reason stands above.\n"
            "Most often the network broke off. Run the same command again: it goes on where it stopped."
        )


if __name__ == "__main__":
    build(Lab.from_environment())
