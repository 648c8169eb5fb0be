"""Each question on rows whose answer can be read off, and all of them against plain Python on random dirty rows."""

import inspect
import random
import statistics
from collections import defaultdict
from datetime import UTC, datetime, timedelta
from itertools import pairwise

import pytest
from pyspark.sql import functions as F

from helpers import analytics

PIN = "ind int, category string, poster_name string, follower_count int"
GEO = "ind int, country string, timestamp timestamp"
USER = "ind int, user_name string, age int, date_joined timestamp"

ORDER = [label for label, _, _ in analytics.AGE_GROUPS]
JOINED = datetime(2016, 5, 1, tzinfo=UTC)


@pytest.fixture(params=["UTC", "Pacific/Kiritimati", "America/Los_Angeles"])
def time_zone(spark, request):
    """Give the session another time zone."""
    before = spark.conf.get("spark.sql.session.timeZone")
    spark.conf.set("spark.sql.session.timeZone", request.param)
    yield request.param
    spark.conf.set("spark.sql.session.timeZone", before)


def test_each_question_is_listed_with_the_tables_that_it_takes_in_their_order():
    assert [*analytics.QUESTIONS] == [*range(4, 12)]
    for question, *tables in analytics.QUESTIONS.values():
        taken = inspect.signature(question).parameters.values()
        assert tables == [one.name for one in taken if one.default is inspect.Parameter.empty]


def pins(spark, *rows):
    return spark.createDataFrame(list(rows), PIN)


def places(spark, *rows):
    return spark.createDataFrame(list(rows), GEO)


def users(spark, *rows):
    return spark.createDataFrame(list(rows), USER)


def answer(frame) -> list[tuple]:
    return [tuple(row) for row in frame.collect()]


def test_a_tie_goes_to_the_first_category_in_code_point_order(spark):
    categories = ["b", "B", "ä", "b", "B", "ä"]
    pin = pins(spark, *((i, category, "p", 1) for i, category in enumerate(categories)))
    geo = places(spark, *((i, "Peru", None) for i in range(6)))
    assert answer(analytics.popular_category_by_country(pin, geo)) == [("Peru", "B", 2)]


def test_unknown_countries_and_categories_take_no_part_and_unknown_followers_do(spark):
    no_category = [(1, None, "p", 1), (2, None, "p", 1)]
    pin = pins(spark, *no_category, (3, "art", "p", None), (4, "art", "p", 1), (5, "art", "p", 1))
    geo = places(spark, (1, "Peru", None), (2, "Peru", None), (3, "Peru", None), (4, None, None))
    assert answer(analytics.popular_category_by_country(pin, geo)) == [("Peru", "art", 1)]


def test_repeated_rows_are_counted_once(spark):
    pin = pins(spark, *[(1, "art", "p", 1)] * 5, (2, "travel", "p", 1), (3, "travel", "p", 1))
    geo = places(spark, *((i, "Peru", JOINED) for i in (1, 1, 1, 2, 3)))
    assert answer(analytics.popular_category_by_country(pin, geo)) == [("Peru", "travel", 2)]


@pytest.mark.usefixtures("time_zone")
def test_years_are_utc_and_the_range_includes_both_ends(spark):
    instants = [
        datetime(2017, 12, 31, 23, 59, 59, tzinfo=UTC),
        datetime(2018, 1, 1, tzinfo=UTC),
        datetime(2020, 6, 1, tzinfo=UTC),
        datetime(2022, 12, 31, 23, 59, 59, tzinfo=UTC),
        datetime(2023, 1, 1, tzinfo=UTC),
        None,
    ]
    pin = pins(spark, *((i, "art", "p", 1) for i in range(6)))
    geo = places(spark, *((i, "Peru", instant) for i, instant in enumerate(instants)))
    expected = [(2018, "art", 1), (2020, "art", 1), (2022, "art", 1)]
    assert answer(analytics.popular_category_by_year(pin, geo)) == expected
    assert answer(analytics.category_counts_by_year(pin, geo)) == expected


