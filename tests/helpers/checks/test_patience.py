"""Typical mistakes in trying again, written as learners write them."""

import pytest
import requests

from helpers.checks.notebook_04 import LESSON


def _all_pauses_alike(send, tries, wait):
    for number in range(1, tries + 1):
        try:
            send()
            return number
        except requests.RequestException as error:
            if error.response is not None and error.response.status_code < 500:
                raise
            if number == tries:
                raise
        wait(0.5)


def _broken_connections_not_caught(send, tries, wait):
    for number in range(tries):
        try:
            send()
            return number + 1
        except requests.HTTPError as error:
            if error.response.status_code < 500 or number == tries - 1:
                raise
            wait(0.5 * 2**number)


def _every_error_caught(send, tries, wait):
    for number in range(tries):
        try:
            send()
            return number + 1
        except requests.RequestException:
            wait(0.5 * 2**number)


def _nobody_told_in_the_end(send, tries, wait):
    for number in range(tries):
        try:
            send()
            return number + 1
        except requests.RequestException as error:
            if error.response is not None and error.response.status_code < 500:
                raise
            wait(0.5 * 2**number)


def _pause_after_the_last_try(send, tries, wait):
    for number in range(tries):
        try:
            send()
            return number + 1
        except requests.RequestException as error:
            if error.response is not None and error.response.status_code < 500:
                raise
            wait(0.5 * 2**number)
            last = error
    raise last


def _pause_after_a_refusal(send, tries, wait):
    for number in range(tries):
        try:
            send()
            return number + 1
        except requests.RequestException as error:
            wait(0.5 * 2**number)
            if number == tries - 1 or (error.response is not None and error.response.status_code < 500):
                raise


@pytest.mark.parametrize(
    ("answer", "said"),
    [
        (_all_pauses_alike, "pauses are alike"),
        (_broken_connections_not_caught, "gave up when the connection broke"),
        (_every_error_caught, "catch every error"),
        (_nobody_told_in_the_end, "waits for nothing, and then goes on"),
        (_pause_after_the_last_try, "wait after the last try"),
        (_pause_after_a_refusal, "wait before you stop"),
    ],
)
def test_a_mistake_in_trying_again_is_named(answer, said):
    verdict = LESSON.judge(4, answer)
    assert verdict.outcome == "a known mistake"
    assert said in verdict.text
