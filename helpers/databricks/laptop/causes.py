"""What an error of Spark comes from: it stands behind pages of plans and stack traces, and should stand first."""

import logging
import re
import sys
from typing import Any

_CAUSE = re.compile(r"^Caused by: (?:[\w$]+\.)*([\w$]+): (.*?)(?=\n\tat |\n\t\.\.\.|\Z)", re.MULTILINE | re.DOTALL)
_CONDITION = re.compile(r"\[[A-Z0-9_.]+\]")
_WORDS = re.compile(r"\[[A-Z0-9_.]+\].*?(?:SQLSTATE: \w{5}|(?=\n))", re.DOTALL)

NULL_WITHOUT_ANSI = ("CAST_INVALID_INPUT", "CANNOT_PARSE_TIMESTAMP", "DIVIDE_BY_ZERO", "INVALID_ARRAY_INDEX")
"""Conditions of errors in whose place Spark writes NULL if its ANSI mode is off."""

ADVICE = (
    'Spark 4 stops at such a value. `spark.conf.set("spark.sql.ansi.enabled", "false")` lets it go on, and loses the '
    "value: each bad one becomes NULL, and nobody is told."
)


TALKATIVE = ("DataFrameQueryContextLogger", "SQLQueryContextLogger")
"""Loggers by which Spark prints an error with its stack trace, ten thousand letters long, before anybody catches it."""


def once_only() -> None:
    """Keep Spark from printing an error that is raised as well; whoever catches one says what is to be seen of it."""
    from pyspark.logger import PySparkLogger

    for name in TALKATIVE:
        PySparkLogger.getLogger(name).setLevel(logging.CRITICAL)


def cause(text: str) -> str | None:
    """Find what an error comes from, and what to do about it.

    Parameters
    ----------
    text : str
        The error's message, with the stack traces that Spark adds.

    Returns
    -------
    str or None
        A few lines; None if the message begins with its cause, and there is nothing to add.
    """
    chain = _CAUSE.findall(text)
    first = _CONDITION.match(text)
    words = _words(*chain[-1]) if chain else _words("", text)
    found = _CONDITION.match(words)
    if found and found[0].strip("[]").split(".")[0] in NULL_WITHOUT_ANSI:
        return f"{words}\n{ADVICE}"
    begins_with_it = not chain or (first and found and first[0] == found[0])
    return None if begins_with_it else words


def show(shell: Any, kind: type, value: BaseException, trace: Any, tb_offset: int | None = None) -> None:
    """Show an error of Spark in a notebook, and below it, where the reader is, what it comes from."""
    shell.showtraceback((kind, value, trace), tb_offset=tb_offset)
    if found := cause(str(value)):
        print(f"The cause: {found}", file=sys.stderr)


def _words(kind: str, message: str) -> str:
    found = _WORDS.match(message)
    return found[0] if found else ": ".join(part for part in (kind, message.strip().partition("\n")[0]) if part)
