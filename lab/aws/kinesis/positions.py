"""Where an iterator starts: the five types that GetShardIterator knows."""

from typing import Any

from lab.aws.kinesis.errors import invalid, malformed
from lab.aws.kinesis.sequence import LAST_COUNT, Sequence
from lab.aws.kinesis.shard_records import ShardRecords
from lab.aws.kinesis.shards import Shard
from lab.aws.kinesis.stream import Stream


def starting_sequence(stream: Stream, records: ShardRecords, request: dict[str, Any], now: float) -> int:
    """Work out where an iterator starts, as the least sequence number it may return.

    Raises
    ------
    Refusal
        If the request names no place in this shard.
    """
    kind, shard = request.get("ShardIteratorType"), records.shard
    match kind:
        case "TRIM_HORIZON":
            return shard.first_sequence
        case "LATEST":
            return records.end()
        case "AT_SEQUENCE_NUMBER" | "AFTER_SEQUENCE_NUMBER":
            number = _checked_sequence(stream, shard, request)
            return number if kind == "AT_SEQUENCE_NUMBER" else number + 1
        case "AT_TIMESTAMP":
            moment = request.get("Timestamp")
            if moment is None:
                raise invalid(
                    "Must specify timestampInMillis parameter for iterator of type AT_TIMESTAMP. Current request has "
                    "no timestamp parameter."
                )
            if moment > now:
                raise invalid(
                    "The timestampInMillis parameter cannot be greater than the currentTimestampInMillis. "
                    f"timestampInMillis: {int(moment * 1000)}, currentTimestampInMillis: {int(now * 1000)}"
                )
            first = records.since(moment)
            return first.sequence if first else records.end()
    kinds = "[AFTER_SEQUENCE_NUMBER, LATEST, AT_TIMESTAMP, AT_SEQUENCE_NUMBER, TRIM_HORIZON]"
    raise malformed(kind, "shardIteratorType", f"satisfy enum value set: {kinds}")


def _checked_sequence(stream: Stream, shard: Shard, request: dict[str, Any]) -> int:
    kind, text = request["ShardIteratorType"], request.get("StartingSequenceNumber")
    if text is None:
        raise invalid(
            "Must either specify (1) AT_SEQUENCE_NUMBER or AFTER_SEQUENCE_NUMBER and StartingSequenceNumber or (2) "
            f"TRIM_HORIZON or LATEST and no StartingSequenceNumber. Request specified {kind} and no "
            "StartingSequenceNumber."
        )
    used = f"StartingSequenceNumber {text} used in GetShardIterator on shard {shard.id} in {stream.label} is invalid"
    try:
        sequence = Sequence.read(text)
    except ValueError:
        raise invalid(f"{used}.") from None
    if sequence.shard != shard.index:
        raise invalid(
            f"Invalid StartingSequenceNumber. It encodes shardId-{sequence.shard:012d}, while it was used in a call to "
            f"a shard with {shard.id}"
        )
    if sequence.created != shard.created:
        raise invalid(f"{used} because it did not come from this stream.")
    if sequence.count == LAST_COUNT:
        raise invalid(
            f"Invalid SequenceNumber for ShardIteratorType {kind}, SequenceNumber has reached max possible value for "
            "the shard."
        )
    return int(text)
