"""The operations of the Kinesis API."""

import re
import time
from collections.abc import Callable, Collection
from typing import Any

from lab.aws.kinesis import tags
from lab.aws.kinesis.errors import Refusal, invalid, malformed, not_found
from lab.aws.kinesis.iterators import ShardIterator
from lab.aws.kinesis.limits import MEGABYTE, Limits, Meters
from lab.aws.kinesis.positions import starting_sequence
from lab.aws.kinesis.shard_records import ShardRecords
from lab.aws.kinesis.shards import Shard
from lab.aws.kinesis.store import Row, Store
from lab.aws.kinesis.stream import Stream

Answer = dict[str, Any]
"""A request or an answer: the API's own field names; data as bytes, times as seconds since the epoch."""

PAGE_RECORDS, PAGE_BYTES = 10_000, 10 * MEGABYTE
BATCH_RECORDS, BATCH_BYTES, RECORD_BYTES = 500, 5 * MEGABYTE, MEGABYTE
ON_DEMAND_SHARDS = 4
SHORTEST_RETENTION, LONGEST_RETENTION = 24, 8760

_STREAM = {"StreamName", "StreamARN"}

HONOURED: dict[str, set[str]] = {
    "CreateStream": {"StreamName", "ShardCount", "StreamModeDetails", "Tags"},
    "DeleteStream": _STREAM | {"EnforceConsumerDeletion"},  # here no stream has a consumer
    "DescribeStream": _STREAM | {"Limit", "ExclusiveStartShardId"},
    "DescribeStreamSummary": _STREAM,
    "ListStreams": {"Limit", "ExclusiveStartStreamName", "NextToken"},
    "ListShards": _STREAM | {"NextToken", "ExclusiveStartShardId", "MaxResults", "ShardFilter"},
    "PutRecord": _STREAM | {"Data", "PartitionKey", "ExplicitHashKey", "SequenceNumberForOrdering"},
    "PutRecords": _STREAM | {"Records"},
    "GetShardIterator": _STREAM | {"ShardId", "ShardIteratorType", "StartingSequenceNumber", "Timestamp"},
    "GetRecords": {"ShardIterator", "Limit", "StreamARN"},
    "SplitShard": _STREAM | {"ShardToSplit", "NewStartingHashKey"},
    "MergeShards": _STREAM | {"ShardToMerge", "AdjacentShardToMerge"},
    "UpdateShardCount": _STREAM | {"TargetShardCount", "ScalingType"},
    "IncreaseStreamRetentionPeriod": _STREAM | {"RetentionPeriodHours"},
    "DecreaseStreamRetentionPeriod": _STREAM | {"RetentionPeriodHours"},
    "AddTagsToStream": _STREAM | {"Tags"},
    "RemoveTagsFromStream": _STREAM | {"TagKeys"},
    "ListTagsForStream": _STREAM | {"ExclusiveStartTagKey", "Limit"},
    "TagResource": {"ResourceARN", "Tags"},
    "UntagResource": {"ResourceARN", "TagKeys"},
    "ListTagsForResource": {"ResourceARN"},
}
"""What each operation takes; what it does not know, it refuses. Numbers rise in any case, so that putting in the order
of `SequenceNumberForOrdering` needs nothing more."""


