import json
from datetime import datetime
from itertools import islice

import pytest

from helpers.emulator.postings import Posting, PostsDatabase, draws, history
from lab.core.layout import Lab
from lab.setup import database


@pytest.fixture(scope="module")
def posts(tmp_path_factory):
    lab = Lab(tmp_path_factory.mktemp("home"), build=tmp_path_factory.mktemp("büild mit blank"))
    database.build(lab)
    opened = PostsDatabase(f"sqlite:///{lab.posts_database}?detect_types=1")
    yield opened
    opened.close()


def test_the_draws_are_those_of_the_courses_script():
    drawn = list(islice(draws(), 5000))
    offsets = [offset for _, offset in drawn]
    assert offsets[:10] == [7528, 2863, 5730, 8304, 8731, 1313, 4315, 10794, 5494, 5069]
    assert [len(set(offsets[:n])) for n in (500, 1000, 5000)] == [494, 963, 4014]
    assert {pause for pause, _ in drawn} == {0, 1}


def test_another_seed_draws_other_rows():
    assert next(draws(1)) != next(draws(2))


def test_a_posting_is_three_aligned_rows_with_real_datetimes(posts):
    posting = posts.posting(7528)
    assert [posting.rows[table][key] for table, key in (("pin", "index"), ("geo", "ind"), ("user", "ind"))] == [
        7528
    ] * 3
    assert isinstance(posting.rows["geo"]["timestamp"], datetime)
    assert isinstance(posting.rows["user"]["date_joined"], datetime)


def test_on_the_wire_it_is_compact_json_with_text_for_datetimes():
    posting = Posting({"geo": {"ind": 1, "timestamp": datetime(2020, 6, 16, 9, 16, 37), "country": "Côte d'Ivoire"}})
    wire = posting.wire("geo").decode()
    assert wire == '{"ind":1,"timestamp":"2020-06-16 09:16:37","country":"Côte d\'Ivoire"}'


def test_what_json_cannot_carry_is_named():
    with pytest.raises(TypeError, match="set cannot be sent"):
        Posting({"pin": {"index": {1}}}).wire("pin")


def test_an_offset_beyond_the_table_is_named(posts):
    with pytest.raises(LookupError, match="pinterest_data has no row at offset 11154"):
        posts.posting(11_154)


def test_the_history_holds_every_row_and_agrees_with_the_database(posts):
    postings = list(history())
    assert len(postings) == 11_274
    assert [set(posting.rows) for posting in postings[-2:]] == [{"user"}] * 2
    for offset in (0, 5000, 11_153):
        for table in ("pin", "geo", "user"):
            assert json.loads(postings[offset].wire(table)) == json.loads(posts.posting(offset).wire(table))
