"""Environments beside the workbook's own, for what wants other versions or is seldom used."""

import hashlib
import shutil
import subprocess
import sys
from pathlib import Path

from lab.core.layout import LabError


def python(place: Path) -> Path:
    """Interpreter of an environment."""
    return place / "bin" / "python"


def is_complete(place: Path, requirements: Path) -> bool:
    """Tell whether an environment was finished from the present lock file."""
    stamp = place / "complete"
    return stamp.exists() and stamp.read_text() == fingerprint(requirements)


def make(place: Path, requirements: Path, what: str) -> None:
    """Make or complete an environment; what was cut short goes on where it stopped.

    Parameters
    ----------
    place : Path
        Its folder.
    requirements : Path
        Lock file with hashes.
    what : str
        Whose environment it is, for the message when it cannot be made.

    Raises
    ------
    LabError
        If a package cannot be had.
    """
    (place / "complete").unlink(missing_ok=True)
    if not python(place).exists():
        shutil.rmtree(place, ignore_errors=True)
        _uv(what, "venv", "--quiet", "--python", sys.executable, str(place))
    # on a terminal uv shows its progress; elsewhere it would list every package
    quiet = [] if sys.stderr.isatty() else ["--quiet"]
    # processes that start at the same moment would each compile the same files
    _uv(
        what, "pip", "sync", *quiet, "--compile-bytecode", "--python", str(python(place)), "--require-hashes",
        str(requirements),
    )  # fmt: skip
    (place / "complete").write_text(fingerprint(requirements))


def unpack(place: Path, requirements: Path, python_version: str, what: str) -> None:
    """Lay packages alone into a folder that can stand first on Python's path, unless they are there.

    Parameters
    ----------
    place : Path
        The folder.
    requirements : Path
        Lock file with hashes; what the packages want is not fetched.
    python_version : str
        For which Python the packages are chosen, whatever this one is.
    what : str
        What they are, for the message when they cannot be had.

    Raises
    ------
    LabError
        If a package cannot be had.
    """
    if is_complete(place, requirements):
        return
    shutil.rmtree(place, ignore_errors=True)
    _uv(
        what, "pip", "install", "--quiet", "--target", str(place), "--no-deps", "--python-version", python_version,
        "--require-hashes", "-r", str(requirements),
    )  # fmt: skip
    (place / "complete").write_text(fingerprint(requirements))


def fingerprint(requirements: Path) -> str:
    """Digest of everything an environment is made from."""
    return hashlib.sha256(f"{sys.version}\n{sys.prefix}".encode() + requirements.read_bytes()).hexdigest()


def _uv(what: str, *arguments: str) -> None:
    if subprocess.run([sys.executable, "-m", "uv", *arguments]).returncode:
        raise LabError(
            f"{what}'s environment could not be made; the reason stands above.\n"
            "Most often the network broke off. Run the same command again: it goes on where it stopped."
        )
