"""Which shard comes after which: a shard is read once everything in its parents was.

When a shard splits or merges it is closed and others take over. Reading a child before its parents are finished would
mix up the order of a key's records; forgetting a child would lose it.
"""

from collections.abc import Iterable
from dataclasses import dataclass

from helpers.kinesis.source.offsets import ShardOffset, Shards


@dataclass(frozen=True)
class Shard:
    """A shard as Kinesis lists it.

    Attributes
    ----------
    id : str
        Its name.
    parents : tuple of str
        None, the shard it was split from, or the two it was merged from; they may not be listed any more.
    is_open : bool
        Whether it takes records.
    """

    id: str
    parents: tuple[str, ...] = ()
    is_open: bool = True


class Lineage:
    """The family tree of a stream's shards."""

    def __init__(self, shards: Iterable[Shard]):
        self._shards = {shard.id: shard for shard in shards}
        self._children: dict[str, list[str]] = {}
        for shard in self._shards.values():
            for parent in shard.parents:
                self._children.setdefault(parent, []).append(shard.id)

    def open(self) -> list[str]:
        """List the shards that take records."""
        return [shard.id for shard in self._shards.values() if shard.is_open]

    def oldest(self) -> list[str]:
        """List the shards whose parents are not known any more: all others descend from them."""
        return [shard.id for shard in self._shards.values() if not set(shard.parents) & self._shards.keys()]

    def successors(self, offsets: Shards) -> dict[str, ShardOffset]:
        """Find the shards that can be begun now.

        Parameters
        ----------
        offsets : Shards
            How far the shards were read that are being read, or that wait for a child to begin.

        Returns
        -------
        dict of str to ShardOffset
            Every shard that was not begun before and whose parents were read to their ends.
        """
        return {
            shard.id: self._beginning(shard, offsets)
            for shard in self._shards.values()
            if not self._begun(shard.id, offsets) and all(self._finished(parent, offsets) for parent in shard.parents)
        }

    def outlived(self, offsets: Shards) -> set[str]:
        """Find the closed shards that need not be remembered, because all their children were begun."""
        closed = {shard_id for shard_id, offset in offsets.items() if offset.closed and shard_id in self._children}
        return {
            shard_id for shard_id in closed if all(self._begun(child, offsets) for child in self._children[shard_id])
        }

    def _passed(self, shard_id: str, offsets: Shards) -> bool:
        """Say whether reading went on below a shard: then it was finished before, or lies before the query's start."""
        waiting, seen = [shard_id], {shard_id}
        while waiting:
            children = self._children.get(waiting.pop(), [])
            if any(child in offsets for child in children):
                return True
            waiting += [child for child in children if child not in seen]
            seen.update(children)
        return False

    def _begun(self, shard_id: str, offsets: Shards) -> bool:
        return shard_id in offsets or self._passed(shard_id, offsets)

    def _finished(self, shard_id: str, offsets: Shards) -> bool:
        if shard_id in offsets:
            return offsets[shard_id].closed
        return shard_id not in self._shards or self._passed(shard_id, offsets)

    def _beginning(self, shard: Shard, offsets: Shards) -> ShardOffset:
        """Begin at the oldest record; where the parents had none since the query's first moment, at that moment."""
        parents = [offsets[parent] for parent in shard.parents if parent in offsets]
        moments = {parent.since for parent in parents}
        return ShardOffset(since=moments.pop()) if len(moments) == 1 else ShardOffset()
