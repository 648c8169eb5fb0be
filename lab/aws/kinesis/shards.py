"""Shards: a range of hash keys, and the records that fell into it, in order."""

import hashlib
from bisect import bisect_left
from dataclasses import dataclass, field
from typing import Any

from lab.aws.kinesis.sequence import LAST_COUNT, Sequence

HASH_KEYS = 2**128


def hash_key(partition_key: str) -> int:
    """Hash a partition key, as Kinesis does: MD5, read as a number of 128 bits."""
    return int.from_bytes(hashlib.md5(partition_key.encode(), usedforsecurity=False).digest())


@dataclass
class Record:
    """A stored record; `arrival` is in seconds."""

    sequence: int
    partition_key: str
    data: bytes
    arrival: float


@dataclass
class Shard:
    """One shard.

    Attributes
    ----------
    index : int
        Its place in the stream; gives it its name.
    first_key, last_key : int
        Hash keys it takes, both included.
    created : int
        Seconds since the epoch.
    parents : list of str
        The shard it was split from, or the two it was merged from.
    closed : float, optional
        When it stopped taking records.
    records : list of Record
        What is still kept, oldest first.
    """

    index: int
    first_key: int
    last_key: int
    created: int
    parents: list[str] = field(default_factory=list)
    closed: float | None = None
    records: list[Record] = field(default_factory=list)

    @property
    def id(self) -> str:
        """Name of the shard."""
        return f"shardId-{self.index:012d}"

    @property
    def first_sequence(self) -> int:
        """Number from which the shard's records count."""
        return Sequence(self.created, self.index, time=self.created).number()

    @property
    def last_sequence(self) -> int:
        """Number that ends a closed shard."""
        return Sequence(self.created, self.index, LAST_COUNT, int(self.closed or 0)).number()

    def position(self, sequence: int) -> int:
        """Find the first kept record whose number is not below `sequence`."""
        return bisect_left(self.records, sequence, key=lambda record: record.sequence)

    def state(self) -> dict[str, Any]:
        """Return everything as plain values and bytes."""
        records = [(one.sequence, one.partition_key, one.data, one.arrival) for one in self.records]
        return vars(self) | {"records": records}

    @classmethod
    def restore(cls, state: dict[str, Any]) -> "Shard":
        """Build a shard from what `state` returned."""
        return cls(**(state | {"records": [Record(*kept) for kept in state["records"]]}))

    def trim(self, horizon: float) -> None:
        """Forget the records that came before `horizon`."""
        del self.records[: bisect_left(self.records, horizon, key=lambda record: record.arrival)]
