"""The cause of an error of Spark, found in what Spark says."""

import subprocess
import sys

import pytest

from helpers.databricks.laptop.causes import ADVICE, cause

CAST = "[CAST_INVALID_INPUT] The value 'x' cannot be cast. Use `try_cast`. SQLSTATE: 22018"
STREAM = f"""[STREAM_FAILED] Query [id = 1] terminated: [TASK_WRITE_FAILED] Task failed. SQLSTATE: 58030
=== Streaming Query ===
\tat org.apache.spark.A.b(A.scala:1)
Caused by: org.apache.spark.SparkException: [TASK_WRITE_FAILED] Task failed while writing. SQLSTATE: 58030
\tat org.apache.spark.A.b(A.scala:1)
Caused by: org.apache.spark.SparkNumberFormatException: {CAST}
== SQL (line 1, position 1) ==
cast(value as int)
^^^^

\tat org.apache.spark.A.b(A.scala:1)
\t... 3 more
"""


@pytest.mark.parametrize("text", [STREAM, CAST, f"{CAST}\n\nJVM stacktrace:\n\tat a.b"])
def test_a_bad_cast_is_named_with_what_switches_it_off(text):
    assert cause(text) == f"{CAST}\n{ADVICE}"


TWICE = "[DUPLICATED_MAP_KEY] Twice. SQLSTATE: 23505"


@pytest.mark.parametrize(
    ("end", "words"),
    [
        (f"org.apache.spark.SparkException: {TWICE}", TWICE),
        ("java.io.IOException: No space left on device", "IOException: No space left on device"),
        ("a.b.Outer$Inner: two\nlines\n\tat a.b", "Outer$Inner: two"),
    ],
)
def test_the_last_cause_counts(end, words):
    first = "[STREAM_FAILED] Long. SQLSTATE: XXKST\nCaused by: java.lang.Error: first\n\tat a"
    assert cause(f"{first}\nCaused by: {end}") == words


@pytest.mark.parametrize(
    "text",
    [
        "invalid literal for int()", "", "[TABLE_OR_VIEW_NOT_FOUND] The table cannot be found. SQLSTATE: 42P01; line 1",
        f"{TWICE}\nCaused by: a.B: {TWICE}\n\tat a",
    ],
)  # fmt: skip
def test_what_begins_with_its_cause_stays_as_it_is(text):
    assert cause(text) is None


RAISED = """
from pyspark.logger import PySparkLogger
from helpers.databricks.laptop import causes
{before}
for name in causes.TALKATIVE:
    logger = PySparkLogger.getLogger(name)
    logger.propagate = False
    try:
        1 / 0
    except ZeroDivisionError:
        logger.exception("a query failed", errorClass="DIVIDE_BY_ZERO")
"""
"""What Spark does when it makes an exception."""


@pytest.mark.parametrize(("before", "lines"), [("", 2), ("causes.once_only()", 0)])
def test_an_error_that_is_raised_is_not_printed_as_well(before, lines):
    command = [sys.executable, "-c", RAISED.format(before=before)]
    printed = subprocess.run(command, capture_output=True, text=True, check=True).stderr
    assert printed.count("a query failed") == lines
