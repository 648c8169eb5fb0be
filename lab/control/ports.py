"""Ports that are taken: who has them, and which are free."""

import socket
from collections.abc import Iterable

from lab.core import processes
from lab.core.layout import PORTS, Lab, LabError, port_variable, read_ports

STEP = 1000
"""Offsets that are proposed are multiples of it."""


def refuse_taken(lab: Lab, names: Iterable[str]) -> None:
    """See that ports can be listened on.

    Raises
    ------
    LabError
        If one cannot; says by whom it is taken, and what is free.
    """
    for name in names:
        port = lab.ports[name]
        if not _is_free(port):
            owner = processes.listener(port) or "another program"
            raise LabError(
                f"Port {port}, wanted for {name}, is in use by {owner}. Stop that, or choose another port with "
                f"{port_variable(name)}=…{_all_at_once(lab, name)}."
            )


def _all_at_once(lab: Lab, name: str) -> str:
    """Propose an offset at which all ports are free; empty if the port is one that no offset moves."""
    offsets = [lab.ports[other] - PORTS[other] for other in PORTS]
    present = max(offsets, key=offsets.count)
    if lab.ports[name] - PORTS[name] != present:
        return ""
    free = (offset for offset in range(STEP, 65536 - max(PORTS.values()), STEP) if _are_free(offset))
    offset = next(free, None)
    return f", or move all ports with LAB_PORT_OFFSET={offset}" if offset else ""


def _are_free(offset: int) -> bool:
    return all(_is_free(port) for port in read_ports({"LAB_PORT_OFFSET": str(offset)}).values())


def _is_free(port: int) -> bool:
    with socket.socket() as probe:
        probe.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        try:
            probe.bind(("127.0.0.1", port))
        except OSError:
            return False
        return True
