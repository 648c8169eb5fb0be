"""Clients of the Databricks runtimes: PySpark as each has it, in folders of their own (`requirements/runtimes/`)."""

import os
import subprocess
import sys
from pathlib import Path

from filelock import FileLock

from lab.core.layout import CHECKOUT, Lab
from lab.setup import side_environment

LOCKS = CHECKOUT / "requirements" / "runtimes"

RUNTIMES = tuple(sorted(lock.stem for lock in LOCKS.glob("*.txt")))

PYTHON = "3.12"
"""Python of all these runtimes (Databricks Runtime release notes, system environment); their packages ask for it."""

NEW_SYNTAX = ('{info.metadata["errorClass"]}', "{info.metadata['errorClass']}")
"""What only Python 3.12 can read of the four clients, and how 3.11 can read it as well."""

WITH_NEW_SYNTAX = Path("pyspark/sql/connect/client/core.py")


def client(runtime: str) -> Path:
    """Return the folder of a runtime's client; 3 MB are fetched when it is asked for the first time."""
    build = Lab.from_environment().build / "runtimes"
    build.mkdir(parents=True, exist_ok=True)
    with FileLock(build / f"{runtime}.lock"):
        side_environment.unpack(build / runtime, LOCKS / f"{runtime}.txt", PYTHON, f"Databricks {runtime}")
        if sys.version_info < (3, 12):
            file = build / runtime / WITH_NEW_SYNTAX
            if NEW_SYNTAX[0] in (text := file.read_text()):
                file.write_text(text.replace(*NEW_SYNTAX))
    return build / runtime


def run(runtime: str | None, *command: str, **variables: str) -> subprocess.CompletedProcess:
    """Run Python with a runtime's client in the place of the workbook's own PySpark; None for that one."""
    folders = [str(client(runtime))] if runtime else []
    environment = os.environ | {"PYTHONPATH": os.pathsep.join([*folders, str(Path(__file__).parent)])} | variables
    return subprocess.run(
        [sys.executable, *command], capture_output=True, text=True, cwd=CHECKOUT, env=environment, timeout=300
    )
