"""The EC2 client over SSH: run a command, put a file, read one."""

import re
import stat
import time
from dataclasses import dataclass
from pathlib import Path, PurePosixPath
from types import TracebackType

import paramiko

from helpers.client_machine import ec2_client, firewall
from helpers.config import Workbook, where_to_look

USER = "ec2-user"
"""The user of Amazon Linux."""

CONNECT_SECONDS = 15.0

NO_EXIT_CODE = -1
"""What paramiko gives for a command whose channel closed without an exit code."""

HANG_UP_SECONDS = 1.0
"""How long after its channels a connection may close."""

_ON_THE_LAPTOP = "On the laptop, `python -m lab status` tells whether the client service does."

_ON_AN_ACCOUNT = "Its security group must let your address in at port 22: WORKBOOK_SSH_FROM."

_NEW_EVERY_TIME = re.compile(r"\b[0-9a-f]{8}(-[0-9a-f]{4}){3}-[0-9a-f]{12}\b|\bi-[0-9a-f]{17}\b")


class ClientMachineError(Exception):
    """The client machine cannot be reached, or a command on it failed; the text says why and what to do."""


@dataclass(frozen=True)
class Result:
    """What a command did.

    Attributes
    ----------
    command : str
        What ran.
    output, errors : str
        What it wrote to standard output and standard error.
    exit_code : int
        0 if it says that all went well.
    """

    command: str
    output: str
    errors: str
    exit_code: int

    @property
    def text(self) -> str:
        """All that it wrote, errors last."""
        return self.output + self.errors


def check_key_file(file: Path) -> None:
    """Refuse a private key that others can read, as ``ssh`` does.

    Raises
    ------
    ClientMachineError
        If the file is missing, or its permissions are too open.
    """
    if not file.exists():
        raise ClientMachineError(f"There is no private key {file.name}. Create the key pair first.")
    mode = stat.S_IMODE(file.stat().st_mode)
    if mode & 0o077:
        raise ClientMachineError(
            f"Permissions {mode:04o} for {file.name!r} are too open: others could read your private key, so it is "
            f"ignored. In a terminal: chmod 400 {file.name}"
        )


class ClientMachine:
    """A connection to the client machine; use it in a ``with`` block, or close it.

    Parameters
    ----------
    workbook : Workbook
        Gives key and port.
    host : str
        Name or address.
    fingerprint : str, optional
        What the machine's host key must be at the first contact (`ec2_client.host_fingerprint`); later ones
        are compared with the first.

    Raises
    ------
    ClientMachineError
        If the key is not safe, the machine does not answer, is not the one expected, or refuses the key.
    """

    def __init__(self, workbook: Workbook, host: str, fingerprint: str | None = None):
        check_key_file(workbook.key_file)
        self._known_hosts = workbook.key_file.with_name("known_hosts")
        self._ssh = paramiko.SSHClient()
        if self._known_hosts.exists():
            self._ssh.load_host_keys(str(self._known_hosts))
        self._ssh.set_missing_host_key_policy(_FirstContact(fingerprint))
        try:
            self._ssh.connect(
                host, workbook.ssh_port, USER, pkey=paramiko.PKey.from_path(workbook.key_file), timeout=CONNECT_SECONDS,
                banner_timeout=CONNECT_SECONDS, auth_timeout=CONNECT_SECONDS, allow_agent=False, look_for_keys=False,
                # the lab's key is of the kind whose fingerprint the console shows
                disabled_algorithms={"keys": ["rsa-sha2-512", "rsa-sha2-256", "ecdsa-sha2-nistp256"]},
            )  # fmt: skip
        except paramiko.BadHostKeyException as error:
            raise ClientMachineError(
                f"The host key of {host} has changed: somebody may sit in between, or the machine is a new one. If you "
                f"know that it is new, delete its line in {self._known_hosts.name}, beside your key."
            ) from error
        except paramiko.AuthenticationException as error:
            raise ClientMachineError(
                f"{host} does not accept {workbook.key_file.name}: is it the key pair that the instance was launched "
                "with, and does the instance run?"
            ) from error
        except (OSError, paramiko.SSHException) as error:
            raise ClientMachineError(
                f"The client machine at {host}, port {workbook.ssh_port}, cannot be reached: {error}. "
                f"{_what_to_do(workbook)}"
            ) from error
        self._ssh.save_host_keys(str(self._known_hosts))

    def __enter__(self) -> "ClientMachine":
        """Stay connected for the block."""
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        """Disconnect."""
        self.close()

    def close(self) -> None:
        """Disconnect."""
        self._ssh.close()

    def run(self, command: str, timeout: float = 120, check: bool = True) -> Result:
        """Run a command in the machine's shell, from the home folder.

        Parameters
        ----------
        command : str
            As one would type it.
        timeout : float
            Seconds it may take.
        check : bool
            Whether a failing command is an error.

        Raises
        ------
        ClientMachineError
            If the connection is lost, the time is up or, with `check`, the command fails.
        """
        try:
            channel = self._ssh.get_transport().open_session(timeout=CONNECT_SECONDS)
            channel.settimeout(timeout)
            channel.exec_command(command)
            output, errors = _read(channel, timeout)
            result = Result(command, output, errors, self._exit_code(channel))
        except TimeoutError as error:
            raise ClientMachineError(f"{command!r} was not done within {timeout:.0f} s.") from error
        except (OSError, paramiko.SSHException, AttributeError, EOFError) as error:
            raise ClientMachineError(f"The connection to the client machine was lost: {error}.") from error
        if check and result.exit_code:
            raise ClientMachineError(f"{command!r} ended with code {result.exit_code}:\n{result.text.strip()}")
        return result

    def _exit_code(self, channel: paramiko.Channel) -> int:
        """Return a command's exit code; a channel that closed without one may mean that the machine is gone."""
        code = channel.recv_exit_status()
        if code == NO_EXIT_CODE:
            transport = self._ssh.get_transport()
            transport.join(HANG_UP_SECONDS)  # the channel closes before the connection does
            if not transport.is_active():
                raise EOFError("the machine hung up while the command ran")
        return code

    def show(self, command: str, timeout: float = 120, only: str = "") -> None:
        """Run a command and print it with all that it writes, as a terminal would show it.

        Ids of requests and instances, which are new every time, are left out.

        Parameters
        ----------
        command : str
            As one would type it.
        timeout : float
            Seconds it may take.
        only : str
            Print of the output the lines that hold these words; a last line says if there were others.
        """
        result = self.run(command, timeout, check=False)
        print(f"$ {command}")
        lines = _NEW_EVERY_TIME.sub("…", result.text).rstrip().lstrip("\n").splitlines()
        shown = [line for line in lines if only in line]
        print(*shown, *(["(and more lines)"] if len(shown) < len(lines) else []), sep="\n", end="\n" if lines else "")

    def put(self, file: Path, target: str) -> None:
        """Copy a file of this computer to the machine; `target` is a path below the home folder."""
        with self._ssh.open_sftp() as files:
            files.put(str(file), str(PurePosixPath(target)))

    def write(self, target: str, text: str) -> None:
        """Write a text file on the machine; `target` is a path below the home folder."""
        with self._ssh.open_sftp() as files, files.open(target, "w") as stream:
            stream.write(text)

    def set_variable(self, name: str, value: str) -> None:
        """Set a variable for every new session of the machine, by a line in its ``.bashrc``."""
        self.run(f"sed -i '/^export {name}=/d' .bashrc && echo 'export {name}={value}' >> .bashrc")

    def read(self, source: str) -> str:
        """Read a text file of the machine."""
        with self._ssh.open_sftp() as files, files.open(source) as stream:
            return stream.read().decode()


