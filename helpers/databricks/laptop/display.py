"""Databricks' `display` for a notebook that runs elsewhere: any table-like value as a table."""

from typing import Any

import pandas as pd
from IPython.display import HTML
from IPython.display import display as show
from pyspark.sql import DataFrame

from helpers.databricks.laptop import tables
from helpers.spark_versions import is_frame

MOST_ROWS = 1000
"""Rows that are shown of a frame, as on Databricks."""


def display(value: Any = None, *_: Any, **__: Any) -> None:
    """Show a frame, a list of rows or of files, or whatever else a notebook can show.

    Parameters
    ----------
    value : object
        What to show; a streaming frame is described, as it has no rows of its own.
    *_, **__
        Settings of Databricks' charts, which are not drawn here.
    """
    if is_frame(value):
        _show(_of_stream(value) if value.isStreaming else value.limit(MOST_ROWS).toPandas())
    elif isinstance(value, list) and value and hasattr(value[0], "_fields"):
        _show(pd.DataFrame(value, columns=list(value[0]._fields)))
    elif isinstance(value, list) and value and hasattr(value[0], "asDict"):
        _show(pd.DataFrame([row.asDict() for row in value]))
    else:
        show(value)


def displayHTML(html: str) -> None:
    """Show HTML, scripts included."""
    show(HTML(html))


class _Page:
    """A table in the forms that a notebook asks for; a terminal gets the plain one."""

    def __init__(self, table: pd.DataFrame):
        self._forms = tables.page(table)

    def _repr_html_(self) -> str:
        return self._forms["text/html"]

    def __repr__(self) -> str:
        return self._forms["text/plain"]


def _show(table: pd.DataFrame) -> None:
    show(_Page(table))


def _of_stream(frame: DataFrame) -> pd.DataFrame:
    return pd.DataFrame({"column of the stream": frame.columns, "type": [kind for _, kind in frame.dtypes]})
