"""Warn before a streaming query takes the checkpoint of one that runs.

Spark takes two queries with one checkpoint for one query that was started again. It stops the first without a word,
and the second goes on where the first was, in a stream that is not its own.
"""

import functools
import warnings
from collections.abc import Callable
from typing import Any

from pyspark.sql.connect.streaming.readwriter import DataStreamWriter
from pyspark.sql.streaming.query import StreamingQuery

_OPTION = "checkpointLocation"


class SharedCheckpoint(UserWarning):
    """Two queries have one checkpoint."""


class Guard:
    """Remembers which running query has which checkpoint."""

    def __init__(self):
        self._queries: dict[str, StreamingQuery] = {}

    def look(self, checkpoint: str | None) -> None:
        """Warn if a running query has this checkpoint."""
        running = self._queries.get(_normal(checkpoint)) if checkpoint else None
        if running is not None and running.isActive:
            warnings.warn(
                f"The query {running.name or running.id} is running with the checkpoint {checkpoint}. Starting another "
                "with it stops that one, without an error. Give every query a checkpointLocation of its own.",
                SharedCheckpoint,
                stacklevel=4,
            )

    def remember(self, checkpoint: str | None, query: StreamingQuery) -> None:
        """Note a query that was started."""
        if checkpoint:
            self._queries[_normal(checkpoint)] = query


def watch(guard: Guard) -> None:
    """Have a guard look at every streaming query that this process starts on a cluster; once is enough."""
    if not hasattr(DataStreamWriter.start, "__wrapped__"):
        DataStreamWriter.start = _watched(DataStreamWriter.start, guard)
        DataStreamWriter.toTable = _watched(DataStreamWriter.toTable, guard)


def _watched(start: Callable[..., StreamingQuery], guard: Guard) -> Callable[..., StreamingQuery]:
    @functools.wraps(start)
    def started(writer: DataStreamWriter, *arguments: Any, **options: Any) -> StreamingQuery:
        checkpoint = options.get(_OPTION) or writer._write_proto.options.get(_OPTION)
        guard.look(checkpoint)
        query = start(writer, *arguments, **options)
        guard.remember(checkpoint, query)
        return query

    return started


def _normal(checkpoint: str) -> str:
    return checkpoint.removeprefix("dbfs:").rstrip("/")
