"""Measures of the three tables: shares, quantiles, and the rules that tie columns together."""

import gzip
import json
from collections import Counter, defaultdict
from collections.abc import Callable, Iterable
from dataclasses import dataclass, replace
from datetime import datetime
from pathlib import Path

import numpy as np

CHECKOUT = Path(__file__).resolve().parents[2]
DATA = CHECKOUT / "data"
COURSE_DATA = CHECKOUT.parent / "shared" / "course-data"

STORY = "multi-video(story page format)"
STORY_DESCRIPTION = "No description available Story format"
NO_DESCRIPTION = "No description available"
NO_TITLE = "No Title Data Available"
NO_TAGS = "N,o, ,T,a,g,s, ,A,v,a,i,l,a,b,l,e"
NO_IMAGE = "Image src error."
UNKNOWN = "User Info Error"
CUT_MARK = "…\u00a0"

FIRST_JOINED, LAST_JOINED = datetime(2015, 10, 20), datetime(2017, 10, 20, 23, 59, 59)
FIRST_POSTED, LAST_POSTED = datetime(2017, 10, 20), datetime(2022, 10, 18, 23, 59, 59)


@dataclass(frozen=True)
class Tables:
    """The rows of the three tables by key."""

    pin: dict[int, dict]
    geo: dict[int, dict]
    user: dict[int, dict]

    def changed(self, table: str, key: int, **columns: object) -> "Tables":
        """Return a copy with one row changed, as a table that must be noticed."""
        rows = getattr(self, table)
        return replace(self, **{table: rows | {key: rows[key] | columns}})


def read_rows(path: Path) -> list[dict]:
    with gzip.open(path, "rt", encoding="utf-8", newline="\n") as lines:
        return [json.loads(line) for line in lines]


def read_tables(folder: Path) -> Tables:
    """Read the three files; a row that occurs again replaces itself."""
    return Tables(
        pin={row["index"]: row for row in read_rows(folder / "pin.jsonl.gz")},
        geo={row["ind"]: row for row in read_rows(folder / "geo.jsonl.gz")},
        user={row["ind"]: row for row in read_rows(folder / "user.jsonl.gz")},
    )


def only_keys_below(end: int, tables: Tables) -> Tables:
    return Tables(*({k: row for k, row in rows.items() if k < end} for rows in vars(tables).values()))


def at_the_keys_of(other: Tables, tables: Tables) -> Tables:
    """Return the rows whose keys occur in the other tables; some figures depend on a sample's size."""
    return Tables(
        pin={key: tables.pin[key] for key in other.pin},
        geo={key: tables.geo[key] for key in other.geo},
        user={key: tables.user[key] for key in other.user},
    )


def share(rows: Iterable[dict], holds: Callable[[dict], bool]) -> float:
    return float(np.mean([holds(row) for row in rows]))


def followers(shown: str) -> int | None:
    if shown == UNKNOWN:
        return None
    return int(shown.rstrip("kM")) * {"k": 1000, "M": 1_000_000}.get(shown[-1], 1)


def number_of_tags(pin: dict) -> int:
    return pin["tag_list"].count(",") + 1


def pin_shares(tables: Tables) -> dict[str, float]:
    pins = list(tables.pin.values())
    return {
        "no title": share(pins, lambda p: p["title"] == NO_TITLE),
        "story description": share(pins, lambda p: p["description"] == STORY_DESCRIPTION),
        "no description": share(pins, lambda p: p["description"] == NO_DESCRIPTION),
        "unknown poster": share(pins, lambda p: p["poster_name"] == UNKNOWN),
        "no tags": share(pins, lambda p: p["tag_list"] == NO_TAGS),
        "no image": share(pins, lambda p: p["image_src"] == NO_IMAGE),
        "image": share(pins, lambda p: p["is_image_or_video"] == "image"),
        "story": share(pins, lambda p: p["is_image_or_video"] == STORY),
        "video": share(pins, lambda p: p["is_image_or_video"] == "video"),
        "followers in thousands": share(pins, lambda p: p["follower_count"].endswith("k")),
        "followers in millions": share(pins, lambda p: p["follower_count"].endswith("M")),
        "followers in full": share(pins, lambda p: p["follower_count"].isdigit()),
        "blanks around poster": share(pins, lambda p: p["poster_name"] != p["poster_name"].strip()),
        "titles beyond ASCII": share(pins, lambda p: not p["title"].isascii()),
        "titles with line break": share(pins, lambda p: "\n" in p["title"]),
        "titles with quotes": share(pins, lambda p: '"' in p["title"]),
        "descriptions with comma": share(pins, lambda p: "," in p["description"]),
        "descriptions cut": share(pins, lambda p: p["description"].endswith(CUT_MARK)),
        "nine tags": share((p for p in pins if p["tag_list"] != NO_TAGS), lambda p: number_of_tags(p) == 9),
    }


def sentinel_combinations(tables: Tables) -> dict[str, float]:
    """Return the share of each combination of placeholders in all pins."""
    columns = {
        "title": {NO_TITLE},
        "description": {STORY_DESCRIPTION, NO_DESCRIPTION},
        "poster_name": {UNKNOWN},
        "tag_list": {NO_TAGS},
        "image_src": {NO_IMAGE},
    }

    def combination(pin: dict) -> str:
        kind = "story" if pin["is_image_or_video"] == STORY else "pin"
        return " ".join([kind, *(column for column, values in columns.items() if pin[column] in values)])

    counts = Counter(map(combination, tables.pin.values()))
    return {names: count / len(tables.pin) for names, count in counts.items()}


def lengths_of_cut_descriptions(tables: Tables) -> np.ndarray:
    descriptions = (pin["description"] for pin in tables.pin.values())
    return np.array([len(text) for text in descriptions if text.endswith(CUT_MARK)])


