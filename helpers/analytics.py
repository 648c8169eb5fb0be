"""Answer the course's questions on the cleaned tables.

Every function takes frames cleaned by `helpers.cleaning`, with or without repeated rows: those never change an
answer. It returns a sorted DataFrame. What the questions leave open is settled once for all of them:

- a post is a distinct `ind`; tables are joined by it, and a post missing from either side takes no part;
- a user is a distinct (`user_name`, `age`, `date_joined`): different people share a name, and one person has
  many posts;
- a category that shares the top count wins by its name, in code-point order;
- years are calendar years in UTC, whatever the session's time zone, and the ranges include both ends;
- a row whose country, category, year or age group is unknown takes no part where the question groups by it.

The course calls every year `post_year`, also the year in which a user joined, and so do these tables.
"""

from collections.abc import Callable

from pyspark.sql import Column, DataFrame, Window
from pyspark.sql import functions as F

#: Label, youngest and oldest age in years; the last group is open. Under 18 and unknown belong to none.
AGE_GROUPS: tuple[tuple[str, int, int | None], ...] = (
    ("18-24", 18, 24),
    ("25-35", 25, 35),
    ("36-50", 36, 50),
    ("+50", 51, None),
)

#: First and last year of the questions about posts.
POST_YEARS = (2018, 2022)

#: First and last year of the questions about users who joined.
JOINING_YEARS = (2015, 2020)

USER = ("user_name", "age", "date_joined")


def age_group(age: Column) -> Column:
    """Name the age group of an age, as question 8 draws the lines.

    Parameters
    ----------
    age : Column
        In years.

    Returns
    -------
    Column
        A name of `AGE_GROUPS`; null for the young and the unknown.
    """
    group = F.lit(None).cast("string")
    for label, youngest, oldest in AGE_GROUPS:
        belongs = age >= youngest if oldest is None else age.between(youngest, oldest)
        group = F.when(belongs, label).otherwise(group)
    return group


def popular_category_by_country(pin: DataFrame, geo: DataFrame) -> DataFrame:
    """Find the most popular category in each country (question 4).

    Parameters
    ----------
    pin, geo : DataFrame
        Cleaned.

    Returns
    -------
    DataFrame
        `country`, `category`, `category_count` (posts, bigint), one row a country, by country.
    """
    counts = _category_counts(pin.join(geo, "ind"), "country")
    return _winners(counts, "country").orderBy("country")


def popular_category_by_year(pin: DataFrame, geo: DataFrame) -> DataFrame:
    """Find the most popular category of each year of `POST_YEARS` (question 5).

    Parameters
    ----------
    pin, geo : DataFrame
        Cleaned.

    Returns
    -------
    DataFrame
        `post_year` (int), `category`, `category_count` (posts, bigint), one row a year, by year.
    """
    return _winners(_category_counts_by_year(pin, geo), "post_year").orderBy("post_year")


def category_counts_by_year(pin: DataFrame, geo: DataFrame) -> DataFrame:
    """Count every category's posts in each year of `POST_YEARS` (question 5, as its text has it).

    Parameters
    ----------
    pin, geo : DataFrame
        Cleaned.

    Returns
    -------
    DataFrame
        `post_year` (int), `category`, `category_count` (posts, bigint), by year, largest count first, then category.
    """
    counts = _category_counts_by_year(pin, geo)
    return counts.orderBy("post_year", F.desc("category_count"), "category")


def most_followed_by_country(pin: DataFrame, geo: DataFrame) -> DataFrame:
    """Find the poster with the most followers in each country (question 6).

    Parameters
    ----------
    pin, geo : DataFrame
        Cleaned.

    Returns
    -------
    DataFrame
        `country`, `poster_name`, `follower_count` (int), one row a country, by country. A tie goes to the name
        that comes first in code-point order. A country without any known count has no row.
    """
    posters = pin.join(geo, "ind").select("country", "poster_name", "follower_count").dropna()
    order = Window.partitionBy("country").orderBy(F.desc("follower_count"), "poster_name")
    return _first(posters, order).orderBy("country")


