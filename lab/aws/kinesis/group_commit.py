"""One thread that answers calls of Kinesis in groups: each is answered once what the group changed is on disk.

One fsync serves all calls that wait for it, so that the rate holds. A reader is answered with its group as well: nobody
sees a record that may still be lost.
"""

import asyncio
import contextlib
import logging
import queue
import threading
import time
from collections.abc import Callable
from concurrent.futures import Future
from typing import TypeAlias

from lab.aws.kinesis import wire
from lab.aws.kinesis.errors import Refusal
from lab.aws.kinesis.service import Kinesis
from lab.aws.kinesis.store import StoreFailed

LOG = logging.getLogger("aws")

MOST_TOGETHER = 64
"""Calls of one group."""

SWEEP_SECONDS = 10
"""How often old records are looked for."""

Reply: TypeAlias = tuple[int, bytes]
"""HTTP status and body."""

_Waiting: TypeAlias = tuple[Callable[[], Reply], "Future[Reply]"]


class GroupCommit:
    """Kinesis and its thread."""

    def __init__(self, kinesis: Kinesis):
        self._kinesis = kinesis
        self._queue: queue.SimpleQueue[_Waiting | None] = queue.SimpleQueue()
        self._next_sweep = 0.0
        self._thread = threading.Thread(target=self._work, name="kinesis", daemon=True)
        self._thread.start()

    async def answer(self, operation: str, body: bytes) -> Reply:
        """Answer one call, when what it changed is on disk."""
        done: Future[Reply] = Future()
        self._queue.put((lambda: wire.answer(self._kinesis, operation, body), done))
        return await asyncio.wrap_future(done)

    def close(self) -> None:
        """Answer what has come, and end the thread."""
        self._queue.put(None)
        self._thread.join()

    def _work(self) -> None:
        going_on = True
        while going_on:
            group, going_on = self._next_group()
            if group:
                self._answer(group)
            if time.monotonic() >= self._next_sweep:
                self._sweep()

    def _next_group(self) -> tuple[list[_Waiting], bool]:
        """Wait for a call, and take all that have come meanwhile; the second value is false at the end."""
        group: list[_Waiting] = []
        with contextlib.suppress(queue.Empty):
            patience = max(0.0, self._next_sweep - time.monotonic())
            while len(group) < MOST_TOGETHER:
                waiting = self._queue.get_nowait() if group else self._queue.get(timeout=patience)
                if waiting is None:
                    return group, False
                group.append(waiting)
        return group, True

    def _answer(self, group: list[_Waiting]) -> None:
        try:
            replies = [_reply(work) for work, _ in group]
            self._kinesis.commit()
        except StoreFailed as failure:
            LOG.error("Kinesis: %s", failure)
            self._roll_back()
            replies = [wire.refused(Refusal("InternalFailure", str(failure), 500))] * len(group)
        for (_, done), reply in zip(group, replies, strict=True):
            if isinstance(reply, Exception):
                done.set_exception(reply)
            else:
                done.set_result(reply)

    def _roll_back(self) -> None:
        try:
            self._kinesis.roll_back()
        except StoreFailed:
            LOG.exception("Kinesis could not go back to what it had stored")

    def _sweep(self) -> None:
        more = False
        try:
            more = self._kinesis.sweep()
        except StoreFailed as failure:
            LOG.error("Kinesis could not forget old records: %s", failure)
            self._roll_back()
        self._next_sweep = time.monotonic() + (0 if more else SWEEP_SECONDS)


def _reply(work: Callable[[], Reply]) -> Reply | Exception:
    """Answer a call; what nobody foresaw is the fault of one call, not of its group."""
    try:
        return work()
    except StoreFailed:
        raise
    except Exception as error:
        return error
