"""The committed tables: made by the generator, and shaped like the rows of the course's database."""

import gzip
import random
import re
import statistics
from collections import Counter
from dataclasses import replace

import course_figures as figures
import numpy as np
import pytest
from course_figures import DATA
from faker.providers.address.en import Provider as EnglishAddresses
from generate import TABLES, to_json_lines
from generator.base_rows import BASE_ROWS, CATEGORY_SIZES

COLUMNS = {
    "pin": "index unique_id title description poster_name follower_count tag_list is_image_or_video "
    "image_src downloaded save_location category",
    "geo": "ind timestamp latitude longitude country",
    "user": "ind first_name last_name age date_joined",
}

# (measured on the course's rows, how far the generated rows may be away)
PIN_SHARES = {
    "no title": (0.0085, 0.003),
    "story description": (0.0667, 0.005),
    "no description": (0.0140, 0.003),
    "unknown poster": (0.0085, 0.003),
    "no tags": (0.0127, 0.003),
    "no image": (0.0212, 0.003),
    "image": (0.897, 0.015),
    "story": (0.067, 0.005),
    "video": (0.036, 0.01),
    "followers in thousands": (0.734, 0.02),
    "followers in millions": (0.089, 0.015),
    "followers in full": (0.168, 0.015),
    "blanks around poster": (0.018, 0.004),
    "titles beyond ASCII": (0.10, 0.01),
    "titles with line break": (0.0016, 0.0015),
    "titles with quotes": (0.010, 0.005),
    "descriptions with comma": (0.43, 0.02),
    "descriptions cut": (0.37, 0.02),
    "nine tags": (0.997, 0.003),
}

# Of 1,648 of the course's pins.
COMBINATIONS = {
    "story title description poster_name tag_list image_src": 12,
    "story title description poster_name image_src": 2,
    "story description": 75,
    "story description image_src": 21,
    "pin description": 23,
    "pin tag_list": 5,
}

FOLLOWERS = {5: 28, 10: 196, 25: 4_000, 50: 31_000, 75: 221_000, 90: 942_000, 95: 2e6, 99: 5e6, 100: 15e6}

LEAST_DRAW_LIMIT = 0.06
"""Largest distance from uniform taken for chance; see the test that a single draw is noticed."""


def test_the_committed_files_are_what_the_generator_makes(made):
    for table in TABLES:
        text = gzip.decompress((DATA / f"{table}.jsonl.gz").read_bytes()).decode()
        # Not compared with ==: pytest would take minutes to describe a difference.
        assert (text == to_json_lines(made[table])) is True, f"{table}: run python data/generate.py"


def test_the_files_are_small_and_carry_no_time_or_name():
    for table in TABLES:
        packed = (DATA / f"{table}.jsonl.gz").read_bytes()
        assert len(packed) < 3_000_000
        assert packed[3:8] == bytes(5), "flags and time stamp of the gzip header"


@pytest.mark.parametrize("table", TABLES)
def test_columns_and_keys_are_those_of_the_course(made, table):
    names = COLUMNS[table].split()
    assert all(list(row) == names for row in made[table])
    assert [row[names[0]] for row in made[table]] == list(range(len(made[table])))
    assert len(made[table]) > BASE_ROWS == 11_154


def test_datetimes_ids_addresses_and_coordinates_have_the_form_of_the_course(base):
    moment = re.compile(r"\d{4}-\d\d-\d\d \d\d:\d\d:\d\d")
    assert all(moment.fullmatch(geo["timestamp"]) for geo in base.geo.values())
    assert all(moment.fullmatch(user["date_joined"]) for user in base.user.values())
    identifier = re.compile(r"[0-9a-f]{8}-[0-9a-f]{4}-4[0-9a-f]{3}-[89ab][0-9a-f]{3}-[0-9a-f]{12}")
    assert all(identifier.fullmatch(pin["unique_id"]) for pin in base.pin.values())
    assert len({pin["unique_id"] for pin in base.pin.values()}) == BASE_ROWS
    address = re.compile(r"https://i\.pinimg\.example/originals/(..)/(..)/(..)/(?=\1\2\3)[0-9a-f]{32}\.jpg")
    assert all(address.fullmatch(pin["image_src"]) or pin["downloaded"] == 0 for pin in base.pin.values())
    digits = re.compile(r"-?(?:0\.0*)?(\d+\.?\d*)")
    for geo in base.geo.values():
        for value in (geo["latitude"], geo["longitude"]):
            assert len(digits.fullmatch(repr(value))[1].replace(".", "")) <= 6


