"""The emulator over HTTP: what is tried again, what is counted, what stops it."""

import pytest
from fake_api import DROP

from helpers.config import Workbook
from helpers.emulator.api_target import ApiTarget
from helpers.emulator.http_target import ApiRefused
from helpers.emulator.postings import Posting
from helpers.emulator.tally import Tally

WORKBOOK = Workbook("0a1b2c3d4e5f", *[""] * 10)
POSTING = Posting({"pin": {"index": 1, "title": "é"}, "geo": {"ind": 1}})


def all_stored(body):
    return outcomes(*[{"partition": 0, "offset": 1, "error_code": None}] * len(body["records"]))


def outcomes(*offsets):
    return {"offsets": list(offsets)}


@pytest.fixture
def start(hurried, fake_api):
    def begin(*script, batch=1):
        api, tally = fake_api(all_stored, *script), Tally()
        return api, tally, ApiTarget(WORKBOOK, tally, api.url, batch)

    return begin


def test_each_table_goes_to_its_topic_as_the_course_sends_it(start):
    api, tally, target = start()
    target.post(POSTING)
    for asked, table in zip(api.requests, ("pin", "geo"), strict=True):
        assert (asked.method, asked.path) == ("POST", f"/prod/topics/0a1b2c3d4e5f.{table}")
        assert asked.content_type == "application/vnd.kafka.json.v2+json"
        assert asked.body == {"records": [{"value": POSTING.rows[table]}]}
    assert str(tally) == "1 of 1 postings acknowledged"


@pytest.mark.parametrize(
    ("answer", "twice"), [(429, 0), (500, 1), (503, 1), (504, 1), (DROP, 1)], ids=["429", "500", "503", "504", "lost"]
)
def test_what_may_pass_is_tried_again_and_a_lost_reply_is_counted(start, answer, twice):
    api, tally, target = start(answer, answer)
    target.post(POSTING)
    assert [asked.path.rpartition(".")[2] for asked in api.requests] == ["pin", "pin", "pin", "geo"]
    assert (tally.acknowledged, tally.perhaps_twice) == (1, 2 * twice)
    if twice:
        assert str(tally) == "1 of 1 postings acknowledged; 2 records sent again after a lost reply"


def test_only_the_records_that_failed_are_sent_again(start):
    stored, failed = {"error_code": None}, {"error_code": 2, "error": "the broker was away"}
    api, tally, target = start(outcomes(stored, failed, stored), batch=3)
    for number in range(3):
        target.post(Posting({"geo": {"ind": number}}))
    assert [[record["value"]["ind"] for record in asked.body["records"]] for asked in api.requests] == [[0, 1, 2], [1]]
    assert (tally.acknowledged, tally.perhaps_twice) == (3, 1)


@pytest.mark.parametrize("answer", [403, 404, 422, outcomes({"error_code": 1, "error": "words"})], ids=str)
def test_what_will_not_pass_stops_with_its_words(start, answer):
    api, tally, target = start(answer)
    with pytest.raises(ApiRefused, match=r"topics/0a1b2c3d4e5f\.pin .*words"):
        target.post(POSTING)
    assert (len(api.requests), tally.acknowledged, tally.perhaps_twice) == (1, 0, 0)


def test_after_a_while_it_gives_up_and_says_why(start):
    _, tally, target = start(*[503] * 1000)
    target.post(POSTING)
    assert tally.acknowledged == 0
    assert "records were not stored within" in str(tally)
    assert "HTTP 503: words" in str(tally)


def test_nobody_listening_is_no_lost_reply(start):
    api, tally, target = start()
    api.close()
    target.post(POSTING)
    assert (tally.acknowledged, tally.perhaps_twice) == (0, 0)


def test_the_rest_of_a_batch_is_sent_at_the_end(start):
    api, tally, target = start(batch=10)
    for _ in range(12):
        target.post(POSTING)
    assert tally.acknowledged == 10
    target.close()
    assert (tally.acknowledged, [len(asked.body["records"]) for asked in api.requests]) == (12, [10, 10, 2, 2])
