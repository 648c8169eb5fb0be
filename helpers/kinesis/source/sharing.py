"""How a batch that may not hold everything is shared out among shards."""

from collections.abc import Mapping
from typing import TypeVar

Key = TypeVar("Key")


def share_out(waiting: Mapping[Key, int], limit: int | None) -> dict[Key, int]:
    """Say how many records each shard may give.

    A shard with few gives them all; what is left is shared evenly among the others, so that none is starved.

    Parameters
    ----------
    waiting : mapping
        How many records wait, by shard.
    limit : int, optional
        How many the batch may hold; None for all.

    Returns
    -------
    dict
        How many each shard gives; never more than it has, and `limit` in all if there are that many.
    """
    if limit is None:
        return dict(waiting)
    shares: dict[Key, int] = {}
    left = limit
    for place, key in enumerate(sorted(waiting, key=lambda key: waiting[key])):
        shares[key] = min(waiting[key], left // (len(waiting) - place))
        left -= shares[key]
    return shares
