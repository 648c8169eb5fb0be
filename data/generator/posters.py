"""Who posts: how many pins each poster has, how many followers, and the person behind the name."""

import math
import random
from dataclasses import dataclass
from datetime import datetime, timedelta

from faker import Faker

from generator.dirt import UNKNOWN_POSTER, UNKNOWN_POSTER_POSTS
from generator.poster_names import poster_names
from generator.randomness import interpolate

POSTS_BY_RANK = [
    *((1, 240), (2, 140), (5, 86), (8, 62), (14, 45), (42, 19.6), (129, 10)),
    *((186, 8), (284, 6), (375, 5), (531, 4), (795, 3), (1425, 2)),
]
"""The poster of rank r has so many posts; whoever comes after the last rank has one."""

SHARES = (0, 0.05, 0.1, 0.25, 0.5, 0.75, 0.9, 0.95, 1)
FOLLOWERS_BY_POSTS = {
    1: (0, 6, 33, 280, 3_000, 21_000, 86_000, 210_000, 7_000_000),
    2: (2, 100, 770, 5_000, 21_000, 65_000, 190_000, 330_000, 671_000),
    4: (0, 2_000, 4_000, 16_000, 53_000, 186_000, 550_000, 976_000, 6_000_000),
    9: (11, 1_000, 6_300, 23_000, 66_500, 252_000, 779_000, 1_850_000, 15_000_000),
    19: (184, 3_400, 8_200, 38_000, 98_000, 496_000, 1_400_000, 4_200_000, 6_000_000),
    49: (5, 67, 2_500, 50_000, 459_000, 690_000, 1_400_000, 2_000_000, 8_000_000),
    999: (7_000, 16_000, 26_000, 342_000, 970_000, 2_000_000, 3_000_000, 4_000_000, 5_000_000),
}
"""Of the posters with up to so many posts, these shares have at most so many followers."""

POSTERS_WITH_BLANKS_POSTS = 190
DRIFTING_POSTERS = 18
DRIFT_SHARE = 0.25

JOINED_FROM, JOINED_TO = datetime(2015, 10, 20), datetime(2017, 10, 20, 23, 59, 59)


@dataclass(frozen=True)
class Person:
    """The one user, and the one place, that all posts of a poster share."""

    first_name: str
    last_name: str
    age: int
    date_joined: datetime
    country: str
    latitude: float
    longitude: float


@dataclass(frozen=True)
class Poster:
    """A poster, and the follower count shown on each of the posts."""

    name: str
    followers: tuple[str, ...]
    person: Person


def _post_counts(total: int) -> list[int]:
    curve = [(math.log(rank), posts) for rank, posts in POSTS_BY_RANK]
    several = [int(interpolate(curve, math.log(rank)) + 1e-9) for rank in range(1, POSTS_BY_RANK[-1][0] + 1)]
    return several + [1] * (total - sum(several))


def _shortened(followers: int) -> str:
    if followers >= 1_000_000:
        return f"{followers // 1_000_000}M"
    return f"{followers // 1000}k" if followers >= 1000 else str(followers)


def _followers(rng: random.Random, post_counts: list[int]) -> list[int]:
    """Give each poster a follower count; evenly spaced shares keep the quantiles close to the curves."""
    counts = [0] * len(post_counts)
    lower = 0
    for upper, at_most in FOLLOWERS_BY_POSTS.items():
        ranks = [rank for rank, posts in enumerate(post_counts) if lower < posts <= upper]
        rng.shuffle(ranks)
        # One more than the count, since 0 has no place on a geometric curve.
        shifted = [(share, followers + 1) for share, followers in zip(SHARES, at_most, strict=True)]
        for i, rank in enumerate(ranks):
            counts[rank] = int(interpolate(shifted, i / (len(ranks) - 1)) - 1 + 1e-6)
        lower = upper
    return counts


def _drifting(rng: random.Random, followers: int, posts: int) -> tuple[str, ...]:
    """Show a count that was read on different days: a few posts are one thousand off."""
    return tuple(
        _shortened(followers + rng.choice((-1000, 1000)) * (rng.random() < DRIFT_SHARE)) for _ in range(posts)
    )


def _with_blanks(rng: random.Random, names: list[str], post_counts: list[int]) -> list[str]:
    """Put a blank after the names (seldom before) of a few posters who have few posts."""
    candidates = [rank for rank, posts in enumerate(post_counts) if posts <= 9]
    rng.shuffle(candidates)
    names, posts_so_far = list(names), 0
    for n, rank in enumerate(candidates):
        if posts_so_far >= POSTERS_WITH_BLANKS_POSTS:
            break
        names[rank] = f" {names[rank]}" if n % 25 == 0 else f"{names[rank]} "
        posts_so_far += post_counts[rank]
    return names


def person_behind(rng: random.Random, faker: Faker, posts: int) -> Person:
    """Draw one person a post and keep, column by column, the least value.

    The course's data behave in this way: a poster with many posts is young, joined early and is called Aaron.
    """
    seconds = int((JOINED_TO - JOINED_FROM).total_seconds())
    draws = range(posts)
    return Person(
        first_name=min(faker.first_name() for _ in draws),
        last_name=min(faker.last_name() for _ in draws),
        age=min(rng.randint(20, 60) for _ in draws),
        date_joined=JOINED_FROM + timedelta(seconds=min(rng.randint(0, seconds) for _ in draws)),
        country=min(faker.country() for _ in draws),
        latitude=min(_coordinate(rng, 90) for _ in draws),
        longitude=min(_coordinate(rng, 180) for _ in draws),
    )


def _coordinate(rng: random.Random, limit: int) -> float:
    return float(f"{rng.uniform(-limit, limit):.6g}")


def make_posters(rng: random.Random, faker: Faker, total: int) -> list[Poster]:
    """Return posters who have `total` posts together, the most prolific first, the unknown poster last."""
    post_counts = _post_counts(total - UNKNOWN_POSTER_POSTS)
    followers = _followers(rng, post_counts)
    shown = [(_shortened(count),) * posts for count, posts in zip(followers, post_counts, strict=True)]
    in_thousands = [r for r, n in enumerate(followers) if post_counts[r] >= 3 and 10_000 <= n < 999_000]
    for rank in rng.sample(in_thousands, DRIFTING_POSTERS):
        shown[rank] = _drifting(rng, followers[rank], post_counts[rank])
    names = _with_blanks(rng, poster_names(rng, len(post_counts)), post_counts)
    names.append(UNKNOWN_POSTER)
    shown.append((UNKNOWN_POSTER,) * UNKNOWN_POSTER_POSTS)
    return [
        Poster(name, counts, person_behind(rng, faker, len(counts)))
        for name, counts in zip(names, shown, strict=True)
    ]