class Kinesis:
    """One account's streams in one region.

    Every call settles what is due by the clock first. What calls change is on disk once `commit` was called. It is not
    thread-safe: whoever serves it locks.

    Parameters
    ----------
    store : Store, optional
        Where streams and records are; by default in memory.
    clock : callable
        Seconds since the epoch.
    account, region : str
        Go into ARNs and messages.
    limits : Limits, optional
        What a shard can take and give; without it there are no limits.
    settle_seconds : float
        How long a stream stays CREATING, UPDATING or DELETING.
    """

    def __init__(
        self,
        store: Store | None = None,
        clock: Callable[[], float] = time.time,
        account: str = "123456789012",
        region: str = "us-east-1",
        limits: Limits | None = None,
        settle_seconds: float = 0.0,
    ):
        self._store = store or Store()
        self._clock, self._account, self._region = clock, account, region
        self._settle_seconds = settle_seconds
        self._meters = Meters(limits)
        self._operations: dict[str, Callable[[Answer], Answer]] = {
            "CreateStream": self._create_stream,
            "DeleteStream": self._delete_stream,
            "DescribeStream": self._describe_stream,
            "DescribeStreamSummary": self._describe_stream_summary,
            "ListStreams": self._list_streams,
            "ListShards": self._list_shards,
            "PutRecord": self._put_record,
            "PutRecords": self._put_records,
            "GetShardIterator": self._get_shard_iterator,
            "GetRecords": self._get_records,
            "SplitShard": self._split_shard,
            "MergeShards": self._merge_shards,
            "UpdateShardCount": self._update_shard_count,
            "IncreaseStreamRetentionPeriod": self._increase_retention,
            "DecreaseStreamRetentionPeriod": self._decrease_retention,
            "AddTagsToStream": self._add_tags,
            "RemoveTagsFromStream": self._remove_tags,
            "ListTagsForStream": self._list_tags,
            "TagResource": lambda request: self._add_tags(_of_stream(request)),
            "UntagResource": lambda request: self._remove_tags(_of_stream(request)),
            "ListTagsForResource": lambda request: {"Tags": self._list_tags(_of_stream(request))["Tags"]},
        }
        self.streams = self._kept()

    @property
    def operations(self) -> Collection[str]:
        """Names of the operations that are answered."""
        return self._operations.keys()

    def answer(self, operation: str, request: Answer) -> Answer:
        """Perform an operation.

        Raises
        ------
        Refusal
            As AWS would, or because the operation is none of those known here.
        """
        if operation not in self._operations:
            raise Refusal("UnknownOperationException", f"There is no operation {operation} here.")
        if unknown := sorted(request.keys() - HONOURED[operation]):
            raise Refusal(
                "NotImplementedException", f"The lab's Kinesis does not know {unknown[0]} of {operation}; AWS does."
            )
        now = self._clock()
        for stream in list(self.streams.values()):
            if stream.status == "DELETING" and now >= stream.due:
                self._forget(stream)
            elif stream.settle(now):
                self._keep(stream)
        return self._operations[operation](request)

    def commit(self) -> None:
        """Put on disk what calls have changed.

        Raises
        ------
        StoreFailed
            If that cannot be done: `roll_back` then.
        """
        self._store.commit()

    def roll_back(self) -> None:
        """Take back what calls have changed since the last `commit`."""
        self._store.roll_back()
        self.streams = self._kept()

    def sweep(self) -> bool:
        """Forget some of the records that are too old; tell whether there are more."""
        now = self._clock()
        return self._store.sweep(
            {shard.number: stream.horizon(now) for stream in self.streams.values() for shard in stream.shards}
        )

    def _kept(self) -> dict[str, Stream]:
        return {name: Stream.restore(state, self._next_shard) for name, state in self._store.streams().items()}

    def _next_shard(self) -> int:
        return self._store.next_number("shard")

    def _keep(self, stream: Stream) -> None:
        self._store.save(stream.name, stream.state())

    def _forget(self, stream: Stream) -> None:
        del self.streams[stream.name]
        self._store.delete(stream.name)

    def _create_stream(self, request: Answer) -> Answer:
        name = request.get("StreamName") or ""
        if not re.fullmatch(r"[a-zA-Z0-9_.-]{1,128}", name):
            raise malformed(name, "streamName", "satisfy regular expression pattern: [a-zA-Z0-9_.-]+")
        if name in self.streams:
            raise Refusal("ResourceInUseException", f"Stream {name} under account {self._account} already exists.")
        now = self._clock()
        mode = (request.get("StreamModeDetails") or {}).get("StreamMode", "PROVISIONED")
        count = ON_DEMAND_SHARDS if mode == "ON_DEMAND" else _number(request, "ShardCount", 1, 10_000)
        written = tags.checked(request.get("Tags") or {})
        stream = Stream(
            name, self._account, now, self._next_shard, mode, due=now + self._settle_seconds, tags=written
        )  # fmt: skip
        stream.add_uniform_shards(count, now)
        stream.settle(now)
        self.streams[name] = stream
        self._keep(stream)
        return {}

    def _delete_stream(self, request: Answer) -> Answer:
        stream = self._stream(request)
        stream.status, stream.change = "DELETING", None
        stream.due = self._clock() + self._settle_seconds
        if self._settle_seconds:
            self._keep(stream)
        else:
            self._forget(stream)
        return {}

    def _describe_stream(self, request: Answer) -> Answer:
        stream = self._stream(request)
        shards, more = _page(
            stream.shards, request.get("ExclusiveStartShardId"), _number(request, "Limit", 1, 10_000, 100)
        )
        return {
            "StreamDescription": self._summary(stream)
            | {"Shards": [_shown(shard) for shard in shards], "HasMoreShards": more}
        }

    def _describe_stream_summary(self, request: Answer) -> Answer:
        stream = self._stream(request)
        counts = {"OpenShardCount": len(stream.open_shards()), "ConsumerCount": 0}
        return {"StreamDescriptionSummary": self._summary(stream) | counts}

    def _list_streams(self, request: Answer) -> Answer:
        after = request.get("NextToken") or request.get("ExclusiveStartStreamName") or ""
        names = [name for name in sorted(self.streams) if name > after]
        shown = names[: _number(request, "Limit", 1, 10_000, 100)]
        kept = ("StreamName", "StreamARN", "StreamStatus", "StreamModeDetails", "StreamCreationTimestamp")
        summaries = [{key: self._summary(self.streams[name])[key] for key in kept} for name in shown]
        more = len(shown) < len(names)
        answer: Answer = {"StreamNames": shown, "HasMoreStreams": more, "StreamSummaries": summaries}
        return answer | ({"NextToken": shown[-1]} if more else {})

    def _list_shards(self, request: Answer) -> Answer:
        if "ShardFilter" in request:
            raise invalid("ShardFilter is not supported here: list all shards.")
        token = request.get("NextToken")
        if token:
            if request.get("StreamName") or request.get("StreamARN"):
                raise invalid("NextToken and StreamName cannot be provided together.")
            name, _, after = token.rpartition("/")
            stream = self._stream({"StreamName": name})
        else:
            stream, after = self._stream(request), request.get("ExclusiveStartShardId")
        shards, more = _page(stream.shards, after, _number(request, "MaxResults", 1, 10_000, 1000))
        answer: Answer = {"Shards": [_shown(shard) for shard in shards]}
        if more:
            answer["NextToken"] = f"{stream.name}/{shards[-1].id}"
        return answer

    def _put_record(self, request: Answer) -> Answer:
        stream = self._writable(request)
        (done,) = self._put(stream, [request], [self._routed(stream, request, "data")])
        if "ErrorCode" in done:
            raise Refusal(done["ErrorCode"], done["ErrorMessage"])
        return done

    def _put_records(self, request: Answer) -> Answer:
        records = request.get("Records") or []
        if not 1 <= len(records) <= BATCH_RECORDS:
            raise malformed(f"{len(records)} records", "records", f"have length between 1 and {BATCH_RECORDS}")
        if sum(_size(record) for record in records) > BATCH_BYTES:
            raise invalid(f"Records size exceeds {BATCH_BYTES // MEGABYTE} MB limit")
        stream = self._writable(request)
        # one that is wrong in itself refuses all of them, before any is stored
        shards = [
            self._routed(stream, record, f"records.{number}.member.data")
            for number, record in enumerate(records, start=1)
        ]
        done = self._put(stream, records, shards)
        return {"FailedRecordCount": sum("ErrorCode" in one for one in done), "Records": done}

    @staticmethod
    def _routed(stream: Stream, record: Answer, field: str) -> Shard:
        """Find the shard for a record, if its key and its size are as they must be."""
        key = record["PartitionKey"]
        if not 1 <= len(key) <= 256:
            raise malformed(key, "partitionKey", "have length between 1 and 256")
        if _size(record) > RECORD_BYTES:
            raise malformed(f"{_size(record)} bytes", field, f"have length less than or equal to {RECORD_BYTES}")
        return stream.route(key, record.get("ExplicitHashKey"))

    def _put(self, stream: Stream, records: list[Answer], shards: list[Shard]) -> list[Answer]:
        """Store the records that their shards take; answer for each."""
        now = self._clock()
        arrival = round(now, 3)
        rows, done = [], []
        for record, shard in zip(records, shards, strict=True):
            meter = self._meters.of(stream.name, shard.id, now)
            if meter and not meter.admits_write(_size(record), now):
                throttled = _throttled(stream, shard)
                done.append({"ErrorCode": throttled.code, "ErrorMessage": throttled.message})
                continue
            number = self._store.next_number("record")
            rows.append(Row(number, shard.number, arrival, record["PartitionKey"], record["Data"]))
            done.append({"ShardId": shard.id, "SequenceNumber": str(shard.sequence(number, arrival))})
        self._store.append(rows)
        return done

    def _records(self, stream: Stream, shard: Shard, now: float) -> ShardRecords:
        return ShardRecords(self._store, shard, stream.horizon(now))

    def _get_shard_iterator(self, request: Answer) -> Answer:
        stream, now = self._stream(request), self._clock()
        shard = stream.shard(request["ShardId"])
        sequence = starting_sequence(stream, self._records(stream, shard, now), request, now)
        return {"ShardIterator": _iterator(stream, shard, sequence, now)}

    def _get_records(self, request: Answer) -> Answer:
        now = self._clock()
        limit = _number(request, "Limit", 1, PAGE_RECORDS, PAGE_RECORDS)
        iterator = ShardIterator.read(request["ShardIterator"], now)
        stream = self._stream({"StreamName": iterator.stream})
        if stream.created != iterator.created:
            raise not_found(f"Shard {iterator.shard} in {stream.label} does not exist")
        shard = stream.shard(iterator.shard)
        meter = self._meters.of(stream.name, shard.id, now)
        if meter and not meter.admits_read(now):
            raise _throttled(stream, shard)
        page, size, unread = [], 0, None
        for record in self._records(stream, shard, now).beginning_at(iterator.sequence):
            if len(page) == limit or (page and size + len(record.data) > PAGE_BYTES):
                unread = record
                break
            page.append(record)
            size += len(record.data)
        if meter:
            meter.read_bytes.take(size)
        answer: Answer = {
            "Records": [
                {
                    "SequenceNumber": str(record.sequence),
                    "ApproximateArrivalTimestamp": record.arrival,
                    "Data": record.data,
                    "PartitionKey": record.partition_key,
                }
                for record in page
            ],
            "MillisBehindLatest": max(1, int((now - unread.arrival) * 1000)) if unread else 0,
        }
        if shard.closed is not None and not unread:
            children = [child for child in stream.shards if shard.id in child.parents]
            return answer | {"ChildShards": [_shown_child(child) for child in children]}
        following = page[-1].sequence + 1 if page else iterator.sequence
        return answer | {"NextShardIterator": _iterator(stream, shard, following, now)}

    def _split_shard(self, request: Answer) -> Answer:
        stream = self._changeable(request)
        shard_id, key = request["ShardToSplit"], request["NewStartingHashKey"]
        if not re.fullmatch(r"0|[1-9]\d{0,38}", key):
            raise malformed(key, "newStartingHashKey", r"satisfy regular expression pattern: 0|([1-9]\d{0,38})")
        stream.check_split(shard_id, key)
        return self._change(stream, {"split": shard_id, "at": key})

    def _merge_shards(self, request: Answer) -> Answer:
        stream = self._changeable(request)
        pair = [request["ShardToMerge"], request["AdjacentShardToMerge"]]
        stream.check_merge(*pair)
        return self._change(stream, {"merge": pair})

    def _update_shard_count(self, request: Answer) -> Answer:
        stream = self._changeable(request)
        if stream.mode == "ON_DEMAND":
            raise Refusal("ValidationException", f"The {stream.label} scales itself: it is in ON_DEMAND mode.")
        current, target = len(stream.open_shards()), _number(request, "TargetShardCount", 1, 10_000)
        counts = f"Current open shard count: {current}, Target shard count: {target}"
        if target > current * 2:
            raise Refusal(
                "LimitExceededException",
                f"UpdateShardCount cannot scale up over double your current open shard count. {counts}",
            )
        if target < current / 2:
            raise Refusal(
                "LimitExceededException",
                f"UpdateShardCount cannot scale down below half your current open shard count. {counts}",
            )
        self._change(stream, {"target": target})
        return {
            "StreamName": stream.name,
            "CurrentShardCount": current,
            "TargetShardCount": target,
            "StreamARN": self._arn(stream),
        }

    def _increase_retention(self, request: Answer) -> Answer:
        return self._set_retention(request, lambda hours, current: hours > current, "more")

    def _decrease_retention(self, request: Answer) -> Answer:
        return self._set_retention(request, lambda hours, current: hours < current, "less")

    def _set_retention(self, request: Answer, fits: Callable[[int, int], bool], word: str) -> Answer:
        stream = self._changeable(request)
        hours = _number(request, "RetentionPeriodHours", SHORTEST_RETENTION, LONGEST_RETENTION)
        if not fits(hours, stream.retention_hours):
            raise invalid(
                f"Requested retention period ({hours} hours) for {stream.label} must be {word} than the current "
                f"retention period ({stream.retention_hours} hours)."
            )
        stream.retention_hours = hours
        self._keep(stream)
        return {}

    def _add_tags(self, request: Answer) -> Answer:
        stream = self._stream(request)
        stream.tags = tags.checked(stream.tags | request["Tags"])
        self._keep(stream)
        return {}

    def _remove_tags(self, request: Answer) -> Answer:
        stream = self._stream(request)
        stream.tags = {key: value for key, value in stream.tags.items() if key not in request["TagKeys"]}
        self._keep(stream)
        return {}

    def _list_tags(self, request: Answer) -> Answer:
        stream, after = self._stream(request), request.get("ExclusiveStartTagKey", "")
        keys = [key for key in sorted(stream.tags) if key > after]
        shown = keys[: _number(request, "Limit", 1, tags.MOST, tags.MOST)]
        return {
            "Tags": [{"Key": key, "Value": stream.tags[key]} for key in shown], "HasMoreTags": len(shown) < len(keys)
        }  # fmt: skip

    def _change(self, stream: Stream, change: dict[str, Any]) -> Answer:
        now = self._clock()
        stream.status, stream.change, stream.due = "UPDATING", change, now + self._settle_seconds
        stream.settle(now)
        self._keep(stream)
        return {}

    def _stream(self, request: Answer) -> Stream:
        name = request.get("StreamName") or (request.get("StreamARN") or "").rpartition("/")[2]
        if not name:
            raise invalid("Either StreamName or StreamARN must be given.")
        if name not in self.streams:
            raise not_found(f"Stream {name} under account {self._account} not found.")
        return self.streams[name]

    def _writable(self, request: Answer) -> Stream:
        stream = self._stream(request)
        if stream.status in ("CREATING", "DELETING"):
            raise not_found(f"Stream {stream.name} under account {self._account} not found.")
        return stream

    def _changeable(self, request: Answer) -> Stream:
        stream = self._stream(request)
        if stream.status != "ACTIVE":
            raise Refusal(
                "ResourceInUseException",
                f"Stream {stream.name} under account {self._account} not ACTIVE, instead in state {stream.status}",
            )
        return stream

    def _arn(self, stream: Stream) -> str:
        return f"arn:aws:kinesis:{self._region}:{self._account}:stream/{stream.name}"

    def _summary(self, stream: Stream) -> Answer:
        return {
            "StreamName": stream.name,
            "StreamARN": self._arn(stream),
            "StreamStatus": stream.status,
            "StreamModeDetails": {"StreamMode": stream.mode},
            "RetentionPeriodHours": stream.retention_hours,
            "StreamCreationTimestamp": stream.created,
            "EnhancedMonitoring": [{"ShardLevelMetrics": []}],
            "EncryptionType": "NONE",
        }


