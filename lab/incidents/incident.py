"""What an incident is."""

from collections.abc import Callable
from dataclasses import dataclass

from lab.incidents.pipeline import Pipeline


@dataclass(frozen=True)
class Incident:
    """One thing that can break, and what to know of it.

    Attributes
    ----------
    title : str
        What it is called once it is over.
    level : int
        1: one look finds it; 2: two signs have to be put together; 3: all looks well at first.
    briefing : str
        The symptom, as a colleague would report it.
    hints : tuple of str
        One a step.
    cause, signs, way : str
        What was broken, where it showed, and how an engineer would have gone.
    break_it, repair : callable
        Break the pipeline, and make it whole again.
    probes : tuple of callable
        What has to be well: each takes the pipeline and returns what is wrong, or nothing.
    """

    title: str
    level: int
    briefing: str
    hints: tuple[str, ...]
    cause: str
    signs: str
    way: str
    break_it: Callable[[Pipeline], None]
    repair: Callable[[Pipeline], None]
    probes: tuple[Callable[[Pipeline], str | None], ...]
