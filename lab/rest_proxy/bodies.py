"""Read what clients send: JSON objects whose fields are known, of the right kind, and no others."""

from collections.abc import Collection, Iterable

from lab.rest_proxy import formats
from lab.rest_proxy.errors import Problem

BIGGEST = 2**63 - 1


def document(body: bytes, fields: Collection[str]) -> dict[str, object]:
    """Read a body that must be a JSON object with known fields; an empty body counts as an empty object.

    Raises
    ------
    Problem
        400 if it is not JSON, 422 if it is no object or has other fields.
    """
    if not body.strip():
        return {}
    try:
        found = formats.parse(body)
    except ValueError as error:
        raise Problem(400, f"Bad Request: the body is not valid JSON: {error!s:.200}.") from None
    return fields_of(found, fields, "The body")


def fields_of(value: object, fields: Collection[str], what: str) -> dict[str, object]:
    """Check that a value is a JSON object with no other fields.

    Raises
    ------
    Problem
        422.
    """
    if not isinstance(value, dict):
        raise Problem(422, f"{what} must be a JSON object in braces.")
    for name in value:
        if name not in fields:
            raise Problem(422, f"Unrecognized field: {name!r:.100}. {what} may have {', '.join(fields)}.")
    return value


def text(value: object, what: str) -> str:
    """Check that a value is a text that is not empty."""
    if not isinstance(value, str) or not value:
        raise Problem(422, f"{what} must be a text in quotation marks.")
    return value


def number(value: object, what: str, least: int = 0, most: int = BIGGEST) -> int:
    """Check that a value is a whole number within bounds; like Confluent's proxy, take one in quotation marks too."""
    if isinstance(value, str) and value.removeprefix("-").isascii() and value.removeprefix("-").isdigit():
        value = int(value[:25])
    if not isinstance(value, int) or isinstance(value, bool) or not least <= value <= most:
        raise Problem(422, f"{what} must be a whole number from {least} to {most}, not {value!r:.50}.")
    return value


def items(value: object, what: str) -> list:
    """Check that a value is a list with something in it."""
    if not isinstance(value, list):
        raise Problem(422, f"{what} must be a list in brackets.")
    if not value:
        raise Problem(422, f"{what} may not be empty")
    return value


def entries(value: object, what: str, fields: Collection[str]) -> Iterable[dict[str, object]]:
    """Check that a value is a list of objects that name a topic and a partition."""
    for entry in items(value, what):
        found = fields_of(entry, fields, f"An entry of {what}")
        text(found.get("topic"), "topic")
        number(found.get("partition"), "partition", most=2**31 - 1)
        yield found