def test_categories_form_contiguous_blocks_of_the_known_sizes(base):
    blocks = figures.category_blocks(base)
    assert {category: size for category, _, _, size in blocks} == CATEGORY_SIZES
    assert [category for category, *_ in blocks] == sorted(CATEGORY_SIZES)
    assert all(last - first + 1 == size for _, first, last, size in blocks)


def test_shares_of_pins_are_those_measured(base):
    shares = figures.pin_shares(base)
    for name, (expected, tolerance) in PIN_SHARES.items():
        assert shares[name] == pytest.approx(expected, abs=tolerance), name


def test_placeholders_come_together_as_often_as_measured(base):
    shares = figures.sentinel_combinations(base)
    for names, count in COMBINATIONS.items():
        # Three standard errors of a share measured on 1,648 pins.
        assert shares[names] == pytest.approx(count / 1648, abs=3 * count**0.5 / 1648), names
    assert sum(shares[names] for names in [*COMBINATIONS, "pin"]) > 0.999


def test_placeholders_are_tied_to_each_other(base):
    assert figures.broken_links(base) == []


@pytest.mark.parametrize(
    ("changed", "rule"),
    [
        ({"image_src": figures.NO_IMAGE}, "no image means not downloaded"),
        ({"downloaded": 0}, "no image only in stories"),
        ({"is_image_or_video": figures.STORY}, "a story has the story description"),
        ({"description": figures.STORY_DESCRIPTION}, "a story has the story description"),
        ({"poster_name": figures.UNKNOWN}, "poster and followers are unknown together"),
        ({"save_location": "/data/art"}, "saved under the category"),
    ],
)
def test_a_placeholder_that_is_not_tied_is_noticed(base, changed, rule):
    ordinary = next(key for key, pin in base.pin.items() if pin["is_image_or_video"] == "image")
    assert (ordinary, rule) in figures.broken_links(base.changed("pin", ordinary, **changed))


def test_near_misses_are_there(base):
    assert sum(pin["title"] == "Untitled" for pin in base.pin.values()) >= 3
    assert sum(pin["description"] == "Art." for pin in base.pin.values()) >= 3


def test_the_text_reads_like_english(base):
    stories = (pin[column] for pin in base.pin.values() for column in ("title", "description"))
    assert [text for text in stories if re.search(r"\b[Aa] [aeiou]", text)] == []


def test_cut_descriptions_end_near_179_characters(base):
    low, middle, high = np.quantile(figures.lengths_of_cut_descriptions(base), (0.01, 0.5, 0.99))
    assert 170 < low < middle < high < 192
    assert middle == pytest.approx(179, abs=3)


def assert_follower_quantiles_agree(measured, expected):
    for percent, followers in expected.items():
        # Millions are shown without decimals, so their quantiles move in whole millions.
        tolerance = max(0.4 * followers, 1e6) if followers >= 1e6 else 0.4 * followers
        assert measured[percent] == pytest.approx(followers, abs=tolerance), f"p{percent}"


def test_follower_counts_have_the_measured_quantiles(base):
    assert_follower_quantiles_agree(figures.follower_quantiles(base), FOLLOWERS)


def test_one_poster_alone_has_the_most_followers(made):
    names = {pin["poster_name"] for pin in made["pin"] if pin["follower_count"] == "15M"}
    others = [pin["follower_count"] for pin in made["pin"] if pin["poster_name"] not in names]
    assert len(names) == 1
    assert max(int(n[:-1]) for n in others if re.fullmatch(r"\d+[mM]", n)) < 15


