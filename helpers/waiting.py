"""Wait until something is so, but not for ever."""

import time
from collections.abc import Callable
from typing import TypeVar

Found = TypeVar("Found")


class WaitedInVain(TimeoutError):
    """What was awaited did not come about; the text says what it was, and for how long."""


def wait_until(condition: Callable[[], Found], seconds: float, what: str, every: float = 0.2) -> Found:
    """Ask again and again until a condition is true.

    Parameters
    ----------
    condition : callable
        What is asked; an exception of its own ends the waiting.
    seconds : float
        How long to wait.
    what : str
        What is awaited, as in "the connector to run".
    every : float
        Seconds between two questions.

    Returns
    -------
    object
        The condition's true value.

    Raises
    ------
    WaitedInVain
        If the time is up.
    """
    limit = time.monotonic() + seconds
    while not (found := condition()):
        if time.monotonic() > limit:
            raise WaitedInVain(f"Waited {seconds:g} s in vain for {what}.")
        time.sleep(every)
    return found
