"""Moments as learners write them: ISO 8601, seconds since the epoch, or a pattern of Java's."""

import re
from datetime import UTC, datetime, timedelta, timezone
from zoneinfo import ZoneInfo, ZoneInfoNotFoundError

_FIELDS = {
    "yyyy": r"(?P<year>\d{4})",
    "MM": r"(?P<month>\d{2})",
    "dd": r"(?P<day>\d{2})",
    "HH": r"(?P<hour>\d{2})",
    "mm": r"(?P<minute>\d{2})",
    "ss": r"(?P<second>\d{2})",
    "SSS": r"(?P<millisecond>\d{3})",
}
_ZONE = r"(?P<zone>Z|[+-]\d{2}:?\d{2}|[A-Za-z]+(?:/[A-Za-z_]+)*)"
_TOKENS = re.compile(
    r"'(?P<quoted>[^']*)'|(?P<zone>[XxZzV]+)|(?P<field>(?P<letter>[A-Za-z])(?P=letter)*)|(?P<other>[^A-Za-z'])"
)
_AMERICAN_HOURS = {"EST": -5, "EDT": -4, "CST": -6, "CDT": -5, "MST": -7, "MDT": -6, "PST": -8, "PDT": -7}


def parse_moment(text: str, pattern: str | None = None) -> datetime:
    """Read a moment.

    Parameters
    ----------
    text : str
        The moment; without a time zone it is UTC.
    pattern : str, optional
        Java's letters, such as ``MM/dd/yyyy HH:mm:ss ZZZ``. Without one, ISO 8601 or seconds since the epoch.

    Returns
    -------
    datetime
        In UTC.

    Raises
    ------
    ValueError
        If the text is no such moment; the message says what would be.
    """
    if pattern is not None:
        return _by_pattern(text, pattern)
    try:
        if re.fullmatch(r"\d+(\.\d+)?", text):
            return datetime.fromtimestamp(float(text), UTC)
        return _in_utc(datetime.fromisoformat(text))
    except (ValueError, OverflowError):
        raise ValueError(
            f"{text!r} is no moment: write 2024-05-01T12:00:00Z or seconds since the epoch, or say its format, such "
            'as "MM/dd/yyyy HH:mm:ss ZZZ".'
        ) from None


def _by_pattern(text: str, pattern: str) -> datetime:
    match = re.fullmatch("".join(_expression(token, pattern) for token in _TOKENS.finditer(pattern)), text)
    if match is None:
        raise ValueError(f"{text!r} does not fit the format {pattern!r}.")
    parts = match.groupdict()
    if not {"year", "month", "day"} <= parts.keys():
        raise ValueError(f"The format {pattern!r} lacks a year, a month or a day: yyyy, MM and dd.")
    numbers = [int(parts.get(name) or 0) for name in ("year", "month", "day", "hour", "minute", "second")]
    return _in_utc(datetime(*numbers, int(parts.get("millisecond") or 0) * 1000, _zone(parts.get("zone"))))


def _expression(token: re.Match, pattern: str) -> str:
    if token["zone"]:
        return _ZONE
    if token["field"] and token["field"] not in _FIELDS:
        raise ValueError(
            f"The format {pattern!r} has {token['field']!r}, which is not known here: use {', '.join(_FIELDS)} and Z."
        )
    return _FIELDS[token["field"]] if token["field"] else re.escape(token["quoted"] or token["other"] or "")


def _zone(text: str | None):
    if text is None or text in ("Z", "UTC", "GMT"):
        return UTC
    if text in _AMERICAN_HOURS:
        return timezone(timedelta(hours=_AMERICAN_HOURS[text]))
    if text[0] in "+-":
        return datetime.strptime(text, "%z").tzinfo
    try:
        return ZoneInfo(text)
    except (ZoneInfoNotFoundError, ValueError):
        raise ValueError(f"{text!r} is no time zone: use an offset such as +0200, or UTC.") from None


def _in_utc(moment: datetime) -> datetime:
    return (moment if moment.tzinfo else moment.replace(tzinfo=UTC)).astimezone(UTC)
