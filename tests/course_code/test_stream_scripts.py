"""Scripts in the forms in which learners wrote them for the streams run with their three constants changed."""

import base64
import json

import pytest
from course_scripts import running, with_own_constants
from stream_proxy import deployed

from helpers.config import TABLES

pytestmark = pytest.mark.lab

ENOUGH = 3
FIRST_DRAWN = [7528, 2863]
"""Rows that seed 100 draws."""


@pytest.fixture
def proxy(workbook):
    with deployed(workbook) as built:
        yield built


def posted_by(script, proxy, tmp_path):
    """What the script has put into each stream until it was stopped."""
    text = with_own_constants(script, proxy.workbook, proxy.invoke_url)
    with running(text, tmp_path, lambda: len(proxy.read("user")) >= ENOUGH) as out:
        said = {line.partition(" ")[0] for line in out.read_text().splitlines()[:-1]}
    assert said == {"200"}
    return {table: in_order(proxy.read(table)) for table in TABLES}


def in_order(records):
    return sorted(records, key=lambda record: record["ApproximateArrivalTimestamp"])


def test_a_course_script_puts_rows_into_the_streams_and_all_into_one_shard(proxy, tmp_path):
    posted = posted_by("streams_with_stream_name", proxy, tmp_path)
    for table, key in {"pin": "index", "geo": "ind", "user": "ind"}.items():
        rows = [json.loads(record["Data"]) for record in posted[table]]
        assert [row[key] for row in rows[:2]] == FIRST_DRAWN
        assert len({record["ShardId"] for record in posted[table]}) == 1
    assert json.loads(posted["geo"][0]["Data"])["timestamp"].startswith("20")


def test_a_script_with_mistakes_is_taken_and_what_is_wrong_can_be_seen(proxy, tmp_path):
    posted = posted_by("streams_with_mistakes", proxy, tmp_path)
    assert [row["index"] for row in json.loads(posted["pin"][0]["Data"])] == FIRST_DRAWN[:1]  # a list, not a row
    once = json.loads(posted["geo"][0]["Data"])  # the template has encoded text that was encoded already
    assert json.loads(base64.b64decode(once))["ind"] == FIRST_DRAWN[0]
    assert json.loads(posted["user"][0]["Data"])["ind"] == FIRST_DRAWN[0]
    assert [record["PartitionKey"] for record in posted["user"][:2]] == [str(number) for number in FIRST_DRAWN]
