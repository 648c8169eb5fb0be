"""Typical mistakes in taking a text apart: each ends in an error of the same kind, and is named all the same."""

import pytest

from helpers.checks import notebook_02, notebook_03

LESSONS = {"02": notebook_02.LESSON, "03": notebook_03.LESSON}


def _cut_at_the_first_dot(key):
    topic, partition, offset = key.split("/")[-1].split(".")[0].split("+")
    return topic, int(partition), int(offset)


def _ending_left(key):
    topic, partition, offset = key.split("/")[-1].split("+")
    return topic, int(partition), int(offset)


def _by_key(cut, number):
    def partitions_by_key(lines):
        found = {}
        for line in lines:
            partition, key, _ = cut(line)
            found.setdefault(key, set()).add(number(partition))
        return found

    return partitions_by_key


def _cut_at_tabs(line):
    return line.split("\t")


@pytest.mark.parametrize(
    ("name", "number", "answer", "said"),
    [
        ("03", 5, _cut_at_the_first_dot, "you cut too early"),
        ("03", 5, _ending_left, "The offset ends with `.json`"),
        ("02", 6, _by_key(str.split, lambda text: int(text.partition(":")[2])), "You cut at every blank"),
        ("02", 6, _by_key(_cut_at_tabs, int), "`int` cannot read `Partition:0`"),
        ("02", 6, _by_key(_cut_at_tabs, lambda text: text.removeprefix("Partition:")), "still a text, `'0'`"),
        ("02", 6, _by_key(_cut_at_tabs, str), "still the text `Partition:0`"),
    ],
)
def test_a_mistake_in_taking_a_text_apart_is_named(name, number, answer, said):
    verdict = LESSONS[name].judge(number, answer)
    assert verdict.outcome == "a known mistake"
    assert said in verdict.text


@pytest.mark.parametrize(("name", "number"), [("02", 6), ("03", 5)])
def test_every_twin_has_its_own_sentence(name, number):
    exercise = LESSONS[name].exercises[number]
    assert LESSONS[name].judge(number, exercise.solution).outcome == "right"
    for twin in exercise.twins:
        assert LESSONS[name].judge(number, twin.answer).text == twin.sentence


def test_an_error_of_one_case_is_shown_at_that_case():
    def keys_as_numbers(lines):
        return {int(line.split("\t")[1]): {0} for line in lines}

    verdict = LESSONS["02"].judge(6, keys_as_numbers)
    assert verdict.outcome == "not yet"
    assert "stops with ValueError: invalid literal for int() with base 10: 'ada'" in verdict.text
