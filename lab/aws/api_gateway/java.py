"""Values in mapping templates as Java has them: the methods that templates call, and how values are printed.

AWS runs Apache Velocity on Java, and Jayway's JsonPath: text is a ``java.lang.String``, a list of the body is a
``JSONArray``, which prints as JSON, and an object a ``LinkedHashMap``, which prints as ``{name=value}``. Sources: the
Java API documentation of these classes.
"""

import json
import re
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import Any

Method = Callable[..., Any]


class JsonArray(list):
    """A list that comes from JSON, and prints as JSON."""

    def __str__(self) -> str:
        return as_json(self)


class JsonObject(dict):
    """An object that comes from JSON, and prints as a Java map."""

    def __str__(self) -> str:
        return text(self)


@dataclass(frozen=True)
class Entry:
    """An entry of a map, as ``entrySet()`` has them."""

    key: Any
    value: Any

    def __str__(self) -> str:
        return f"{text(self.key)}={text(self.value)}"


def of_json(value: Any) -> Any:
    """Turn what was read from JSON into values that print as Jayway's do."""
    if isinstance(value, dict):
        return JsonObject((name, of_json(one)) for name, one in value.items())
    return JsonArray(map(of_json, value)) if isinstance(value, list) else value


def as_json(value: Any) -> str:
    """Write a value as JSON."""
    return json.dumps(value, ensure_ascii=False, separators=(",", ":"))


def text(value: Any) -> str:
    """Print a value as ``toString()`` does."""
    if value is None:
        return "null"
    if isinstance(value, bool):
        return str(value).lower()
    if isinstance(value, JsonArray):
        return as_json(value)
    if isinstance(value, dict):
        return "{" + ", ".join(f"{text(name)}={text(one)}" for name, one in value.items()) + "}"
    if isinstance(value, list | range):
        return "[" + ", ".join(map(text, value)) + "]"
    return str(value)


def is_value(value: Any) -> bool:
    """Tell whether something is a value that Java's methods are called on here."""
    return _class_of(value) is not None


def method(value: Any, name: str) -> Method:
    """Find a method of a value.

    Raises
    ------
    ValueError
        If the lab does not have it.
    """
    kind = _class_of(value)
    found = (_METHODS[kind] | _EVERY).get(name)
    if found is None:
        known = ", ".join(sorted(_METHODS[kind] | _EVERY))
        raise ValueError(f"The lab's templates have no method {name}() of a {kind}; AWS may. They have {known}.")
    return found


def field(value: Any, name: str) -> Any:
    """Return what ``$value.name`` is: a member of a map, or nothing."""
    if isinstance(value, Mapping):
        return value.get(name)
    return getattr(value, name, None) if isinstance(value, Entry) else None


def _class_of(value: Any) -> str | None:
    kinds = {str: "String", bool: "Boolean", dict: "Map", list: "List", range: "List", Entry: "Map.Entry"}
    if isinstance(value, int | float) and not isinstance(value, bool):
        return "Number"
    return next((title for kind, title in kinds.items() if isinstance(value, kind)), None)


def _substring(value: str, begin: int, end: int | None = None) -> str:
    end = len(value) if end is None else end
    if not 0 <= begin <= end <= len(value):
        raise ValueError(f"begin {begin}, end {end}, length {len(value)}")  # Java's words
    return value[begin:end]


def _replaced(count: int) -> Method:
    def replace(value: str, pattern: str, by: str) -> str:
        return re.sub(pattern, re.sub(r"\$(\d)", r"\\\1", by), value, count=count)

    return replace


def _split(value: str, pattern: str, limit: int = 0) -> list[str]:
    parts = re.split(pattern, value, maxsplit=max(limit - 1, 0)) if limit != 1 else [value]
    if parts and not parts[0] and value and re.match(pattern, value).end() == 0:
        del parts[0]  # a match of no width at the beginning makes no part
    while limit == 0 and len(parts) > 1 and not parts[-1]:
        del parts[-1]
    return parts


def _at(value: list[Any], index: int) -> Any:
    if not 0 <= index < len(value):
        raise ValueError(f"Index {index} out of bounds for length {len(value)}")
    return value[index]


def _set(value: list[Any], index: int, new: Any) -> Any:
    old = _at(value, index)
    value[index] = new
    return old


def _add(value: list[Any], *of: Any) -> bool:
    value.insert(of[0], of[1]) if len(of) == 2 else value.append(of[0])
    return True


def _put(value: dict[Any, Any], name: Any, new: Any) -> Any:
    old = value.get(name)
    value[name] = new
    return old


def _compare(one: Any, other: Any) -> int:
    return (one > other) - (one < other)


_EVERY: dict[str, Method] = {"toString": text, "equals": lambda value, other: value == other}

_METHODS: dict[str, dict[str, Method]] = {
    "String": {
        "length": len,
        "isEmpty": lambda value: not value,
        "isBlank": lambda value: not value.strip(),
        "trim": lambda value: value.strip("".join(map(chr, range(33)))),
        "strip": str.strip,
        "toLowerCase": str.lower,
        "toUpperCase": str.upper,
        "equalsIgnoreCase": lambda value, other: other is not None and value.lower() == other.lower(),
        "concat": lambda value, other: value + other,
        "contains": lambda value, part: part in value,
        "startsWith": lambda value, part, at=0: value.startswith(part, at),
        "endsWith": str.endswith,
        "indexOf": str.find,
        "lastIndexOf": lambda value, part: value.rfind(part),
        "charAt": lambda value, at: _at(value, at),
        "substring": _substring,
        "replace": str.replace,
        "replaceAll": _replaced(0),
        "replaceFirst": _replaced(1),
        "matches": lambda value, pattern: re.fullmatch(pattern, value) is not None,
        "split": _split,
        "compareTo": _compare,
    },
    "List": {
        "size": len,
        "isEmpty": lambda value: not value,
        "get": _at,
        "contains": lambda value, one: one in value,
        "indexOf": lambda value, one: value.index(one) if one in value else -1,
        "subList": lambda value, begin, end: value[begin:end],
        "add": _add,
        "addAll": lambda value, others: value.extend(others) or True,
        "set": _set,
    },
    "Map": {
        "size": len,
        "isEmpty": lambda value: not value,
        "get": dict.get,
        "getOrDefault": dict.get,
        "containsKey": lambda value, name: name in value,
        "containsValue": lambda value, one: one in value.values(),
        "keySet": list,
        "values": lambda value: list(value.values()),
        "entrySet": lambda value: [Entry(name, one) for name, one in value.items()],
        "put": _put,
        "putAll": lambda value, others: value.update(others),
        "remove": lambda value, name: value.pop(name, None),
    },
    "Map.Entry": {"getKey": lambda entry: entry.key, "getValue": lambda entry: entry.value},
    "Number": {"intValue": int, "longValue": int, "doubleValue": float, "compareTo": _compare},
    "Boolean": {},
}
