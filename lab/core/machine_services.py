"""Services that a learner started on the client machine: each writes down how, so that it comes back with the lab."""

import contextlib
import json
import os
import sys
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import asdict, dataclass
from pathlib import Path

from lab.core.files import write_private

FOLDER = "WORKBOOK_MACHINE_SERVICES"
"""Environment variable of every session of the machine: where its services are written down."""


@dataclass(frozen=True)
class MachineService:
    """A service that runs, or that ran when the lab was stopped.

    Attributes
    ----------
    pid : int
        Its process.
    command : tuple of str
        Program and arguments.
    folder : str
        Where it was started.
    output : str
        File that it writes its log to; empty if it is none.
    """

    pid: int
    command: tuple[str, ...]
    folder: str
    output: str


@contextlib.contextmanager
def recorded(environment: Mapping[str, str]) -> Iterator[None]:
    """Keep this process written down while it serves; who does not run on the machine does nothing."""
    if FOLDER not in environment:
        yield
        return
    folder = Path(environment[FOLDER])
    replace(folder, MachineService(os.getpid(), tuple(sys.orig_argv), os.getcwd(), _output()))
    try:
        yield
    finally:
        forget(folder, os.getpid())


def _output() -> str:
    try:
        file = Path(f"/dev/fd/{sys.stdout.fileno()}").resolve()
        return str(file) if file.is_file() else ""
    except OSError:
        return ""


def replace(folder: Path, service: MachineService) -> None:
    """Write a service down in place of the same one that was killed before: else both would come back."""
    earlier = [one for one in read(folder) if (one.command, one.folder) == (service.command, service.folder)]
    write(folder, [service])
    for one in earlier:
        if one.pid != service.pid:
            forget(folder, one.pid)


def write(folder: Path, services: Iterable[MachineService]) -> None:
    """Write services down."""
    for service in services:
        write_private(folder / f"{service.pid}.json", json.dumps(asdict(service)))


def read(folder: Path) -> list[MachineService]:
    """Tell which services are written down."""
    kept = (json.loads(file.read_text()) for file in sorted(folder.glob("*.json")))
    return [MachineService(**one | {"command": tuple(one["command"])}) for one in kept]


def forget(folder: Path, pid: int) -> None:
    """Forget a service that ended, or was told to."""
    (folder / f"{pid}.json").unlink(missing_ok=True)
