"""The 11,154 posts that stand for the course's database."""

import random
import uuid
from collections.abc import Iterator
from datetime import datetime, timedelta

from generator import dirt, text
from generator.posters import Person, Poster, make_posters
from generator.randomness import people_and_places, stream

Row = dict[str, object]
Triple = tuple[Row, Row, Row]

CATEGORY_SIZES = {
    "art": 892,
    "beauty": 750,
    "christmas": 995,
    "diy-and-crafts": 831,
    "education": 862,
    "event-planning": 747,
    "finance": 787,
    "home-decor": 863,
    "mens-fashion": 855,
    "quotes": 902,
    "tattoos": 976,
    "travel": 855,
    "vehicles": 839,
}
BASE_ROWS = sum(CATEGORY_SIZES.values())

PIN_COLUMNS = (
    "unique_id",
    "title",
    "description",
    "poster_name",
    "follower_count",
    "tag_list",
    "is_image_or_video",
    "image_src",
    "downloaded",
    "save_location",
    "category",
)

HOME_SHARE = 0.86
"""Share of a poster's pins that go to its favourite category; the others go to a second one."""

VIDEO_SHARE = 0.039

POSTED_FROM, POSTED_TO = datetime(2017, 10, 20), datetime(2022, 10, 18, 23, 59, 59)

DATETIME_FORMAT = "%Y-%m-%d %H:%M:%S"


def pin_row(key: int, **columns: object) -> Row:
    """Put the columns of a pin in the order of the course's table."""
    return {"index": key} | {name: columns[name] for name in PIN_COLUMNS}


def picture_address(rng: random.Random) -> str:
    """Invent the address of a picture; `.example` is a domain that nobody can own."""
    name = f"{rng.getrandbits(128):032x}"
    return f"https://i.pinimg.example/originals/{name[:2]}/{name[2:4]}/{name[4:6]}/{name}.jpg"


def unique_id(rng: random.Random) -> str:
    """Draw a version 4 UUID from a seeded stream."""
    return str(uuid.UUID(int=rng.getrandbits(128), version=4))


def _pick(rng: random.Random, free: dict[str, int]) -> str:
    return rng.choices(list(free), weights=list(free.values()))[0]


def posters_by_category(rng: random.Random, posters: list[Poster]) -> dict[str, list[tuple[Poster, str]]]:
    """Deal out each poster's posts to the categories until every category is full.

    Returns
    -------
    dict
        Category → (poster, follower count shown) of each of its posts, in random order.
    """
    free = dict(CATEGORY_SIZES)
    dealt: dict[str, list[tuple[Poster, str]]] = {category: [] for category in CATEGORY_SIZES}
    for poster in posters:
        favourites = [_pick(rng, free), _pick(rng, free)]
        for followers in poster.followers:
            wanted = favourites[rng.random() >= HOME_SHARE]
            spread_out = poster.name == dirt.UNKNOWN_POSTER or not free[wanted]
            category = _pick(rng, free) if spread_out else wanted
            free[category] -= 1
            dealt[category].append((poster, followers))
    for posts in dealt.values():
        rng.shuffle(posts)
    return dealt


def _tag_counts(rng: random.Random) -> list[int]:
    unusual = [tags for tags, count in text.UNUSUAL_TAG_COUNTS.items() for _ in range(count)]
    counts = unusual + [9] * (BASE_ROWS - len(unusual))
    rng.shuffle(counts)
    return counts


def _pins(posts: list[tuple[Poster, str, str]]) -> Iterator[Row]:
    words, addresses = stream("text"), stream("addresses")
    tag_counts = _tag_counts(stream("tag counts"))
    is_known = [poster.name != dirt.UNKNOWN_POSTER for poster, _, _ in posts]
    overwrites = dirt.overwrites(
        stream("dirt"),
        known=(key for key, known in enumerate(is_known) if known),
        unknown=(key for key, known in enumerate(is_known) if not known),
    )
    for key, (poster, followers, category) in enumerate(posts):
        subject = text.subject(words, category)
        clean = {
            "unique_id": unique_id(addresses),
            "title": text.title(words, category, subject),
            "description": text.description(words, category, subject),
            "poster_name": poster.name,
            "follower_count": followers,
            "tag_list": text.tag_list(words, category, tag_counts[key]),
            "is_image_or_video": dirt.VIDEO if words.random() < VIDEO_SHARE else dirt.IMAGE,
            "image_src": picture_address(addresses),
            "downloaded": 1,
            "save_location": f"Local save in /data/{category}",
            "category": category,
        }
        yield pin_row(key, **clean | overwrites.get(key, {}))


def _geo_row(key: int, timestamp: datetime, person: Person) -> Row:
    return {
        "ind": key,
        "timestamp": timestamp.strftime(DATETIME_FORMAT),
        "latitude": person.latitude,
        "longitude": person.longitude,
        "country": person.country,
    }


def _user_row(key: int, person: Person) -> Row:
    return {
        "ind": key,
        "first_name": person.first_name,
        "last_name": person.last_name,
        "age": person.age,
        "date_joined": person.date_joined.strftime(DATETIME_FORMAT),
    }


def base_rows() -> list[Triple]:
    """Return the posts as (pin, geolocation, user), the key being the position in the list."""
    posters = make_posters(stream("posters"), people_and_places(), BASE_ROWS)
    dealt = posters_by_category(stream("categories"), posters)
    posts = [(poster, followers, category) for category in dealt for poster, followers in dealt[category]]
    clock = stream("timestamps")
    seconds = int((POSTED_TO - POSTED_FROM).total_seconds())
    times = [POSTED_FROM + timedelta(seconds=clock.randint(0, seconds)) for _ in posts]
    return [
        (pin, _geo_row(key, times[key], poster.person), _user_row(key, poster.person))
        for key, (pin, (poster, _, _)) in enumerate(zip(_pins(posts), posts, strict=True))
    ]
