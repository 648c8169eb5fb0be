"""SQLAlchemy's dialect for the posts database: SQLite that counts the rows of a SELECT, as the course's MySQL does.

PyMySQL fetches all rows when a statement is executed, and its ``rowcount`` is their number. SQLite's driver fetches
them one by one and says -1, so that code which asks whether there is a row would find none, for ever.
SQLAlchemy finds the dialect by the URL's beginning, ``sqlite+posts://`` (entry point in `pyproject.toml`).
"""

from typing import Any

from sqlalchemy.dialects.sqlite.base import SQLiteExecutionContext
from sqlalchemy.dialects.sqlite.pysqlite import SQLiteDialect_pysqlite
from sqlalchemy.engine.cursor import FullyBufferedCursorFetchStrategy


class _Execution(SQLiteExecutionContext):
    def post_exec(self) -> None:
        """Fetch all rows at once, and count them."""
        if self.cursor.description is not None:
            rows = self.cursor.fetchall()
            self._rowcount = len(rows)
            self.cursor_fetch_strategy = FullyBufferedCursorFetchStrategy(
                self.cursor, self.cursor.description, initial_buffer=rows
            )


class PostsDialect(SQLiteDialect_pysqlite):
    """SQLite with the row counts of MySQL's driver; datetimes are the driver's, by the columns' declared types."""

    driver = "posts"
    execution_ctx_cls = _Execution
    supports_statement_cache = True

    def __init__(self, **settings: Any):
        super().__init__(**{"native_datetime": True} | settings)
