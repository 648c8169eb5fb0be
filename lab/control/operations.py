"""What one can do with a lab: start it, look at it, stop it, forget it."""

import shutil
import time
from collections.abc import Iterable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path

import psutil
from filelock import FileLock, Timeout

from lab.control import disk, interrupts, ports, supervision
from lab.control.supervision import State, Supervisor
from lab.core import addresses, processes
from lab.core.files import make_private_folder
from lab.core.layout import Lab, LabError, port_variable, read_ports
from lab.core.runtime import Runtime, existing_runtime
from lab.services import ALL, Service
from lab.setup import steps

READY_SECONDS = 120
"""How long a service may take until it answers, on a slow and busy machine."""


GIVEN_UP = ("fatal", "exited")
"""The supervisor's words for a service that it does not start again."""


@contextmanager
def exclusive(lab: Lab) -> Iterator[None]:
    """Let only one command at a time start or stop a lab."""
    try:
        make_private_folder(lab.home)
        with FileLock(lab.home / "lock", timeout=0):
            yield
    except Timeout:
        raise LabError(f"Another command is starting or stopping the lab in {lab.home}. Wait for it to end.") from None
    except PermissionError as error:
        raise LabError(f"{lab.home} is not writable: {error}. Set LAB_HOME to a folder that is.") from None


def choose(names: Iterable[str]) -> list[Service]:
    """Pick services by name, with those they need; without a name, all that are not started on demand only.

    Raises
    ------
    LabError
        If a name is unknown.
    """
    by_name = {service.name: service for service in ALL}
    wanted = set(names) or {service.name for service in ALL if not service.on_demand}
    if unknown := sorted(wanted - by_name.keys()):
        raise LabError(f"There is no service {unknown[0]!r}. The lab has: {', '.join(by_name)}.")
    wanted |= {other for name in wanted for other in by_name[name].depends_on}
    return [service for service in ALL if service.name in wanted]


def up(lab: Lab, names: Iterable[str] = (), say=print) -> Runtime:
    """Start services and wait until each answers; what already runs stays as it is.

    Parameters
    ----------
    lab : Lab
        The lab to start.
    names : iterable of str
        Services; none means all that are not started on demand only.
    say : callable
        Receives one line a step.

    Raises
    ------
    LabError
        If a port is taken, a service does not come up, or set-up is impossible.
    KeyboardInterrupt
        At Ctrl-C, once everything that was started here is stopped again.
    """
    services = choose(names)
    with exclusive(lab):
        started = time.monotonic()
        if shortage := disk.shortage(lab.home):
            say(shortage)
        runtime = steps.complete(_wanted(lab))
        supervisor = Supervisor(runtime)
        with _undone_at_an_interrupt(lab, supervisor):
            if not supervisor.is_up():
                _refuse_silent_supervisor(lab)
                if left := processes.end_all(lab.home):
                    say(f"ended {left} processes that an earlier lab left behind")
                ports.refuse_taken(lab, ["supervisor"])
                with interrupts.deferred():
                    supervisor.start()
            _start(runtime, supervisor, services, started, say)
    return runtime


@contextmanager
def _undone_at_an_interrupt(lab: Lab, supervisor: Supervisor) -> Iterator[None]:
    """Stop at Ctrl-C what was started meanwhile, and nothing that ran before."""
    before = supervisor.running() if supervisor.is_up() else None
    try:
        yield
    except KeyboardInterrupt:
        with interrupts.ignored():
            if before is None:
                _end(lab)
            else:
                stop(supervisor.runtime, [service.name for service in reversed(ALL) if service.name not in before])
        raise


def _wanted(lab: Lab) -> Lab:
    """Find the lab to start: one that runs keeps its ports, and is never started a second time on others."""
    running = supervision.as_it_runs(lab)
    if lab.ports not in (running.ports, read_ports({})):
        name = next(name for name, port in lab.ports.items() if port != running.ports[name])
        raise LabError(
            f"The lab in {lab.home} runs already, and on other ports: {name} on {running.ports[name]}, not on "
            f"{lab.ports[name]}. Unset LAB_PORT_OFFSET and {port_variable(name)} to use it, move LAB_HOME to start "
            "another lab beside it, or `python -m lab down` it first."
        )
    return running


def _refuse_silent_supervisor(lab: Lab) -> None:
    if supervision.is_alive(lab):
        raise LabError(
            f"The lab in {lab.home} runs, but its supervisor does not answer; see {lab.logs / 'supervisor.log'}. "
            "`python -m lab down` ends it; nothing stored is lost."
        )


def start(runtime: Runtime, names: Iterable[str]) -> None:
    """Start services of a lab that is up, from within it, and wait until each answers.

    Raises
    ------
    LabError
        If a port is taken, a service does not come up, or set-up is impossible.
    """
    _start(runtime, Supervisor(runtime), choose(names), time.monotonic(), print)


