import json
from types import SimpleNamespace

import pytest

from helpers.notebook import plots
from helpers.streaming.live_view import LiveView
from helpers.waiting import wait_until


class Query:
    """Reports what it is told to."""

    def __init__(self, *rows):
        self.reports, self.isActive = [], True
        self.write(*rows)

    def write(self, *rows):
        for count in rows:
            told = {
                "batchId": len(self.reports), "timestamp": "2026-11-25T10:00:00.000Z",
                "sources": [{"numInputRows": count}], "durationMs": {"triggerExecution": 10}, "observedMetrics": {},
            }  # fmt: skip
            self.reports.append(SimpleNamespace(json=json.dumps(told)))

    @property
    def recentProgress(self):
        return self.reports[-2:]  # Spark forgets

    def exception(self):
        return "the stream is gone"


@pytest.fixture
def shown(monkeypatch):
    texts = []

    def show(figure, description, draw=None):
        texts.append(description)

    monkeypatch.setattr(plots, "show", show)
    return texts


def test_it_counts_what_is_written_while_it_watches(shown):
    pin, geo = Query(100), Query(100)
    with LiveView({"pin": pin, "geo": geo}, "Rows") as view:
        for _ in range(3):
            pin.write(5)
            geo.write(4)
            view.rows()
        view.wait_for(12)
    assert view.rows() == {"pin": 15, "geo": 12}
    assert shown[-1].endswith("15 in pin, 12 in geo.")


def test_it_draws_anew_by_itself(shown):
    pin = Query()
    with LiveView({"pin": pin}, "Rows"):
        pin.write(7)
        wait_until(lambda: shown[-1].endswith("7 in pin."), 10, "another picture", every=0.05)


def test_a_query_that_ended_is_not_waited_for(shown):
    pin = Query()
    with LiveView({"pin": pin}, "Rows") as view:
        pin.isActive = False
        with pytest.raises(RuntimeError, match="into pin has ended: the stream is gone"):
            view.wait_for(1)


def test_waiting_ends(shown):
    with LiveView({"pin": Query()}, "Rows") as view, pytest.raises(TimeoutError, match="in vain for 1 new rows"):
        view.wait_for(1, timeout=0.1)


def test_what_is_marked_is_drawn_and_the_title_says_how_far_the_tables_are_behind(shown, monkeypatch):
    drawn = []
    streams = plots.streams
    monkeypatch.setattr(plots, "streams", lambda *given: drawn.append(given[3:]) or streams(*given))
    with LiveView({"pin": Query()}, "Rows") as view, view.marked("users post"):
        pass
    (before, nothing), *_, (title, (what, begun, ended)) = drawn
    assert (before, nothing) == ("Rows", None)
    assert title == "Rows: the last one came 0.0 s after the end of 'users post'"
    assert what == "users post"
    assert 0 <= begun <= ended
    assert shown[-1].startswith(f"{title}. ")
