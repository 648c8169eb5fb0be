"""What happens in an SSH session: a command or a shell of the machine, on a terminal or on pipes."""

import asyncio
import contextlib
import fcntl
import os
import signal
import struct
import termios
from collections.abc import Awaitable, Callable

import asyncssh

from lab.client.machine import Machine

CHUNK = 65_536

LAST_WORDS_SECONDS = 1.0
"""How long output is waited for after a shell has ended: a program left in the background may hold it open for ever."""

Process = asyncssh.SSHServerProcess
Write = Callable[[bytes], Awaitable[None]]


async def run(process: Process, machine: Machine) -> None:
    """Run what a session asks for, until it ends or the connection does."""
    command = ["/bin/bash", "-c", f". ~/.bashrc; {process.command}"] if process.command else ["/bin/bash", "-i"]
    environment = machine.environment()
    if process.term_type:
        await _on_terminal(process, machine, command, environment | {"TERM": process.term_type})
    else:
        await _on_pipes(process, machine, command, environment)


async def _on_pipes(process: Process, machine: Machine, command: list[str], environment: dict[str, str]) -> None:
    pipe = asyncio.subprocess.PIPE
    shell = await asyncio.create_subprocess_exec(
        *command, cwd=machine.home, env=environment, stdin=pipe, stdout=pipe, stderr=pipe, start_new_session=True
    )
    stdin, stdout, stderr = shell.stdin, shell.stdout, shell.stderr

    async def write(data: bytes) -> None:
        stdin.write(data)
        await stdin.drain()

    outputs = [_copy(stdout, process.stdout), _copy(stderr, process.stderr)]
    await _attend(process, shell, outputs, write, stdin.close)


async def _on_terminal(process: Process, machine: Machine, command: list[str], environment: dict[str, str]) -> None:
    own, theirs = os.openpty()
    _set_size(own, process.term_size)
    shell = await asyncio.create_subprocess_exec(
        *command, cwd=machine.home, env=environment, stdin=theirs, stdout=theirs, stderr=theirs,
        start_new_session=True, preexec_fn=lambda: fcntl.ioctl(0, termios.TIOCSCTTY, 0),
    )  # fmt: skip
    os.close(theirs)
    reader = asyncio.StreamReader()
    loop = asyncio.get_running_loop()
    transport, _ = await loop.connect_read_pipe(
        lambda: asyncio.StreamReaderProtocol(reader), os.fdopen(own, "rb", buffering=0)
    )

    async def write(data: bytes) -> None:
        await asyncio.to_thread(_write_all, own, data)

    try:
        await _attend(process, shell, [_copy(reader, process.stdout)], write, lambda: None, own)
    finally:
        transport.close()


async def _attend(
    process: Process,
    shell: asyncio.subprocess.Process,
    outputs: list[Awaitable[None]],
    write: Write,
    end_of_input: Callable[[], None],
    terminal: int | None = None,
) -> None:
    """Carry input and output until the shell ends, then say how it ended."""
    copying = [asyncio.ensure_future(output) for output in outputs]
    listening = asyncio.create_task(_listen(process, shell, write, end_of_input, terminal))
    try:
        code = await shell.wait()
        await asyncio.wait(copying, timeout=LAST_WORDS_SECONDS)
        _say_how_it_ended(process, code)
    finally:
        for task in (listening, *copying):
            task.cancel()


async def _listen(
    process: Process,
    shell: asyncio.subprocess.Process,
    write: Write,
    end_of_input: Callable[[], None],
    terminal: int | None,
) -> None:
    """Pass on what comes over the connection; hang up when it ends."""
    while True:
        try:
            data = await process.stdin.read(CHUNK)
        except asyncssh.TerminalSizeChanged as changed:
            if terminal is not None:
                _set_size(terminal, changed.term_size)
            continue
        except asyncssh.SignalReceived as received:
            _signal(shell, received.signal)
            continue
        except (asyncssh.BreakReceived, asyncssh.Error):
            continue
        if not data:
            break
        with contextlib.suppress(OSError):  # the shell has ended
            await write(data)
    end_of_input()
    await process.channel.wait_closed()
    # nobody listens any more; what runs under nohup does not mind
    _signal(shell, "HUP")


async def _copy(source: asyncio.StreamReader, target: asyncssh.SSHWriter) -> None:
    with contextlib.suppress(OSError, asyncssh.Error):  # a terminal that closes raises, and so may a lost connection
        while data := await source.read(CHUNK):
            target.write(data)
            await target.drain()


def _say_how_it_ended(process: Process, code: int) -> None:
    if code < 0:
        process.exit_with_signal(signal.Signals(-code).name.removeprefix("SIG"))
    else:
        process.exit(code)


def _signal(shell: asyncio.subprocess.Process, name: str) -> None:
    number = getattr(signal, f"SIG{name}", None)
    if number is not None:
        with contextlib.suppress(ProcessLookupError):
            os.killpg(shell.pid, number)


def _set_size(terminal: int, size: tuple[int, int, int, int]) -> None:
    columns, rows, width, height = size
    fcntl.ioctl(terminal, termios.TIOCSWINSZ, struct.pack("HHHH", rows, columns, width, height))


def _write_all(descriptor: int, data: bytes) -> None:
    while data:
        data = data[os.write(descriptor, data) :]
