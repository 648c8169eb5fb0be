"""What a call may say: members that a service reads, that mean nothing in the lab, and that it refuses.

A member that stands in no table is refused too, and a test holds the tables against botocore's models.
"""

from collections.abc import Mapping, Set
from dataclasses import dataclass, field
from typing import Any

from lab.aws.errors import AwsError


@dataclass(frozen=True)
class Members:
    """The members of one operation's input; one inside another is written with a dot, ``plugins.customPlugin``.

    Attributes
    ----------
    read : set of str
        Done as they say, kept and told, or refused by the service itself.
    meaningless : mapping of str to str
        Taken, since there is nothing in the lab that they could change; and why.
    refused : set of str
        What the lab does not do.
    """

    read: frozenset[str] | set[str] = frozenset()
    meaningless: Mapping[str, str] = field(default_factory=dict)
    refused: frozenset[str] | set[str] = frozenset()

    @property
    def all(self) -> set[str]:
        """Every member that is known."""
        return {*self.read, *self.meaningless, *self.refused}


def check(title: str, operation: str, known: Members | None, said: Mapping[str, Any]) -> None:
    """Refuse members that would be ignored; one that says nothing, such as an empty list or false, may come.

    Raises
    ------
    AwsError
        ``NotImplementedException``, naming the member.
    """
    if known is None:
        return
    unknown = _said(said, known.all) - {*known.read, *known.meaningless}
    if unknown:
        raise AwsError(
            "NotImplementedException",
            f"The lab's {title} does not know {min(unknown)} of {operation}; AWS does. Leave it out.",
            501,
        )


def _said(said: Mapping[str, Any], known: Set[str], above: str = "") -> set[str]:
    """Name the members that say something, and those inside of what the table looks into."""
    found: set[str] = set()
    for name, value in said.items():
        path = f"{above}{name}"
        found |= {path} if value else set()
        if any(one.startswith(f"{path}.") for one in known):
            inside = value if isinstance(value, list) else [value]
            found |= {one for inner in inside if inner for one in _said(inner, known, f"{path}.")}
    return found


PAGES = {
    "MaxResults": "all there is fits into one answer", "NextToken": "no answer has one",
    "maxResults": "all there is fits into one answer", "nextToken": "no answer has one",
}  # fmt: skip
"""Of operations that list a few things."""


def listing(*read: str, upper: bool = False) -> Members:
    """Describe an operation that lists."""
    return Members({*read}, {name: why for name, why in PAGES.items() if name[0].isupper() == upper})
