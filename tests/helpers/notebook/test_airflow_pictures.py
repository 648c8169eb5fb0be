"""Airflow's grid says what is in it: in its title, its cells and its words."""

import pytest
from matplotlib.colors import to_hex

from helpers.notebook import airflow_pictures, plots

TASKS = ["clean", "users", "posts"]
WELL = dict.fromkeys(TASKS, "success")
BROKEN = {"clean": "failed", "users": "upstream_failed", "posts": "upstream_failed"}
LATE = {"clean": "success", "users": "failed", "posts": "success"}


@pytest.mark.parametrize(
    ("runs", "said"),
    [
        ([WELL], "No task failed in 1 run"),
        ([WELL, WELL], "No task failed in 2 runs"),
        ([WELL, BROKEN, WELL], "1 of 3 runs failed, beginning at clean"),
        ([BROKEN, WELL, BROKEN, LATE], "3 of 4 runs failed, beginning at clean (2), users (1)"),
        ([], "No task failed in 0 runs"),
    ],
)
def test_the_title_says_how_many_runs_failed_and_where_that_began(runs, said):
    assert airflow_pictures.finding(dict(enumerate(runs)), TASKS) == said


def test_a_cell_has_the_letter_and_the_colour_of_its_state():
    axes = airflow_pictures.drawn({"a": WELL, "b": BROKEN}, TASKS, "Title").axes[0]
    letters = {tuple(int(part) for part in text.get_position()): text.get_text() for text in axes.texts}
    assert [letters[1, row] for row in range(3)] == ["F", "U", "U"], "the second run, from its first task down"
    assert [letters[0, row] for row in range(3)] == ["S", "S", "S"]
    failed = next(box for box in axes.patches if (int(box.get_x()), int(box.get_y())) == (1, 0))
    assert to_hex(failed.get_facecolor()) == plots.ACCENT
    assert [label.get_text() for label in axes.get_yticklabels()] == TASKS
    assert axes.get_xlabel().endswith("S = success  F = failed  U = upstream_failed")


def test_a_task_that_has_not_started_or_was_not_in_a_run_has_a_dot():
    axes = airflow_pictures.drawn({"a": {"clean": "running", "users": None}}, TASKS, "Title").axes[0]
    assert [text.get_text() for text in axes.texts] == ["R", "·", "·"]


def test_the_first_task_stands_on_top_and_equals_by_name():
    after = {"b": [], "clean": ["b", "a"], "a": ["z"], "z": []}
    assert airflow_pictures.in_order(after) == ["clean", "a", "b", "z"]


def test_what_is_seen_stands_below_it_in_words(monkeypatch):
    said = []
    monkeypatch.setattr(plots, "show", lambda figure, description: said.append(description))
    after = {"posts": [], "clean": ["users"], "users": ["posts"]}
    airflow_pictures.grid({"a": WELL, "b": BROKEN, "c": {"clean": "running"}}, after)
    assert said == [
        "A grid, runs across and tasks down. 1 of 3 runs failed, beginning at clean. Run 1: all success. "
        "Run 2: clean failed; users, posts upstream_failed. Run 3: clean running; users, posts not started."
    ]
