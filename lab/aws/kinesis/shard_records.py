"""The records of one shard, as readers find them: in order, and none that is older than the stream keeps them."""

from collections.abc import Iterator
from dataclasses import dataclass

from lab.aws.kinesis.sequence import count_of
from lab.aws.kinesis.shards import Shard
from lab.aws.kinesis.store import Row, Store


@dataclass(frozen=True)
class Record:
    """A stored record; `arrival` is in seconds."""

    sequence: int
    partition_key: str
    data: bytes
    arrival: float


@dataclass(frozen=True)
class ShardRecords:
    """The records of a shard that came at `horizon` or later."""

    store: Store
    shard: Shard
    horizon: float

    def beginning_at(self, sequence: int) -> Iterator[Record]:
        """Read on from the first record whose number is not below `sequence`."""
        rows = self.store.read(self.shard.number, count_of(sequence), self.horizon)
        return (record for record in map(self._record, rows) if record.sequence >= sequence)

    def since(self, moment: float) -> Record | None:
        """Find the first record that came at a moment or later."""
        rows = self.store.read(self.shard.number, 0, max(moment, self.horizon))
        return next(map(self._record, rows), None)

    def end(self) -> int:
        """Return the least sequence number that the next record may have."""
        newest = self.store.newest(self.shard.number)
        return self._record(newest).sequence + 1 if newest else self.shard.first_sequence

    def _record(self, row: Row) -> Record:
        sequence = self.shard.sequence(row.number, row.arrival)
        return Record(sequence, row.partition_key, row.data, row.arrival)