def _iterator(stream: Stream, shard: Shard, sequence: int, now: float) -> str:
    return ShardIterator(now, stream.name, stream.created, shard.id, sequence).text()


def _number(request: Answer, name: str, low: int, high: int, default: int | None = None) -> int:
    value = request.get(name, default)
    if not isinstance(value, int) or not low <= value <= high:
        raise malformed(value, name[0].lower() + name[1:], f"have value between {low} and {high}")
    return value


def _size(record: Answer) -> int:
    return len(record["Data"]) + len(record["PartitionKey"].encode())


def _of_stream(request: Answer) -> Answer:
    """Read a resource as the stream that it is; the lab has no consumers."""
    arn = request["ResourceARN"]
    if ":stream/" not in arn or "/consumer/" in arn:
        raise not_found(f"{arn} is no stream; the lab's Kinesis has tags of streams alone.")
    return request | {"StreamARN": arn}


def _page(shards: list[Shard], after: str | None, limit: int) -> tuple[list[Shard], bool]:
    rest = [shard for shard in shards if not after or shard.id > after]
    return rest[:limit], len(rest) > limit


def _shown(shard: Shard) -> Answer:
    sequences = {"StartingSequenceNumber": str(shard.first_sequence)}
    if shard.closed is not None:
        sequences["EndingSequenceNumber"] = str(shard.last_sequence)
    shown = {"ShardId": shard.id, "HashKeyRange": _key_range(shard), "SequenceNumberRange": sequences}
    return shown | dict(zip(("ParentShardId", "AdjacentParentShardId"), shard.parents, strict=False))


def _shown_child(shard: Shard) -> Answer:
    return {"ShardId": shard.id, "ParentShards": shard.parents, "HashKeyRange": _key_range(shard)}


def _key_range(shard: Shard) -> Answer:
    return {"StartingHashKey": str(shard.first_key), "EndingHashKey": str(shard.last_key)}


def _throttled(stream: Stream, shard: Shard) -> Refusal:
    return Refusal("ProvisionedThroughputExceededException", f"Rate exceeded for shard {shard.id} in {stream.label}.")
