"""What a streaming query reports of its micro-batches, as numbers that can be drawn and compared."""

from collections.abc import Iterable
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from typing import Any

from pyspark.sql.streaming.query import StreamingQuery

from helpers.spark_versions import report
from helpers.streaming.queries import ARRIVALS


@dataclass(frozen=True)
class Batch:
    """One micro-batch.

    Attributes
    ----------
    number : int
        Spark's batch id.
    ended : datetime
        When its rows could be read in the table, in UTC.
    rows : int
        Records that it took from the source.
    seconds : float
        How long it took.
    source_seconds, commit_seconds : float
        Of these, what asking the source took, and what keeping note of the progress took. The rest is reading,
        cleaning and writing.
    longest_wait : float
        Seconds from the arrival of its first record in Kinesis until `ended`; NaN unless `queries.observed` was
        used.
    """

    number: int
    ended: datetime
    rows: int
    seconds: float
    source_seconds: float
    commit_seconds: float
    longest_wait: float


def batches(query: StreamingQuery) -> list[Batch]:
    """List the micro-batches with rows that Spark still remembers: the last hundred at most."""
    return list(_with_rows(map(report, query.recentProgress)))


def state_rows(query: StreamingQuery) -> int:
    """Tell how many records a query remembers in its state; 0 if it keeps none or has not run."""
    last = query.lastProgress
    return sum(operator["numRowsTotal"] for operator in report(last)["stateOperators"]) if last else 0


def _with_rows(reports: Iterable[dict[str, Any]]) -> Iterable[Batch]:
    for told in reports:
        rows = sum(source["numInputRows"] for source in told["sources"])
        if rows:
            yield _batch(told, rows)


def _batch(told: dict[str, Any], rows: int) -> Batch:
    took = {step: milliseconds / 1000 for step, milliseconds in told["durationMs"].items()}
    ended = datetime.fromisoformat(told["timestamp"]) + timedelta(seconds=took["triggerExecution"])
    first = _first_arrival(told.get("observedMetrics", {}).get(ARRIVALS))
    return Batch(
        number=told["batchId"],
        ended=ended,
        rows=rows,
        seconds=took["triggerExecution"],
        source_seconds=took.get("latestOffset", 0.0) + took.get("getBatch", 0.0),
        commit_seconds=took.get("walCommit", 0.0) + took.get("commitOffsets", 0.0),
        longest_wait=(ended - first).total_seconds() if first else float("nan"),
    )


def _first_arrival(observed: dict[str, Any] | None) -> datetime | None:
    if not observed:
        return None
    if "values" in observed:  # Spark Connect: values apart from their names, times as milliseconds
        names = [field["name"] for field in observed["schema"]["fields"]]
        first = dict(zip(names, observed["values"], strict=True))["first"]
        return None if first is None else datetime.fromtimestamp(first / 1000, UTC)
    return datetime.fromisoformat(observed["first"]) if observed.get("first") else None
