"""Names of posters: people, shops and blogs, all invented and all different."""

import random
from collections.abc import Callable

from generator import words


def _person(rng: random.Random) -> str:
    return f"{rng.choice(words.FIRST_NAMES)} {rng.choice(words.LAST_NAMES)}"


def _brand(rng: random.Random) -> str:
    return (
        f"{rng.choice(words.BRAND_WORDS)} {rng.choice(words.BRAND_WORDS)} {rng.choice(words.BRAND_ENDINGS)}"
    )


def _pair(rng: random.Random) -> str:
    return f"{rng.choice(words.BRAND_WORDS)} & {rng.choice(words.BRAND_WORDS)}"


def _handle(rng: random.Random) -> str:
    return (
        f"{rng.choice(words.FIRST_NAMES)}{rng.choice(['.', '_', ''])}{rng.choice(words.BRAND_WORDS)}".lower()
    )


def _with_topics(rng: random.Random) -> str:
    first, second = rng.sample(words.BRAND_TOPICS, 2)
    return f"{_brand(rng)} | {first.capitalize()} and {second}"


def _with_many_topics(rng: random.Random) -> str:
    first, second, third = rng.sample(words.BRAND_TOPICS, 3)
    return f"{_brand(rng)} | {first.capitalize()}, {second} & {third}"


def _accented(rng: random.Random) -> str:
    return " ".join(rng.sample(words.ACCENTED_NAMES, 2))


def _with_emoji(rng: random.Random) -> str:
    return f"{_brand(rng)} {rng.choice(words.NAME_EMOJI)}"


KINDS: dict[Callable[[random.Random], str], int] = {
    _person: 80,
    _brand: 50,
    _pair: 6,
    _handle: 28,
    _with_topics: 20,
    _with_many_topics: 11,
    _accented: 4,
    _with_emoji: 1,
}


def poster_names(rng: random.Random, count: int) -> list[str]:
    """Draw `count` different names."""
    names: dict[str, None] = {}
    while len(names) < count:
        make_name = rng.choices(list(KINDS), weights=list(KINDS.values()))[0]
        names[make_name(rng)] = None
    return list(names)
