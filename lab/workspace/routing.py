"""What the APIs of the workspace have in common: an address, the fields of a request, the fields of an answer."""

from collections.abc import Callable
from typing import Any

Fields = dict[str, Any]
Address = tuple[str, str]
"""Method and path."""
Answers = Callable[[Fields], Fields]


def flag(asked: Fields, name: str) -> bool:
    """Read a yes or no; in a query it is text."""
    return str(asked.get(name, False)).lower() == "true"