def country_of_most_followed(pin: DataFrame, geo: DataFrame) -> DataFrame:
    """Find the country of the poster with the most followers (question 7).

    Parameters
    ----------
    pin, geo : DataFrame
        Cleaned.

    Returns
    -------
    DataFrame
        `country`, `follower_count` (int), one row. A tie goes to the country that comes first in code-point order.
    """
    countries = most_followed_by_country(pin, geo).select("country", "follower_count")
    return countries.orderBy(F.desc("follower_count"), "country").limit(1)


def popular_category_by_age_group(pin: DataFrame, user: DataFrame) -> DataFrame:
    """Find the most popular category in each of the `AGE_GROUPS` (question 8).

    Parameters
    ----------
    pin, user : DataFrame
        Cleaned.

    Returns
    -------
    DataFrame
        `age_group`, `category`, `category_count` (posts, bigint), one row a group, youngest first.
    """
    posts = pin.join(user, "ind").withColumn("age_group", age_group(F.col("age")))
    return _winners(_category_counts(posts, "age_group"), "age_group").orderBy(_age_order())


def users_joined_by_year(user: DataFrame, per: str = "user") -> DataFrame:
    """Count the users who joined in each year of `JOINING_YEARS` (question 9).

    Parameters
    ----------
    user : DataFrame
        Cleaned. Users without posts count, and so do users whose name or age is unknown.
    per : {"user", "name", "post"}
        What is counted: users; distinct names, which makes one of two people; or posts. The last two are there
        for comparison.

    Returns
    -------
    DataFrame
        `post_year` (int), `number_users_joined` (bigint), by year.

    Raises
    ------
    ValueError
        If `per` is none of the three.
    """
    identity = _choose(per, {"user": USER, "name": ("user_name",), "post": ("ind",)})
    joined = _in_years(user.withColumn("post_year", _utc_year(F.col("date_joined"))), JOINING_YEARS)
    people = joined.select("post_year", *identity).distinct()
    return people.groupBy("post_year").agg(F.count(F.lit(1)).alias("number_users_joined")).orderBy("post_year")


def median_followers_by_age_group(pin: DataFrame, user: DataFrame, per: str = "user") -> DataFrame:
    """Find the median follower count of each of the `AGE_GROUPS`.

    Parameters
    ----------
    pin, user : DataFrame
        Cleaned.
    per : {"user", "post"}
        Whether each user counts once, by the greatest count of the user's posts, or once a post. The second is
        there for comparison: it lets prolific users count many times.

    Returns
    -------
    DataFrame
        `age_group`, `median_follower_count` (double), youngest first. The median is exact: the mean of the two
        middle values of an even number. A group without any known count has no row.

    Raises
    ------
    ValueError
        If `per` is neither of the two.
    """
    return _medians(_in_age_groups(_follower_counts(pin, user, per)), "age_group").orderBy(_age_order())


def median_followers_by_joining_year(pin: DataFrame, user: DataFrame, per: str = "user") -> DataFrame:
    """Find the median follower count of the users who joined in each year of `JOINING_YEARS` (question 10).

    Parameters
    ----------
    pin, user, per
        As for `median_followers_by_age_group`.

    Returns
    -------
    DataFrame
        `post_year` (int), `median_follower_count` (double), by year. Users of any or unknown age count.

    Raises
    ------
    ValueError
        If `per` is neither of the two.
    """
    return _medians(_follower_counts_in_joining_years(pin, user, per), "post_year").orderBy("post_year")


def median_followers_by_joining_year_and_age_group(
    pin: DataFrame, user: DataFrame, per: str = "user"
) -> DataFrame:
    """Find the median follower count by `AGE_GROUPS` and year of `JOINING_YEARS` (question 11).

    Parameters
    ----------
    pin, user, per
        As for `median_followers_by_age_group`.

    Returns
    -------
    DataFrame
        `age_group`, `post_year` (int), `median_follower_count` (double), youngest group first, then by year.

    Raises
    ------
    ValueError
        If `per` is neither of the two.
    """
    figures = _in_age_groups(_follower_counts_in_joining_years(pin, user, per))
    return _medians(figures, "age_group", "post_year").orderBy(_age_order(), "post_year")