@pytest.mark.usefixtures("time_zone")
def test_joining_years_are_utc_and_the_range_includes_both_ends(spark):
    instants = [
        datetime(2014, 12, 31, 23, 59, 59, tzinfo=UTC),
        datetime(2015, 1, 1, tzinfo=UTC),
        datetime(2020, 12, 31, 23, 59, 59, tzinfo=UTC),
        datetime(2021, 1, 1, tzinfo=UTC),
        None,
    ]
    user = users(spark, *((i, "Ann", 20, instant) for i, instant in enumerate(instants)))
    pin = pins(spark, *((i, "art", "p", 10 + i) for i in range(5)))
    assert answer(analytics.users_joined_by_year(user)) == [(2015, 1), (2020, 1)]
    assert answer(analytics.median_followers_by_joining_year(pin, user)) == [(2015, 11.0), (2020, 12.0)]


def test_category_counts_put_the_largest_of_a_year_first(spark):
    pin = pins(spark, (1, "b", "p", 1), (2, "a", "p", 1), (3, "c", "p", 1), (4, "c", "p", 1), (5, "a", "p", 1))
    instants = [datetime(year, 5, 1, tzinfo=UTC) for year in (2019, 2019, 2019, 2019, 2018)]
    geo = places(spark, *((i + 1, "Peru", instant) for i, instant in enumerate(instants)))
    expected = [(2018, "a", 1), (2019, "c", 2), (2019, "a", 1), (2019, "b", 1)]
    assert answer(analytics.category_counts_by_year(pin, geo)) == expected


def test_most_followed(spark):
    posters = [("Zoe", 9), ("Ann", 9), (None, 99), ("Bob", None), ("Cy", 9)]
    pin = pins(spark, *((ind, "art", *poster) for ind, poster in enumerate(posters, start=1)))
    geo = places(spark, (1, "Peru", None), (2, "Peru", None), (3, "Peru", None), (4, "Fiji", None), (5, "Chad", None))
    assert answer(analytics.most_followed_by_country(pin, geo)) == [("Chad", "Cy", 9), ("Peru", "Ann", 9)]
    assert answer(analytics.country_of_most_followed(pin, geo)) == [("Chad", 9)]


def test_the_edges_of_the_age_groups(spark):
    ages = [None, -1, 17, 18, 24, 25, 35, 36, 50, 51, 120]
    user = users(spark, *((i, f"u{i}", age, JOINED) for i, age in enumerate(ages)))
    groups = user.orderBy("ind").select(analytics.age_group(F.col("age")).alias("group"))
    found = [row.group for row in groups.collect()]
    assert found == [None] * 3 + ["18-24"] * 2 + ["25-35"] * 2 + ["36-50"] * 2 + ["+50"] * 2
    pin = pins(spark, *((i, "art", "p", 1) for i in range(len(ages))))
    expected = [(group, "art", 2) for group in ("18-24", "25-35", "36-50", "+50")]
    assert answer(analytics.popular_category_by_age_group(pin, user)) == expected


def test_a_user_is_a_name_an_age_and_a_joining_time(spark):
    later = JOINED + timedelta(days=1)
    user = users(
        spark,
        (1, "Ann", 20, JOINED),
        (2, "Ann", 20, JOINED),
        (3, "Ann", 30, JOINED),
        (4, "Ann", 20, later),
        (5, None, None, JOINED),
        (6, None, None, JOINED),
    )
    assert answer(analytics.users_joined_by_year(user)) == [(2016, 4)]
    assert answer(analytics.users_joined_by_year(user, per="name")) == [(2016, 2)]
    assert answer(analytics.users_joined_by_year(user, per="post")) == [(2016, 6)]


