import pandas as pd
import pytest
from matplotlib.dates import num2date

from helpers.notebook import plots

TABLE = pd.DataFrame({"year": [2018, 2019], "group": ["a", "b"], "n": [3, 1200]})


def test_every_figure_needs_a_description():
    figure = plots.bars(TABLE, "year", "n", "Title")
    with pytest.raises(ValueError, match="needs a description"):
        plots.show(figure, " ")


def test_the_description_goes_with_the_picture(monkeypatch):
    shown = []
    monkeypatch.setattr(plots, "display", lambda data, raw, metadata=None: shown.append((data, metadata)))
    plots.show(plots.bars(TABLE, "year", "n", "Title"), "Two bars.")
    (data, metadata), (below, _) = shown
    assert data["text/plain"] == "Two bars."
    assert data["image/png"].startswith(b"\x89PNG")
    assert metadata["image/png"]["alt"] == "Two bars."
    assert below == {"text/markdown": "*Two bars.*", "text/plain": "Two bars."}


def test_letters_that_markdown_takes_for_its_own_stay_letters(monkeypatch):
    shown = []
    monkeypatch.setattr(plots, "display", lambda data, raw: shown.append(data))
    plots.caption("post_year * 2")
    assert shown[0]["text/markdown"] == r"*post\_year \* 2*"


def test_bars_show_the_data_in_its_order():
    axes = plots.bars(TABLE, "group", "n", "Title").axes[0]
    assert [bar.get_width() for bar in axes.patches] == [3, 1200]
    assert [label.get_text() for label in axes.get_yticklabels()] == ["a", "b"]
    assert [text.get_text() for text in axes.texts] == ["3", "1.2k"]


def test_bars_of_two_parts_stand_one_behind_the_other_and_nothing_is_not_written():
    table = pd.DataFrame({"name": ["a", "b"], "won": [3, 4], "shared": [2, 0]})
    axes = plots.split_bars(table, "name", {"won": "outright", "shared": "a tie"}, "Title", "countries").axes[0]
    assert [(bar.get_x(), bar.get_width()) for bar in axes.patches] == [(0, 3), (0, 4), (3, 2), (4, 0)]
    assert [text.get_text() for text in axes.texts] == ["3", "4", "2", ""]
    assert [text.get_text() for text in axes.get_legend().get_texts()] == ["outright", "a tie"]


def test_months_stand_at_their_time_in_a_shaded_span():
    table = pd.DataFrame({"month": ["2016-01-01", "2016-03-01"], "n": [5, 7]})
    axes = plots.months(table, "month", "n", "Title", "users", ("2015-10-20", "2017-10-20", "two years")).axes[0]
    span, *columns = axes.patches
    assert [bar.get_height() for bar in columns] == [5, 7]
    assert num2date(columns[1].get_x()).strftime("%Y-%m-%d") == "2016-03-01"
    assert span.get_label() == "two years"


SPREAD = pd.DataFrame(
    [(2015, 800, 10, 100.0, 1000), (2018, 7, 30, 90.0, 95)],
    columns=["year", "users", "lower_quartile", "median", "upper_quartile"],
)


def test_a_range_shows_the_middle_half_the_median_and_how_many_stand_behind_it():
    axes = plots.ranges(SPREAD, "year", "Title", "followers", few=30).axes[0]
    assert [list(line.get_segments()[0][:, 1]) for line in axes.collections] == [[10, 1000], [30, 95]]
    assert [line.get_ydata()[0] for line in axes.lines] == [100, 90]
    assert [label.get_text() for label in axes.get_xticklabels()] == ["2015\n800 users", "2018\n7 users"]


def test_what_little_stands_behind_is_grey():
    axes = plots.ranges(SPREAD, "year", "Title", "followers", few=30).axes[0]
    assert [line.get_color() for line in axes.lines] == [plots.ACCENT, plots.QUIET]


def test_all_of_the_longest_bars_stand_out():
    tied = pd.DataFrame({"group": ["a", "b", "c"], "n": [5, 5, 4]})
    colours = [bar.get_facecolor() for bar in plots.bars(tied, "group", "n", "Title").axes[0].patches]
    assert colours[0] == colours[1] != colours[2]


