"""Airflow's grid as a picture: runs across, tasks down, a cell's colour and letter by how the task ended."""

from collections import Counter
from collections.abc import Mapping, Sequence
from graphlib import TopologicalSorter

from matplotlib.axes import Axes
from matplotlib.figure import Figure
from matplotlib.patches import Rectangle

from helpers.notebook import plots
from helpers.notebook.plots import ACCENT, INK, PALE, QUIET, WIDTH_INCHES

LOOKS = {
    "success": ("S", "#2b8a3e", "white"),
    "failed": ("F", ACCENT, "white"),
    "upstream_failed": ("U", PALE, INK),
    "up_for_retry": ("T", "#e8890c", INK),
    "running": ("R", "#0b7285", "white"),
    "skipped": ("K", "white", INK),
}
"""State → its letter, the cell's colour, the letter's; told apart by lightness, too."""

OTHER = ("·", "white", QUIET)
"""Of a task that has not started, or has not been in a run."""

CELL_INCHES = 0.42

States = Mapping[str, Mapping[str, str | None]]
"""Run, the oldest first → task → Airflow's word for how it stands; None before it starts."""


def grid(states: States, after: Mapping[str, Sequence[str]]) -> None:
    """Show how the tasks of some runs stand, with what is to be seen in it as the title.

    Parameters
    ----------
    states : mapping of str to mapping of str to str
        Run, the oldest first → task → state.
    after : mapping of str to sequence of str
        The DAG: task → the tasks that come after it.
    """
    tasks = in_order(after)
    title = finding(states, tasks)
    plots.show(drawn(states, tasks, title), f"A grid, runs across and tasks down. {title}. {_columns(states, tasks)}")


def in_order(after: Mapping[str, Sequence[str]]) -> list[str]:
    """List the tasks of a DAG from the first to the last, by name where neither comes before the other."""
    sorter = TopologicalSorter({task: [one for one, later in after.items() if task in later] for task in after})
    sorter.prepare()
    tasks: list[str] = []
    while ready := sorted(sorter.get_ready()):
        tasks += ready
        sorter.done(*ready)
    return tasks


def finding(states: States, tasks: Sequence[str]) -> str:
    """Say in how many runs a task failed, and at which task that began."""
    begun = Counter(first for run in states.values() if (first := _first_failed(run, tasks)))
    if not begun:
        return f"No task failed in {_counted(len(states), 'run')}"
    where = ", ".join(task if len(begun) == 1 else f"{task} ({number})" for task, number in begun.items())
    return f"{begun.total()} of {_counted(len(states), 'run')} failed, beginning at {where}"


def drawn(states: States, tasks: Sequence[str], title: str) -> Figure:
    """Draw the grid; below it stands what each letter in it means.

    Parameters
    ----------
    states : mapping of str to mapping of str to str
        Run, the oldest first → task → state.
    tasks : sequence of str
        The DAG's tasks, from the first to the last.
    title : str
        What it shows.
    """
    figure = Figure(figsize=(WIDTH_INCHES, 1.5 + CELL_INCHES * len(tasks)), layout="constrained")
    axes = figure.add_subplot()
    axes.set_title(title, loc="left", color=INK, fontweight="bold", pad=12)
    axes.set(xlim=(0, max(len(states), WIDTH_INCHES / CELL_INCHES / 2)), ylim=(len(tasks), 0))
    axes.spines[:].set_visible(False)
    axes.tick_params(length=0, colors=INK)
    axes.set_xticks([place + 0.5 for place in range(len(states))], [str(n + 1) for n in range(len(states))])
    axes.set_yticks([place + 0.5 for place in range(len(tasks))], list(tasks))
    axes.set_xlabel(f"runs, the oldest first    {_legend(states, tasks)}", color=INK, loc="left")
    for column, run in enumerate(states.values()):
        for row, task in enumerate(tasks):
            _cell(axes, column, row, run.get(task))
    return figure


def _cell(axes: Axes, column: int, row: int, state: str | None) -> None:
    letter, colour, ink = LOOKS.get(state, OTHER)
    axes.add_patch(Rectangle((column + 0.06, row + 0.06), 0.88, 0.88, facecolor=colour, edgecolor=QUIET))
    axes.text(column + 0.5, row + 0.5, letter, ha="center", va="center", color=ink, fontweight="bold")


def _first_failed(run: Mapping[str, str | None], tasks: Sequence[str]) -> str | None:
    return next((task for task in tasks if run.get(task) == "failed"), None)


def _counted(number: int, what: str) -> str:
    return f"{number} {what}" if number == 1 else f"{number} {what}s"


def _legend(states: States, tasks: Sequence[str]) -> str:
    seen = {run.get(task) for run in states.values() for task in tasks}
    return "  ".join(f"{letter} = {state}" for state, (letter, *_) in LOOKS.items() if state in seen)


def _columns(states: States, tasks: Sequence[str]) -> str:
    """Write the grid in words, column by column."""
    return " ".join(f"Run {number}: {_column(run, tasks)}." for number, run in enumerate(states.values(), 1))


def _column(run: Mapping[str, str | None], tasks: Sequence[str]) -> str:
    by_state: dict[str, list[str]] = {}
    for task in tasks:
        by_state.setdefault(run.get(task) or "not started", []).append(task)
    if len(by_state) == 1:
        return f"all {next(iter(by_state))}"
    return "; ".join(f"{', '.join(some)} {state}" for state, some in by_state.items())
