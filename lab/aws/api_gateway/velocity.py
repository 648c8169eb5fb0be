"""Velocity as airspeed has it, with Java's methods in place of Python's.

Airspeed looks a method up among Python's own, and takes one that it does not find for empty text. It has no hook for
that, so two parts of its grammar are put in the place of its own here, for all of this process: nobody else uses it.
"""

from typing import Any

from airspeed import operators
from airspeed.operators import Template, TemplateError

from lab.aws.api_gateway import java

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
    """A loop over a map walks over its values; airspeed's over its names."""

    def parse(self) -> None:
        super().parse()
        self.value = _Values(self.value)


class _Values:
    def __init__(self, value: Any):
        self._value = value

    def calculate(self, namespace: Any, loader: Any) -> Any:
        found = self._value.calculate(namespace, loader)
        return list(found.values()) if isinstance(found, dict) else found


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
operators.value_to_string = java.text
