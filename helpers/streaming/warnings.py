"""Warn of mistakes in streaming code that Spark itself lets pass, before they cost anything.

Spark takes two queries with one checkpoint for one query that was started again. It stops the first without a word,
and the second goes on where the first was, in a stream that is not its own. And an option that the source does not
know has no effect, which nobody sees, as the source runs on the cluster.
"""

import functools
import warnings
from collections.abc import Callable
from typing import Any

from pyspark.sql.connect.dataframe import DataFrame
from pyspark.sql.connect.streaming.readwriter import DataStreamReader, DataStreamWriter
from pyspark.sql.streaming.query import StreamingQuery

from helpers.kinesis.source.options import warnings_about

_CHECKPOINT = "checkpointLocation"


class SharedCheckpoint(UserWarning):
    """Two queries have one checkpoint."""


class Checkpoints:
    """Which running query has which checkpoint."""

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


def watch() -> None:
    """Have every stream looked at that this process opens or writes on a cluster; once is enough."""
    if hasattr(DataStreamWriter.start, "__wrapped__"):
        return
    checkpoints = Checkpoints()
    DataStreamWriter.start = _starting(DataStreamWriter.start, checkpoints)
    DataStreamWriter.toTable = _starting(DataStreamWriter.toTable, checkpoints)
    DataStreamReader.load = _opening(DataStreamReader.load)


def _starting(start: Callable[..., StreamingQuery], checkpoints: Checkpoints) -> Callable[..., StreamingQuery]:
    @functools.wraps(start)
    def started(writer: DataStreamWriter, *arguments: Any, **options: Any) -> StreamingQuery:
        checkpoint = options.get(_CHECKPOINT) or writer._write_proto.options.get(_CHECKPOINT)
        checkpoints.look(checkpoint)
        query = start(writer, *arguments, **options)
        checkpoints.remember(checkpoint, query)
        return query

    return started


def _opening(load: Callable[..., DataFrame]) -> Callable[..., DataFrame]:
    @functools.wraps(load)
    def loaded(reader: DataStreamReader, *arguments: Any, **options: Any) -> DataFrame:
        frame = load(reader, *arguments, **options)
        if reader._format == "kinesis":
            for warning in warnings_about(reader._options):
                warnings.warn(warning, stacklevel=2)
        return frame

    return loaded


def _normal(checkpoint: str) -> str:
    return checkpoint.removeprefix("dbfs:").rstrip("/")
