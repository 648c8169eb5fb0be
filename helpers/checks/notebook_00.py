"""Exercise of the notebook that walks the whole pipeline once."""

from collections.abc import Callable

from helpers.checks.exercise import Exercise, Result, Twin, given
from helpers.checks.lesson import Lesson

CASES = ((200, 1), (60, 20), (50, 20), (7, 10))
"""Posts, and messages an object."""


def objects_written(posts: int, flush_size: int) -> int:
    """Count the objects that the connector has written when `posts` posts have come through."""
    full = posts // flush_size
    return 3 * full


def _objects(answer: Callable[[int, int], int]) -> Result:
    return {f"{posts} posts, flush.size {size}": given(answer(posts, size)) for posts, size in CASES}


OBJECTS_WRITTEN = Exercise(
    solution=objects_written,
    evaluate=_objects,
    twins=(
        Twin(
            lambda posts, flush_size: 3 * -(-posts // flush_size),
            "You counted the last, partial object too. The connector keeps it until it is full: no other property here "
            "tells it to write sooner.",
        ),
        Twin(lambda posts, flush_size: posts // flush_size, "A post is three messages, in three topics of their own."),
        Twin(
            lambda posts, flush_size: 3 * posts // flush_size,
            "You filled objects with whatever comes. An object holds messages of one topic only: each fills its own.",
        ),
        Twin(
            lambda posts, flush_size: 3 * posts,
            "That is right for a `flush.size` of 1 only: an object holds that many messages.",
        ),
    ),
    hints=(
        "Three topics, and each fills objects of its own.",
        "An object is written when it holds `flush_size` messages. What happens to the rest?",
        "`posts // flush_size` is the number of full objects of one topic.",
    ),
    more="What happens to the 10 messages of each topic that are left of 50 posts, if nobody posts any more?",
)

LESSON = Lesson(
    {1: OBJECTS_WRITTEN},
    {
        1: {
            200: "That would be one message a post; each post is three rows, in three topics.",
            3: "One object a topic: that is what a `flush.size` of 200 would give.",
            1: "A single file of everything is what a script would write. Topics stay apart, and so do messages here.",
        },
    },
)
check, hint, solution, predict = LESSON.check, LESSON.hint, LESSON.solution, LESSON.predict
"""What the notebook calls."""
