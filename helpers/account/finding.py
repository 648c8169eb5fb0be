"""What a check came to."""

from dataclasses import dataclass


@dataclass(frozen=True)
class Finding:
    """What a check came to.

    Attributes
    ----------
    ok : bool or None
        None if it could not be found out.
    what : str
        What was looked at, and how it is.
    remedy : str
        What to do; empty if all is well.
    """

    ok: bool | None
    what: str
    remedy: str = ""

    def __str__(self) -> str:
        mark = {True: "ok     ", False: "MISSING", None: "unknown"}[self.ok]
        return f"{mark}  {self.what}" + (f"\n           → {self.remedy}" if self.remedy else "")


def good(what: str) -> Finding:
    """Say that all is well."""
    return Finding(True, what)


def missing(what: str, remedy: str) -> Finding:
    """Say that something is missing, and what to do."""
    return Finding(False, what, remedy)


def unknown(what: str, remedy: str = "") -> Finding:
    """Say that it could not be found out."""
    return Finding(None, what, remedy)
