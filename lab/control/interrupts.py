"""Ctrl-C at the wrong moment: what has to be done to its end is not interrupted."""

import signal
import threading
from collections.abc import Iterator
from contextlib import contextmanager


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
    before = signal.signal(signal.SIGINT, handler)
    try:
        yield
    finally:
        signal.signal(signal.SIGINT, before)
