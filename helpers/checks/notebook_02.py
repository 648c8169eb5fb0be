"""Exercise of the notebook about topics, offsets and groups."""

from collections.abc import Callable

from helpers.checks.exercise import Exercise, Result, Twin, given
from helpers.checks.lesson import Lesson

CASES: dict[str, tuple[dict[int, int], dict[int, int]]] = {
    "one partition, one message unread": ({0: 4}, {0: 3}),
    "everything read": ({0: 4}, {0: 4}),
    "three partitions": ({0: 4, 1: 7, 2: 1}, {0: 3, 1: 5, 2: 0}),
    "a group that has never committed": ({0: 4, 1: 2}, {}),
    "one partition never committed": ({0: 4, 1: 2}, {0: 4}),
}
"""What it is → end offset of each partition, and what the group has committed."""


def lag(end: dict[int, int], committed: dict[int, int]) -> int:
    """Count the messages that a group has still to read: partition → offset, at the end and committed."""
    return sum(offset - committed.get(partition, 0) for partition, offset in end.items())


def _lags(answer: Callable[[dict[int, int], dict[int, int]], int]) -> Result:
    return {case: given(answer(dict(end), dict(committed))) for case, (end, committed) in CASES.items()}


LAG = Exercise(
    solution=lag,
    evaluate=_lags,
    twins=(
        Twin(
            lambda end, committed: sum(end[partition] - offset for partition, offset in committed.items()),
            "A partition of which the group has committed nothing has no entry in `committed`, and all of it is "
            "unread: you left it out.",
        ),
        Twin(
            lambda end, committed: sum(offset - committed.get(partition, 0) - 1 for partition, offset in end.items()),
            "One too few a partition. Both offsets are those of the next message, to come and to read, so their "
            "difference is the number itself.",
        ),
        Twin(
            lambda end, committed: end[0] - committed.get(0, 0),
            "You looked at partition 0 only. A group's lag is the sum over all partitions of the topic.",
        ),
        Twin(
            lambda end, committed: sum(end[partition] - committed[partition] for partition in end),
            "`committed[partition]` raises KeyError for a partition that the group has never committed: take 0 for it.",
        ),
    ),
    hints=(
        "The end offset is that of the next message to come, the committed one that of the next message to read.",
        "Go through the partitions of `end`: it has them all.",
        "`committed.get(partition, 0)` is 0 where nothing has been committed.",
    ),
    more="A new group may also begin at the end (`auto.offset.reset=latest`). Which lag would you report for it?",
)

LESSON = Lesson(
    {1: LAG},
    {
        1: {
            1: "`<id>hello` begins with your id, but the policy says `<id>.*`, and the dot is a letter of it.",
            3: "All three? The last one begins with your id and the dot, which is what the policy allows.",
            0: "None? The policy allows names that begin with `<id>.`, and nothing else.",
        },
    },
)
check, hint, solution, predict = LESSON.check, LESSON.hint, LESSON.solution, LESSON.predict
"""What the notebook calls."""
