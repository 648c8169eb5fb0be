"""Velocity as airspeed has it, with Java's methods in place of Python's.

Airspeed looks a method up among Python's own, and takes one that it does not find for empty text. It has no hook for
that, so parts of its grammar and its operators are put in the place of its own here, for all of this process: nobody
else uses it.
"""

from typing import Any

from airspeed import operators
from airspeed.operators import Template, TemplateError

from lab.aws.api_gateway import java
from lab.aws.api_gateway.arithmetic import OPERATORS

__all__ = ["Template", "TemplateError"]


class _Reference(operators.NameOrCall):
    """A name behind a dot: a member or a method of a Java value, or, of anything else, what airspeed finds."""

    def calculate(self, current_object: Any, loader: Any, top_namespace: Any) -> Any:
        if isinstance(current_object, operators.LocalNamespace) or not java.is_value(current_object):
            if self.parameters is not None and not _has(current_object, self.name):
                kind = type(current_object).__name__
                raise ValueError(f"The lab's templates have no method {self.name}() of ${kind.lower()}; AWS may.")
            return super().calculate(current_object, loader, top_namespace)
        if self.parameters is not None:
            method = java.method(current_object, self.name)
            return method(current_object, *self.parameters.calculate(top_namespace, loader))
        found = java.field(current_object, self.name)
        return (
            found if self.index is None or found is None else _item(found, self.index.calculate(top_namespace, loader))
        )


class _Foreach(operators.ForeachDirective):
    """A loop: over the values of a map, and over nothing if there is nothing to walk over."""

    def evaluate_raw(self, stream: Any, namespace: Any, loader: Any) -> None:
        found = self.value.calculate(namespace, loader)
        items = list(found.values()) if isinstance(found, dict) else found if isinstance(found, list | range) else []
        for number, item in enumerate(items):
            inner = _LoopNamespace(namespace)
            more = number + 1 < len(items)
            inner["velocityCount"], inner["velocityHasNext"] = number + 1, more
            inner["foreach"] = {
                "count": number + 1, "index": number, "hasNext": more, "first": number == 0, "last": not more,
                "parent": _nearest(namespace, "foreach"),
            }  # fmt: skip
            inner[self.loop_var_name] = item
            self.block.evaluate(stream, inner, loader)


class _LoopNamespace(operators.LocalNamespace):
    """What a loop itself names ends with it; what ``#set`` names anew in it stays."""

    def set_inherited(self, key: str, value: Any) -> None:
        if dict.__contains__(self, key):
            self[key] = value
        else:
            self.parent.set_inherited(key, value)


def _nearest(namespace: Any, name: str) -> Any:
    try:
        return namespace[name]
    except KeyError:
        return None


def _has(value: Any, name: str) -> bool:
    """Tell whether a call can be made: of what is not there, as of nothing, Velocity makes none."""
    return value is None or isinstance(value, operators.LocalNamespace) or hasattr(value, name)


def _item(value: Any, index: Any) -> Any:
    try:
        return value[index]
    except (LookupError, TypeError):
        return None


operators.NameOrCall = _Reference
operators.ForeachDirective = _Foreach
operators.BinaryOperator.OPERATORS |= OPERATORS
operators.value_to_string = java.text
