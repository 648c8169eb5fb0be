"""Extra rows for what belongs to posts: when and where they were made, and who wins where counts are equal.

Countries that do not exist hold extra rows only, so their answers can be read off this file.
"""

from collections import Counter
from collections.abc import Iterable

from generator.base_rows import Triple
from generator.extra_post import FIRST_NAMES, Post

TIED_YEAR = "2020"


def posted_outside_the_window() -> list[Post]:
    """Exposes a question 5 without its window, or one that loses the window's first or last second.

    Without the window 2016, 2017 and 2023 turn up in the answer.
    """
    posts = (
        ("travel", "2016-05-05 10:00:00"),
        ("travel", "2016-05-06 10:00:00"),
        ("travel", "2016-05-07 10:00:00"),
        ("art", "2016-08-08 10:00:00"),
        ("art", "2017-12-31 23:59:59"),
        ("art", "2018-01-01 00:00:00"),
        ("art", "2022-12-31 23:59:59"),
        ("finance", "2023-01-01 00:00:00"),
        ("finance", "2023-06-06 10:00:00"),
        ("art", "2023-07-07 10:00:00"),
    )
    return [Post("Ana", "Timely", category=category, timestamp=timestamp) for category, timestamp in posts]


def unknown_country() -> list[Post]:
    """Exposes a null that is treated as a country: it would win questions 4 and 6 for itself."""
    return [Post(first, "Nowhere", country=None, follower_count="9M") for first in FIRST_NAMES[:2]]


def missing_category() -> list[Post]:
    """Exposes an empty category that is counted: in Blankshire the answer is quotes, with one post."""
    return [
        Post(first, "Uncategorised", country="Blankshire", category=category)
        for first, category in zip(FIRST_NAMES, ("", "  ", "quotes"), strict=False)
    ]


def categories_that_tie() -> list[Post]:
    """Exposes a tie left to chance: in Tieland art and travel have two posts each, and art comes first."""
    return [
        Post(first, "Tied", country="Tieland", category=category)
        for first, category in zip(FIRST_NAMES, ("travel", "quotes", "travel", "art", "art"), strict=False)
    ]


def follower_counts_that_tie() -> list[Post]:
    """Exposes a tie for most followers left to chance: in the Parity Islands the answer is `Zebra Prints`.

    2M and 2000k are the same number, and code points put the capital Z before the a of `apple press`.
    """
    posters = (("apple press", "2M"), ("Zebra Prints", "2000k"), ("middle lane", "1M"))
    return [
        Post(first, "Parity", poster_name=poster, country="Parity Islands", follower_count=followers)
        for first, (poster, followers) in zip(FIRST_NAMES, posters, strict=False)
    ]


def datetimes_in_other_forms() -> list[Post]:
    """Exposes a cleaner that reads one form of datetime only: the others would become null."""
    forms = ("2021-03-04T05:06:07", "2021-03-04T05:06:07.123Z", "2021-03-04T05:06:07+02:00")
    return [
        Post(
            first, "Clockwise", timestamp=form, date_joined=form.replace("2021", "2019"), follower_count="30k"
        )
        for first, form in zip(FIRST_NAMES, forms, strict=False)
    ]


def offsets_that_change_the_year() -> list[Post]:
    """Exposes a year taken before the offset is applied.

    In UTC these belong to 2022 and 2018, and their users joined in 2020 and 2015.
    """
    return [
        Post(first, "Offset", timestamp=timestamp, date_joined=date_joined, follower_count="60k")
        for first, timestamp, date_joined in (
            ("Ana", "2023-01-01T01:30:00+02:00", "2021-01-01T01:00:00+02:00"),
            ("Ben", "2017-12-31T23:30:00-01:00", "2014-12-31T22:30:00-03:00"),
        )
    ]


def datetimes_that_are_none() -> list[Post]:
    """Exposes a row thrown away for its datetime.

    In Clockmere the answer to question 4 is art, with two posts.
    """
    nonsense = "2021:03:04 05:06:07"
    return [
        Post(
            "Ana", "Timeless", country="Clockmere", category="art", timestamp=nonsense, date_joined=nonsense
        ),
        Post("Ben", "Timeless", country="Clockmere", category="art", timestamp=None, date_joined=None),
        Post("Cid", "Timeless", country="Clockmere", category="travel"),
    ]


def years_that_tie(posts_so_far: Iterable[Triple]) -> list[Post]:
    """Exposes a tie in question 5 left to chance, or answered with two rows.

    Adds as many posts as the runner-up of the year lacks.
    """
    counts = Counter(
        pin["category"]
        for pin, geo, _ in posts_so_far
        if geo["timestamp"] and geo["timestamp"].startswith(TIED_YEAR)
    )
    first, second = sorted(counts, key=lambda category: (-counts[category], category))[:2]
    return [
        Post("Ana", "Equaliser", category=second, timestamp=f"{TIED_YEAR}-10-{day:02} 12:00:00")
        for day in range(1, counts[first] - counts[second] + 1)
    ]
