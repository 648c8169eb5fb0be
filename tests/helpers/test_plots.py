import pandas as pd
import pytest

from helpers import plots

TABLE = pd.DataFrame({"year": [2018, 2019], "group": ["a", "b"], "n": [3, 1200]})


def test_every_figure_needs_a_description():
    figure = plots.bars(TABLE, "year", "n", "Title")
    with pytest.raises(ValueError, match="needs a description"):
        plots.show(figure, " ")


def test_the_description_goes_with_the_picture(monkeypatch):
    shown = []
    monkeypatch.setattr(plots, "display", lambda data, raw, metadata: shown.append((data, metadata)))
    plots.show(plots.bars(TABLE, "year", "n", "Title"), "Two bars.")
    data, metadata = shown[0]
    assert data["text/plain"] == "Two bars."
    assert data["image/png"].startswith(b"\x89PNG")
    assert metadata["image/png"]["alt"] == "Two bars."


def test_bars_show_the_data_in_its_order():
    axes = plots.bars(TABLE, "group", "n", "Title").axes[0]
    assert [bar.get_width() for bar in axes.patches] == [3, 1200]
    assert [label.get_text() for label in axes.get_yticklabels()] == ["a", "b"]
    assert [text.get_text() for text in axes.texts] == ["3", "1.2k"]


def test_columns_show_the_data():
    axes = plots.columns(TABLE, "year", "n", "Title", "users").axes[0]
    assert [bar.get_height() for bar in axes.patches] == [3, 1200]


def test_what_little_stands_behind_is_grey():
    axes = plots.columns(TABLE, "year", "n", "Title", "users", quiet=[True, False]).axes[0]
    assert len({bar.get_facecolor() for bar in axes.patches}) == 2


def test_all_of_the_longest_bars_stand_out():
    tied = pd.DataFrame({"group": ["a", "b", "c"], "n": [5, 5, 4]})
    colours = [bar.get_facecolor() for bar in plots.bars(tied, "group", "n", "Title").axes[0].patches]
    assert colours[0] == colours[1] != colours[2]


def test_lines_are_one_a_series_in_the_given_order_and_skip_the_empty():
    axes = plots.lines(TABLE, "year", "n", "group", "Title", "unit", ["b", "none", "a"]).axes[0]
    assert [line.get_label() for line in axes.lines] == ["b", "a"]
    assert list(axes.lines[1].get_ydata()) == [3]


def test_the_heatmap_sets_the_greatest_of_each_column_in_bold_and_leaves_gaps_empty():
    axes = plots.heatmap(TABLE, "group", "year", "n", "Title").axes[0]
    assert {(text.get_text(), text.get_fontweight()) for text in axes.texts} == {("3", "bold"), ("1.2k", "bold")}


@pytest.mark.parametrize(("number", "text"), [(0, "0"), (999, "999"), (1500, "1.5k"), (8_200_000, "8.2M")])
def test_numbers_are_short(number, text):
    assert plots._short(number) == text


def test_streams_are_steps_above_and_waiting_times_below():
    rows = pd.DataFrame({"seconds": [0.0, 2.0, 0.0], "table": ["pin", "pin", "geo"], "rows": [0, 7, 0]})
    waits = pd.DataFrame({"seconds": [2.0], "table": ["pin"], "wait": [1.5]})
    above, below = plots.streams(rows, waits, ["pin", "geo"], "Title").axes
    assert [line.get_label() for line in above.lines] == ["pin", "geo"]
    assert list(above.lines[0].get_ydata()) == [0, 7]
    assert above.lines[0].get_drawstyle() == "steps-post"
    assert list(below.lines[0].get_ydata()) == [1.5]
