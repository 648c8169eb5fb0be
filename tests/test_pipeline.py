"""The whole way, twice: the same batch posted again gives the same tables and the same answers."""

import dataclasses

import pytest

from helpers import analytics
from helpers.cleaning import clean_geo, clean_pin, clean_user, deduplicate
from helpers.kafka import client as kafka_client
from helpers.kafka import msk_connect, sink_objects
from helpers.raw import read_raw
from helpers.user_posting_emulation import emulate

pytestmark = pytest.mark.lab


@pytest.fixture(scope="module")
def own(workbook):
    """A workbook of another id, so that topics, bucket and connector are this test's alone."""
    mine = dataclasses.replace(workbook, id="00000000feed")
    sink_objects.create_bucket(mine)
    kafka_client.create_topics(mine)
    msk_connect.put_connector(mine, msk_connect.sink_properties(mine, 200, rotate_schedule_ms=500))
    yield mine
    msk_connect.delete_connector(mine)


def post_and_answer(spark, own):
    tally = emulate(own, posts=600, rate=2000, progress=False)
    assert tally.complete
    msk_connect.wait_until_stored(own)
    raw = {table: read_raw(spark, own.topic_path(table), table) for table in ("pin", "geo", "user")}
    cleaned = {
        "pin": deduplicate(clean_pin(raw["pin"])),
        "geo": deduplicate(clean_geo(raw["geo"])),
        "user": deduplicate(clean_user(raw["user"])),
    }
    pin, geo, user = cleaned["pin"], cleaned["geo"], cleaned["user"]
    answers = [
        analytics.popular_category_by_country(pin, geo),
        analytics.popular_category_by_year(pin, geo),
        analytics.most_followed_by_country(pin, geo),
        analytics.country_of_most_followed(pin, geo),
        analytics.popular_category_by_age_group(pin, user),
        analytics.users_joined_by_year(user),
        analytics.median_followers_by_joining_year(pin, user),
        analytics.median_followers_by_joining_year_and_age_group(pin, user),
    ]
    lines = raw["pin"].count()
    return lines, [frame.count() for frame in cleaned.values()], [answer.collect() for answer in answers]


def test_the_same_batch_twice_gives_the_same_answers(spark, own):
    lines, rows, answers = post_and_answer(spark, own)
    assert lines == 600
    assert rows == [591] * 3
    assert all(answers)
    lines_again, rows_again, answers_again = post_and_answer(spark, own)
    assert lines_again == 1200
    assert rows_again == rows
    assert answers_again == answers
