"""The extra rows: each makes a mistake visible that the other 11,154 rows would let pass."""

import re
import statistics
from dataclasses import replace

import pytest
from course_figures import DATA, NO_DESCRIPTION, NO_TITLE
from generator.base_rows import BASE_ROWS
from generator.extra_rows import posts_by_kind
from plain_answers import Rules, age_group, answers, to_followers, to_moment


def _only_plain_datetimes(text):
    return to_moment(text) if text and re.fullmatch(r"\d{4}-\d\d-\d\d \d\d:\d\d:\d\d", text) else None


def _without_offset(text):
    return to_moment(re.sub(r"[+-]\d\d:\d\d$", "", text)) if text else None


def _in_floating_point(text):
    return int(float(text[:-1]) * 1e6) if text.endswith("M") else to_followers(text)


def _infinite_if_malformed(text):
    return 10**9 if text == "abc" else to_followers(text)


def _minors_are(group):
    return lambda age: group if age is not None and age < 18 else age_group(age)


def _least(figures):
    return min((n for n in figures if n is not None), default=None)


def _joined_posts_only(tables):
    return replace(tables, user={key: user for key, user in tables.user.items() if key in tables.pin})


def _same(rows):
    return rows


MISTAKES = {
    "no window of joining": ({"joined_in_window": lambda m: True}, "9 10 11"),
    "joining has no lower limit": ({"joined_in_window": lambda m: m.year <= 2020}, "9 10 11"),
    "joining has no upper limit": ({"joined_in_window": lambda m: m.year >= 2015}, "9 10 11"),
    "joining ends before 2020": ({"joined_in_window": lambda m: 2015 <= m.year < 2020}, "9 10 11"),
    "joining ends on the last midnight": (
        {"joined_in_window": lambda m: "2015-01-01" <= str(m)[:10] < "2020-12-31"},
        "9 10 11",
    ),
    "joining leaves out its first instant": (
        {"joined_in_window": lambda m: "2015-01-01 00:00:00" < str(m)[:19] < "2021"},
        "9",
    ),
    "no window of posting": ({"posted_in_window": lambda m: True}, "5"),
    "posting has no lower limit": ({"posted_in_window": lambda m: m.year <= 2022}, "5"),
    "posting has no upper limit": ({"posted_in_window": lambda m: m.year >= 2018}, "5"),
    "posting leaves out its first instant": (
        {"posted_in_window": lambda m: "2018-01-01 00:00:00" < str(m)[:19] < "2023"},
        "5b",
    ),
    "posting leaves out its last second": (
        {"posted_in_window": lambda m: "2018" < str(m)[:19] < "2022-12-31 23:59:59"},
        "5b",
    ),
    "under 18 are 18-24": ({"age_group": _minors_are("18-24")}, "8 11"),
    "under 18 are +50": ({"age_group": _minors_are("+50")}, "8 11"),
    "unknown ages are +50": ({"age_group": lambda a: "+50" if a is None else age_group(a)}, "8 11"),
    "unknown ages are 18-24": ({"age_group": lambda a: "18-24" if a is None else age_group(a)}, "8 11"),
    "18 belongs to no group": ({"age_group": lambda a: None if a == 18 else age_group(a)}, "8"),
    "25 is 18-24": ({"age_group": lambda a: "18-24" if a == 25 else age_group(a)}, "8"),
    "36 is 25-35": ({"age_group": lambda a: "25-35" if a == 36 else age_group(a)}, "8"),
    "50 is +50": ({"age_group": lambda a: "+50" if a == 50 else age_group(a)}, "8"),
    "under 18 do not count": ({"keep_user": lambda u: u["age"] is None or u["age"] >= 18}, "9"),
    "unknown ages do not count": ({"keep_user": lambda u: u["age"] is not None}, "9"),
    "under 18 have no median": ({"keep_post": lambda p: p["age"] is None or p["age"] >= 18}, "10"),
    "unknown ages have no median": ({"keep_post": lambda p: p["age"] is not None}, "10"),
    "null is a group": ({"null_groups": True}, "4 6 8"),
    "an empty category is a category": ({"to_category": _same}, "4"),
    "floating point": ({"to_followers": _in_floating_point}, "6"),
    "no decimals": ({"to_followers": lambda t: None if "." in t else to_followers(t)}, "6"),
    "decimals cut off": ({"to_followers": lambda t: to_followers(re.sub(r"\.\d+", "", t))}, "6"),
    "no small m": ({"to_followers": lambda t: None if t.endswith("m") else to_followers(t)}, "6"),
    "no capital K": ({"to_followers": lambda t: None if t.endswith("K") else to_followers(t)}, "6"),
    "posts without a figure are lost": ({"keep_post": lambda p: p["followers"] is not None}, "4 5 8"),
    "malformed figures are infinite": ({"to_followers": _infinite_if_malformed}, "6 7"),
    "one form of datetime": ({"to_moment": _only_plain_datetimes}, "5b 9 10"),
    "offset not applied": ({"to_moment": _without_offset}, "5b 9 10"),
    "rows without a time are lost": ({"keep_post": lambda p: p["posted"] is not None}, "4"),
    "ties the other way round": ({"name_order": lambda n: [-ord(c) for c in n] + [1]}, "4 5 6"),
    "ties without regard to case": ({"name_order": lambda n: (n or "").lower()}, "6"),
    "users are names": ({"user_of": lambda r: (r["user_name"], r["joined"].year)}, "9 10"),
    "users are posts": ({"user_of": lambda r: r["ind"]}, "9 10 11"),
    "a user's least figure": ({"figure_of": _least}, "10"),
    "a user's first figure": ({"figure_of": lambda f: f[0]}, "10"),
    "approximate median": ({"median": statistics.median_low}, "10 11"),
    "the higher of the middle values": ({"median": statistics.median_high}, "10 11"),
}  # fmt: skip

