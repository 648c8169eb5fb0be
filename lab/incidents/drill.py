"""A drill from its briefing to its end: one at a time, written down in the lab's folder."""

import json
import random
import time
from dataclasses import asdict, dataclass, field

from helpers.config import Workbook
from helpers.kafka import client as kafka_client
from lab.core.files import write_private
from lab.core.layout import Lab, LabError
from lab.incidents import pipeline
from lab.incidents.catalogue import INCIDENTS
from lab.incidents.incident import Incident


@dataclass(frozen=True)
class Drill:
    """The incident under way.

    Attributes
    ----------
    number : int
        Which one.
    began : float
        When it was made, in seconds since the epoch.
    since : dict of str to int
        Topic → its end offset at that time.
    hints : int
        How many hints were given.
    over : bool
        Whether the pipeline was found well since.
    """

    number: int
    began: float
    since: dict[str, int] = field(default_factory=dict)
    hints: int = 0
    over: bool = False

    @property
    def incident(self) -> Incident:
        """What is broken."""
        return INCIDENTS[self.number]


def begin(lab: Lab, number: int | None, seed: int | None) -> str:
    """Build the pipeline as far as it is missing, break one thing, and return the briefing.

    Parameters
    ----------
    lab : Lab
        The running lab.
    number : int, optional
        Which incident; by default one is drawn.
    seed : int, optional
        For the draw, so that a class has the same one.

    Raises
    ------
    LabError
        If there is no such incident, or one is under way.
    """
    if number is not None and number not in INCIDENTS:
        raise LabError(f"There is no incident {number}; there are 1 to {len(INCIDENTS)}.")
    if (drill := _read(lab)) and not drill.over:
        raise LabError(
            f"Incident {drill.number} is under way. `python -m lab incident check` judges your repair, `… undo` "
            "repairs it for you."
        )
    number = number or random.Random(seed).choice(list(INCIDENTS))
    built = pipeline.build(lab, Workbook.load())
    since = kafka_client.end_offsets(built.workbook)
    INCIDENTS[number].break_it(built)
    _write(lab, Drill(number, time.time(), since))
    return f"Incident {number}, level {INCIDENTS[number].level} of 3.\n\n{INCIDENTS[number].briefing}"


def check(lab: Lab) -> tuple[bool, str]:
    """Judge the health of the pipeline, not the way there.

    Returns
    -------
    tuple of bool and str
        Whether all is well, and what to say.
    """
    drill = _not_over(lab)
    found = pipeline.find(lab, Workbook.load(), drill.since)
    if fault := next((fault for probe in drill.incident.probes if (fault := probe(found))), None):
        return False, f"Not well yet: {fault}."
    minutes = round((time.time() - drill.began) / 60)
    _write(lab, Drill(**asdict(drill) | {"over": True}))
    took = f"{_counted(minutes, 'minute')} and {_counted(drill.hints, 'hint')}"
    return True, f"Well again, after {took}. `… tell` says what it was."


def hint(lab: Lab) -> str:
    """Give the next hint; after the last one, the last one again."""
    drill = _not_over(lab)
    hints = drill.incident.hints
    step = min(drill.hints, len(hints) - 1)
    _write(lab, Drill(**asdict(drill) | {"hints": step + 1}))
    return f"Hint {step + 1} of {len(hints)}: {hints[step]}"


def tell(lab: Lab) -> str:
    """Explain cause and signs, and the way an engineer would have gone."""
    incident = _under_way(lab).incident
    return f"{incident.title}.\n\nCause: {incident.cause}\nSigns: {incident.signs}\nThe way: {incident.way}"


def undo(lab: Lab) -> str:
    """Repair what was broken."""
    drill = _not_over(lab)
    drill.incident.repair(pipeline.find(lab, Workbook.load(), drill.since))
    _write(lab, Drill(**asdict(drill) | {"over": True}))
    return f"Repaired: {drill.incident.title.lower()}."


def _counted(number: int, what: str) -> str:
    return f"{number} {what}" if number == 1 else f"{number} {what}s"


def _under_way(lab: Lab) -> Drill:
    if drill := _read(lab):
        return drill
    raise LabError("No incident is under way. `python -m lab incident` makes one.")


def _not_over(lab: Lab) -> Drill:
    if (drill := _under_way(lab)).over:
        raise LabError(
            f"Incident {drill.number} is over; `… tell` says what it was. `python -m lab incident` makes another."
        )
    return drill


def _read(lab: Lab) -> Drill | None:
    file = lab.home / "incident.json"
    return Drill(**json.loads(file.read_text())) if file.exists() else None


def _write(lab: Lab, drill: Drill) -> None:
    write_private(lab.home / "incident.json", json.dumps(asdict(drill)))
