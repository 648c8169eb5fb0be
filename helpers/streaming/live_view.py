"""A picture of streaming queries that is drawn anew while they run."""

import time
from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager
from types import TracebackType

import pandas as pd
from pyspark.sql.streaming.query import StreamingQuery

from helpers.notebook import plots
from helpers.notebook.redrawing import redrawn
from helpers.streaming.progress import Batch, batches
from helpers.waiting import WaitedInVain, wait_until


class LiveView:
    """Watch queries for as long as a ``with`` block lasts.

    The rows are those that have been written since the block began; nothing is asked of Spark but the queries'
    own reports, so that watching does not slow them down.

    Parameters
    ----------
    queries : mapping of str to StreamingQuery
        By the name of the table; with `queries.observed`, the waiting times are shown too.
    title : str
        What is shown.
    """

    def __init__(self, queries: Mapping[str, StreamingQuery], title: str):
        self._queries, self._title = queries, title
        self._began = time.time()
        self._batches: dict[str, dict[int, Batch]] = {name: {} for name in queries}
        self._known = {name: {batch.number for batch in batches(query)} for name, query in queries.items()}
        self._span: tuple[str, float, float | None] | None = None
        self._redrawn = redrawn(self._draw)

    def __enter__(self) -> "LiveView":
        self._redrawn.__enter__()
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self._redrawn.__exit__(kind, error, trace)

    @contextmanager
    def marked(self, what: str) -> Iterator[None]:
        """Mark in the picture when something began and when it ended, as in ``with view.marked("users post"):``."""
        begun = time.time() - self._began
        self._span = (what, begun, None)
        try:
            yield
        finally:
            self._span = (what, begun, time.time() - self._began)

    def rows(self) -> dict[str, int]:
        """Tell how many rows each query has written since the block began."""
        for name, query in self._queries.items():
            news = {batch.number: batch for batch in batches(query) if batch.number not in self._known[name]}
            self._batches[name].update(news)
        return {name: sum(batch.rows for batch in seen.values()) for name, seen in self._batches.items()}

    def wait_for(self, rows: int, timeout: float = 120) -> None:
        """Wait until every table has so many rows more than when the block began.

        Raises
        ------
        TimeoutError
            If that takes too long.
        RuntimeError
            If a query has ended, with its error.
        """
        try:
            wait_until(lambda: self._reached(rows), timeout, f"{rows} new rows in each table")
        except WaitedInVain as error:
            raise TimeoutError(f"{error} There are {self.rows()}.") from None

    def _reached(self, rows: int) -> bool:
        if min(self.rows().values()) >= rows:
            return True
        for name, query in self._queries.items():
            if not query.isActive:
                raise RuntimeError(f"The query into {name} has ended: {query.exception()}")
        return False

    def _draw(self, draw: Callable[..., object]) -> str:
        """Draw the picture; return its description."""
        counts = self.rows()
        seconds = time.time() - self._began
        figure = plots.streams(self._growth(seconds), self._waits(), list(counts), self._finding(), self._span)
        text = ", ".join(f"{count} in {name}" for name, count in counts.items())
        description = f"{self._finding()}. Rows written over time, and the longest wait in each micro-batch: {text}."
        plots.show(figure, description, draw)
        return description

    def _finding(self) -> str:
        """Say what the picture shows: as soon as what was marked has ended, how far the tables are behind it."""
        if self._span is None or self._span[2] is None:
            return self._title
        what, _, end = self._span
        ended = [batch.ended.timestamp() - self._began for seen in self._batches.values() for batch in seen.values()]
        late = max([*ended, end]) - end
        return f"{self._title}: the last one came {late:.1f} s after the end of {what!r}"

    def _growth(self, seconds: float) -> pd.DataFrame:
        points = []
        for name, seen in self._batches.items():
            total = 0
            points.append((0.0, name, 0))
            for batch in sorted(seen.values(), key=lambda batch: batch.number):
                total += batch.rows
                points.append((batch.ended.timestamp() - self._began, name, total))
            points.append((seconds, name, total))
        return pd.DataFrame(points, columns=["seconds", "table", "rows"])

    def _waits(self) -> pd.DataFrame:
        points = [
            (batch.ended.timestamp() - self._began, name, batch.longest_wait)
            for name, seen in self._batches.items()
            for batch in seen.values()
        ]
        return pd.DataFrame(points, columns=["seconds", "table", "wait"])
