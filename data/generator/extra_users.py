"""Extra rows for what belongs to users: when they joined, how old they are, who they are.

The last name of each invented user says what is special about the row.
"""

from generator.base_rows import Triple
from generator.extra_post import FIRST_NAMES, Post, favourite

LATE_FOLLOWERS = (("100", 19), ("1k", 23), ("9k", 28), ("2M", 33))


def joined_before_the_window() -> list[Post]:
    """Exposes a question 9, 10 or 11 without its lower limit: 2012, 2013 and 2014 turn up in the answer."""
    dates = ("2012-03-01 08:00:00", "2012-11-20 19:30:00", "2013-02-14 07:15:00", "2013-09-09 09:09:09",
             "2014-05-05 05:05:05", "2014-12-31 23:59:59")  # fmt: skip
    return [
        Post(first, "Earlybird", date_joined=date, age=age, follower_count=followers)
        for first, date, (followers, age) in zip(
            FIRST_NAMES, dates, (("50k", 22), ("3M", 44)) * 3, strict=False
        )
    ]


def joined_after_the_window() -> list[Post]:
    """Exposes a question 9, 10 or 11 without its upper limit: 2021, 2022 and 2023 turn up in the answer."""
    dates = ("2021-01-01 00:00:00", "2021-07-07 17:07:00", "2022-04-30 10:00:00", "2022-10-31 21:00:00",
             "2023-01-15 12:45:00", "2023-08-08 08:08:08")  # fmt: skip
    return [
        Post(first, "Latecomer", date_joined=date, age=age, follower_count=followers)
        for first, date, (followers, age) in zip(
            FIRST_NAMES, dates, (("40k", 24), ("6M", 31)) * 3, strict=False
        )
    ]


def joined_at_the_first_moment() -> list[Post]:
    """Exposes a window that leaves out its own first instant."""
    return [Post("Ana", "Firstminute", date_joined="2015-01-01 00:00:00", age=37, follower_count="8k")]


def joined_late_in_the_window() -> list[Post]:
    """Exposes a window that ends before 2020, and an approximate median.

    Two users an age group and four a year: the exact median is the mean of the two middle values.
    """
    dates = ("{}-02-02 10:00:00", "{}-05-20 11:00:00", "{}-08-08 12:00:00", "{}-12-31 23:59:59")
    return [
        Post(
            FIRST_NAMES[n + 4 * (year - 2018)],
            "Midway",
            date_joined=date.format(year),
            age=age,
            follower_count=followers,
        )
        for year in (2018, 2019, 2020)
        for n, (date, (followers, age)) in enumerate(zip(dates, LATE_FOLLOWERS, strict=True))
    ]


def one_user_with_many_posts() -> list[Post]:
    """Exposes medians and counts taken over posts: five posts, one user who joined in 2019."""
    return [
        Post("Ana", "Prolific", date_joined="2019-04-01 09:00:00", age=22, follower_count="800k",
             category="travel", timestamp=f"2020-0{month}-15 12:00:00")
        for month in range(1, 6)
    ]  # fmt: skip


def follower_count_that_drifts() -> list[Post]:
    """Exposes a median over any figure but the user's greatest: 10k, 90k and 12k are one user with 90k."""
    return [
        Post("Ana", "Drifting", date_joined="2020-03-03 03:03:03", age=55, follower_count=followers)
        for followers in ("10k", "90k", "12k")
    ]


def same_name_different_people() -> list[Post]:
    """Exposes users counted by name: two people called Sam Namesake joined in 2018."""
    return [
        Post(
            "Sam",
            "Namesake",
            poster_name="sam.namesake",
            date_joined="2018-06-01 08:00:00",
            age=21,
            follower_count="5k",
        ),
        Post(
            "Sam",
            "Namesake",
            poster_name="Namesake & Sam",
            date_joined="2018-09-01 08:00:00",
            age=64,
            follower_count="300",
        ),
    ]


def under_eighteen(base: list[Triple]) -> list[Post]:
    """Exposes age groups without a lower limit, and an "otherwise +50" that catches everybody left over.

    They post in the favourite categories of 18-24 and of +50, so that the winners' counts change; they still
    count in questions 9 and 10.
    """
    categories = (favourite(base, 18, 24), favourite(base, 51, 200))
    return [
        Post(
            first,
            "Minor",
            age=age,
            category=categories[n % 2],
            date_joined="2019-03-03 10:00:00",
            follower_count="3k",
        )
        for n, (first, age) in enumerate(zip(FIRST_NAMES, range(12, 18), strict=False))
    ]


def ages_at_the_edges(base: list[Triple]) -> list[Post]:
    """Exposes age groups whose limits are one year off: 18, 24 | 25, 35 | 36, 50 | 51."""
    edges = (
        (18, 18, 24),
        (24, 18, 24),
        (25, 25, 35),
        (35, 25, 35),
        (36, 36, 50),
        (50, 36, 50),
        (51, 51, 200),
    )
    return [
        Post(first, "Edge", age=age, category=favourite(base, lowest, highest))
        for first, (age, lowest, highest) in zip(FIRST_NAMES, edges, strict=False)
    ]


def unknown_age(base: list[Triple]) -> list[Post]:
    """Exposes an unknown age that lands in a group, be it as 0 or by "otherwise".

    Both users count in question 9.
    """
    return [
        Post(
            "Ana", "Ageless", age=None, category=favourite(base, 51, 200), date_joined="2018-10-10 10:10:10"
        ),
        Post("Ben", "Ageless", age=None, category=favourite(base, 18, 24), date_joined="2020-10-10 10:10:10"),
    ]


def users_without_posts() -> list[Post]:
    """Exposes a question 9 that joins the pins first: these rows exist in the user table alone."""
    return [
        Post("Ana", "Lurker", age=29, date_joined="2019-01-20 13:00:00"),
        Post("Ben", "Lurker", age=58, date_joined="2020-06-06 16:00:00"),
    ]