HIDDEN_WITHOUT_EXTRA_ROWS = (
    "no window of joining",
    "joining ends before 2020",
    "joining leaves out its first instant",
    "posting has no upper limit",
    "under 18 are +50",
    "unknown ages are +50",
    "18 belongs to no group",
    "under 18 do not count",
    "unknown ages do not count",
    "an empty category is a category",
    "floating point",
    "no decimals",
    "no small m",
    "no capital K",
    "malformed figures are infinite",
    "one form of datetime",
    "offset not applied",
    "rows without a time are lost",
)


@pytest.fixture(scope="module")
def right(committed):
    return answers(committed)


@pytest.mark.parametrize("mistake", MISTAKES)
def test_a_mistake_gives_another_answer(committed, right, mistake):
    change, questions = MISTAKES[mistake]
    wrong = answers(committed, replace(Rules(), **change))
    unchanged = {question for question in questions.split() if wrong[question] == right[question]}
    assert unchanged == set()


@pytest.mark.parametrize("mistake", HIDDEN_WITHOUT_EXTRA_ROWS)
def test_the_other_rows_would_let_it_pass(base, mistake):
    change, _ = MISTAKES[mistake]
    assert answers(base, replace(Rules(), **change)) == answers(base)


def test_joining_the_pins_first_loses_users_in_question_9(committed, right):
    assert answers(_joined_posts_only(committed))["9"] != right["9"]


def test_median_over_posts_differs_in_2019(committed, right):
    by_post = answers(committed, replace(Rules(), user_of=lambda row: row["ind"]))
    assert dict(by_post["10"])[2019] != dict(right["10"])[2019]


def test_every_year_of_the_windows_has_an_answer(right):
    assert [year for year, *_ in right["5"]] == [2018, 2019, 2020, 2021, 2022]
    assert [year for year, _ in right["9"]] == [2015, 2016, 2017, 2018, 2019, 2020]
    assert [year for year, _ in right["10"]] == [2015, 2016, 2017, 2018, 2019, 2020]


def test_answers_of_the_countries_that_do_not_exist(right):
    popular = {country: answer for country, *answer in right["4"]}
    followed = {country: answer for country, *answer in right["6"]}
    assert popular["Tieland"] == ["art", 2]
    assert popular["Blankshire"] == ["quotes", 1]
    assert popular["Clockmere"] == ["art", 2]
    assert popular["Nullovia"] == ["art", 4]
    assert followed["Parity Islands"] == ["Zebra Prints", 2_000_000]
    assert followed["Decimalia"] == ["Ben Decimal", 8_200_000]
    assert followed["Little Decimalia"] == ["Cid Decimal", 1_500]
    assert followed["Lettermark"] == ["Ben Lettercase", 3_000_000]
    assert followed["Little Lettermark"] == ["Cid Lettercase", 12_000]
    assert followed["Nullovia"] == ["Eli Malformed", 4_000]


def test_one_year_has_two_winners_and_the_first_is_given(right):
    counts = {key: n for key, n in right["5b"] if key[0] == 2020}
    winners = sorted(category for (_, category), n in counts.items() if n == max(counts.values()))
    assert len(winners) == 2
    assert (2020, winners[0], max(counts.values())) in right["5"]


def test_the_most_followed_is_a_poster_of_the_base_rows(base, right):
    assert right["7"] == answers(base)["7"]
    assert right["7"][0][1] == 15_000_000


def test_text_that_looks_like_a_placeholder_or_is_blank_is_there(committed):
    extra = [pin for key, pin in committed.pin.items() if key >= BASE_ROWS]
    for column in ("title", "description", "tag_list", "image_src"):
        assert any(pin[column] == "" for pin in extra), column
        assert any(pin[column] and not pin[column].strip() for pin in extra), column
    titles = [pin["title"] for pin in extra]
    assert NO_DESCRIPTION in titles
    assert NO_TITLE in [pin["description"] for pin in extra]
    assert any(title != NO_TITLE and NO_TITLE.lower() in title.lower() for title in titles)
    assert any("\n" in title and '"' in title and title != title.strip() for title in titles)


def test_extra_posters_are_nobody_of_the_base_rows(committed, base):
    known = {pin["poster_name"] for pin in base.pin.values()}
    assert not known & {pin["poster_name"] for key, pin in committed.pin.items() if key >= BASE_ROWS}
    countries = {geo["country"] for geo in base.geo.values()}
    assert not countries & {geo["country"] for key, geo in committed.geo.items() if key >= BASE_ROWS}


def test_the_emulator_never_draws_an_extra_row():
    assert BASE_ROWS > 11_000


def test_users_without_posts_come_last(committed):
    assert [key for key in committed.user if key not in committed.pin] == list(committed.user)[-2:]
    assert committed.pin.keys() == committed.geo.keys()


def test_the_readme_lists_every_kind_with_its_count(made, committed):
    readme = (DATA / "README.md").read_text(encoding="utf-8")
    listed = dict(re.findall(r"^\| `(\w+)` \| (\d+) \|", readme, re.M))
    base = [tuple(made[table][key] for table in ("pin", "geo", "user")) for key in range(BASE_ROWS)]
    counts = {kind: len(posts) for kind, posts in posts_by_kind(base).items()}
    counts["users_without_posts"] = len(committed.user) - len(committed.pin)
    counts["years_that_tie"] = len(committed.pin) - BASE_ROWS - sum(map(len, posts_by_kind(base).values()))
    assert {kind: int(count) for kind, count in listed.items()} == counts