def test_users_without_posts_join_but_have_no_median(spark):
    user = users(spark, (1, "Ann", 20, JOINED), (2, "Bob", 20, JOINED))
    pin = pins(spark, (1, "art", "p", 7))
    assert answer(analytics.users_joined_by_year(user)) == [(2016, 2)]
    assert answer(analytics.median_followers_by_joining_year(pin, user)) == [(2016, 7.0)]


def test_a_median_takes_one_figure_a_user(spark):
    # One user posts three times, with counts that drift; two others post once.
    user = users(spark, *((i, "Ann", 20, JOINED) for i in (1, 2, 3)), (4, "Bob", 20, JOINED), (5, "Cy", 20, JOINED))
    pin = pins(spark, (1, "a", "p", 100), (2, "a", "p", 90), (3, "a", "p", None), (4, "a", "p", 1), (5, "a", "p", 2))
    for median in (analytics.median_followers_by_age_group, analytics.median_followers_by_joining_year):
        ((_, per_user),) = answer(median(pin, user))
        ((_, per_post),) = answer(median(pin, user, per="post"))
        assert per_user == 2.0
        assert per_post == 46.0


def test_the_median_of_an_even_number_is_the_mean_of_the_middle_two(spark):
    user = users(spark, *((i, f"u{i}", 20, JOINED) for i in range(4)))
    pin = pins(spark, *((i, "art", "p", count) for i, count in enumerate([1, 2, 5, 1000])))
    assert answer(analytics.median_followers_by_age_group(pin, user)) == [("18-24", 3.5)]


def test_unknown_and_minor_ages_count_by_year_but_in_no_group(spark):
    user = users(spark, (1, "Ann", None, JOINED), (2, "Bob", 12, JOINED), (3, "Cy", 40, JOINED))
    pin = pins(spark, (1, "art", "p", 10), (2, "art", "p", 20), (3, "art", "p", 90))
    assert answer(analytics.median_followers_by_joining_year(pin, user)) == [(2016, 20.0)]
    assert answer(analytics.median_followers_by_joining_year_and_age_group(pin, user)) == [("36-50", 2016, 90.0)]


@pytest.mark.parametrize(
    ("function", "tables"),
    [
        (analytics.users_joined_by_year, 1),
        (analytics.median_followers_by_age_group, 2),
        (analytics.median_followers_by_joining_year, 2),
        (analytics.median_followers_by_joining_year_and_age_group, 2),
    ],
)
def test_an_unknown_reading_is_named_with_the_valid_ones(spark, function, tables):
    frames = [users(spark)] if tables == 1 else [pins(spark), users(spark)]
    with pytest.raises(ValueError, match=r"'person'.*'user'.*'post'"):
        function(*frames, per="person")


# What follows answers the questions without Spark, row by row, on random rows with ties, nulls and repetitions.


def random_rows(seed: int) -> tuple[list, list, list]:
    chance = random.Random(seed)
    start = datetime(2013, 1, 1, tzinfo=UTC)

    def maybe(value, share=0.08):
        return None if chance.random() < share else value

    def instant():
        return maybe(start + timedelta(seconds=chance.randrange(11 * 365 * 86_400)))

    people = [(maybe(f"user {chance.randrange(25)}"), maybe(chance.randrange(10, 70)), instant()) for _ in range(60)]
    pin, geo, user = [], [], []
    for ind in range(300):
        person = chance.choice(people)
        count = maybe(chance.choice([0, 5, 5, 10, 1000, chance.randrange(10**6)]))
        pin.append((ind, maybe(chance.choice(["art", "Art", "travel", "é"])), maybe(f"p{chance.randrange(8)}"), count))
        geo.append((ind, maybe(chance.choice(["Peru", "Fiji", "Chad", "Åland"])), instant()))
        user.append((ind, *person))
    missing = [chance.sample(range(300), 20) for _ in range(3)]
    return tuple(
        [row for row in rows if row[0] not in gone] * 2 + rows[100:120] * 3
        for rows, gone in zip((pin, geo, user), missing, strict=True)
    )


