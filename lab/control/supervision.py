"""Keep the services alive with supervisord: write its configuration, start it, ask it, stop it."""

import contextlib
import http.client
import json
import os
import shlex
import subprocess
import sys
import xmlrpc.client
from collections.abc import Iterable
from dataclasses import dataclass, replace

import psutil

from helpers.waiting import WaitedInVain, wait_until
from lab.core import processes
from lab.core.environment import inherited
from lab.core.files import write_private
from lab.core.layout import Lab, LabError
from lab.core.runtime import Runtime
from lab.services import ALL, Service

ANSWER_SECONDS = 10
"""How long the supervisor may take until it answers."""

_HEAD = """\
; Written anew at every start.
[supervisord]
logfile={home}/logs/supervisor.log
pidfile={home}/supervisord.pid
childlogdir={home}/logs
directory={home}
loglevel=warn
logfile_maxbytes=1MB
logfile_backups=1

[inet_http_server]
port=127.0.0.1:{port}
username=lab
password={password}

[rpcinterface:supervisor]
supervisor.rpcinterface_factory = supervisor.rpcinterface:make_main_rpcinterface
"""

_PROGRAM = """
[program:{name}]
command={command}
environment={environment}
directory={home}
autostart=false
autorestart=unexpected
exitcodes={user_error}
priority={priority}
startsecs=1
startretries=30
stopwaitsecs={stop}
stopasgroup=true
killasgroup=true
redirect_stderr=true
stdout_logfile={home}/logs/{name}.log
stdout_logfile_maxbytes=5MB
stdout_logfile_backups=1
"""


@dataclass(frozen=True)
class State:
    """What the supervisor knows of one service.

    Attributes
    ----------
    running : bool
        Whether its process lives.
    word : str
        The supervisor's word for its state, in small letters.
    pid : int
        Process id; 0 if it does not run.
    since : float
        Start of the process, seconds since the epoch.
    """

    running: bool
    word: str
    pid: int
    since: float


_ALIVE = ("starting", "running", "backoff", "stopping")
"""The supervisor's words for a service that lives, or will."""


def _rank(service: Service) -> int:
    return 1 + len(service.depends_on)


def _escaped(text: object) -> str:
    return str(text).replace("%", "%%")


def _environment(variables: dict[str, str]) -> str:
    quoted = (f'{name}="{_escaped(value)}"' for name, value in variables.items())
    return ",".join(quoted)


def configuration(runtime: Runtime, services: Iterable[Service]) -> str:
    """Write the supervisor's configuration as text."""
    home = _escaped(runtime.lab.home)
    common = processes.variables(runtime.lab)
    text = _HEAD.format(
        home=home, port=runtime.lab.ports["supervisor"], password=runtime.credentials.supervisor_password
    )
    for service in services:
        text += _PROGRAM.format(
            name=service.name,
            command=_escaped(shlex.join(service.command(runtime))),
            environment=_environment(common | service.environment(runtime)),
            home=home,
            stop=processes.STOP_SECONDS,
            user_error=processes.USER_ERROR,
            priority=_rank(service),  # the highest is stopped first
        )
    return text


