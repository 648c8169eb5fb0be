"""What a kind of thing is, and by what a thing is known to be the workbook's: by the id, in its name or its tag."""

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass

from helpers.config import TAG, Workbook


@dataclass(frozen=True)
class Resource:
    """One thing on the account.

    Attributes
    ----------
    kind : str
        Title of its kind.
    name : str
        What people call it.
    handle : str
        What AWS calls it: id, ARN, or the name again.
    price : str
        What it is billed by, a name of the table of prices; empty if it costs nothing while it idles.
    units : float
        How many of that.
    """

    kind: str
    name: str
    handle: str
    price: str = ""
    units: float = 0


@dataclass(frozen=True)
class Kind:
    """A kind of thing.

    Attributes
    ----------
    title : str
        In the plural.
    find : callable
        Lists those of a workbook; makes nothing.
    delete : callable
        Deletes one, and waits until it is gone where something else stands in its way until then.
    """

    title: str
    find: Callable[[Workbook], list[Resource]]
    delete: Callable[[Workbook, Resource], object]


def is_own(workbook: Workbook, name: str, tags: Mapping[str, str] | Sequence[Mapping[str, str]] = ()) -> bool:
    """Tell whether a thing is the workbook's: its name has the id in it, or its tag ``workbook`` is the id.

    Parameters
    ----------
    workbook : Workbook
        Gives the id.
    name : str
        The thing's name.
    tags : mapping, or sequence of mapping
        Its tags, in either of AWS's forms.
    """
    return workbook.id in name or tag_map(tags).get(TAG) == workbook.id


def tag_map(tags: Mapping[str, str] | Sequence[Mapping[str, str]]) -> dict[str, str]:
    """Read tags in either of AWS's forms: a mapping, or a list of keys with values."""
    return dict(tags) if isinstance(tags, Mapping) else {tag["Key"]: tag["Value"] for tag in tags}