def joined(left: list, right: list) -> list[tuple]:
    by_ind = {row[0]: row for row in right}
    return [(*row, *by_ind[row[0]][1:]) for row in sorted(set(left), key=lambda row: row[0]) if row[0] in by_ind]


def group_of(age: int | None) -> str | None:
    for label, youngest, oldest in (("18-24", 18, 24), ("25-35", 25, 35), ("36-50", 36, 50), ("+50", 51, 999)):
        if age is not None and youngest <= age <= oldest:
            return label
    return None


def year_of(instant: datetime | None, first: int, last: int) -> int | None:
    return instant.year if instant and first <= instant.year <= last else None


def counted(pairs: list[tuple]) -> dict:
    counts = defaultdict(lambda: defaultdict(int))
    for group, category in pairs:
        if group is not None and category is not None:
            counts[group][category] += 1
    return counts


def winners(pairs: list[tuple]) -> dict:
    ranked = {group: min((-n, category) for category, n in c.items()) for group, c in counted(pairs).items()}
    return {group: (category, -n) for group, (n, category) in ranked.items()}


def medians(posts: list[tuple], group, per: str) -> dict:
    figures = defaultdict(list)
    for ind, _, _, count, *person in posts:
        if count is not None:
            figures[(ind, *person) if per == "post" else tuple(person)].append(count)
    groups = defaultdict(list)
    for identity, counts in figures.items():
        groups[group(*identity[-3:])].append(max(counts))
    return {key: float(statistics.median(values)) for key, values in groups.items()}


def by_age(item):
    return ORDER.index(item[0]), *item[1:]


def expected_answers(pin: list, geo: list, user: list) -> dict[str, list[tuple]]:
    at, of = joined(pin, geo), joined(pin, user)
    years = [(year_of(row[5], 2018, 2022), row[1]) for row in at]
    known = [(row[4], row[2], row[3]) for row in at if None not in row[2:5]]
    most = {c: min((-n, name) for country, name, n in known if country == c) for c in {k[0] for k in known}}
    top = min((n, country) for country, (n, _) in most.items())

    def joining(_, age, instant):
        return year_of(instant, 2015, 2020)

    def both(_, age, instant):
        return group_of(age), year_of(instant, 2015, 2020)

    def age(_, years, instant):
        return group_of(years)

    joined_years = defaultdict(int)
    for _, _, instant in {row[1:] for row in user}:
        joined_years[year_of(instant, 2015, 2020)] += 1
    joined_years.pop(None, None)

    def known_groups(answer):
        return [(key, value) for key, value in answer.items() if key is not None]

    pairs = [(*key, value) for key, value in medians(of, both, "user").items() if None not in key]
    return {
        "country": sorted((c, *w) for c, w in winners([(row[4], row[1]) for row in at]).items()),
        "year": sorted((y, *w) for y, w in winners(years).items()),
        "year counts": sorted(
            ((y, c, n) for y, counts in counted(years).items() for c, n in counts.items()),
            key=lambda row: (row[0], -row[2], row[1]),
        ),
        "most followed": sorted((c, name, -n) for c, (n, name) in most.items()),
        "top country": [(top[1], -top[0])],
        "age": sorted(((g, *w) for g, w in winners([(group_of(row[5]), row[1]) for row in of]).items()), key=by_age),
        "joined": sorted(joined_years.items()),
        "median by year": sorted(known_groups(medians(of, joining, "user"))),
        "median by year, posts": sorted(known_groups(medians(of, joining, "post"))),
        "median by both": sorted(pairs, key=by_age),
        "median by age": sorted(known_groups(medians(of, age, "user")), key=by_age),
        "median by age, posts": sorted(known_groups(medians(of, age, "post")), key=by_age),
    }


