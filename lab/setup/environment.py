"""Make the virtual environment. Runs on a bare Python, before anything is installed.

``python3 lab/setup/environment.py`` leaves a ``.venv`` that holds exactly what
``requirements/workbook.txt`` lists but for `UNUSED`, every file checked against its hash, and this project.
"""

import hashlib
import os
import shutil
import subprocess
import sys
import time
import venv
from pathlib import Path

CHECKOUT = Path(__file__).resolve().parents[2]
VENV = CHECKOUT / ".venv"
STAMP = VENV / "complete"
SOURCES = ("requirements/workbook.txt", "requirements/bootstrap.txt", "pyproject.toml")
OLDEST_PYTHON = (3, 11)

UNUSED = ("rfc3987-syntax", "lark")
"""Taken out again: jsonschema, which all of Jupyter imports, would build a grammar at every start of a process (1.1 s),
for the format ``iri``, which no schema of Jupyter uses."""


def fingerprint() -> str:
    """Tell what a complete environment is made from: the lock files, the interpreter, the folder."""
    digest = hashlib.sha256(f"{sys.version}\n{CHECKOUT}".encode())
    for name in SOURCES:
        digest.update((CHECKOUT / name).read_bytes())
    return digest.hexdigest()


def is_complete() -> bool:
    """Tell whether the environment was finished from the present sources."""
    return STAMP.exists() and STAMP.read_text() == fingerprint()


def run(*command: str | Path) -> None:
    """Run one step with its output shown; stop with its exit code when it fails."""
    environment = os.environ | {"UV_PROJECT_ENVIRONMENT": str(VENV), "VIRTUAL_ENV": str(VENV)}
    done = subprocess.run([str(part) for part in command], cwd=CHECKOUT, env=environment)
    if done.returncode:
        raise SystemExit(
            f"Set-up stopped at: {' '.join(str(part) for part in command[:6])} …\n"
            "Most often the network broke off. Run the same command again: it goes on where it stopped."
        )


def make() -> None:
    """Create or complete the environment."""
    started = time.monotonic()
    python = VENV / "bin" / "python"
    STAMP.unlink(missing_ok=True)
    if not python.exists() or subprocess.run([python, "-m", "pip", "--version"], capture_output=True).returncode:
        print(f"[1/3] new environment in {VENV.name}/ for Python {sys.version.split()[0]}", flush=True)
        shutil.rmtree(VENV, ignore_errors=True)
        try:
            venv.create(VENV, with_pip=True)
        except subprocess.CalledProcessError as error:
            raise SystemExit(
                "This Python cannot make virtual environments: its ensurepip is missing.\n"
                "On Debian and Ubuntu install the package python3-venv, then run the same command again."
            ) from error
    print("[2/3] Python packages, about 1.6 GB on disk, half a minute on a fast line", flush=True)
    run(python, "-m", "pip", "install", "--quiet", "--disable-pip-version-check",
        "--require-hashes", "-r", "requirements/bootstrap.txt")  # fmt: skip
    uv = (python, "-m", "uv", "pip")
    # on a terminal uv shows its progress; elsewhere it would list every package
    quiet = [] if sys.stderr.isatty() else ["--quiet"]
    run(*uv, "install", *quiet, "--python", python, "--require-hashes", "-r", "requirements/workbook.txt")
    run(*uv, "uninstall", "--quiet", "--python", python, *UNUSED)
    print("[3/3] this project", flush=True)
    run(*uv, "install", "--python", python, "--quiet", "--no-deps", "--no-build-isolation", "-e", ".")
    STAMP.write_text(fingerprint())
    print(f"Environment complete after {time.monotonic() - started:.0f} s.", flush=True)


def main() -> None:
    """Make the environment unless it is there."""
    if sys.version_info < OLDEST_PYTHON:
        raise SystemExit(
            f"Python {sys.version.split()[0]} is too old: the workbook needs 3.11 or newer.\n"
            "Name another one, for example: make run PYTHON=python3.12"
        )
    if not is_complete():
        make()


if __name__ == "__main__":
    main()
