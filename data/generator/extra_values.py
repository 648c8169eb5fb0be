"""Extra rows for single values: follower counts and text that a cleaner may get wrong."""

from generator.extra_post import FIRST_NAMES, Post


def followers_with_decimals() -> list[Post]:
    """Exposes decimals lost, or read as floating point: 8.2M is 8200000 and beats 8M; 1.5k beats 1k."""
    figures = (
        ("Decimalia", "8M"),
        ("Decimalia", "8.2M"),
        ("Little Decimalia", "1.5k"),
        ("Little Decimalia", "1k"),
    )
    return [
        Post(first, "Decimal", country=country, follower_count=followers)
        for first, (country, followers) in zip(FIRST_NAMES, figures, strict=False)
    ]


def followers_in_the_other_case() -> list[Post]:
    """Exposes a cleaner that knows only k and M: 3m beats 2M, and 12K beats 11k."""
    figures = (
        ("Lettermark", "2M"),
        ("Lettermark", "3m"),
        ("Little Lettermark", "12K"),
        ("Little Lettermark", "11k"),
    )
    return [
        Post(first, "Lettercase", country=country, follower_count=followers)
        for first, (country, followers) in zip(FIRST_NAMES, figures, strict=False)
    ]


def malformed_followers() -> list[Post]:
    """Exposes a post lost for its follower count, and a null or negative figure that wins.

    In Nullovia the answer to question 4 is art, with four posts, and to question 6 the poster with 4k.
    """
    figures = (("abc", "art"), ("-5", "art"), ("", "art"), ("   ", "art"), ("4k", "beauty"))
    return [
        Post(first, "Malformed", country="Nullovia", follower_count=followers, category=category)
        for first, (followers, category) in zip(FIRST_NAMES, figures, strict=False)
    ]


def followers_known_on_one_post_only() -> list[Post]:
    """Exposes a user lost because one of the posts has no figure: this one joined in 2020 and has 70k."""
    return [
        Post("Ana", "Halfknown", follower_count=followers, date_joined="2020-02-02 02:02:02", age=61)
        for followers in ("abc", "70k")
    ]


def empty_and_blank_text() -> list[Post]:
    """Exposes placeholders removed while empty text stays: each of these becomes null."""
    return [
        Post("Ana", "Blank", title="", description="   "),
        Post("Ben", "Blank", title="  ", tag_list=""),
        Post("Cid", "Blank", description="", image_src=" "),
        Post("Dot", "Blank", tag_list="    ", image_src=""),
    ]


def near_misses() -> list[Post]:
    """Exposes placeholders matched in part, in any case, or in the wrong column: all of these stay."""
    return [
        Post("Ana", "Nearmiss", title="No description available"),
        Post("Ben", "Nearmiss", description="No Title Data Available"),
        Post("Cid", "Nearmiss", title="no title data available", image_src="Image src error"),
        Post(
            "Dot", "Nearmiss", title="No Title Data Available for this picnic", tag_list="No Tags Available"
        ),
        Post("Eli", "Nearmiss", title="Untitled", description="Art."),
    ]


def text_to_keep_as_it_is() -> list[Post]:
    """Exposes text that is trimmed, unescaped or broken at line ends on its way."""
    return [
        Post(
            "Ana",
            "Verbatim",
            title=' A "quoted", title\nin two lines ',
            description="Tab\there, back\\slash there, 'quote'",
        ),
        Post("Ben", "Verbatim", title="Crème brûlée ✨ 東京", poster_name=" Ben Verbatim "),
    ]