POINTS = pd.DataFrame(
    {"year": [2018, 2020, 2018, 2019], "group": ["a", "a", "b", "b"], "n": [3, 5, 1200, 7], "users": [50, 100, 50, 50]}
)


def test_lines_are_one_a_series_in_the_given_order_and_skip_the_empty():
    axes = plots.lines(POINTS, "year", "n", "group", "Title", "unit", ["b", "none", "a"], size="users").axes[0]
    assert [line.get_label() for line in axes.lines] == ["b", "a"]


def test_a_line_is_broken_where_a_point_is_missing_and_dots_grow_with_what_stands_behind():
    axes = plots.lines(POINTS, "year", "n", "group", "Title", "unit", ["a"], size="users").axes[0]
    assert [str(height) for height in axes.lines[0].get_ydata()] == ["3.0", "nan", "5.0"]
    assert list(axes.collections[0].get_sizes()) == [plots.LARGEST_DOT / 2, 0, plots.LARGEST_DOT]


def test_the_heatmap_sets_the_greatest_of_each_column_in_bold_and_leaves_gaps_empty():
    axes = plots.heatmap(TABLE, "group", "year", "n", "Title", "posts").axes[0]
    assert {(text.get_text(), text.get_fontweight()) for text in axes.texts} == {("3", "bold"), ("1.2k", "bold")}


def test_the_heatmap_marks_a_shared_first_place_and_keeps_the_order_of_the_rows():
    table = pd.DataFrame({"year": [2018] * 3, "group": ["b", "a", "c"], "n": [7, 7, 6]})
    axes = plots.heatmap(table, "group", "year", "n", "Title", "posts").axes[0]
    assert [text.get_text() for text in axes.texts] == ["7 =", "7 =", "6"]
    assert [label.get_text() for label in axes.get_yticklabels()] == ["b", "a", "c"]


def test_the_heatmap_writes_all_its_numbers_with_as_many_decimals():
    table = pd.DataFrame({"year": [2018] * 3, "group": ["a", "b", "c"], "n": [10.06, 7.94, 8.0]})
    axes = plots.heatmap(table, "group", "year", "n", "Title", "% of a year's posts").axes[0]
    assert [text.get_text() for text in axes.texts] == ["10.1", "7.9", "8.0"]


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


def test_dots_are_as_large_as_their_things_and_the_smallest_can_be_seen():
    figure = plots.dots({"many": [1, 1, 1, 1], "few": [10_000]}, "Title")
    many, few = (axes.collections[0] for axes in figure.axes)
    assert len(many.get_offsets()) == 4
    assert set(many.get_sizes()) == {plots.SMALLEST_DOT}
    assert set(few.get_sizes()) == {plots.LARGEST_DOT}
    assert [axes.get_title() for axes in figure.axes] == ["many", "few"]


def test_a_trend_begins_at_nothing_and_says_each_height():
    table = pd.DataFrame({"objects": [1, 100], "seconds": [0.25, 1.5]})
    axes = plots.trend(table, "objects", "seconds", "Title", ("objects", "seconds")).axes[0]
    assert axes.get_ylim()[0] == 0
    assert [text.get_text() for text in axes.texts] == ["0.25", "1.5"]
    assert [label.get_text() for label in axes.get_xticklabels()] == ["1", "100"]


@pytest.mark.parametrize(("ended", "lines"), [(None, [1.0]), (8.0, [1.0, 8.0])])
def test_beginning_and_end_are_marked_as_far_as_they_are_known(ended, lines):
    rows = pd.DataFrame({"seconds": [0.0, 9.0], "table": ["pin", "pin"], "rows": [0, 7]})
    waits = pd.DataFrame({"seconds": [2.0], "table": ["pin"], "wait": [1.5]})
    above, below = plots.streams(rows, waits, ["pin"], "Title", ("users post", 1.0, ended)).axes
    for axes in (above, below):
        assert [line.get_xdata()[0] for line in axes.lines if line.get_linestyle() == "--"] == lines
    words = [text.get_text().strip() for text in above.texts]
    assert words == ["users post: begins", "users post: ends"][: len(lines)]