def answers(pin, geo, user) -> dict:
    a = analytics
    return {
        "country": a.popular_category_by_country(pin, geo),
        "year": a.popular_category_by_year(pin, geo),
        "year counts": a.category_counts_by_year(pin, geo),
        "most followed": a.most_followed_by_country(pin, geo),
        "top country": a.country_of_most_followed(pin, geo),
        "age": a.popular_category_by_age_group(pin, user),
        "joined": a.users_joined_by_year(user),
        "median by year": a.median_followers_by_joining_year(pin, user),
        "median by year, posts": a.median_followers_by_joining_year(pin, user, per="post"),
        "median by both": a.median_followers_by_joining_year_and_age_group(pin, user),
        "median by age": a.median_followers_by_age_group(pin, user),
        "median by age, posts": a.median_followers_by_age_group(pin, user, per="post"),
    }


@pytest.mark.classic
@pytest.mark.parametrize("seed", [1, 2])
def test_every_question_against_plain_python(spark, seed):
    pin, geo, user = random_rows(seed)
    expected = expected_answers(pin, geo, user)
    found = answers(pins(spark, *pin), places(spark, *geo), users(spark, *user))
    assert set(found) == set(expected)
    for question, frame in found.items():
        assert answer(frame) == expected[question], question


def test_the_random_rows_tell_the_readings_apart(spark):
    expected = expected_answers(*random_rows(1))
    assert expected["median by age"] != expected["median by age, posts"]
    assert expected["median by year"] != expected["median by year, posts"]
    user = users(spark, *random_rows(1)[2])
    joined_per = [answer(analytics.users_joined_by_year(user, per=per)) for per in ("user", "name", "post")]
    assert all(left != right for left, right in pairwise([*joined_per, joined_per[0]]))


COLUMNS = {
    "country": [("country", "string"), ("category", "string"), ("category_count", "bigint")],
    "year": [("post_year", "int"), ("category", "string"), ("category_count", "bigint")],
    "year counts": [("post_year", "int"), ("category", "string"), ("category_count", "bigint")],
    "most followed": [("country", "string"), ("poster_name", "string"), ("follower_count", "int")],
    "top country": [("country", "string"), ("follower_count", "int")],
    "age": [("age_group", "string"), ("category", "string"), ("category_count", "bigint")],
    "joined": [("post_year", "int"), ("number_users_joined", "bigint")],
    "median by year": [("post_year", "int"), ("median_follower_count", "double")],
    "median by year, posts": [("post_year", "int"), ("median_follower_count", "double")],
    "median by both": [("age_group", "string"), ("post_year", "int"), ("median_follower_count", "double")],
    "median by age": [("age_group", "string"), ("median_follower_count", "double")],
    "median by age, posts": [("age_group", "string"), ("median_follower_count", "double")],
}


@pytest.mark.classic
def test_columns_types_and_empty_tables(spark):
    for question, frame in answers(pins(spark), places(spark), users(spark)).items():
        assert frame.dtypes == COLUMNS[question], question
        assert frame.count() == 0, question


def test_frames_may_carry_other_columns(spark):
    pin = pins(spark, (1, "art", "p", 1)).withColumn("title", F.lit("t"))
    geo = places(spark, (1, "Peru", JOINED)).withColumn("coordinates", F.array(F.lit(1.0), F.lit(2.0)))
    assert answer(analytics.popular_category_by_country(pin, geo)) == [("Peru", "art", 1)]


def test_the_spread_of_followers_counts_each_user_once_and_names_the_middle_half(spark):
    pin = pins(spark, *((i, "art", "p", count) for i, count in enumerate([1, 9, 2, 3, 4, None])))
    user = users(spark, *((i, name, 20, JOINED) for i, name in enumerate("aabcde")))
    row = (2016, 4, 2.75, 3.5, 5.25)  # 9, 2, 3 and 4: the greatest count of each known user
    assert answer(analytics.follower_spread(pin, user, "post_year")) == [row]
    assert answer(analytics.follower_spread(pin, user, "age_group", "post_year")) == [("18-24", *row)]
