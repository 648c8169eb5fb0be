"""How an extra row is written down: what is special about it is named, the rest is ordinary."""

import random
from collections import Counter
from collections.abc import Iterable
from dataclasses import dataclass

from generator import text
from generator.base_rows import Row, Triple, picture_address, pin_row, unique_id
from generator.dirt import IMAGE

FIRST_NAMES = ("Ana", "Ben", "Cid", "Dot", "Eli", "Fay", "Gus", "Hal", "Isa", "Jon", "Kit", "Lou")


@dataclass(frozen=True)
class Post:
    """One extra post; text left at None is composed, elsewhere None stands for a missing value.

    What is not named stays out of the way: a category that seldom wins, a time outside question 5's window,
    a follower count in the middle.
    """

    first_name: str
    last_name: str
    poster_name: str | None = None
    follower_count: str = "7k"
    category: str = "vehicles"
    title: str | None = None
    description: str | None = None
    tag_list: str | None = None
    image_src: str | None = None
    timestamp: str | None = "2017-12-01 12:00:00"
    country: str | None = "Westmark"
    age: int | None = 42
    date_joined: str | None = "2016-06-15 12:00:00"


def _or_composed(given: str | None, composed: str) -> str:
    return composed if given is None else given


def _pin(key: int, post: Post, rng: random.Random) -> Row:
    topic = post.category.strip() or "vehicles"
    subject = text.subject(rng, topic)
    return pin_row(
        key,
        unique_id=unique_id(rng),
        title=_or_composed(post.title, text.title(rng, topic, subject)),
        description=_or_composed(post.description, text.description(rng, topic, subject)),
        poster_name=_or_composed(post.poster_name, f"{post.first_name} {post.last_name}"),
        follower_count=post.follower_count,
        tag_list=_or_composed(post.tag_list, text.tag_list(rng, topic, 9)),
        is_image_or_video=IMAGE,
        image_src=_or_composed(post.image_src, picture_address(rng)),
        downloaded=1,
        save_location=f"Local save in /data/{topic}",
        category=post.category,
    )


def user_of(key: int, post: Post) -> Row:
    """Return the row of the user table."""
    return {
        "ind": key,
        "first_name": post.first_name,
        "last_name": post.last_name,
        "age": post.age,
        "date_joined": post.date_joined,
    }


def triple_of(key: int, post: Post, rng: random.Random) -> Triple:
    """Return the rows of the three tables."""
    geo = {
        "ind": key,
        "timestamp": post.timestamp,
        "latitude": 12.5,
        "longitude": -34.5,
        "country": post.country,
    }
    return _pin(key, post, rng), geo, user_of(key, post)


def favourite(base: Iterable[Triple], lowest_age: int, highest_age: int) -> str:
    """Return the category that users of these ages post most in: only its count shows in an answer."""
    counts = Counter(pin["category"] for pin, _, user in base if lowest_age <= user["age"] <= highest_age)
    return min(counts, key=lambda category: (-counts[category], category))