def follower_spread(pin: DataFrame, user: DataFrame, *group: str) -> DataFrame:
    """Find the median and the middle half of the users' follower counts, and how many users stand behind them.

    Parameters
    ----------
    pin, user : DataFrame
        Cleaned.
    *group : {"post_year", "age_group"}
        What to group by: the year of joining, in `JOINING_YEARS`, and the age group.

    Returns
    -------
    DataFrame
        The groups, `users` (bigint), `lower_quartile`, `median`, `upper_quartile` (double; exact, between two values in
        proportion), by `group`. One figure a user, as in question 10.
    """
    figures = _follower_counts_in_joining_years(pin, user, "user").withColumn("age_group", age_group(F.col("age")))
    quartiles = F.percentile("follower_count", [0.25, 0.5, 0.75])
    spread = figures.dropna(subset=list(group)).groupBy(*group).agg(F.count("*").alias("users"), quartiles.alias("q"))
    names = ("lower_quartile", "median", "upper_quartile")
    columns = [F.col("q")[place].alias(name) for place, name in enumerate(names)]
    return spread.select(*group, "users", *columns).orderBy(*group)


def _category_counts(posts: DataFrame, group: str) -> DataFrame:
    known = posts.dropna(subset=[group, "category"])
    return known.groupBy(group, "category").agg(F.count_distinct("ind").alias("category_count"))


def _category_counts_by_year(pin: DataFrame, geo: DataFrame) -> DataFrame:
    posts = pin.join(geo, "ind").withColumn("post_year", _utc_year(F.col("timestamp")))
    return _category_counts(_in_years(posts, POST_YEARS), "post_year")


def _winners(counts: DataFrame, group: str) -> DataFrame:
    return _first(counts, Window.partitionBy(group).orderBy(F.desc("category_count"), "category"))


def _first(rows: DataFrame, order: Window) -> DataFrame:
    return rows.withColumn("rank", F.row_number().over(order)).where("rank = 1").drop("rank")


def _follower_counts(pin: DataFrame, user: DataFrame, per: str) -> DataFrame:
    """Return one known follower count, and the age and date_joined of its user, for each user or post."""
    identity = _choose(per, {"user": USER, "post": ("ind", *USER)})
    # A user's count drifts between posts; the greatest is one that was true, whatever the order of the rows.
    greatest = F.max("follower_count").alias("follower_count")
    return pin.join(user, "ind").groupBy(*identity).agg(greatest).dropna(subset=["follower_count"])


def _follower_counts_in_joining_years(pin: DataFrame, user: DataFrame, per: str) -> DataFrame:
    figures = _follower_counts(pin, user, per).withColumn("post_year", _utc_year(F.col("date_joined")))
    return _in_years(figures, JOINING_YEARS)


def _in_years(rows: DataFrame, years: tuple[int, int]) -> DataFrame:
    return rows.where(F.col("post_year").between(*years))


def _in_age_groups(rows: DataFrame) -> DataFrame:
    return rows.withColumn("age_group", age_group(F.col("age"))).dropna(subset=["age_group"])


def _medians(figures: DataFrame, *group: str) -> DataFrame:
    return figures.groupBy(*group).agg(F.median("follower_count").alias("median_follower_count"))


def _choose(per: str, identities: dict[str, tuple[str, ...]]) -> tuple[str, ...]:
    if per not in identities:
        raise ValueError(f"per is {per!r}: use one of {', '.join(map(repr, identities))}.")
    return identities[per]


def _utc_year(instant: Column) -> Column:
    # year() alone would take the year in the session's time zone; days since 1970 have none.
    days = F.floor(F.unix_seconds(instant) / 86_400).cast("int")
    return F.year(F.date_from_unix_date(days))


def _age_order() -> Column:
    labels = F.array(*[F.lit(label) for label, _, _ in AGE_GROUPS])
    return F.array_position(labels, F.col("age_group"))


#: The course's questions by number: what answers it, and the tables that it takes.
QUESTIONS: dict[int, tuple[Callable[..., DataFrame], *tuple[str, ...]]] = {
    4: (popular_category_by_country, "pin", "geo"),
    5: (popular_category_by_year, "pin", "geo"),
    6: (most_followed_by_country, "pin", "geo"),
    7: (country_of_most_followed, "pin", "geo"),
    8: (popular_category_by_age_group, "pin", "user"),
    9: (users_joined_by_year, "user"),
    10: (median_followers_by_joining_year, "pin", "user"),
    11: (median_followers_by_joining_year_and_age_group, "pin", "user"),
}