def follower_quantiles(tables: Tables) -> dict[int, float]:
    known = [n for pin in tables.pin.values() if (n := followers(pin["follower_count"])) is not None]
    percents = (5, 10, 25, 50, 75, 90, 95, 99, 100)
    return dict(zip(percents, map(float, np.percentile(known, percents)), strict=True))


def category_blocks(tables: Tables) -> list[tuple[str, int, int, int]]:
    """Return (category, first key, last key, pins), in the order of the first keys."""
    keys = defaultdict(list)
    for key, pin in tables.pin.items():
        keys[pin["category"]].append(key)
    return sorted(((c, min(k), max(k), len(k)) for c, k in keys.items()), key=lambda block: block[1])


def broken_links(tables: Tables) -> list[tuple[int, str]]:
    """Return the pins that break a rule which ties columns together, each with the rule."""
    rules = {
        "a story has the story description": lambda p: (
            (p["is_image_or_video"] == STORY) == (p["description"] == STORY_DESCRIPTION)
        ),
        "no image means not downloaded": lambda p: (p["image_src"] == NO_IMAGE) == (p["downloaded"] == 0),
        "no image only in stories": lambda p: p["downloaded"] == 1 or p["is_image_or_video"] == STORY,
        "poster and followers are unknown together": lambda p: (
            (p["poster_name"] == UNKNOWN) == (p["follower_count"] == UNKNOWN)
        ),
        "saved under the category": lambda p: p["save_location"] == f"Local save in /data/{p['category']}",
    }
    return [(key, rule) for key, pin in tables.pin.items() for rule, holds in rules.items() if not holds(pin)]


def person(user: dict) -> tuple:
    return user["first_name"], user["last_name"], user["age"], user["date_joined"]


def posters_with_several_people(tables: Tables) -> list[str]:
    """Return the posters whose posts do not share one user and one place, and those who share a user."""
    people, posters = defaultdict(set), defaultdict(set)
    for key, pin in tables.pin.items():
        if key in tables.geo and key in tables.user:
            geo, who = tables.geo[key], person(tables.user[key])
            people[pin["poster_name"]].add((*who, geo["country"], geo["latitude"], geo["longitude"]))
            posters[who].add(pin["poster_name"])
    shared = {name for names in posters.values() if len(names) > 1 for name in names}
    return sorted({name for name, who in people.items() if len(who) > 1} | shared)


def posts_per_person(tables: Tables) -> Counter:
    return Counter(map(person, tables.user.values()))


def poster_figures(tables: Tables) -> dict[str, float]:
    posts = posts_per_person(tables)
    names = Counter(who[:2] for who in posts)
    return {
        "posters": len(posts),
        "singletons": sum(n == 1 for n in posts.values()) / len(posts),
        "largest": max(posts.values()) / posts.total(),
        "shared names": sum(n > 1 for n in names.values()) / len(names),
        "countries": len({geo["country"] for geo in tables.geo.values()}),
    }


def _moments(texts: Iterable[str], first: datetime, last: datetime) -> np.ndarray:
    """Return moments as shares of the way from the first to the last."""
    return np.array([(datetime.fromisoformat(text) - first) / (last - first) for text in texts])


def row_quantiles(tables: Tables) -> dict[str, np.ndarray]:
    """Return five percentiles over rows, from the 5th to the 95th; dates as the way through their period."""
    users = tables.user.values()
    values = {
        "age": np.array([user["age"] for user in users]),
        "joined": _moments((user["date_joined"] for user in users), FIRST_JOINED, LAST_JOINED),
        "posted": _moments((geo["timestamp"] for geo in tables.geo.values()), FIRST_POSTED, LAST_POSTED),
    }
    return {name: np.quantile(column, (0.05, 0.25, 0.5, 0.75, 0.95)) for name, column in values.items()}


def distance_from_uniform(values: np.ndarray) -> float:
    """Return the Kolmogorov-Smirnov distance of values from the uniform distribution on 0..1."""
    ordered, n = np.sort(values), len(values)
    return float(max(np.max(np.arange(1, n + 1) / n - ordered), np.max(ordered - np.arange(n) / n)))


def _rank_of_least(values: list, posts: np.ndarray, draws: list) -> np.ndarray:
    """Return where values stand in the distribution of the least of so many draws.

    The ranks are uniform if the values are just that. Equal draws share their rank.
    """
    ordered = np.sort(np.array(draws))
    below = np.searchsorted(ordered, values, side="left") / len(ordered)
    up_to = np.searchsorted(ordered, values, side="right") / len(ordered)
    return 1 - ((1 - below) ** posts + (1 - up_to) ** posts) / 2


def least_draw_distances(tables: Tables) -> dict[str, float]:
    """Tell how far each column is from the least of one draw a post.

    The draws' distribution is read off the posters with a single post; the others are measured.
    """
    keys = {person(user): key for key, user in tables.user.items() if key in tables.geo}
    posts = posts_per_person(tables)
    columns = {
        "age": lambda key: tables.user[key]["age"],
        "date_joined": lambda key: tables.user[key]["date_joined"],
        "first_name": lambda key: tables.user[key]["first_name"],
        "last_name": lambda key: tables.user[key]["last_name"],
        "country": lambda key: tables.geo[key]["country"],
        "latitude": lambda key: tables.geo[key]["latitude"],
        "longitude": lambda key: tables.geo[key]["longitude"],
    }
    several = [who for who in keys if posts[who] > 1]
    numbers = np.array([posts[who] for who in several])
    single = [keys[who] for who in keys if posts[who] == 1]
    return {
        name: distance_from_uniform(
            _rank_of_least([value(keys[who]) for who in several], numbers, [value(key) for key in single])
        )
        for name, value in columns.items()
    }
