"""Say in plain words what is missing or in the way, and how to mend it."""

import socket
import sys
import tempfile
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

import psutil

from lab.control import disk, operations
from lab.core import processes
from lab.core.java import OLDEST_JAVA, find_java
from lab.core.layout import Lab, port_variable
from lab.setup import jars
from lab.setup.environment import OLDEST_PYTHON, is_complete

MEMORY_MB = 5500
"""Free memory that the lab with Airflow and one notebook need: 5.2 and 0.3 GB at most in a run of all notebooks."""


@dataclass(frozen=True)
class Finding:
    """One thing looked at: whether all is well, and a sentence that says what was found and what to do."""

    well: bool
    text: str


def _python() -> Finding:
    version = ".".join(str(part) for part in sys.version_info[:3])
    return Finding(sys.version_info >= OLDEST_PYTHON, f"Python {version}; 3.11 or newer is needed")


def _environment() -> Finding:
    if is_complete() or sys.prefix == sys.base_prefix or "conda" in sys.version:
        return Finding(True, f"Python packages in {sys.prefix}")
    return Finding(False, "The environment is not complete, or was made from older lock files: run `make setup`.")


def _java(lab: Lab) -> Finding:
    java = find_java(lab.build)
    return Finding(java.version >= OLDEST_JAVA, f"Java {java.version} from {java.origin}")


def _jars(lab: Lab) -> Finding:
    lock = jars.read_lock(jars.LOCK.read_text())
    wrong = jars.faults(lab.build / "jars", lock)
    if not wrong:
        return Finding(True, f"{len(lock)} jars, each as recorded")
    name, fault = next(iter(wrong.items()))
    return Finding(
        False,
        f"{len(wrong)} of {len(lock)} jars are not as recorded, first {name}: {fault}. `make setup` fetches them.",
    )


def _folder(folder: Path) -> Finding:
    try:
        folder.mkdir(parents=True, exist_ok=True)
        with tempfile.NamedTemporaryFile(dir=folder):
            pass
    except OSError as error:
        return Finding(
            False, f"{folder} cannot be written: {error.strerror}. Give yourself write access, or set LAB_HOME."
        )
    if shortage := disk.shortage(folder):
        return Finding(False, shortage)
    return Finding(True, f"{disk.free_mb(folder):,.0f} MB free in {folder}; {disk.NEEDED_MB:,} MB are needed")


def _memory() -> Finding:
    free = psutil.virtual_memory().available / 1e6
    return Finding(free >= MEMORY_MB, f"{free:,.0f} MB of memory available; {MEMORY_MB:,} MB are needed")


def _ports(lab: Lab) -> Iterator[Finding]:
    for name, port in lab.ports.items():
        with socket.socket() as probe:
            taken = probe.connect_ex(("127.0.0.1", port)) == 0
        if taken:
            owner = processes.listener(port) or "another program"
            yield Finding(
                False, f"Port {port}, wanted for {name}, is in use by {owner}: stop that, or set {port_variable(name)}."
            )


def _services(lab: Lab, reports: list[operations.Report]) -> Iterator[Finding]:
    for report in reports:
        name, log = report.service.name, lab.logs / f"{report.service.name}.log"
        if report.state.running:
            hint = "" if report.healthy else f" does not answer; its log is {log}"
            yield Finding(report.healthy, f"{name} runs{hint}")
        elif report.state.word in operations.GIVEN_UP:
            yield Finding(False, f"{name} has stopped by itself: {operations.tail(log, 1)} Its log is {log}")


def _left_behind(lab: Lab) -> Finding:
    count = len(processes.of_lab(lab.home))
    if count:
        return Finding(False, f"{count} processes of an earlier lab still run: `python -m lab down` ends them.")
    return Finding(True, "nothing of an earlier lab is running")


def examine(lab: Lab) -> list[Finding]:
    """Look at everything the lab depends on.

    Returns
    -------
    list of Finding
        In the order in which problems are best mended.
    """
    findings = [_python(), _environment(), _java(lab), _jars(lab), _folder(lab.home), _folder(lab.build), _memory()]
    reports = operations.status(lab)
    if reports:
        return findings + list(_services(lab, reports))
    ports = list(_ports(lab)) or [Finding(True, "all ports are free")]
    return [*findings, _left_behind(lab), *ports]