def stop(runtime: Runtime, names: Iterable[str]) -> None:
    """Stop services of a lab that stays up; those that need them are the caller's to name first."""
    supervisor = Supervisor(runtime)
    states = supervisor.states()
    for name in names:
        if states[name].running:
            supervisor.stop_service(name)


def _start(runtime: Runtime, supervisor: Supervisor, services: list[Service], started: float, say) -> None:
    states = supervisor.states()
    idle = [service for service in services if not states[service.name].running]
    try:
        ports.refuse_taken(runtime.lab, [port for service in idle for port in service.ports])
    except LabError:
        if not any(state.running for state in states.values()):
            supervisor.stop()
        raise
    for service in idle:
        service.prepare(runtime)
    launched = time.monotonic()
    for service in idle:
        supervisor.start_service(service.name)
    addresses.write(runtime)
    for service in services:
        _await(runtime, supervisor, service, launched + READY_SECONDS)
        if service in idle:
            took = time.monotonic() - started
            say(f"  {service.name:17} ready after {took:4.1f} s   {service.stands_for}: {service.runs}")


def _await(runtime: Runtime, supervisor: Supervisor, service: Service, limit: float) -> None:
    log = runtime.lab.logs / f"{service.name}.log"
    while True:
        try:
            service.check(runtime)
            return
        except Exception as error:  # whatever a client of a server that is not there yet may raise
            state = supervisor.states()[service.name]
            if state.word in GIVEN_UP or time.monotonic() > limit:
                slow = "" if state.word in GIVEN_UP else "It still starts: `python -m lab up` waits for it again.\n"
                raise LabError(
                    f"{service.name} does not answer ({state.word}): {error or type(error).__name__}\n{slow}"
                    f"The last lines of {log}:\n{tail(log, 15)}"
                ) from error
            time.sleep(0.1)


def tail(file: Path, lines: int) -> str:
    """Return the last lines of a log file; empty if there is none."""
    if not file.exists():
        return ""
    return "\n".join(file.read_text(errors="replace").splitlines()[-lines:])


@dataclass(frozen=True)
class Report:
    """One service as `status` shows it.

    Attributes
    ----------
    service : Service
        Which one.
    state : State
        What the supervisor says of its process.
    healthy : bool
        Whether it answered its health check.
    memory_mb : float
        Resident memory of the process and its children, in megabytes.
    """

    service: Service
    state: State
    healthy: bool
    memory_mb: float


def resident_mb(pid: int) -> float:
    """Measure the resident memory of a process and its children, in megabytes."""
    try:
        parent = psutil.Process(pid)
        return sum(process.memory_info().rss for process in [parent, *parent.children(recursive=True)]) / 1e6
    except psutil.NoSuchProcess:
        return 0.0


def status(lab: Lab) -> list[Report]:
    """Look at every service; an empty list means that the lab is down."""
    if not lab.credentials_file.exists():
        return []
    runtime = existing_runtime(supervision.as_it_runs(lab))
    supervisor = Supervisor(runtime)
    if not supervisor.is_up():
        return []
    states = supervisor.states()
    return [_report(runtime, service, states[service.name]) for service in ALL]


def pages(lab: Lab, reports: Iterable[Report]) -> list[str]:
    """Say what there is to see in a browser: one line for each page, with its address."""
    lines = []
    for report in reports:
        if report.service.page:
            what, port = report.service.page
            waits = "" if report.state.running else f", once {report.service.stands_for} runs"
            lines.append(f"  http://127.0.0.1:{lab.ports[port]}  {what}{waits}")
    return lines


def answers(runtime: Runtime, service: Service) -> bool:
    """Tell whether a service does what it is there for."""
    try:
        service.check(runtime)
    except Exception:  # any failure to answer is the answer
        return False
    return True


def _report(runtime: Runtime, service: Service, state: State) -> Report:
    healthy = state.running and answers(runtime, service)
    return Report(service, state, healthy, resident_mb(state.pid) if state.running else 0.0)


def down(lab: Lab) -> int:
    """Stop a lab and make sure that nothing of it runs on; Ctrl-C meanwhile does not leave half of it running.

    Returns
    -------
    int
        How many processes had to be ended besides those the supervisor stopped.
    """
    with interrupts.ignored(), exclusive(lab):
        return _end(lab)


def _end(lab: Lab) -> int:
    if lab.credentials_file.exists():
        supervisor = Supervisor(existing_runtime(supervision.as_it_runs(lab)))
        if supervisor.is_up():
            supervisor.stop()
    addresses.remove(lab)
    lab.ports_file.unlink(missing_ok=True)
    lab.strict_file.unlink(missing_ok=True)
    return processes.end_all(lab.home)


def reset(lab: Lab) -> None:
    """Stop a lab and delete everything it stored; what set-up built stays."""
    with interrupts.ignored():
        down(lab)
        shutil.rmtree(lab.home, ignore_errors=True)
