"""Schedules of jobs: the lab fires none, so it keeps only those that are paused, if they would fire on Databricks.

Sources: the Jobs API's ``CronSchedule``; Quartz's ``CronExpression``.
"""

import re
from collections.abc import Mapping
from typing import Any
from zoneinfo import ZoneInfo

from lab.workspace.routing import mapping, refused, text

_MONTHS = ("JAN", "FEB", "MAR", "APR", "MAY", "JUN", "JUL", "AUG", "SEP", "OCT", "NOV", "DEC")
_DAYS = ("SUN", "MON", "TUE", "WED", "THU", "FRI", "SAT")
_FIELDS: tuple[tuple[str, int, int, tuple[str, ...], str], ...] = (
    ("second", 0, 59, (), ""),
    ("minute", 0, 59, (), ""),
    ("hour", 0, 23, (), ""),
    ("day of the month", 1, 31, (), r"\?|LW?|L-\d+|\d+W"),
    ("month", 1, 12, _MONTHS, ""),
    ("day of the week", 1, 7, _DAYS, r"\?|L|\w+L|\w+#[1-5]"),
    ("year", 1970, 2099, (), ""),
)
"""Name, least and greatest number, names for the numbers from one on, and what else may stand there."""

_PART = re.compile(r"(?P<begin>\*|\w+)(?:-(?P<end>\w+))?(?:/(?P<step>\d+))?")


def check(schedule: Any) -> None:
    """Refuse a schedule that would fire, and one that Databricks would refuse.

    Raises
    ------
    WorkspaceError
        Naming what is wrong.
    """
    asked: Mapping[str, Any] = mapping(schedule, "schedule")
    _check_quartz(text(asked, "quartz_cron_expression"))
    zone = text(asked, "timezone_id")
    try:
        ZoneInfo(zone)
    except (ValueError, OSError, KeyError):  # one that is no name, one that is a folder, one that is not there
        raise refused(f"schedule: there is no time zone {zone!r}; UTC and Europe/London are two.") from None
    if text(asked, "pause_status", "UNPAUSED") != "PAUSED":
        raise refused(
            "schedule: the lab starts no job by itself. Leave it out, or say pause_status PAUSED, and it is kept; "
            "run-now, or Airflow (notebook 08), starts the job."
        )


def _check_quartz(expression: str) -> None:
    fields = expression.upper().split()
    if len(fields) not in (6, 7):
        raise refused(
            f"schedule: {expression!r} is no quartz expression: it has {len(fields)} fields, not the six of "
            "second, minute, hour, day of the month, month, day of the week, and perhaps a year."
        )
    for field, (name, least, greatest, names, others) in zip(fields, _FIELDS, strict=False):
        for part in field.split(","):
            if not (others and re.fullmatch(others, part)) and not _fits(part, least, greatest, names):
                raise refused(f"schedule: {part!r} in {expression!r} is no {name} of a quartz expression.")
    if (fields[3] == "?") == (fields[5] == "?"):
        raise refused(f"schedule: in {expression!r} either the day of the month or that of the week must be '?'.")


def _fits(part: str, least: int, greatest: int, names: tuple[str, ...]) -> bool:
    found = _PART.fullmatch(part)
    if not found or (found["begin"] == "*" and found["end"]):
        return False
    limits = [one for one in (found["begin"], found["end"]) if one and one != "*"]
    numbers = [names.index(one) + 1 if one in names else int(one) if one.isdecimal() else -1 for one in limits]
    return all(least <= number <= greatest for number in numbers) and found["step"] != "0"
