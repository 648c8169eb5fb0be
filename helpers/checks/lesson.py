"""What a notebook calls: check, hint, solution, predict, questions, quiz."""

from collections.abc import Callable, Mapping, Sequence
from typing import Any

from IPython.display import display

from helpers.checks import quiz
from helpers.checks.exercise import Exercise
from helpers.checks.source import solution_cell
from helpers.checks.verdict import Judge, Verdict


class Gap(Exception):
    """A gap that stops the notebook: shown as one sentence, without a stack trace."""

    def _render_traceback_(self) -> list[str]:
        return [str(self)]


class Guess:
    """What a learner predicted.

    Parameters
    ----------
    value : object
        The guess; ``...`` if there is none.
    meanings : mapping
        Wrong guess → what somebody who makes it has in mind.
    """

    def __init__(self, value: Any, meanings: Mapping[Any, str]):
        self._value, self._meanings = value, meanings

    def answer(self, actual: Any) -> None:
        """Print whether the guess was right, and what it would mean if not."""
        if self._value is ...:
            print(f"It is {actual}. You made no guess: put one in, it makes the answer stick.")
        elif self._value == actual:
            print(f"You said {self._value}: right.")
        else:
            print(f"You said {self._value}, it is {actual}. {self._meanings.get(self._value, '')}".rstrip())


class Lesson:
    """The exercises, predictions and questions of one notebook.

    Parameters
    ----------
    exercises : mapping of int to Exercise
        By number.
    predictions : mapping of int to mapping
        Number → (wrong guess → what it would mean).
    quiz : sequence of Question
        Asked at the end.
    """

    def __init__(
        self,
        exercises: Mapping[int, Exercise],
        predictions: Mapping[int, Mapping[Any, str]],
        quiz: Sequence[quiz.Question] = (),
    ):
        self.exercises, self.predictions, self.asked = exercises, predictions, quiz
        self._judges = {number: Judge(exercise) for number, exercise in exercises.items()}
        self._hints_given: dict[int, int] = {}

    def judge(self, number: int, answer: Callable[..., Any], *context: Any) -> Verdict:
        """Judge an answer without a word."""
        self._exercise(number)
        return self._judges[number].judge(answer, *context)

    def check(self, number: int, answer: Callable[..., Any], *context: Any) -> None:
        """Print the verdict on an answer.

        Parameters
        ----------
        number : int
            Of the exercise.
        answer : callable
            Your function.
        *context : object
            What it is tried on.

        Raises
        ------
        Gap
            If there is no answer yet: the cells below would work with nothing.
        """
        verdict = self.judge(number, answer, *context)
        if verdict.outcome == "not attempted":
            raise Gap(str(verdict))
        print(verdict)
        if verdict.outcome != "right":
            print(f"`lesson.hint({number})` gives a hint, `lesson.solution({number})` shows a solution.")

    def hint(self, number: int) -> None:
        """Print the next hint for an exercise; after the last one, the last one again."""
        hints = self._exercise(number).hints
        step = min(self._hints_given.get(number, 0), len(hints) - 1)
        self._hints_given[number] = step + 1
        print(f"Hint {step + 1} of {len(hints)}: {hints[step]}")

    def solution(self, number: int) -> None:
        """Print a solution; there are others."""
        print(solution_cell(self._exercise(number)))

    def predict(self, number: int, guess: Any) -> Guess:
        """Take a guess, which the cell below it answers.

        Raises
        ------
        ValueError
            If the notebook asks for no such guess.
        """
        if number not in self.predictions:
            raise ValueError(f"There is no prediction {number}: this notebook has {_listed(self.predictions)}.")
        return Guess(guess, self.predictions[number])

    def questions(self) -> None:
        """Show the questions of the quiz, each with its answers."""
        text = quiz.written(self.asked)
        display({"text/markdown": text, "text/plain": text}, raw=True)

    def quiz(self, *letters: Any) -> None:
        """Print how many answers are right, and what speaks against the others; one letter a question, in order."""
        print(quiz.marked(self.asked, letters))

    def _exercise(self, number: int) -> Exercise:
        if number not in self.exercises:
            raise ValueError(f"There is no exercise {number}: this notebook has {_listed(self.exercises)}.")
        return self.exercises[number]


def _listed(numbers: Mapping[int, object]) -> str:
    return ", ".join(map(str, numbers))
