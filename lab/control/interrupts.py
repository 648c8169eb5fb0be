"""Ctrl-C at the wrong moment: what has to be done to its end is not interrupted."""

import signal
import threading
from collections.abc import Iterator
from contextlib import contextmanager


def include_termination() -> None:
    """Let SIGTERM, which `kill` sends, end this program as Ctrl-C does: what it has started is brought down."""
    signal.signal(signal.SIGTERM, signal.default_int_handler)


@contextmanager
def ignored() -> Iterator[None]:
    """Take no notice of Ctrl-C meanwhile; programs that are started meanwhile do, as always."""
    with _handled(lambda *_: None):
        yield


@contextmanager
def deferred() -> Iterator[None]:
    """Let Ctrl-C wait until the block is done.

    Raises
    ------
    KeyboardInterrupt
        At the end of the block, if there was one meanwhile.
    """
    came: list[int] = []
    with _handled(lambda number, _: came.append(number)):
        yield
    if came:
        raise KeyboardInterrupt


@contextmanager
def _handled(handler) -> Iterator[None]:
    if threading.current_thread() is not threading.main_thread():
        yield  # Ctrl-C is the main thread's alone
        return
    numbers = [number for number in (signal.SIGINT, signal.SIGTERM) if _is_an_interrupt(number)]
    before = {number: signal.signal(number, handler) for number in numbers}
    try:
        yield
    finally:
        for number, earlier in before.items():
            signal.signal(number, earlier)


def _is_an_interrupt(number: int) -> bool:
    return number == signal.SIGINT or signal.getsignal(number) is signal.default_int_handler
