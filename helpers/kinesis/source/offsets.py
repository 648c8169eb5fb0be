"""How far a query has read: what Spark keeps in the checkpoint.

A batch is everything between two offsets: in each shard the records after the first one's sequence number, up to and
including the second one's. How many those are is known too, so that reading a batch again can be checked.
"""

from collections.abc import Mapping
from dataclasses import asdict, dataclass, replace
from typing import Any

from helpers.kinesis.source.errors import KinesisError

VERSION = 1


@dataclass(frozen=True)
class ShardOffset:
    """How far one shard was read; with neither `after` nor `since`, from its oldest record on.

    Attributes
    ----------
    after : str, optional
        Sequence number of the last record read.
    since : str, optional
        While nothing was read: the moment, in ISO 8601, from which records count.
    records : int
        How many were read so far.
    closed : bool
        Whether the shard takes no more records and all of them were read.
    """

    after: str | None = None
    since: str | None = None
    records: int = 0
    closed: bool = False

    def read_to(self, sequence: str, count: int) -> "ShardOffset":
        """Move on by `count` records, of which the last is `sequence`."""
        return replace(self, after=sequence, since=None, records=self.records + count)


Shards = Mapping[str, ShardOffset]
"""Offsets by shard."""


@dataclass(frozen=True)
class Offset:
    """How far all shards of all streams were read.

    Attributes
    ----------
    streams : mapping of str to Shards
        By the stream's name.
    begin : mapping of str to Shards, optional
        Where the query began, as long as this offset may end its first batch. Spark does not keep where a query
        began: without this, a first batch that has to be run again after a crash would begin somewhere else.
    """

    streams: Mapping[str, Shards]
    begin: Mapping[str, Shards] | None = None

    @classmethod
    def initial(cls, streams: Mapping[str, Shards]) -> "Offset":
        """Begin a query."""
        return cls(streams, begin=streams)

    def moved_to(self, streams: Mapping[str, Shards]) -> "Offset":
        """Move on, and forget where the query began once the first batch is over."""
        return Offset(streams, self.begin if self.streams == self.begin else None)

    def batch_start(self, start: "Offset") -> Mapping[str, Shards]:
        """Say where the batch that ends here starts, given where Spark thinks it does."""
        return start.streams if self.begin is None else self.begin

    def to_json(self) -> dict[str, Any]:
        """Return what Spark keeps: the same for equal offsets, to the last comma."""
        kept: dict[str, Any] = {"version": VERSION, "streams": _to_json(self.streams)}
        return kept if self.begin is None else kept | {"begin": _to_json(self.begin)}

    @classmethod
    def from_json(cls, kept: Any) -> "Offset":
        """Read what Spark kept.

        Raises
        ------
        KinesisError
            If something else wrote it.
        """
        try:
            if kept["version"] != VERSION:
                raise ValueError
            begin = kept.get("begin")
            return cls(_from_json(kept["streams"]), None if begin is None else _from_json(begin))
        except (KeyError, TypeError, ValueError, AttributeError):
            raise KinesisError(
                "The checkpoint was written by another source or by another version of this one. Give the query a new "
                "checkpointLocation."
            ) from None


def check_streams(offset: Offset, names: set[str]) -> None:
    """See that a checkpoint belongs to the streams that the query reads.

    Raises
    ------
    KinesisError
        If not.
    """
    if set(offset.streams) != names:
        raise KinesisError(
            f"The checkpoint is of a query that reads {_listed(offset.streams)}, but this one reads {_listed(names)}. "
            "Every query needs a checkpointLocation of its own."
        )


def _listed(names: Mapping[str, Any] | set[str]) -> str:
    return ", ".join(sorted(names))


def _to_json(streams: Mapping[str, Shards]) -> dict[str, Any]:
    return {
        name: {shard_id: _fields(shards[shard_id]) for shard_id in sorted(shards)}
        for name, shards in sorted(streams.items())
    }


def _fields(offset: ShardOffset) -> dict[str, Any]:
    return {name: value for name, value in asdict(offset).items() if value not in (None, False)}


def _from_json(streams: dict[str, Any]) -> dict[str, Shards]:
    return {
        name: {shard_id: ShardOffset(**fields) for shard_id, fields in shards.items()}
        for name, shards in streams.items()
    }
