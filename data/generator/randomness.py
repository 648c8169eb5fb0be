"""Seeded sources of chance: one independent stream for each purpose, none of them global."""

import random
from collections.abc import Sequence
from itertools import pairwise

from faker import Faker

SEED = "pinterest workbook 8"
FAKER_SEED = 2015


def stream(purpose: str) -> random.Random:
    """Return the stream of one purpose.

    With a stream for each purpose, a change to the titles leaves the ages alone. Text seeds go through
    SHA-512, so they give the same numbers on every machine.
    """
    return random.Random(f"{SEED}: {purpose}")


def people_and_places() -> Faker:
    """Return the seeded Faker that supplies first names, last names and countries."""
    faker = Faker("en_US")
    faker.seed_instance(FAKER_SEED)
    return faker


def interpolate(points: Sequence[tuple[float, float]], x: float) -> float:
    """Read a curve between its points, geometrically: half-way between 10 and 1,000 lies 100.

    Parameters
    ----------
    points
        (x, y) pairs with ascending x and y > 0.
    x
        Where to read the curve; within the range of the points.

    Examples
    --------
    >>> round(interpolate([(0, 10), (1, 1000)], 0.5), 6)
    100.0
    """
    for (x0, y0), (x1, y1) in pairwise(points):
        if x <= x1:
            return y0 * (y1 / y0) ** ((x - x0) / (x1 - x0))
    raise ValueError(f"{x} lies beyond the last point of the curve")
