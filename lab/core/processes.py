"""The processes of a lab: the mark that all of them carry, how they find the lab, how they are found and ended."""

import contextlib
import os
from pathlib import Path

import psutil

from lab.core.layout import Lab, port_variable

MARK = "WORKBOOK_LAB"
"""Environment variable that every process of a lab carries, with the lab's folder as its value."""

USER_ERROR = os.EX_CONFIG
"""Exit code of a service that fails for a reason which only the user can mend: starting it again would not help."""

STOP_SECONDS = 20
"""How long a service may take to end before it is killed."""


def variables(lab: Lab) -> dict[str, str]:
    """Name the lab to a process of its own: its mark, its folders, its ports, whether it is as strict as AWS."""
    as_on_aws = {"LAB_AS_ON_AWS": "yes"} if lab.as_on_aws else {}
    ports = {port_variable(name): str(port) for name, port in lab.ports.items()}
    return {
        MARK: str(lab.home), "LAB_HOME": str(lab.home), "LAB_SETUP": str(lab.build),
        "LC_ALL": "C.UTF-8",  # else Java cannot open a path with other than ASCII letters
        "PYTHONUNBUFFERED": "1",
    } | ports | as_on_aws  # fmt: skip


def of_lab(home: Path) -> list[psutil.Process]:
    """Find every living process of a lab."""
    return marked(MARK, str(home))


def marked(variable: str, value: str) -> list[psutil.Process]:
    """Find every living process that carries a mark in its environment, wherever its parent is."""
    found = []
    for process in psutil.process_iter():
        try:
            if process.pid != os.getpid() and process.environ().get(variable) == value:
                found.append(process)
        except (psutil.Error, OSError):
            continue  # another user's, or gone
    return found


def end_all(home: Path) -> int:
    """End what a lab left running, politely first.

    Returns
    -------
    int
        How many processes there were.
    """
    return _end(of_lab(home))


def end_marked(variable: str, value: str, polite_seconds: float = STOP_SECONDS) -> int:
    """End every process that carries a mark, politely first; return how many there were."""
    return _end(marked(variable, value), polite_seconds)


def _end(left: list[psutil.Process], polite_seconds: float = STOP_SECONDS) -> int:
    for process in left:
        with contextlib.suppress(psutil.NoSuchProcess):
            process.terminate()
    _, stubborn = psutil.wait_procs(left, timeout=polite_seconds)
    for process in stubborn:
        with contextlib.suppress(psutil.NoSuchProcess):
            process.kill()
    psutil.wait_procs(stubborn, timeout=5)
    return len(left)


def listener(port: int) -> str | None:
    """Say who listens on a port, in words; None if nobody whom this user may see does."""
    for process in psutil.process_iter():
        try:
            taken = any(c.status == psutil.CONN_LISTEN and c.laddr.port == port for c in process.net_connections("tcp"))
            if taken:
                lab = process.environ().get(MARK)
                return f"the lab in {lab}" if lab else f"{process.name()}, process {process.pid}"
        except psutil.Error:
            continue  # another user's, or gone
    return None
