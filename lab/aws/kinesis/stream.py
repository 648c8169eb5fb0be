"""One stream: where a record goes, how shards split and merge, what is forgotten."""

from bisect import bisect_right
from collections.abc import Callable
from dataclasses import dataclass, field
from itertools import pairwise
from typing import Any

from lab.aws.kinesis.errors import invalid, not_found
from lab.aws.kinesis.shards import HASH_KEYS, Shard, hash_key

HOUR = 3600


@dataclass
class Stream:
    """A stream and its shards.

    Attributes
    ----------
    name, account : str
        Who it is, in error messages too.
    created : float
        Seconds since the epoch.
    next_shard : callable
        Numbers the shards of the account.
    mode : str
        "PROVISIONED" or "ON_DEMAND".
    shards : list of Shard
        Open ones, and closed ones whose records are still kept.
    retention_hours : int
        How long records are kept.
    made : int
        Shards made so far, forgotten ones included.
    status : str
        "CREATING", "ACTIVE", "UPDATING" or "DELETING".
    due : float
        When the status ends.
    change : dict, optional
        What happens to the shards then.
    tags : dict of str to str
        What somebody wrote on the stream.
    """

    name: str
    account: str
    created: float
    next_shard: Callable[[], int] = field(repr=False)
    mode: str = "PROVISIONED"
    shards: list[Shard] = field(default_factory=list)
    retention_hours: int = 24
    made: int = 0
    status: str = "CREATING"
    due: float = 0.0
    change: dict[str, Any] | None = None
    tags: dict[str, str] = field(default_factory=dict)
    _takers: list[Shard] = field(default_factory=list, init=False, repr=False)

    @property
    def label(self) -> str:
        """Name the stream as Kinesis's messages do."""
        return f"stream {self.name} under account {self.account}"

    def open_shards(self) -> list[Shard]:
        """List the shards that take records, by hash key."""
        return sorted((shard for shard in self.shards if shard.closed is None), key=lambda shard: shard.first_key)

    def shard(self, shard_id: str) -> Shard:
        """Find a shard.

        Raises
        ------
        Refusal
            If there is none, or none any more.
        """
        for shard in self.shards:
            if shard.id == shard_id:
                return shard
        raise not_found(f"Shard {shard_id} in {self.label} does not exist")

    def add_uniform_shards(self, count: int, now: float) -> None:
        """Cut the hash keys into `count` equal ranges."""
        for first, following in pairwise(_boundaries(count)):
            self._add(first, following - 1, [], now)

    def route(self, partition_key: str, explicit_hash_key: str | None) -> Shard:
        """Find the open shard that takes a record."""
        key = hash_key(partition_key)
        if explicit_hash_key is not None:
            key = int(explicit_hash_key) if explicit_hash_key.isdecimal() else -1
            if not 0 <= key < HASH_KEYS:
                raise invalid(
                    "Invalid ExplicitHashKey. ExplicitHashKey must be in the range: [0, 2^128-1]. Specified value "
                    f"was {explicit_hash_key}"
                )
        return self._holder(key)

    def check_split(self, shard_id: str, new_first_key: str) -> None:
        """Refuse a split that cannot be."""
        shard = self._open(shard_id)
        if not shard.first_key + 1 < int(new_first_key) < shard.last_key:
            raise invalid(
                f"NewStartingHashKey {new_first_key} used in SplitShard() on shard {shard_id} in {self.label} is not "
                f"both greater than one plus the shard's StartingHashKey {shard.first_key} and less than the shard's "
                f"EndingHashKey {shard.last_key}."
            )

    def check_merge(self, shard_id: str, other_id: str) -> None:
        """Refuse a merge that cannot be."""
        first, second = sorted((self._open(shard_id), self._open(other_id)), key=lambda shard: shard.first_key)
        if first.last_key + 1 != second.first_key:
            raise invalid(
                f"Shards {shard_id} and {other_id} in {self.label} are not an adjacent pair of shards eligible for "
                "merging"
            )

    def horizon(self, now: float) -> float:
        """Tell when the oldest record came that is still kept."""
        return now - self.retention_hours * HOUR

    def settle(self, now: float) -> bool:
        """Let what is due happen: a creation or a change of shards ends, closed shards are forgotten.

        Returns
        -------
        bool
            Whether anything did.
        """
        before = self.status, len(self.shards)
        if self.status in ("CREATING", "UPDATING") and now >= self.due:
            self.status = "ACTIVE"
            change, self.change = self.change, None
            if change:
                self._apply(change, now)
        horizon = self.horizon(now)
        self.shards = [shard for shard in self.shards if shard.closed is None or shard.closed >= horizon]
        return (self.status, len(self.shards)) != before

    def state(self) -> dict[str, Any]:
        """Return everything as plain values."""
        plain = {name: value for name, value in vars(self).items() if name not in ("next_shard", "_takers")}
        return plain | {"shards": [shard.state() for shard in self.shards]}

    @classmethod
    def restore(cls, state: dict[str, Any], next_shard: Callable[[], int]) -> "Stream":
        """Build a stream from what `state` returned."""
        return cls(**(state | {"shards": [Shard(**kept) for kept in state["shards"]], "next_shard": next_shard}))

    def _apply(self, change: dict[str, Any], now: float) -> None:
        match change:
            case {"split": shard_id, "at": key}:
                self._split(self.shard(shard_id), int(key), now)
            case {"merge": [shard_id, other_id]}:
                self._merge(self.shard(shard_id), self.shard(other_id), now)
            case {"target": count}:
                self._reshape(_boundaries(count), now)

    def _reshape(self, boundaries: list[int], now: float) -> None:
        """Split at every boundary that is missing, then merge over every one that is too many."""
        for boundary in boundaries[1:-1]:
            holder = self._holder(boundary)
            if holder.first_key != boundary:
                self._split(holder, boundary, now)
        for first, following in pairwise(boundaries):
            inside = [shard for shard in self.open_shards() if first <= shard.first_key < following]
            merged = inside[0]
            for other in inside[1:]:
                merged = self._merge(merged, other, now)

    def _split(self, shard: Shard, key: int, now: float) -> None:
        shard.closed = now
        self._add(shard.first_key, key - 1, [shard.id], now)
        self._add(key, shard.last_key, [shard.id], now)

    def _merge(self, shard: Shard, other: Shard, now: float) -> Shard:
        shard.closed = other.closed = now
        first, last = min(shard.first_key, other.first_key), max(shard.last_key, other.last_key)
        return self._add(first, last, [shard.id, other.id], now)

    def _add(self, first_key: int, last_key: int, parents: list[str], now: float) -> Shard:
        shard = Shard(self.next_shard(), self.made, first_key, last_key, int(now), parents)
        self.made += 1
        self.shards.append(shard)
        self._takers = []
        return shard

    def _holder(self, key: int) -> Shard:
        self._takers = self._takers or self.open_shards()
        return self._takers[bisect_right(self._takers, key, key=lambda shard: shard.first_key) - 1]

    def _open(self, shard_id: str) -> Shard:
        for shard in self.shards:
            if shard.id == shard_id:
                if shard.closed is not None:
                    raise invalid(
                        f"Shard {shard_id} in {self.label} has already been merged or split, and thus is not eligible "
                        "for merging or splitting."
                    )
                return shard
        raise not_found(f"Could not find shard {shard_id} in {self.label}.")


def _boundaries(count: int) -> list[int]:
    return [index * HASH_KEYS // count for index in range(count + 1)]
