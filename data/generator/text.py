"""Titles, descriptions and tags, composed from the word bank."""

import random

from generator import words

# How a title is dressed, and how often in 1,000 titles; the first seven go beyond ASCII (10 %).
TITLE_STYLES = {
    "{title} – {season}": 44,
    "{title} ✨": 8,
    "{title} 🎨": 8,
    "Décor, café, rêve: {title}": 4,
    "Fiancé-approved: {title}": 12,
    "{title}®": 14,
    "{other_script}": 10,
    "{title} | {brand}": 68,
    "{title} & more": 26,
    "{title}, {season}": 50,
    '"{title}"': 10,
    "Our reader's favourite: {title}": 20,
    "{title} you'll love": 42,
    "{title}\n{season}": 2,
    "{title} {season}": 332,
    "{title}": 350,
}

TITLE_CORES = {
    "{Adjective} {subject} {detail}": 48,
    "{Adjective} {subject}": 12,
    "{number} ways to a {adjective} {subject} {detail}": 16,
    "How to plan a {adjective} {subject} {detail}": 10,
    "{Subject}": 4,
    "{Adjective} {subject} {detail} and a {other_subject}": 10,
}

# Descriptions of Pinterest's pages end after about 179 characters in an ellipsis and a no-break space.
CUT_MARK = "…\u00a0"
CUT_AFTER = (174, 182)
CUT_SHARE = 0.400
COMMA_SHARE_CUT = 0.60
COMMA_SHARE_WHOLE = 0.375
OPENER_SHARE = 0.12
ACCENTED_TAG_SHARE = 0.0012

UNUSUAL_TAG_COUNTS = {8: 18, 7: 3, 3: 5}
"""Of 11,154 pins, how many carry another number of tags than nine."""


def _fill(template: str, rng: random.Random, category: str, subject: str) -> str:
    bank = words.BANKS[category]
    adjective = rng.choice(bank.adjectives)
    return template.format(
        adjective=adjective,
        Adjective=adjective[0].upper() + adjective[1:],
        subject=subject,
        Subject=subject[0].upper() + subject[1:],
        other_subject=rng.choice(bank.subjects),
        detail=rng.choice(bank.details),
        number=rng.randint(5, 60),
    )


def _weighted(rng: random.Random, weights: dict[str, int]) -> str:
    return rng.choices(list(weights), weights=list(weights.values()))[0]


def subject(rng: random.Random, category: str) -> str:
    """Choose what a pin is about."""
    return rng.choice(words.BANKS[category].subjects)


def title(rng: random.Random, category: str, subject: str) -> str:
    """Compose a title."""
    return _weighted(rng, TITLE_STYLES).format(
        title=_fill(_weighted(rng, TITLE_CORES), rng, category, subject),
        season=rng.choice(words.SEASONS),
        brand=f"{rng.choice(words.BRAND_WORDS)} {rng.choice(words.BRAND_ENDINGS)}",
        other_script=rng.choice(words.OTHER_SCRIPTS),
    )


def description(rng: random.Random, category: str, subject: str) -> str:
    """Compose a description; two in five are too long and get cut."""
    is_cut = rng.random() < CUT_SHARE
    has_commas = rng.random() < (COMMA_SHARE_CUT if is_cut else COMMA_SHARE_WHOLE)
    sentences = words.COMMA_SENTENCES if has_commas else words.PLAIN_SENTENCES
    wanted = rng.randint(*CUT_AFTER) if is_cut else rng.randint(10, CUT_AFTER[0] - 30)
    text = rng.choice(words.OPENERS) if rng.random() < OPENER_SHARE else ""
    for template in rng.sample(sentences, len(sentences)):
        sentence = _fill(template, rng, category, subject) + " "
        if len(text) >= wanted or (text and not is_cut and len(text + sentence) > CUT_AFTER[0]):
            break
        text += sentence
    return text[:wanted].rstrip(" .,") + CUT_MARK if is_cut else text.rstrip(" ")


def tag_list(rng: random.Random, category: str, count: int) -> str:
    """Compose `count` different tags, joined by commas."""
    bank = words.BANKS[category]
    tags: list[str] = []
    while len(tags) < count:
        subject = rng.choice(bank.subjects)
        if rng.random() < ACCENTED_TAG_SHARE:
            tag = rng.choice(words.ACCENTED_TAGS)
        elif rng.random() < 0.5:
            tag = f"{subject} {rng.choice(words.TAG_ENDINGS)}".title()
        else:
            tag = f"{rng.choice(bank.adjectives)} {subject}".title()
        if tag not in tags:
            tags.append(tag)
    return ",".join(tags)
