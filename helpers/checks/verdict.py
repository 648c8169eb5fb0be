"""The four outcomes of a check, in words."""

import logging
import threading
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass
from typing import Any, Literal

from helpers.checks.exercise import Exercise, NotAttempted, Result, SystemAway, does_something, is_gap
from helpers.spark_versions import condition

Outcome = Literal["not attempted", "not yet", "a known mistake", "right"]

SHOWN = 3
"""Cases of which a verdict says what they should be."""

CORES = 4
"""Answers that are evaluated side by side."""

LONGEST = 160
"""Characters of an error's message that are shown."""


@dataclass(frozen=True)
class Verdict:
    """What a check found.

    Attributes
    ----------
    outcome : str
        One of the four.
    text : str
        What the learner reads.
    """

    outcome: Outcome
    text: str

    def __str__(self) -> str:
        return f"{self.outcome.capitalize()}. {self.text}"


@dataclass(frozen=True)
class _Stopped:
    """An answer that ended in an error; two are equal if their errors are of one kind."""

    kind: str
    message: str

    def __eq__(self, other: object) -> bool:
        return isinstance(other, _Stopped) and other.kind == self.kind

    __hash__ = None


class Judge:
    """Judges answers to one exercise, and remembers what the solution and the twins give if they are evaluated.

    Parameters
    ----------
    exercise : Exercise
        What was asked.
    """

    def __init__(self, exercise: Exercise):
        self._exercise = exercise
        self._known: list[tuple[tuple[Any, ...], dict[Callable[..., Any], Result | _Stopped]]] = []

    def judge(self, answer: Callable[..., Any], *context: Any) -> Verdict:
        """Judge an answer.

        Parameters
        ----------
        answer : callable
            The learner's.
        *context : object
            What the answer is tried on.

        Returns
        -------
        Verdict
            Never an exception: what the answer raises is a part of the verdict.
        """
        try:
            if is_gap(answer):
                raise NotAttempted  # at once: nobody need wait for what a right answer gives
            with _QUIET:
                if self._exercise.wanted is None:
                    return self._compared(answer, context)
                return self._told(_tried(self._exercise.evaluate, answer, *context))
        except NotAttempted:
            name = self._exercise.solution.__name__
            if does_something(answer):
                return Verdict("not yet", f"`{name}` gives `None` back. Does each way through it end with a `return`?")
            return Verdict("not attempted", f"Replace the `...` of `{name}`, run that cell, then this one.")
        except SystemAway as away:
            return Verdict("not yet", f"Nobody could judge your answer: {away} `python -m lab status` says what runs.")

    def _compared(self, answer: Callable[..., Any], context: tuple[Any, ...]) -> Verdict:
        """Compare an answer with what the solution and the twins give on the same context."""
        exercise = self._exercise
        with ThreadPoolExecutor(CORES) as pool:
            mine = pool.submit(_tried, exercise.evaluate, answer, *context)
            (wanted,) = self._results([exercise.solution], context, pool)
            found = mine.result()
            if isinstance(wanted, _Stopped):
                self._known = []  # what is missing may be there the next time
                raise SystemAway(f"a right one stops here too, with {wanted.kind}: {wanted.message}.")
            if found == wanted:
                return Verdict("right", exercise.more)
            results = self._results([twin.answer for twin in exercise.twins], context, pool)
        for twin, result in zip(exercise.twins, results, strict=True):
            if found == result:
                return Verdict("a known mistake", twin.sentence)
        return _stopped(found) or Verdict("not yet", "\n".join(differences(found, wanted)))

    def _told(self, found: Result | _Stopped) -> Verdict:
        """Compare what an answer gave with what the exercise and its twins state."""
        exercise = self._exercise
        if isinstance(found, _Stopped):
            return _stopped(found)
        if _holds(exercise.wanted, found):
            return Verdict("right", exercise.more)
        for twin in exercise.twins:
            if _holds(twin.gives, found):
                return Verdict("a known mistake", twin.sentence)
        asked = {case: value for case, value in found.items() if case in exercise.wanted}
        return Verdict("not yet", "\n".join(differences(asked, exercise.wanted)))

    def _results(
        self, answers: list[Callable[..., Any]], context: tuple[Any, ...], pool: ThreadPoolExecutor
    ) -> list[Result | _Stopped]:
        """Evaluate answers of ours side by side, unless they were before on the very same context."""
        known = next((results for seen, results in self._known if _same(seen, context)), None)
        if known is None:
            known = {}
            self._known = [(context, known)]
        new = [answer for answer in answers if answer not in known]
        known |= zip(new, pool.map(lambda answer: _tried(self._exercise.evaluate, answer, *context), new), strict=True)
        return [known[answer] for answer in answers]


def differences(found: Result, wanted: Result) -> list[str]:
    """Say where two results differ: the number of cases, then the first few of them."""
    lines = [f"{_shown(case)} is missing." for case in wanted if case not in found]
    lines += [f"{_shown(case)} should not be there." for case in found if case not in wanted]
    lines += [
        f"{_shown(case)}: your answer gives {_shown(found[case])}, expected {_shown(value)}."
        for case, value in wanted.items()
        if case in found and found[case] != value
    ]
    rest = [f"… and {len(lines) - SHOWN} more."] if len(lines) > SHOWN else []
    return [f"{len(lines)} of {len(found.keys() | wanted.keys())} cases differ:", *lines[:SHOWN], *rest]


def _holds(stated: Result, found: Result) -> bool:
    return all(case in found and found[case] == value for case, value in stated.items())


def _stopped(found: Result | _Stopped) -> Verdict | None:
    if not isinstance(found, _Stopped):
        return None
    return Verdict("not yet", f"Your answer stopped with {found.kind}: {found.message}")


def _same(one: tuple[Any, ...], other: tuple[Any, ...]) -> bool:
    return len(one) == len(other) and all(a is b for a, b in zip(one, other, strict=True))


class _Quiet:
    """Keeps logs of what failed off the page while an answer is judged: what is to be known is in the verdict.

    Answers may be judged side by side: the first one in silences, and the last one out ends it. Not by way of Spark's
    own logger: whoever asks for it by name before Spark does makes one of the wrong class.
    """

    def __init__(self) -> None:
        self._lock, self._judging, self._before = threading.Lock(), 0, logging.NOTSET

    def __enter__(self) -> None:
        with self._lock:
            if not self._judging:
                self._before = logging.root.manager.disable
                logging.disable(logging.ERROR)
            self._judging += 1

    def __exit__(self, *_: object) -> None:
        with self._lock:
            self._judging -= 1
            if not self._judging:
                logging.disable(self._before)


_QUIET = _Quiet()


def _tried(evaluate: Callable[..., Result], answer: Any, *context: Any) -> Result | _Stopped:
    try:
        return evaluate(answer, *context)
    except (NotAttempted, SystemAway):
        raise
    except Exception as error:  # whatever code that somebody is learning to write may raise
        first, *rest = str(error).strip().splitlines() or [""]
        message = f"{first} {rest[0].strip()}" if rest and first.endswith(":") else first
        return _Stopped(condition(error) or type(error).__name__, message[:LONGEST])


def _shown(value: Any) -> str:
    text = repr(value) if isinstance(value, str) else str(value)
    return text if len(text) <= 2 * LONGEST else f"{text[: 2 * LONGEST]} …"
