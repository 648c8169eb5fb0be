"""What Spark 3.5, the client of Databricks runtime 16.4, has otherwise than Spark 4: asked here in one way.

Spark is imported late: checks of exercises that have nothing to do with it use this module too.
"""

import json
from typing import Any


def condition(error: BaseException) -> str | None:
    """Name an error's condition, such as PATH_NOT_FOUND; None if it has none. Spark 3.5 calls it an error class."""
    ask = getattr(error, "getCondition", None) or getattr(error, "getErrorClass", None)
    return ask() if ask else None


def is_frame(value: Any) -> bool:
    """Tell whether something is a DataFrame: in Spark 3.5 one of Spark Connect is of a class of its own."""
    from pyspark.sql import DataFrame
    from pyspark.sql.connect.dataframe import DataFrame as RemoteFrame

    return isinstance(value, DataFrame | RemoteFrame)


def report(progress: Any) -> dict[str, Any]:
    """Read a micro-batch's report: a dict by Spark Connect of Spark 3.5, an object that holds JSON since."""
    return json.loads(progress.json) if hasattr(progress, "json") else progress
