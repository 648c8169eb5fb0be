"""Shards: a range of hash keys, and the number that tells their records from those of all others."""

import hashlib
from dataclasses import asdict, dataclass, field
from typing import Any

from lab.aws.kinesis.sequence import LAST_COUNT, Sequence

HASH_KEYS = 2**128


def hash_key(partition_key: str) -> int:
    """Hash a partition key, as Kinesis does: MD5, read as a number of 128 bits."""
    return int.from_bytes(hashlib.md5(partition_key.encode(), usedforsecurity=False).digest())


@dataclass
class Shard:
    """One shard.

    Attributes
    ----------
    number : int
        Under which its records are stored; no other shard of the account has had it.
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
    """

    number: int
    index: int
    first_key: int
    last_key: int
    created: int
    parents: list[str] = field(default_factory=list)
    closed: float | None = None

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

    def sequence(self, count: int, arrival: float) -> int:
        """Work out the sequence number of one of its records."""
        return Sequence(self.created, self.index, count, int(arrival)).number()

    def state(self) -> dict[str, Any]:
        """Return everything as plain values."""
        return asdict(self)
