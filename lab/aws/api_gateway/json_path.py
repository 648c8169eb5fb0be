"""JSONPath as mapping templates use it: one place in a document, such as ``$.records[0].data`` or ``$['a b']``."""

import re
from functools import cache
from typing import Any

_STEP = re.compile(r"\.(?P<name>[\w-]+)|\[(?P<index>-?\d+)\]|\[(?P<quote>['\"])(?P<quoted>.*?)(?P=quote)\]")


def find(document: Any, path: str) -> Any:
    """Return what is at a place of a document; None if there is nothing.

    Raises
    ------
    ValueError
        If the path is none, or asks for several places at once.
    """
    for step in _steps(path):
        if isinstance(step, int):
            there = isinstance(document, list) and -len(document) <= step < len(document)
        else:
            there = isinstance(document, dict) and step in document
        if not there:
            return None
        document = document[step]
    return document


@cache
def _steps(path: str) -> tuple[str | int, ...]:
    if not path.startswith("$"):
        raise ValueError(f"A JSONPath begins with $, not so {path!r}.")
    steps: list[str | int] = []
    position = 1
    while position < len(path):
        found = _STEP.match(path, position)
        if not found:
            raise ValueError(
                f"{path!r} is no JSONPath that the lab evaluates: it takes names, ['names'] and [numbers], one place "
                "at a time."
            )
        steps.append(int(found["index"]) if found["index"] else found["name"] or found["quoted"])
        position = found.end()
    return tuple(steps)
