"""JSONPath as mapping templates use it, with the answers of Jayway's library, which AWS runs.

A path that may lead to several places (``*``, ``..``, several numbers, a slice) gives a list, be it of none or of one;
any other gives what is there, or nothing. Filters are not evaluated: they are refused.
Source: the README of json-path.
"""

import re
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from functools import cache
from typing import Any

_NAME = r"[\w-]+"
_QUOTED = r"'(?:[^'\\]|\\.)*'|\"(?:[^\"\\]|\\.)*\""
_STEP = re.compile(
    rf"(?P<deep>\.\.)?(?:(?(deep)|\.)(?P<name>{_NAME})(?P<call>\(\))?|(?(deep)|\.)(?P<any>\*)|\[\s*(?P<all>\*)\s*\]"
    rf"|\[\s*(?P<quoted>(?:{_QUOTED})(?:\s*,\s*(?:{_QUOTED}))*)\s*\]"
    r"|\[\s*(?P<numbers>-?\d+(?:\s*,\s*-?\d+)*)\s*\]|\[(?P<slice>-?\d*:-?\d*)\])"
)

Children = Callable[[Any], Iterator[Any]]


@dataclass(frozen=True)
class _Way:
    """One step: where it leads from a place, and whether it may lead to several."""

    children: Children
    several: bool


def find(document: Any, path: str) -> Any:
    """Return what is at a place of a document; None if there is nothing, a list if there may be several places.

    Raises
    ------
    ValueError
        If the path is none, or one that the lab does not evaluate.
    """
    ways, length = _ways(path)
    places = [document]
    for way in ways:
        places = [child for place in places for child in way.children(place)]
    several = any(way.several for way in ways)
    if length:
        if several:
            raise ValueError(f"{path!r} counts at several places: the lab counts at one only.")
        counted = places[0] if places else None
        return len(counted) if isinstance(counted, list | dict) else None
    return places if several else (places[0] if places else None)


@cache
def _ways(path: str) -> tuple[tuple[_Way, ...], bool]:
    """Read a path: its steps, and whether it ends in ``.length()``."""
    if not path.startswith("$"):
        raise ValueError(f"A JSONPath begins with $, not so {path!r}.")
    ways: list[_Way] = []
    position, length = 1, False
    while position < len(path):
        found = _STEP.match(path, position)
        if not found or length or (found["call"] and (found["name"] not in ("length", "size") or found["deep"])):
            raise ValueError(
                f"{path!r} is no JSONPath that the lab evaluates: it takes names, numbers, *, .., slices and "
                "length(); AWS takes filters and other functions too."
            )
        position = found.end()
        length = bool(found["call"])
        if not length:
            ways.extend(_read(found))
    return tuple(ways), length


def _read(found: re.Match[str]) -> Iterator[_Way]:
    if found["deep"]:
        yield _Way(_deep, several=True)
    if found["any"] or found["all"]:
        yield _Way(_all, several=True)
    elif found["slice"]:
        begin, _, end = found["slice"].partition(":")
        part = slice(int(begin) if begin else None, int(end) if end else None)
        yield _Way(lambda place: iter(place[part] if isinstance(place, list) else ()), several=True)
    elif found["numbers"]:
        numbers = [int(number) for number in found["numbers"].split(",")]
        yield _Way(lambda place: _numbered(place, numbers), several=len(numbers) > 1)
    else:
        names = [found["name"]] if found["name"] else [_plain(one) for one in re.findall(_QUOTED, found["quoted"])]
        yield _Way(lambda place: _named(place, names), several=False)


def _plain(quoted: str) -> str:
    return re.sub(r"\\(.)", r"\1", quoted[1:-1])


def _named(place: Any, names: list[str]) -> Iterator[Any]:
    if not isinstance(place, dict):
        return
    if len(names) > 1:  # Jayway makes an object of them
        yield {name: place[name] for name in names if name in place}
        return
    if names[0] in place:
        yield place[names[0]]


def _numbered(place: Any, numbers: list[int]) -> Iterator[Any]:
    for number in numbers:
        if isinstance(place, list) and -len(place) <= number < len(place):
            yield place[number]


def _all(place: Any) -> Iterator[Any]:
    yield from place.values() if isinstance(place, dict) else place if isinstance(place, list) else ()


def _deep(place: Any) -> Iterator[Any]:
    yield place
    for child in _all(place):
        yield from _deep(child)