def test_some_posters_follower_counts_drift_by_little(base):
    shown = {}
    for pin in base.pin.values():
        shown.setdefault(pin["poster_name"], set()).add(pin["follower_count"])
    drifting = [counts for counts in shown.values() if len(counts) > 1]
    assert 8 <= len(drifting) <= 30
    for counts in drifting:
        numbers = [figures.followers(count) for count in counts]
        assert max(numbers) - min(numbers) <= 2000


def test_posts_per_poster_have_a_heavy_tail(base):
    measured = figures.poster_figures(base)
    assert measured["posters"] == pytest.approx(5_200, abs=100)
    assert measured["largest"] == pytest.approx(0.02, abs=0.003)
    assert measured["singletons"] == pytest.approx(0.727, abs=0.02)


def test_in_the_first_2900_draws_four_posters_in_five_seem_to_post_once(base):
    # The share of singletons depends on how much one has seen; this is what learners' notebooks show.
    rng = random.Random(100)
    drawn = {}
    for _ in range(2_900):
        rng.randrange(0, 2)
        key = rng.randint(0, 11_000)
        drawn[key] = base.pin[key]["poster_name"]
    posts = Counter(drawn.values())
    assert list(drawn)[:5] == [7528, 2863, 5730, 8304, 8731]
    assert sum(n == 1 for n in posts.values()) / len(posts) == pytest.approx(0.80, abs=0.02)


def test_each_poster_has_one_user_and_one_place(base):
    assert figures.posters_with_several_people(base) == []


@pytest.mark.parametrize(("table", "column", "value"), [("geo", "country", "Nowhere"), ("user", "age", 99)])
def test_a_poster_with_two_people_is_noticed(base, table, column, value):
    prolific, _ = Counter(pin["poster_name"] for pin in base.pin.values()).most_common(1)[0]
    key = next(key for key, pin in base.pin.items() if pin["poster_name"] == prolific)
    assert figures.posters_with_several_people(base.changed(table, key, **{column: value})) == [prolific]


def test_the_unknown_poster_is_a_poster_too(base):
    keys = [key for key, pin in base.pin.items() if pin["poster_name"] == figures.UNKNOWN]
    assert len({figures.person(base.user[key]) for key in keys}) == 1
    assert base.user[keys[0]]["age"] == 20, "the least of some ninety ages"


def test_a_posters_person_is_the_least_of_one_draw_a_post(base):
    distances = figures.least_draw_distances(base)
    assert {name: d for name, d in distances.items() if d > LEAST_DRAW_LIMIT} == {}


@pytest.mark.parametrize(
    ("table", "column"),
    [("user", "age"), ("user", "first_name"), ("geo", "country"), ("geo", "latitude")],
)
def test_a_person_drawn_once_for_all_posts_is_noticed(base, table, column):
    posts = figures.posts_per_person(base)
    rows = getattr(base, table)
    draws = iter([rows[key][column] for key, user in base.user.items() if posts[figures.person(user)] == 1])
    drawn_once = {who: next(draws) for who, n in posts.items() if n > 1}
    changed = {
        key: rows[key] | {column: drawn_once.get(figures.person(user), rows[key][column])}
        for key, user in base.user.items()
    }
    distances = figures.least_draw_distances(replace(base, **{table: changed}))
    assert distances[column] > 3 * LEAST_DRAW_LIMIT


def test_users_are_young_and_joined_early(base):
    measured = figures.row_quantiles(base)
    assert measured["age"] == pytest.approx([20, 21, 26, 38, 55], abs=1)
    assert measured["joined"] == pytest.approx([0.004, 0.035, 0.156, 0.438, 0.864], abs=0.025)


def test_posts_are_spread_evenly_over_their_years(base):
    assert figures.row_quantiles(base)["posted"] == pytest.approx([0.05, 0.25, 0.5, 0.75, 0.95], abs=0.01)


def test_nearly_all_of_fakers_countries_occur_and_no_other(base):
    countries = {geo["country"] for geo in base.geo.values()}
    assert len(countries) >= 240
    assert countries <= set(EnglishAddresses.countries)


