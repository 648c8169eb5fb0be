"""The eight questions in plain Python, with each rule a knob, so that a test can turn one the wrong way."""

import re
import statistics
from collections import Counter, defaultdict
from collections.abc import Callable, Iterable
from dataclasses import dataclass
from datetime import UTC, datetime
from decimal import Decimal

from course_figures import UNKNOWN, Tables

Row = dict


def to_followers(text: str) -> int | None:
    match = re.fullmatch(r"(\d+(?:\.\d+)?)([kKmM]?)", text)
    return match and int(Decimal(match[1]) * {"": 1, "k": 1000, "m": 1_000_000}[match[2].lower()])


def to_moment(text: str | None) -> datetime | None:
    try:
        moment = datetime.fromisoformat(text)
    except (TypeError, ValueError):
        return None
    return moment.replace(tzinfo=moment.tzinfo or UTC).astimezone(UTC)


def to_text(text: str) -> str | None:
    return text if text.strip() else None


def age_group(age: int | None) -> str | None:
    groups = {"18-24": (18, 24), "25-35": (25, 35), "36-50": (36, 50), "+50": (51, 1000)}
    return next((name for name, (low, high) in groups.items() if low <= (age or 0) <= high), None)


@dataclass(frozen=True)
class Rules:
    """What section 6 of the reading decides; each field can be replaced by a mistake."""

    to_followers: Callable[[str], int | None] = to_followers
    to_moment: Callable[[str | None], datetime | None] = to_moment
    to_category: Callable[[str], str | None] = to_text
    age_group: Callable[[int | None], str | None] = age_group
    posted_in_window: Callable[[datetime], bool] = lambda moment: 2018 <= moment.year <= 2022
    joined_in_window: Callable[[datetime], bool] = lambda moment: 2015 <= moment.year <= 2020
    keep_post: Callable[[Row], bool] = lambda post: True
    keep_user: Callable[[Row], bool] = lambda user: True
    user_of: Callable[[Row], tuple] = lambda row: (row["user_name"], row["age"], row["joined"])
    figure_of: Callable[[list[int | None]], float | None] = lambda figures: max(
        (n for n in figures if n is not None), default=None
    )
    median: Callable[[Iterable[float]], float] = statistics.median
    name_order: Callable[[str | None], object] = lambda name: name or ""
    null_groups: bool = False


def cleaned_users(tables: Tables, rules: Rules) -> dict[int, Row]:
    return {
        key: {
            "ind": key,
            "user_name": f"{user['first_name']} {user['last_name']}",
            "age": user["age"],
            "age_group": rules.age_group(user["age"]),
            "joined": rules.to_moment(user["date_joined"]),
        }
        for key, user in tables.user.items()
    }


def cleaned_posts(tables: Tables, rules: Rules) -> list[Row]:
    users = cleaned_users(tables, rules)
    posts = (
        users[key]
        | {
            "category": rules.to_category(pin["category"]),
            "followers": rules.to_followers(pin["follower_count"]),
            "poster_name": None if pin["poster_name"] == UNKNOWN else pin["poster_name"],
            "country": tables.geo[key]["country"],
            "posted": rules.to_moment(tables.geo[key]["timestamp"]),
        }
        for key, pin in tables.pin.items()
    )
    return [post for post in posts if rules.keep_post(post)]


def _most_popular(counts: Counter, rules: Rules) -> list[tuple]:
    """Return (group, category, count) of each group's winner."""
    by_group = defaultdict(dict)
    for (group, category), count in counts.items():
        if rules.null_groups or None not in (group, category):
            by_group[group][category] = count
    return [
        (group, *min(categories.items(), key=lambda item: (-item[1], rules.name_order(item[0]))))
        for group, categories in sorted(by_group.items(), key=str)
    ]


def _most_followed(posts: list[Row], rules: Rules) -> list[tuple]:
    by_country = defaultdict(list)
    for post in posts:
        if post["followers"] is not None and (rules.null_groups or post["country"]):
            by_country[post["country"]].append((post["poster_name"], post["followers"]))
    return [
        (country, *min(posters, key=lambda poster: (-poster[1], rules.name_order(poster[0]))))
        for country, posters in sorted(by_country.items(), key=str)
    ]


def _medians(posts: list[Row], group_of: Callable[[Row], tuple], rules: Rules) -> list[tuple]:
    figures = defaultdict(list)
    for post in posts:
        if post["joined"] and rules.joined_in_window(post["joined"]) and None not in group_of(post):
            figures[group_of(post), rules.user_of(post)].append(post["followers"])
    by_group = defaultdict(list)
    for (group, _), of_user in figures.items():
        if (figure := rules.figure_of(of_user)) is not None:
            by_group[group].append(figure)
    return [(*group, rules.median(of_group)) for group, of_group in sorted(by_group.items())]


def answers(tables: Tables, rules: Rules | None = None) -> dict[str, list[tuple]]:
    """Answer questions 4 to 11; "5b" holds every category's count per year."""
    rules = rules or Rules()
    posts = cleaned_posts(tables, rules)
    users = [u for u in cleaned_users(tables, rules).values() if u["joined"] and rules.keep_user(u)]
    by_year = Counter(
        (post["posted"].year, post["category"])
        for post in posts
        if post["posted"] and post["category"] and rules.posted_in_window(post["posted"])
    )
    most_followed = _most_followed(posts, rules)
    joined = {rules.user_of(user): user["joined"] for user in users if rules.joined_in_window(user["joined"])}
    return {
        "4": _most_popular(Counter((post["country"], post["category"]) for post in posts), rules),
        "5": _most_popular(by_year, rules),
        "5b": sorted(by_year.items(), key=str),
        "6": most_followed,
        "7": [min(((country, n) for country, _, n in most_followed), key=lambda row: (-row[1], row[0]))],
        "8": _most_popular(Counter((post["age_group"], post["category"]) for post in posts), rules),
        "9": sorted(Counter(moment.year for moment in joined.values()).items()),
        "10": _medians(posts, lambda post: (post["joined"].year,), rules),
        "11": _medians(posts, lambda post: (post["age_group"], post["joined"].year), rules),
    }
