"""The emulator into the streams: keys, batches, what is tried again, what stops it."""

import pytest
from fake_api import DROP

from helpers.config import Workbook
from helpers.emulator.http_target import ApiRefused
from helpers.emulator.postings import Posting
from helpers.emulator.stream_target import StreamTarget
from helpers.emulator.tally import Tally

WORKBOOK = Workbook("0a1b2c3d4e5f", *[""] * 10)
POSTING = Posting({"pin": {"index": 7, "title": 'é "q"'}, "geo": {"ind": 7}})
STORED = {"ShardId": "shardId-000000000000", "SequenceNumber": "1"}
SLOW = "ProvisionedThroughputExceededException"
THROTTLED = {"ErrorCode": SLOW, "ErrorMessage": "Rate exceeded for shard shardId-000000000000"}
DENIED = {"__type": "AccessDeniedException", "message": "words"}


def good(body):
    return many(*[STORED] * len(body["records"])) if "records" in body else STORED


def many(*outcomes):
    return {"FailedRecordCount": sum("ErrorCode" in one for one in outcomes), "Records": list(outcomes)}


REFUSED = many(STORED, {"ErrorCode": "Other", "ErrorMessage": "words"})


@pytest.fixture
def start(hurried, fake_api):
    def begin(*script, **settings):
        api, tally = fake_api(good, *script), Tally()
        return api, tally, StreamTarget(WORKBOOK, tally, api.url, **settings)

    return begin


def post(target, count):
    for number in range(count):
        target.post(Posting({"geo": {"ind": number}}))


def test_each_row_goes_to_its_stream_with_its_number_as_the_key(start):
    api, tally, target = start()
    target.post(POSTING)
    for asked, table in zip(api.requests, ("pin", "geo"), strict=True):
        assert (asked.method, asked.path) == ("PUT", f"/prod/streams/streaming-0a1b2c3d4e5f-{table}/record")
        assert asked.content_type == "application/json"
        assert asked.body == {"Data": POSTING.rows[table], "PartitionKey": "7"}
    assert str(tally) == "1 of 1 postings acknowledged"


def test_one_key_can_be_had_for_all(start):
    api, _, target = start(partition_key='the "one"')
    target.post(POSTING)
    assert {asked.body["PartitionKey"] for asked in api.requests} == {'the "one"'}


def test_a_batch_goes_as_one_request_and_the_rest_at_the_end(start):
    api, tally, target = start(batch=2)
    post(target, 3)
    assert tally.acknowledged == 2
    target.close()
    assert tally.acknowledged == 3
    assert {asked.path for asked in api.requests} == {"/prod/streams/streaming-0a1b2c3d4e5f-geo/records"}
    assert [asked.body["records"] for asked in api.requests] == [
        [{"data": {"ind": 0}, "partition-key": "0"}, {"data": {"ind": 1}, "partition-key": "1"}],
        [{"data": {"ind": 2}, "partition-key": "2"}],
    ]


def test_only_the_records_that_failed_are_sent_again_and_none_counts_as_doubtful(start):
    again = many(THROTTLED, STORED)
    api, tally, target = start(many(STORED, THROTTLED, THROTTLED), again, batch=3)
    post(target, 3)
    sent = [[record["data"]["ind"] for record in asked.body["records"]] for asked in api.requests]
    assert sent == [[0, 1, 2], [1, 2], [1]]
    assert (tally.acknowledged, tally.perhaps_twice) == (3, 0)


@pytest.mark.parametrize(
    ("answer", "twice"),
    [(429, 0), ((400, {"__type": SLOW}), 0), ({"__type": SLOW}, 0), (500, 1), (504, 1), (DROP, 1)],
    ids=["429", "throttled", "throttled with 200", "500", "504", "lost"],
)
def test_what_may_pass_is_tried_again_and_a_lost_reply_is_counted(start, answer, twice):
    api, tally, target = start(answer)
    post(target, 1)
    assert len(api.requests) == 2
    assert (tally.acknowledged, tally.perhaps_twice) == (1, twice)


@pytest.mark.parametrize(
    ("answer", "batch"),
    [(403, 1), (415, 1), ((400, DENIED), 1), (DENIED, 1), (REFUSED, 2)],
    ids=["403", "415", "an error as 400", "an error as 200", "an error of one record"],
)
def test_what_will_not_pass_stops_with_its_words(start, answer, batch):
    api, tally, target = start(answer, batch=batch)
    for _ in range(batch - 1):
        target.post(POSTING)
    with pytest.raises(ApiRefused, match=r"streams/streaming-0a1b2c3d4e5f-pin/records? .*words"):
        target.post(POSTING)
    assert (len(api.requests), tally.acknowledged) == (1, 0)


def test_after_a_while_it_gives_up_and_says_why(start):
    _, tally, target = start(*[many(THROTTLED)] * 1000, batch=2)
    post(target, 1)
    target.close()
    assert tally.acknowledged == 0
    assert "records were not stored within" in str(tally)
    assert f"{SLOW}: Rate exceeded for shard shardId-000000000000" in str(tally)


@pytest.mark.parametrize("batch", [0, 501])
def test_a_batch_that_kinesis_does_not_take_is_refused(batch):
    with pytest.raises(ValueError, match=f"A batch of {batch} does not go: Kinesis takes 1 to 500"):
        StreamTarget(WORKBOOK, Tally(), "http://127.0.0.1:1", batch)
