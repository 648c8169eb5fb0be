import pytest

from helpers.kinesis import streams as kinesis_streams

pytestmark = pytest.mark.lab


def test_a_stream_is_created_once_and_can_be_deleted_twice(workbook):
    for stream in workbook.streams:
        kinesis_streams.create(workbook, stream, 2)
    kinesis_streams.create(workbook, workbook.streams[0], 5)
    described = kinesis_streams.describe(workbook)
    assert list(described["stream"]) == list(workbook.streams)
    assert set(described["status"]) == {"ACTIVE"}
    assert list(described["shards"]) == [2, 2, 2]
    assert set(described["hours"]) == {24}
    for stream in (*workbook.streams, *workbook.streams):
        kinesis_streams.delete(workbook, stream)