def test_some_names_belong_to_several_people_and_users_are_the_posters(base):
    assert 0.01 < figures.poster_figures(base)["shared names"] < 0.05
    users = {figures.person(user) for user in base.user.values()}
    assert len(users) == len({pin["poster_name"] for pin in base.pin.values()})


def test_medians_by_posts_and_by_users_differ_by_a_factor(base):
    young = [
        (pin["poster_name"], figures.followers(pin["follower_count"]))
        for key, pin in base.pin.items()
        if base.user[key]["age"] <= 24 and pin["poster_name"] != figures.UNKNOWN
    ]
    by_posts = statistics.median(n for _, n in young)
    by_users = statistics.median(dict(young).values())
    assert 3 < by_posts / by_users < 8


# The same measures on public rows of the course's database, where they are at hand.


def test_course_rows_have_the_same_shares(base, course):
    ours, theirs = figures.pin_shares(figures.at_the_keys_of(course, base)), figures.pin_shares(course)
    assert theirs.keys() == ours.keys()
    for name, expected in theirs.items():
        # Four standard errors of a share measured on so many pins.
        tolerance = 4 * (expected * (1 - expected) / len(course.pin)) ** 0.5
        assert ours[name] == pytest.approx(expected, abs=tolerance), name


def test_course_rows_have_the_same_combinations_of_placeholders(base, course):
    ours = figures.sentinel_combinations(figures.at_the_keys_of(course, base))
    theirs = figures.sentinel_combinations(course)
    for names in ours.keys() | theirs.keys():
        expected = theirs.get(names, 0)
        tolerance = 4 * (max(expected, 1 / len(course.pin)) / len(course.pin)) ** 0.5
        assert ours.get(names, 0) == pytest.approx(expected, abs=tolerance), names


def test_course_rows_keep_the_same_rules(course):
    assert figures.broken_links(course) == []
    assert figures.posters_with_several_people(course) == []


def test_course_rows_have_the_same_follower_quantiles(base, course):
    ours = figures.follower_quantiles(figures.at_the_keys_of(course, base))
    assert_follower_quantiles_agree(ours, figures.follower_quantiles(course))


def test_course_rows_have_the_same_posters(base, course):
    ours = figures.poster_figures(figures.at_the_keys_of(course, base))
    theirs = figures.poster_figures(course)
    assert ours["posters"] == pytest.approx(theirs["posters"], rel=0.02)
    assert ours["singletons"] == pytest.approx(theirs["singletons"], abs=0.02)
    assert ours["largest"] == pytest.approx(theirs["largest"], abs=0.004)
    assert ours["shared names"] == pytest.approx(theirs["shared names"], abs=0.01)
    assert ours["countries"] == pytest.approx(theirs["countries"], abs=3)


def test_course_rows_have_the_same_quantiles_of_age_and_dates(base, course):
    ours = figures.row_quantiles(figures.at_the_keys_of(course, base))
    for name, expected in figures.row_quantiles(course).items():
        assert ours[name] == pytest.approx(expected, abs=1 if name == "age" else 0.025), name


def test_course_rows_are_the_least_of_one_draw_a_post(course):
    distances = figures.least_draw_distances(course)
    # The names in these rows are disguised, which destroys their order.
    assert min(distances.pop("first_name"), distances.pop("last_name")) > LEAST_DRAW_LIMIT
    assert {name: d for name, d in distances.items() if d > LEAST_DRAW_LIMIT} == {}


def test_course_rows_fall_into_the_same_blocks(base, course):
    ours = {key: base.pin[key]["category"] for key in course.pin}
    assert ours == {key: pin["category"] for key, pin in course.pin.items()}


def test_course_rows_are_not_among_ours(base, course):
    fixed = {"Untitled", "Art.", figures.NO_TITLE, figures.NO_DESCRIPTION, figures.STORY_DESCRIPTION}
    fixed |= {figures.UNKNOWN, figures.NO_IMAGE}
    for column in ("unique_id", "title", "description", "poster_name", "image_src"):
        ours = {pin[column] for pin in base.pin.values()}
        assert ours & {pin[column] for pin in course.pin.values()} <= fixed, column
