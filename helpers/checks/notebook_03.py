"""Exercise of the notebook about MSK Connect."""

import fnmatch
import re
from collections.abc import Callable

from helpers.checks.exercise import Exercise, Result, Twin, given
from helpers.checks.lesson import Lesson

NAMES = ("0a1b.pin", "0a1b.geo", "0a1bXpin", "0a1b", "0a1b.pin.old", "old.0a1b.pin", "0A1B.pin", "0a1b-pin")

PATTERNS = ("0a1b.*", r"0a1b\..*", "0a1b.pin", r"0a1b\.(pin|geo)")


def matching_topics(pattern: str, names: list[str]) -> list[str]:
    """List the topics that a connector with this `topics.regex` reads."""
    return [name for name in names if re.fullmatch(pattern, name)]


def _matches(answer: Callable[[str, list[str]], list[str]]) -> Result:
    return {pattern: sorted(given(answer(pattern, list(NAMES)))) for pattern in PATTERNS}


MATCHING_TOPICS = Exercise(
    solution=matching_topics,
    evaluate=_matches,
    twins=(
        Twin(
            lambda pattern, names: [name for name in names if fnmatch.fnmatchcase(name, pattern)],
            "You read the pattern as file names and IAM do, where `*` alone is anything and a dot is a dot. "
            "`topics.regex` is a regular expression: `.` is any letter, `.*` any number of them.",
        ),
        Twin(
            lambda pattern, names: [name for name in names if re.match(pattern, name)],
            "`re.match` is content with the beginning: `0a1b.pin` would take `0a1b.pin.old` too. Connect wants the "
            "whole name to fit: `re.fullmatch`.",
        ),
        Twin(
            lambda pattern, names: [name for name in names if re.search(pattern, name)],
            "`re.search` finds the pattern anywhere, in `old.0a1b.pin` too. Connect wants the whole: `re.fullmatch`.",
        ),
        Twin(
            lambda pattern, names: [name for name in names if re.fullmatch(pattern, name, re.IGNORECASE)],
            "You let `0A1B` pass for `0a1b`. Names of topics and regular expressions both tell capitals apart.",
        ),
    ),
    hints=(
        "Java's regular expressions and Python's agree in all that is needed here: `import re`.",
        "Does the whole name have to fit, or a part of it? For Connect, the whole.",
        "`re.fullmatch(pattern, name)`.",
    ),
    more="Which of your own topics would `<id>.*` take that `<id>\\..*` leaves out, and would IAM let it?",
)

LESSON = Lesson({1: MATCHING_TOPICS}, {})
check, hint, solution, predict = LESSON.check, LESSON.hint, LESSON.solution, LESSON.predict
"""What the notebook calls."""
