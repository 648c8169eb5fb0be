"""What code names in the workspace: other notebooks, and secrets."""

import re
from collections.abc import Iterator
from dataclasses import dataclass

from lab.workspace.notebook.finding import Lines

_QUOTED = r"""["']([^"'{}]+)["']"""

_NOTEBOOK = (
    re.compile(rf"""["']?\bnotebook_path["']?\s*[:=]\s*{_QUOTED}"""),
    re.compile(rf"""\bdbutils\.notebook\.run\(\s*{_QUOTED}"""),
    re.compile(r"""^%run\s+["']?([^"'$]+?)["']?\s*(?:\$.*)?$"""),
)
_SECRET = re.compile(rf"""\bdbutils\.secrets\.get\(\s*(?:scope\s*=\s*)?{_QUOTED}\s*,\s*(?:key\s*=\s*)?{_QUOTED}""")


@dataclass(frozen=True)
class Notebook:
    """A notebook that code runs: where it says so, and the path, which may be relative."""

    place: str
    path: str


@dataclass(frozen=True)
class Secret:
    """A secret that code reads: where it does, and the names."""

    place: str
    scope: str
    key: str


def notebooks(lines: Lines) -> Iterator[Notebook]:
    """Find the notebooks that code names outright; what it puts together from parts is not seen."""
    for place, code in lines:
        for pattern in _NOTEBOOK:
            yield from (Notebook(place, match[1].strip()) for match in pattern.finditer(code))


def secrets(lines: Lines) -> Iterator[Secret]:
    """Find the secrets that code names outright."""
    for place, code in lines:
        yield from (Secret(place, match[1], match[2]) for match in _SECRET.finditer(code))
