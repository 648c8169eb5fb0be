"""The extra rows: a few posts that make a forgotten rule visible in an answer."""

from generator import extra_posts, extra_users, extra_values
from generator.base_rows import Row, Triple
from generator.extra_post import Post, triple_of, user_of
from generator.randomness import stream

FIXED_KINDS = (
    extra_users.joined_before_the_window,
    extra_users.joined_after_the_window,
    extra_users.joined_at_the_first_moment,
    extra_users.joined_late_in_the_window,
    extra_users.one_user_with_many_posts,
    extra_users.follower_count_that_drifts,
    extra_users.same_name_different_people,
    extra_posts.posted_outside_the_window,
    extra_posts.unknown_country,
    extra_posts.missing_category,
    extra_posts.categories_that_tie,
    extra_posts.follower_counts_that_tie,
    extra_posts.datetimes_in_other_forms,
    extra_posts.offsets_that_change_the_year,
    extra_posts.datetimes_that_are_none,
    extra_values.followers_with_decimals,
    extra_values.followers_in_the_other_case,
    extra_values.malformed_followers,
    extra_values.followers_known_on_one_post_only,
    extra_values.empty_and_blank_text,
    extra_values.near_misses,
    extra_values.text_to_keep_as_it_is,
)

KINDS_BY_AGE = (extra_users.under_eighteen, extra_users.ages_at_the_edges, extra_users.unknown_age)


def posts_by_kind(base: list[Triple]) -> dict[str, list[Post]]:
    """Return the extra posts, by the name of the function that makes them, in the order of their keys."""
    return {kind.__name__: kind() for kind in FIXED_KINDS} | {
        kind.__name__: kind(base) for kind in KINDS_BY_AGE
    }


def extra_rows(base: list[Triple]) -> tuple[list[Triple], list[Row]]:
    """Return the extra posts, and the users who have none; their keys follow those of the base rows."""
    rng = stream("extra rows")

    def numbered(posts: list[Post], first_key: int) -> list[Triple]:
        return [triple_of(key, post, rng) for key, post in enumerate(posts, start=first_key)]

    posts = [post for kind in posts_by_kind(base).values() for post in kind]
    triples = numbered(posts, len(base))
    # The tie has to be worked out last: every other post of that year counts towards it.
    triples += numbered(extra_posts.years_that_tie(base + triples), len(base) + len(triples))
    first_user_key = len(base) + len(triples)
    users = [
        user_of(key, user) for key, user in enumerate(extra_users.users_without_posts(), start=first_user_key)
    ]
    return triples, users
