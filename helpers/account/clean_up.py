"""Delete all that the workbook made, in order, whatever fails on the way, until nothing is left."""

from collections.abc import Callable, Iterable
from dataclasses import dataclass

from botocore.exceptions import BotoCoreError, ClientError

from helpers.account import inventory
from helpers.account.inventory import KINDS, Inventory
from helpers.account.kinds.kind import Kind, Resource
from helpers.config import Workbook
from helpers.waiting import WaitedInVain

ROUNDS = 3
"""What stood in another's way is gone in the next round; what is left after three needs a person."""


@dataclass(frozen=True)
class Failure:
    """A thing that could not be deleted, and why."""

    resource: Resource
    reason: str


@dataclass(frozen=True)
class Outcome:
    """What a clean-up came to.

    Attributes
    ----------
    left : Inventory
        What is there now, listed again.
    failures : tuple of Failure
        Of the last round.
    """

    left: Inventory
    failures: tuple[Failure, ...]


def clean_up(
    workbook: Workbook, tell: Callable[[str], None] = print, kinds: Iterable[Kind] = KINDS, rounds: int = ROUNDS
) -> Outcome:
    """Delete everything of the workbook, and list again.

    Parameters
    ----------
    workbook : Workbook
        Whose things are deleted: those whose name holds its id, or whose tag does.
    tell : callable
        Hears of each deletion.
    kinds : iterable of Kind
        In the order of deletion.
    rounds : int
        How often to try.
    """
    kinds = tuple(kinds)
    failures: tuple[Failure, ...] = ()
    there = inventory.take(workbook, kinds)
    for _ in range(rounds):
        if not there.found:
            break
        failures = tuple(_delete_all(workbook, there, {kind.title: kind for kind in kinds}, tell))
        there = inventory.take(workbook, kinds)
    return Outcome(there, failures if there.found else ())


def _delete_all(
    workbook: Workbook, there: Inventory, kinds: dict[str, Kind], tell: Callable[[str], None]
) -> Iterable[Failure]:
    handled: set[tuple[str, str]] = set()
    for one in there.found:
        if (one.kind, one.handle) in handled:
            continue
        handled.add((one.kind, one.handle))
        try:
            kinds[one.kind].delete(workbook, one)
        except (ClientError, BotoCoreError, WaitedInVain) as error:
            tell(f"not deleted: {one.kind} {one.name}: {error}")
            yield Failure(one, str(error))
        else:
            tell(f"deleted: {one.kind} {one.name}")
