import pytest

from helpers.waiting import WaitedInVain, wait_until


def test_the_true_value_comes_back():
    answers = iter([None, [], "found"])
    assert wait_until(lambda: next(answers), 5, "an answer", every=0) == "found"


def test_what_is_true_at_once_needs_no_time():
    assert wait_until(lambda: 1, 0, "nothing") == 1


def test_waiting_in_vain_says_for_what_and_how_long():
    with pytest.raises(WaitedInVain, match=r"^Waited 0\.01 s in vain for the moon\.$"):
        wait_until(lambda: False, 0.01, "the moon", every=0)


def test_an_error_ends_the_waiting():
    with pytest.raises(KeyError):
        wait_until(lambda: {}["missing"], 60, "an answer")
