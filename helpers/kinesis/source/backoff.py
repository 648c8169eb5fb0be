"""Patience: how long to wait before Kinesis is asked again, and when to give up."""

import random
import time
from collections.abc import Callable
from typing import TypeVar

from helpers.kinesis.source.errors import KinesisError, Passing

PATIENCE_SECONDS = 120.0
FIRST_WAIT, LONGEST_WAIT = 0.2, 5.0

Answer = TypeVar("Answer")


class Backoff:
    """Counts failures in a row, and says how long to wait after each.

    Waits double, and are drawn at random up to that: readers that were refused together do not come back together.

    Parameters
    ----------
    clock : callable
        Seconds that only grow.
    """

    def __init__(self, clock: Callable[[], float] = time.monotonic):
        self._clock = clock
        self._failures, self._since = 0, 0.0

    def succeed(self) -> None:
        """Forget the failures."""
        self._failures = 0

    def wait_after(self, reason: Passing) -> float:
        """Count a failure.

        Returns
        -------
        float
            Seconds to wait.

        Raises
        ------
        KinesisError
            If nothing but failures came for two minutes.
        """
        now = self._clock()
        if not self._failures:
            self._since = now
        self._failures += 1
        if now - self._since > PATIENCE_SECONDS:
            raise KinesisError(f"No success for {now - self._since:.0f} s. {reason}") from reason
        longest = min(LONGEST_WAIT, FIRST_WAIT * 2 ** min(self._failures, 10))
        return random.uniform(FIRST_WAIT / 2, longest)


def patiently(ask: Callable[[], Answer]) -> Answer:
    """Ask until there is an answer, or no patience left.

    Raises
    ------
    KinesisError
        If nothing but passing failures came for two minutes.
    """
    backoff = Backoff()
    while True:
        try:
            return ask()
        except Passing as reason:
            time.sleep(backoff.wait_after(reason))
