"""What of the workbook is on the account now."""

from collections.abc import Iterable
from dataclasses import dataclass, field

from botocore.exceptions import BotoCoreError, ClientError
from botocore.parsers import ResponseParserError

from helpers.account.kinds import identity, machine, pipeline, stack, storage
from helpers.account.kinds.kind import Kind, Resource
from helpers.config import Workbook

KINDS: tuple[Kind, ...] = (
    pipeline.CONNECTORS, pipeline.PLUGINS, pipeline.WORKER_CONFIGURATIONS, pipeline.ENVIRONMENTS, pipeline.STREAMS,
    pipeline.APIS, machine.INSTANCES, machine.KEY_PAIRS, machine.SECURITY_GROUPS, storage.BUCKETS,
    pipeline.LOG_GROUPS, identity.PROFILES, identity.ROLES, identity.POLICIES, storage.SECRETS, storage.PARAMETERS,
    stack.STACKS,
)  # fmt: skip
"""Every kind, in the order of deletion: first what uses something and is billed by the hour, then what is used."""

NOT_OFFERED = {
    "UnknownService", "NotImplemented", "NotImplementedException", "UnknownOperationException", "InvalidAction", "404",
}  # fmt: skip
"""With these words an endpoint that is not AWS says that it has no such service."""


@dataclass(frozen=True)
class Inventory:
    """What was found.

    Attributes
    ----------
    found : tuple of Resource
        In the order of deletion.
    not_offered : tuple of str
        Kinds that this endpoint does not have, so that there can be none.
    unseen : dict of str to str
        Kinds that could not be looked at, each with the reason: some may be there.
    """

    found: tuple[Resource, ...]
    not_offered: tuple[str, ...] = ()
    unseen: dict[str, str] = field(default_factory=dict)

    @property
    def is_empty(self) -> bool:
        """Whether it is certain that nothing is there."""
        return not (self.found or self.unseen)


def take(workbook: Workbook, kinds: Iterable[Kind] = KINDS) -> Inventory:
    """Look at every kind; one that cannot be looked at does not keep the others from it."""
    found: list[Resource] = []
    not_offered: list[str] = []
    unseen: dict[str, str] = {}
    for kind in kinds:
        try:
            found += kind.find(workbook)
        except ResponseParserError:  # the answer is in no form of AWS's
            not_offered.append(kind.title)
        except ClientError as error:
            if error.response["Error"]["Code"] in NOT_OFFERED:
                not_offered.append(kind.title)
            else:
                unseen[kind.title] = error.response["Error"]["Message"]
        except BotoCoreError as error:
            unseen[kind.title] = str(error)
    return Inventory(tuple(found), tuple(not_offered), unseen)


def lines(inventory: Inventory) -> list[str]:
    """Write an inventory: a line a thing, then what could not be looked at."""
    width = max((len(one.kind) for one in inventory.found), default=0)
    text = [f"{one.kind:{width}}  {one.name}" for one in inventory.found]
    text += [f"not looked at: {kind}: {reason}" for kind, reason in inventory.unseen.items()]
    count = len(inventory.found)
    return [*text, f"{count} thing{'' if count == 1 else 's'} of the workbook on this account"]