class Supervisor:
    """The supervisord of one lab."""

    def __init__(self, runtime: Runtime):
        self.runtime = runtime
        lab = runtime.lab
        self._file = lab.config / "supervisord.conf"
        url = f"http://lab:{runtime.credentials.supervisor_password}@127.0.0.1:{lab.ports['supervisor']}/RPC2"
        self._rpc = xmlrpc.client.ServerProxy(url, transport=_QuickTransport()).supervisor

    def is_up(self) -> bool:
        """Tell whether this lab's supervisor answers; one of another lab refuses our password."""
        try:
            return self._rpc.getState()["statename"] == "RUNNING"
        except (OSError, xmlrpc.client.Error, http.client.HTTPException):
            return False

    def start(self) -> None:
        """Start supervisord itself, with no service running yet."""
        self.runtime.lab.logs.mkdir(parents=True, exist_ok=True)
        write_private(self._file, configuration(self.runtime, ALL))
        write_private(self.runtime.lab.ports_file, json.dumps(dict(self.runtime.lab.ports)))
        if self.runtime.lab.as_on_aws:
            write_private(self.runtime.lab.strict_file, "")
        environment = inherited(os.environ) | {processes.MARK: str(self.runtime.lab.home)}
        done = subprocess.run(
            [sys.executable, "-m", "supervisor.supervisord", "-c", str(self._file)],
            env=environment, capture_output=True, text=True, stdin=subprocess.DEVNULL,
            start_new_session=True,  # Ctrl-C is for the command that starts it
        )  # fmt: skip
        if done.returncode:
            raise LabError(f"The supervisor did not start:\n{done.stdout}{done.stderr}")
        try:
            wait_until(self.is_up, ANSWER_SECONDS, "the supervisor to answer", every=0.05)
        except WaitedInVain as error:
            raise LabError(f"{error} See {self.runtime.lab.logs / 'supervisor.log'}.") from error

    def start_service(self, name: str) -> None:
        """Start one service without waiting for it."""
        self._rpc.startProcess(name, False)

    def stop_service(self, name: str) -> None:
        """Stop one service and wait until it is gone."""
        self._rpc.stopProcess(name)

    def restart_service(self, name: str) -> None:
        """Stop one service, wait until it is gone, and start it without waiting."""
        self._rpc.stopProcess(name)
        self._rpc.startProcess(name, False)

    def states(self) -> dict[str, State]:
        """Ask for the state of every service."""
        return {
            info["name"]: State(
                running=info["statename"] in ("RUNNING", "STARTING"),
                word=info["statename"].lower(),
                pid=info["pid"],
                since=info["start"],
            )
            for info in self._rpc.getAllProcessInfo()
        }

    def running(self) -> set[str]:
        """Name the services that run."""
        return {name for name, state in self.states().items() if state.running}

    def stop(self) -> None:
        """Stop all services, then supervisord, and wait until it is gone.

        Told to shut down with all of them still there, supervisord takes them one by one, and a second for each.
        """
        for rank in sorted({_rank(service) for service in ALL}, reverse=True):
            self._stop_together({service.name for service in ALL if _rank(service) == rank})
        pid = self._rpc.getPID()
        self._rpc.shutdown()
        try:
            psutil.Process(pid).wait(timeout=processes.STOP_SECONDS + 10)
        except (psutil.NoSuchProcess, psutil.TimeoutExpired):
            return

    def _stop_together(self, names: set[str]) -> None:
        """Stop services that do not need each other, all at once, and wait until they are gone."""

        def left() -> set[str]:
            return {name for name, state in self.states().items() if name in names and state.word in _ALIVE}

        for name in left():
            with contextlib.suppress(xmlrpc.client.Fault):  # it has ended meanwhile
                self._rpc.stopProcess(name, False)
        # supervisord kills what does not listen, and takes care of the rest when it is told to shut down
        with contextlib.suppress(WaitedInVain):
            wait_until(lambda: not left(), processes.STOP_SECONDS + 10, f"{', '.join(names)} to end", every=0.05)


def is_alive(lab: Lab) -> bool:
    """Tell whether a lab's supervisor lives, whether it answers or not."""
    try:
        pid = int((lab.home / "supervisord.pid").read_text())
        return psutil.Process(pid).environ().get(processes.MARK) == str(lab.home)
    except (OSError, ValueError, psutil.Error):
        return False


def as_it_runs(lab: Lab) -> Lab:
    """Find the lab that runs in a lab's folder: with the ports that it was started with, and as strict.

    Parameters
    ----------
    lab : Lab
        As the environment has it; returned as it is if nothing runs there.
    """
    if not lab.ports_file.exists() or not is_alive(lab):
        return lab
    return replace(lab, ports=json.loads(lab.ports_file.read_text()), as_on_aws=lab.strict_file.exists())


class _QuickTransport(xmlrpc.client.Transport):
    """A control connection that gives up; not before a service that is told to stop has been killed."""

    def make_connection(self, host):
        connection = super().make_connection(host)
        connection.timeout = processes.STOP_SECONDS + 5
        return connection
