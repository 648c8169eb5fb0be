"""What Spark keeps in the checkpoint says everything that is needed to repeat a batch."""

import json

import pytest

from helpers.kinesis.source.errors import KinesisError
from helpers.kinesis.source.offsets import Offset, ShardOffset, check_streams

START = {"posts": {"shard-1": ShardOffset(since="2024-05-01T12:00:00.000+00:00"), "shard-0": ShardOffset()}}
LATER = {
    "posts": {
        "shard-0": ShardOffset(after="495", records=3, closed=True),
        "shard-1": ShardOffset(since="2024-05-01T12:00:00.000+00:00"),
        "shard-2": ShardOffset(),
    }
}


@pytest.mark.parametrize("offset", [Offset.initial(START), Offset(LATER), Offset(LATER, begin=START)])
def test_an_offset_survives_the_checkpoint(offset):
    text = json.dumps(offset.to_json())
    assert Offset.from_json(json.loads(text)) == offset
    assert json.dumps(Offset.from_json(json.loads(text)).to_json()) == text


def test_the_first_batch_keeps_where_the_query_began_and_later_ones_do_not():
    first = Offset.initial(START).moved_to(LATER)
    assert first.begin == START
    another_start = Offset.initial({"posts": {"shard-0": ShardOffset(since="2025-01-01T00:00:00.000+00:00")}})
    assert first.batch_start(another_start) == START
    later = {"posts": {"shard-1": ShardOffset(after="496", records=1)}}
    second = first.moved_to(later)
    assert second.begin is None
    assert second.batch_start(first) == LATER


def test_reading_on_counts_records():
    assert ShardOffset(since="x").read_to("7", 2).read_to("9", 3) == ShardOffset(after="9", records=5)


@pytest.mark.parametrize(
    "kept", [{}, [], "x", {"version": 2, "streams": {}}, {"version": 1, "streams": {"a": {"b": {"c": 1}}}}]
)
def test_a_strange_checkpoint_is_refused(kept):
    with pytest.raises(KinesisError, match="new checkpointLocation"):
        Offset.from_json(kept)


def test_a_checkpoint_of_another_stream_is_refused_by_name():
    with pytest.raises(KinesisError, match=r"reads posts, but this one reads geo.*checkpointLocation of its own"):
        check_streams(Offset(LATER), {"geo"})
