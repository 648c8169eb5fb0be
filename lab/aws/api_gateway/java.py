"""Values in mapping templates as Java has them: the methods that templates call, and how values are printed.

AWS runs Apache Velocity on Java, and Jayway's JsonPath: text is a ``java.lang.String``, a list of the body is a
``JSONArray``, which prints as JSON, and an object a ``LinkedHashMap``, which prints as ``{name=value}``. Sources: the
Java API documentation of these classes.
"""

import json
import math
import re
import struct
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from decimal import Decimal
from typing import Any

Method = Callable[..., Any]

_ESCAPED = re.compile("[\x7f-\x9f\u2000-\u20ff]")
_WIDE = re.compile("[\U00010000-\U0010ffff]")


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
    """Write a value as JSON, in the form of json-smart, Jayway's library for it."""
    if isinstance(value, dict):
        return "{" + ",".join(f"{_quoted(name)}:{as_json(one)}" for name, one in value.items()) + "}"
    if isinstance(value, list | range):
        return "[" + ",".join(map(as_json, value)) + "]"
    return _quoted(value) if isinstance(value, str) else text(value)


def _quoted(value: str) -> str:
    return _ESCAPED.sub(lambda found: f"\\u{ord(found.group()):04X}", json.dumps(value, ensure_ascii=False))


def _double(value: float) -> str:
    """Print a ``Double``: from ten millions on, and below a thousandth, with an exponent."""
    if not math.isfinite(value):
        return {"inf": "Infinity", "-inf": "-Infinity"}.get(str(value), "NaN")
    if value == 0 or 1e-3 <= abs(value) < 1e7:
        return repr(value)
    sign, digits, exponent = Decimal(repr(value)).normalize().as_tuple()
    first, *rest = map(str, digits)
    power = len(digits) - 1 + int(exponent)
    return f"{'-' * sign}{first}.{''.join(rest) or '0'}E{power}"


def text(value: Any) -> str:
    """Print a value as ``toString()`` does.

    Raises
    ------
    ValueError
        If it is none that the lab could print as AWS does, such as ``$util`` itself.
    """
    if value is None:
        return "null"
    if isinstance(value, bool):
        return str(value).lower()
    if isinstance(value, float):
        return _double(value)
    if isinstance(value, JsonArray):
        return as_json(value).replace("/", "\\/")  # so does JSONArray.toString(), and nothing else of json-smart
    if isinstance(value, dict):
        return "{" + ", ".join(f"{text(name)}={text(one)}" for name, one in value.items()) + "}"
    if isinstance(value, list | range):
        return "[" + ", ".join(map(text, value)) + "]"
    if kind(value) is None:
        raise ValueError(f"The lab's templates cannot print ${type(value).__name__.lower()} itself; name a part of it.")
    return str(value)


def is_value(value: Any) -> bool:
    """Tell whether something is a value that Java's methods are called on here."""
    return kind(value) is not None


def method(value: Any, name: str) -> Method:
    """Find a method of a value.

    Raises
    ------
    ValueError
        If the lab does not have it.
    """
    title = kind(value)
    assert title is not None
    known = _METHODS[title] | _EVERY
    if name not in known:
        names = ", ".join(sorted(known))
        raise ValueError(f"The lab's templates have no method {name}() of a {title}; AWS may. They have {names}.")
    return known[name]


def field(value: Any, name: str) -> Any:
    """Return what ``$value.name`` is: a member of a map, the answer of a method ``isName()``, or nothing.

    Raises
    ------
    ValueError
        If Java has it, and the lab does not.
    """
    if isinstance(value, Mapping) and name in value:
        return value[name]
    if name in ("class", "bytes") and not isinstance(value, Mapping):
        raise ValueError(f"The lab's templates have no .{name} of a {kind(value)}; AWS may.")
    if isinstance(value, Entry):
        return getattr(value, name, None)
    getter = _METHODS[kind(value) or "Boolean"].get(f"is{name[:1].upper()}{name[1:]}")
    return getter(value) if getter and not isinstance(value, Mapping) else None


def kind(value: Any) -> str | None:
    """Name the class of a value, if it is one that templates know."""
    kinds = {str: "String", bool: "Boolean", dict: "Map", list: "List", range: "List", Entry: "Map.Entry"}
    if isinstance(value, int | float) and not isinstance(value, bool):
        return "Number"
    return next((title for kind, title in kinds.items() if isinstance(value, kind)), None)


def _in_units(method: Method) -> Method:
    """Let a method of text count as Java does: a character beyond U+FFFF, such as most emoji, is two."""

    def units(value: Any) -> Any:
        return _WIDE.sub(_pair, value) if isinstance(value, str) else value

    def call(*of: Any) -> Any:
        if not any(isinstance(one, str) and _WIDE.search(one) for one in of):
            return method(*of)
        found = method(*map(units, of))
        return found.encode("utf-16", "surrogatepass").decode("utf-16", "replace") if isinstance(found, str) else found

    return call


def _pair(found: re.Match[str]) -> str:
    high, low = struct.unpack("<2H", found.group().encode("utf-16-le"))
    return chr(high) + chr(low)


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
        "length": _in_units(len),
        "isEmpty": lambda value: not value,
        "isBlank": lambda value: not value.strip(),
        "trim": lambda value: value.strip("".join(map(chr, range(33)))),
        "strip": str.strip,
        "toLowerCase": str.lower,
        "toUpperCase": str.upper,
        "equalsIgnoreCase": lambda value, other: other is not None and value.lower() == other.lower(),
        "concat": lambda value, other: value + other,
        "contains": lambda value, part: part in value,
        "startsWith": _in_units(lambda value, part, at=0: value.startswith(part, at)),
        "endsWith": str.endswith,
        "indexOf": _in_units(str.find),
        "lastIndexOf": _in_units(lambda value, part: value.rfind(part)),
        "charAt": _in_units(lambda value, at: _at(value, at)),
        "substring": _in_units(_substring),
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
