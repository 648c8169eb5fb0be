"""Which resource and method of a REST API a request is for."""

from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from typing import Any
from urllib.parse import unquote

EXACT, VARIABLE, GREEDY = range(3)
"""A segment that is spelt out is preferred to a variable, and that to the rest of the path."""


@dataclass(frozen=True)
class Match:
    """A method that answers a request.

    Attributes
    ----------
    resource_path : str
        For example ``/{proxy+}``.
    method : mapping
        Its definition, in API Gateway's own form.
    path_parameters : mapping of str to str
        Values of the variables in the path, percent-decoded.
    """

    resource_path: str
    method: Mapping[str, Any]
    path_parameters: Mapping[str, str]


def find(resources: Iterable[Mapping[str, Any]], http_method: str, path: str) -> Match | None:
    """Find the method for a request.

    Parameters
    ----------
    resources : iterable of mapping
        As ``get_resources(embed=["methods"])`` lists them.
    http_method : str
        For example "POST".
    path : str
        Below the stage, still percent-encoded. Slashes at its beginning count as one, those at its end not at all; an
        empty segment within it belongs to no resource but a greedy one.

    Returns
    -------
    Match or None
        None if nothing answers it.
    """
    inner = path.strip("/")
    segments = [unquote(segment) for segment in inner.split("/")] if inner else []
    best: tuple[list[int], Match] | None = None
    for resource in resources:
        methods = resource.get("resourceMethods") or {}
        method = methods.get(http_method) or methods.get("ANY")
        fit = _fit(resource["path"], segments)
        if method and fit and (best is None or fit[0] < best[0]):
            best = fit[0], Match(resource["path"], method, fit[1])
    return best and best[1]


def _fit(template: str, segments: list[str]) -> tuple[list[int], dict[str, str]] | None:
    """Lay a path over a template: how it fits, segment by segment, and the values of its variables."""
    wanted = [segment for segment in template.split("/") if segment]
    kinds, values = [], {}
    for position, segment in enumerate(wanted):
        if position >= len(segments):
            return None
        if segment.endswith("+}"):
            values[segment[1:-2]] = "/".join(segments[position:])
            return [*kinds, GREEDY], values
        if segment.startswith("{") and segments[position]:
            values[segment[1:-1]] = segments[position]
            kinds.append(VARIABLE)
        elif segment == segments[position]:
            kinds.append(EXACT)
        else:
            return None
    return (kinds, values) if len(wanted) == len(segments) else None
