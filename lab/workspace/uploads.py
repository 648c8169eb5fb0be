"""Files that come in pieces: opened by ``dbfs/create``, filled by ``add-block``, whole after ``close``."""

import secrets
import threading
import time
from collections.abc import Callable
from dataclasses import dataclass, field
from typing import Protocol

from lab.workspace.errors import WorkspaceError

LARGEST_BLOCK = 2**20
"""Bytes of a piece (DBFS API: "limited to 1 MB")."""

IDLE_SECONDS = 600
"""How long a file waits for its next piece (DBFS API: "a 10 minute idle timeout on this handle")."""

MOST = 100
"""Files that may be open at a time."""


class Stream(Protocol):
    """A file that is being written."""

    def write(self, content: bytes) -> None:
        """Write the next piece."""

    def close(self) -> None:
        """Write what is left, and close it."""


@dataclass
class _Upload:
    stream: Stream
    used: float
    lock: threading.Lock = field(default_factory=threading.Lock)


class Uploads:
    """Files by the numbers under which they are open.

    Parameters
    ----------
    clock : callable
        Tells the time in seconds.
    """

    def __init__(self, clock: Callable[[], float] = time.monotonic):
        self._clock = clock
        self._lock = threading.Lock()
        self._open: dict[int, _Upload] = {}

    def begin(self, create: Callable[[], Stream]) -> int:
        """Open a file; return its number."""
        with self._lock:
            self._close_idle()
            if len(self._open) >= MOST:
                raise WorkspaceError("QUOTA_EXCEEDED", f"The lab keeps {MOST} files open at a time: close some first.")
            handle = secrets.randbits(53)  # a number that every client can hold
            self._open[handle] = _Upload(create(), self._clock())
            return handle

    def add(self, handle: int, content: bytes) -> None:
        """Write the next piece.

        Raises
        ------
        WorkspaceError
            If no file is open under that number, or the piece is too long.
        """
        if len(content) > LARGEST_BLOCK:
            words = f"A block has at most {LARGEST_BLOCK} bytes, and this one has {len(content)}."
            raise WorkspaceError("MAX_BLOCK_SIZE_EXCEEDED", words)
        upload = self._found(self._open.get(handle), handle)
        with upload.lock:
            upload.stream.write(content)
            upload.used = self._clock()

    def close(self, handle: int) -> None:
        """Close a file: it is whole now."""
        with self._lock:
            upload = self._found(self._open.pop(handle, None), handle)
        with upload.lock:
            upload.stream.close()

    def _found(self, upload: _Upload | None, handle: int) -> _Upload:
        if upload is None:
            raise WorkspaceError("RESOURCE_DOES_NOT_EXIST", f"No file is open with the handle {handle}.", 404)
        return upload

    def _close_idle(self) -> None:
        for handle, upload in list(self._open.items()):
            if upload.used + IDLE_SECONDS < self._clock():
                self._open.pop(handle).stream.close()
