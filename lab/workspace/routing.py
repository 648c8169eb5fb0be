"""What the APIs of the workspace have in common: an address, the fields of a request, the fields of an answer."""

import base64
import binascii
from collections.abc import Callable, Mapping
from typing import Any

from lab.workspace.errors import WorkspaceError

Fields = dict[str, Any]
Address = tuple[str, str]
"""Method and path."""
Answers = Callable[[Fields], Fields | bytes]
"""Bytes are sent as they are, a file to be downloaded."""

LARGEST_NUMBER = 2**63 - 1
"""The largest that Java's side understands."""


def refused(message: str) -> WorkspaceError:
    """Refuse a value."""
    return WorkspaceError("INVALID_PARAMETER_VALUE", message)


def text(asked: Mapping[str, Any], name: str, default: str | None = None) -> str:
    """Read a text.

    Raises
    ------
    KeyError
        If it is missing and there is no default.
    WorkspaceError
        If it is of another type, or holds half of a character.
    """
    value = asked[name] if default is None else asked.get(name, default)
    if not isinstance(value, str):
        raise refused(f"{name} must be text, not {value!r:.80}.")
    try:
        value.encode()
    except UnicodeEncodeError:
        raise refused(f"{name} is no text: {value!r:.80} holds half of a character.") from None
    return value


def flag(asked: Mapping[str, Any], name: str, default: bool = False) -> bool:
    """Read a yes or no; in a query it is text.

    Raises
    ------
    WorkspaceError
        If it is neither.
    """
    value = str(default if asked.get(name) is None else asked[name]).lower()
    if value not in ("true", "false"):
        raise refused(f"{name} must be true or false, not {asked[name]!r:.80}.")
    return value == "true"


def whole_number(asked: Mapping[str, Any], name: str, default: int | None = None) -> int:
    """Read a whole number, which Airflow may send as text.

    Raises
    ------
    KeyError
        If it is missing and there is no default.
    WorkspaceError
        If it is no whole number, or below 0.
    """
    value = asked[name] if default is None else asked.get(name, default)
    try:
        number = int(value)
        if isinstance(value, bool) or (isinstance(value, float) and number != value):
            raise ValueError
    except (TypeError, ValueError, OverflowError):
        raise refused(f"{name} must be a whole number, not {value!r:.80}.") from None
    if number < 0:
        raise refused(f"{name} must not be below 0, and {number} is.")
    if number > LARGEST_NUMBER:
        raise refused(f"{name} must not be above {LARGEST_NUMBER}.")
    return number


def binary(asked: Mapping[str, Any], name: str) -> bytes:
    """Read bytes, which come in base64.

    Raises
    ------
    KeyError
        If they are missing.
    WorkspaceError
        If they are not base64.
    """
    try:
        return base64.b64decode(text(asked, name), validate=True)
    except (binascii.Error, ValueError) as error:
        raise refused(f"{name} is not base64: {error}.") from error


def mapping(value: Any, name: str) -> Mapping[str, Any]:
    """Read an object of names and values; nothing is an empty one.

    Raises
    ------
    WorkspaceError
        If it is of another type.
    """
    if not isinstance(value or {}, Mapping):
        raise refused(f"{name} must be an object of names and values, not {value!r:.80}.")
    return value or {}


def mappings(value: Any, name: str) -> list[Mapping[str, Any]]:
    """Read a list of objects; nothing is an empty one.

    Raises
    ------
    WorkspaceError
        If it is of another type.
    """
    if not isinstance(value or [], list):
        raise refused(f"{name} must be a list of objects, not {value!r:.80}.")
    return [mapping(each, f"what is in {name}") for each in value or []]
