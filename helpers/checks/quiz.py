"""Questions with three answers to choose from, at the end of a notebook."""

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

LETTERS = "abc"


@dataclass(frozen=True)
class Question:
    """A question and what can be answered.

    Attributes
    ----------
    text : str
        What is asked.
    answers : tuple of (str, str or None)
        Each answer with what speaks against it; None for the right one.
    """

    text: str
    answers: tuple[tuple[str, str | None], ...]

    @property
    def right(self) -> str:
        """Letter of the right answer."""
        return next(letter for letter, (_, objection) in zip(LETTERS, self.answers, strict=True) if objection is None)


def written(questions: Sequence[Question]) -> str:
    """Write questions and their answers as Markdown."""
    parts = []
    for number, question in enumerate(questions, start=1):
        answers = zip(LETTERS, question.answers, strict=True)
        parts += [f"{number}. {question.text}", *(f"   - {letter}) {text}" for letter, (text, _) in answers)]
    return "\n".join(parts)


def marked(questions: Sequence[Question], given: Sequence[Any]) -> str:
    """Say how many answers are right, and what speaks against each of the others.

    Parameters
    ----------
    questions : sequence of Question
        What was asked.
    given : sequence
        A letter for each; ``...`` where nobody has answered yet.

    Returns
    -------
    str
        A line with the score, then a line for each answer that is not right. The right letter is never told.
    """
    if len(given) != len(questions):
        return f"{len(given)} answers to {len(questions)} questions: give one letter for each, in order."
    said = [_objection(question, letter) for question, letter in zip(questions, given, strict=True)]
    lines = [f"{number}: {words}" for number, words in enumerate(said, start=1) if words]
    return "\n".join([f"{said.count(None)} of {len(questions)} right.", *lines])


def _objection(question: Question, letter: Any) -> str | None:
    if letter is ...:
        return "no answer yet; put in a letter."
    if letter not in tuple(LETTERS):
        return f"{letter!r} is none of the answers: choose from {', '.join(LETTERS)}."
    return question.answers[LETTERS.index(letter)][1]
