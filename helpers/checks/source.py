"""A solution's text: what the reference notebook runs where a learner's copy has a gap."""

import inspect

from helpers.checks.exercise import Exercise


def solution_cell(exercise: Exercise) -> str:
    """Write the cell that solves an exercise: the source of its solution."""
    return inspect.getsource(exercise.solution).rstrip()
