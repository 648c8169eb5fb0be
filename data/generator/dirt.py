"""The placeholders that stand where the scraper found nothing, and how often they come together."""

import random
from collections.abc import Iterable

NO_TITLE = "No Title Data Available"
NO_STORY_DESCRIPTION = "No description available Story format"
NO_DESCRIPTION = "No description available"
NO_TAGS = "N,o, ,T,a,g,s, ,A,v,a,i,l,a,b,l,e"
NO_IMAGE = "Image src error."
UNKNOWN_POSTER = "User Info Error"

IMAGE, STORY, VIDEO = "image", "multi-video(story page format)", "video"

_STORY = {"is_image_or_video": STORY, "description": NO_STORY_DESCRIPTION}
_STORY_WITHOUT_IMAGE = _STORY | {"image_src": NO_IMAGE, "downloaded": 0}

ALL_BUT_TAGS = _STORY_WITHOUT_IMAGE | {"title": NO_TITLE}
EVERYTHING = ALL_BUT_TAGS | {"tag_list": NO_TAGS}

UNKNOWN_POSTER_PATTERNS = [(80, EVERYTHING), (8, ALL_BUT_TAGS)]
"""How many of the 11,154 pins lack so much that the poster is unknown too."""

UNKNOWN_POSTER_POSTS = sum(count for count, _ in UNKNOWN_POSTER_PATTERNS)

OTHER_PATTERNS = [
    (506, _STORY),
    (158, _STORY_WITHOUT_IMAGE),
    (5, _STORY | {"tag_list": NO_TAGS}),
    (160, {"description": NO_DESCRIPTION}),
    (50, {"tag_list": NO_TAGS}),
]
"""How many pins of known posters lack what. A pin without a picture is always a story."""

NEAR_MISSES = [(6, {"title": "Untitled"}), (4, {"description": "Art."})]
"""Values that look like placeholders and are what people typed."""


def overwrites(
    rng: random.Random, known: Iterable[int], unknown: Iterable[int]
) -> dict[int, dict[str, object]]:
    """Choose the pins of each pattern.

    Parameters
    ----------
    known, unknown
        Keys of the pins of known posters, and of the unknown poster.

    Returns
    -------
    dict
        Key of the pin → the columns to overwrite.
    """
    known, unknown = list(known), list(unknown)
    rng.shuffle(known)
    rng.shuffle(unknown)
    return dict(zip(unknown, _repeated(UNKNOWN_POSTER_PATTERNS), strict=True)) | dict(
        zip(known, _repeated(OTHER_PATTERNS + NEAR_MISSES), strict=False)
    )


def _repeated(patterns: list[tuple[int, dict[str, object]]]) -> list[dict[str, object]]:
    return [pattern for count, pattern in patterns for _ in range(count)]
