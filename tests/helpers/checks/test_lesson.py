"""What a learner reads, on an exercise of plain Python."""

import importlib
import inspect
import logging
import pkgutil
import threading
from concurrent.futures import ThreadPoolExecutor

import pytest

from helpers import checks
from helpers.checks import notebook_03, quiz
from helpers.checks.exercise import Exercise, NotAttempted, SystemAway, Twin, attempt, given, is_gap
from helpers.checks.lesson import Gap, Lesson
from helpers.checks.quiz import Question
from helpers.checks.source import solution_cell
from helpers.checks.verdict import Judge


def double(number: int) -> int:
    """Twice a number."""
    return 2 * number


def _results(answer, *numbers):
    return {number: given(answer(number)) for number in numbers}


DOUBLE = Exercise(
    solution=double,
    evaluate=_results,
    twins=(Twin(lambda number: number**2, "You squared it."), Twin(lambda n: n / 0, "You divided by none.")),
    hints=("Think.", "Add."),
    more="And thrice?",
)


@pytest.fixture
def lesson():
    return Lesson({1: DOUBLE}, {1: {3: "That is one a table."}})


@pytest.mark.parametrize(
    ("answer", "said"),
    [
        (double, "Right. And thrice?\n"),
        (lambda number: number * number, "A known mistake. You squared it.\n"),
        (lambda number: 1 // 0, "A known mistake. You divided by none.\n"),
        (lambda number: number + 1, "Not yet. 2 of 3 cases differ:\n2: your answer gives 3, expected 4.\n"),
        (lambda number: int("x"), "Not yet. Your answer stopped with ValueError: invalid literal"),
    ],
)
def test_the_outcome_comes_first_and_help_is_offered(lesson, capsys, answer, said):
    lesson.check(1, answer, 1, 2, 3)
    printed = capsys.readouterr().out
    assert printed.startswith(said)
    assert ("`lesson.hint(1)`" in printed) == (not printed.startswith("Right"))


def test_where_a_right_answer_stops_too_no_answer_is_right(lesson):
    verdict = lesson.judge(1, double, None)
    assert verdict.outcome == "not yet"
    assert verdict.text.startswith("Nobody could judge your answer: a right one stops here too, with TypeError: ")
    assert lesson.judge(1, double, 2).outcome == "right"


def test_a_gap_stops_the_notebook_with_one_sentence(lesson):
    with pytest.raises(Gap, match=r"^Not attempted\. Replace the `\.\.\.` of `double`") as stop:
        lesson.check(1, lambda number: ..., 1)
    assert stop.value._render_traceback_() == [str(stop.value)]


def test_where_an_errors_first_line_only_announces_the_second_both_are_told(lesson):
    def refused(number: int) -> int:
        raise ValueError("Validation failed:\n  the name is missing")

    verdict = lesson.judge(1, refused, 2)
    assert verdict.text == "Your answer stopped with ValueError: Validation failed: the name is missing"


def test_a_forgotten_return_is_no_gap(lesson):
    def forgetful(number: int) -> None:
        number = 2 * number

    verdict = lesson.judge(1, forgetful, 2)
    assert verdict.outcome == "not yet"
    assert verdict.text == "`double` gives `None` back. Does each way through it end with a `return`?"


def test_a_gap_is_known_before_anything_is_tried():
    def evaluate(answer, *context):
        raise AssertionError("tried")

    judge = Judge(Exercise(double, evaluate, (), ("Think.",), "And thrice?"))
    assert judge.judge(gap).outcome == "not attempted"
    assert not is_gap(double)
    assert not is_gap(lambda: "ind int")
    assert not is_gap(len)


def test_hints_come_one_after_the_other_and_the_last_one_stays(lesson, capsys):
    for _ in range(3):
        lesson.hint(1)
    assert capsys.readouterr().out == "Hint 1 of 2: Think.\nHint 2 of 2: Add.\nHint 2 of 2: Add.\n"


def test_a_solution_is_the_cell_that_the_gap_asks_for(lesson, capsys):
    lesson.solution(1)
    assert capsys.readouterr().out == inspect.getsource(double)
    assert solution_cell(DOUBLE).splitlines()[-1] == "    return 2 * number"


@pytest.mark.parametrize(
    ("guess", "said"),
    [
        (9, "You said 9: right.\n"),
        (3, "You said 3, it is 9. That is one a table.\n"),
        (4, "You said 4, it is 9.\n"),
        (..., "It is 9. You made no guess: put one in, it makes the answer stick.\n"),
    ],
)
def test_a_guess_is_answered(lesson, capsys, guess, said):
    lesson.predict(1, guess).answer(9)
    assert capsys.readouterr().out == said


def test_a_number_that_the_notebook_does_not_have_is_named(lesson):
    for ask in (lambda: lesson.hint(2), lambda: lesson.predict(2, 1), lambda: lesson.judge(2, double)):
        with pytest.raises(ValueError, match=r"There is no .* 2: this notebook has 1"):
            ask()


def test_what_is_known_is_evaluated_once_for_the_same_context(monkeypatch):
    asked = []

    def counted(answer, table):
        asked.append(answer)
        return {1: answer(1)}

    lesson = Lesson({1: Exercise(double, counted, DOUBLE.twins, ("Think.",), "")}, {})
    table, answers = object(), (lambda n: 7, lambda n: 8)
    for answer in answers:
        lesson.judge(1, answer, table)
    assert len(asked) == 2 + 1 + len(DOUBLE.twins)
    lesson.judge(1, answers[0], object())
    assert len(asked) == 3 + 2 * (1 + len(DOUBLE.twins))


def test_answers_of_ours_are_evaluated_side_by_side():
    together = threading.Barrier(3, timeout=10)

    def meeting(answer, table):
        if answer in [twin.answer for twin in twins]:
            together.wait()
        return {1: answer(1)}

    twins = tuple(Twin(lambda n, k=k: k, f"{k}") for k in (5, 6, 7))
    lesson = Lesson({1: Exercise(double, meeting, twins, ("Think.",), "")}, {})
    assert lesson.judge(1, lambda n: 9, None).outcome == "not yet"
    assert not together.broken


def _halves(answer, asked):
    asked.append(answer)
    return {"twice 3": answer(3), "is even": answer(3) % 2 == 0}


STATED = Exercise(
    solution=double,
    evaluate=_halves,
    wanted={"twice 3": 6},
    twins=(
        Twin(lambda number: number**2, "You squared it.", {"twice 3": 9, "is even": False}),
        Twin(lambda number: number + 1, "It is even, and wrong.", {"is even": True}),
    ),
    hints=("Think.",),
    more="And thrice?",
)


@pytest.mark.parametrize(
    ("answer", "said"),
    [
        (double, "Right. And thrice?"),
        (lambda number: 9, "A known mistake. You squared it."),
        (lambda number: 100, "A known mistake. It is even, and wrong."),
        (lambda number: 7, "Not yet. 1 of 1 cases differ:\n'twice 3': your answer gives 7, expected 6."),
        (lambda number: [].pop(), "Not yet. Your answer stopped with IndexError: pop from empty list"),
    ],
)
def test_where_results_are_stated_the_answer_alone_is_tried(answer, said):
    asked = []
    assert str(Lesson({1: STATED}, {}).judge(1, answer, asked)) == said
    assert asked == [answer]


def test_a_system_that_is_away_says_nothing_about_the_answer():
    def away(answer):
        raise SystemAway("No broker answers at localhost:9098.")

    verdict = Lesson({1: Exercise(double, away, (), ("Think.",), "", wanted={})}, {}).judge(1, double)
    assert str(verdict) == (
        "Not yet. Nobody could judge your answer: No broker answers at localhost:9098. `python -m lab status` says "
        "what runs."
    )


def gap(number: int) -> None:
    """Do something with a number."""
    ...


def careless(rows: dict) -> None:
    rows["first"]


def test_a_function_that_gives_nothing_back_is_attempted_if_anything_stands_in_it():
    attempt(careless)
    attempt(lambda number: number.go())
    for untouched in (gap, lambda number: None, lambda number: ...):
        with pytest.raises(NotAttempted):
            attempt(untouched)


def test_every_sentence_of_every_notebook_says_something_of_its_own():
    names = [module.name for module in pkgutil.iter_modules(checks.__path__) if module.name.startswith("notebook_")]
    lessons = [importlib.import_module(f"helpers.checks.{name}").LESSON for name in names]
    sentences = [
        text
        for lesson in lessons
        for exercise in lesson.exercises.values()
        for text in (*(twin.sentence for twin in exercise.twins), *exercise.hints, exercise.more)
    ]
    assert len({*sentences}) == len(sentences) > 100
    assert all(sentence.strip() for sentence in sentences)


def test_a_property_that_is_no_text_is_named():
    with pytest.raises(TypeError, match=r"^`flush\.size` is 10, and every value has to be text\.$"):
        notebook_03.all_text({"topics.dir": "try", "flush.size": 10})
    assert notebook_03.all_text({"flush.size": "10"}) == {"flush.size": "10"}


def test_what_is_logged_while_an_answer_is_judged_stays_off_the_page_and_is_heard_again_after_it(lesson, caplog):
    def talkative(number: int) -> int:
        logging.getLogger("of a library").error("a query failed")
        return 2 * number

    lesson.judge(1, talkative, 2)
    assert not caplog.messages
    talkative(2)
    assert caplog.messages == ["a query failed"]


def test_answers_judged_side_by_side_leave_the_logs_as_they_were(caplog):
    lesson = Lesson({1: Exercise(double, _results, (), ("Think.",), "", wanted={2: 4})}, {})
    first_is_in, second_is_in, first_is_out = (threading.Event() for _ in range(3))

    def first(number: int) -> int:
        first_is_in.set()
        second_is_in.wait(10)
        return 2 * number

    def second(number: int) -> int:
        second_is_in.set()
        first_is_out.wait(10)
        return 2 * number

    with ThreadPoolExecutor(2) as pool:
        one = pool.submit(lesson.judge, 1, first, 2)
        first_is_in.wait(10)
        other = pool.submit(lesson.judge, 1, second, 2)
        one.result()
        first_is_out.set()
        other.result()
    logging.getLogger("of a library").error("a query failed")
    assert caplog.messages == ["a query failed"]


QUESTIONS = (
    Question("What is twice two?", (("Five.", "Count again."), ("Four.", None), ("Two.", "That is once."))),
    Question("And once?", (("Two.", None), ("Four.", "That is twice."), ("None.", "That is never."))),
)


def test_a_quiz_shows_each_question_with_its_answers():
    assert quiz.written(QUESTIONS) == (
        "1. What is twice two?\n   - a) Five.\n   - b) Four.\n   - c) Two.\n"
        "2. And once?\n   - a) Two.\n   - b) Four.\n   - c) None."
    )


@pytest.mark.parametrize(
    ("letters", "said"),
    [
        (("b", "a"), "2 of 2 right."),
        (("a", "a"), "1 of 2 right.\n1: Count again."),
        ((..., "b"), "0 of 2 right.\n1: no answer yet; put in a letter.\n2: That is twice."),
        (("d", "a"), "1 of 2 right.\n1: 'd' is none of the answers: choose from a, b, c."),
        ((2, "a"), "1 of 2 right.\n1: 2 is none of the answers: choose from a, b, c."),
        (("b",), "1 answers to 2 questions: give one letter for each, in order."),
    ],
)
def test_a_quiz_is_scored_and_says_what_speaks_against_an_answer(capsys, letters, said):
    Lesson({}, {}, QUESTIONS).quiz(*letters)
    assert capsys.readouterr().out == said + "\n"


def _quizzes():
    for module in pkgutil.iter_modules(checks.__path__, "helpers.checks."):
        if module.name.rpartition(".")[2].startswith("notebook_"):
            yield module.name, importlib.import_module(module.name).LESSON.asked


@pytest.mark.parametrize(("name", "asked"), list(_quizzes()))
def test_each_question_has_one_right_answer_and_an_objection_of_its_own_to_the_others(name, asked):
    objections = [objection for question in asked for _, objection in question.answers if objection]
    assert len(set(objections)) == len(objections) == 2 * len(asked)
    assert all([text for text, objection in question.answers if objection is None] for question in asked)
    assert len(asked) < 3 or len({question.right for question in asked}) > 1, "the letter would give it away"