def _what_to_do(workbook: Workbook) -> str:
    if firewall.is_shut(workbook, paramiko.config.SSH_PORT):
        return (
            f"Its firewall, the security group {workbook.instance_name}, lets nobody in at port "
            f"{paramiko.config.SSH_PORT}: add a rule in EC2 that lets {workbook.ssh_from or 'your address'} in."
        )
    return f"Does the instance run? {where_to_look(_ON_THE_LAPTOP, _ON_AN_ACCOUNT)}"


class _FirstContact(paramiko.MissingHostKeyPolicy):
    """Trusts a machine that was never met before if its host key is the expected one."""

    def __init__(self, expected: str | None):
        self._expected = expected

    def missing_host_key(self, client: paramiko.SSHClient, hostname: str, key: paramiko.PKey) -> None:
        if self._expected and key.fingerprint != self._expected:
            raise paramiko.SSHException(
                f"its host key is {key.fingerprint}, not {self._expected}: this is not the machine you launched"
            )
        client.get_host_keys().add(hostname, key.get_name(), key)


def _read(channel: paramiko.Channel, timeout: float) -> tuple[str, str]:
    """Read both outputs of a command until it ends."""
    output, errors = bytearray(), bytearray()
    limit = time.monotonic() + timeout
    while True:
        # the exit code may overtake the output; the end of the output comes behind all of it
        ended = (channel.exit_status_ready() and channel.eof_received) or channel.closed
        while channel.recv_ready():
            output += channel.recv(65536)
        while channel.recv_stderr_ready():
            errors += channel.recv_stderr(65536)
        if ended and not channel.recv_ready() and not channel.recv_stderr_ready():
            return output.decode(errors="replace"), errors.decode(errors="replace")
        if time.monotonic() > limit:
            channel.close()
            raise TimeoutError
        time.sleep(0.01)


def connect(workbook: Workbook, fingerprint: str | None = None) -> ClientMachine:
    """Connect to the client machine; see `ClientMachine`."""
    return ClientMachine(workbook, host(workbook), fingerprint)


def is_known(workbook: Workbook, host: str) -> bool:
    """Tell whether the machine at an address was met before, so that its host key is on file."""
    file = workbook.key_file.with_name("known_hosts")
    name = host if workbook.ssh_port == paramiko.config.SSH_PORT else f"[{host}]:{workbook.ssh_port}"
    return file.exists() and paramiko.HostKeys(str(file)).lookup(name) is not None


def host(workbook: Workbook) -> str:
    """Tell where the client machine is: by the settings, else by EC2."""
    if workbook.client_host:
        return workbook.client_host
    there = ec2_client.instance(workbook)
    if there is None or not there.get("PublicDnsName"):
        raise ClientMachineError(f"There is no running instance named {workbook.instance_name}. Launch it first.")
    return there["PublicDnsName"]
