"""Every figure of the workbook. A figure has a description in words, which says what the picture shows."""

import io
import math
from collections.abc import Callable, Mapping, Sequence

import pandas as pd
from IPython.display import display
from matplotlib import colormaps
from matplotlib.axes import Axes
from matplotlib.colors import Normalize
from matplotlib.figure import Figure
from matplotlib.ticker import FuncFormatter, NullFormatter, NullLocator

WIDTH_INCHES = 8.0
DOTS_PER_INCH = 110
INK, ACCENT, QUIET, PALE = "#33373d", "#bd081c", "#8b9bb0", "#e3c4c7"

LARGEST_DOT = 220
"""Area of the largest dot, in square points."""

SMALLEST_DOT = 1.5
"""Area of a dot that can still be seen, in square points."""

DARK = 0.5
"""From here on, on a scale from 0 to 1, a cell is dark and its number white."""

SERIES = ("#bd081c", "#0b7285", "#e8890c", "#5f3dc4", "#2b8a3e")
"""Told apart in print and with the common forms of colour blindness by their lightness."""


def show(figure: Figure, description: str, draw: Callable[..., object] | None = None) -> None:
    """Show a figure with its description, which screen readers speak and text-only views show.

    Parameters
    ----------
    figure : Figure
        What to show.
    description : str
        What a reader who cannot see the picture should know of it, in a sentence or two.
    draw : callable, optional
        Puts it on the page as IPython's `display` does; a handle's ``update`` puts it in the place of an earlier one.
        Then the caption is the caller's to add. By default the picture is displayed with its caption.

    Raises
    ------
    ValueError
        If the description is missing.
    """
    if not description.strip():
        raise ValueError("Every figure needs a description: say in a sentence what the picture shows.")
    picture = io.BytesIO()
    figure.savefig(picture, format="png", dpi=DOTS_PER_INCH, metadata={"Software": None})
    (draw or display)(
        {"image/png": picture.getvalue(), "text/plain": description},
        raw=True,
        metadata={"image/png": {"alt": description}},
    )
    if draw is None:
        caption(description)


def caption(description: str) -> None:
    """Print a picture's description below it: neither JupyterLab nor nbconvert tells a screen reader the hidden one."""
    text = description.replace("_", r"\_").replace("*", r"\*")
    display({"text/markdown": f"*{text}*", "text/plain": description}, raw=True)


def _axes(title: str, height_inches: float) -> tuple[Figure, Axes]:
    figure = Figure(figsize=(WIDTH_INCHES, height_inches), layout="constrained")
    axes = figure.add_subplot()
    axes.set_title(title, loc="left", color=INK, fontweight="bold", pad=12)
    axes.spines[["top", "right"]].set_visible(False)
    axes.tick_params(colors=INK)
    return figure, axes


def _short(number: float, _position: int | None = None) -> str:
    """Write 1200 as 1.2k and 3000000 as 3M."""
    for factor, unit in ((1_000_000, "M"), (1_000, "k")):
        if abs(number) >= factor:
            return f"{number / factor:.3g}{unit}"
    return f"{number:.4g}"


def _three_digits(number: float) -> str:
    return _short(number) if abs(number) >= 1_000 else f"{number:.3g}"


def _decimals(numbers: pd.Series) -> int:
    """Count the decimals that show three digits of the greatest number; none if all are whole."""
    if (numbers == numbers.round()).all():
        return 0
    return max(0, 2 - math.floor(math.log10(numbers.abs().max())))


def _in_a_grid(number: float, decimals: int) -> str:
    """Write numbers of one grid alike: whoever reads down a column compares digits in the same place."""
    return _short(number) if abs(number) >= 1_000 else f"{number:.{decimals}f}"


def bars(table: pd.DataFrame, label: str, value: str, title: str) -> Figure:
    """Draw horizontal bars, the first row on top; the longest stand out.

    Parameters
    ----------
    table : DataFrame
        One row a bar, in the order to show.
    label, value : str
        Columns with the names and the lengths of the bars.
    title : str
        What is shown.
    """
    figure, axes = _axes(title, 0.9 + 0.3 * len(table))
    names = [str(name) for name in table[label]]
    colours = [ACCENT if length == table[value].max() else QUIET for length in table[value]]
    drawn = axes.barh(range(len(table)), table[value].astype(float), color=colours)
    axes.bar_label(drawn, labels=[_short(v) for v in table[value].astype(float)], padding=3, color=INK)
    axes.set_yticks(range(len(table)), names)
    axes.invert_yaxis()
    axes.xaxis.set_visible(False)
    axes.spines["bottom"].set_visible(False)
    return figure


def split_bars(table: pd.DataFrame, label: str, parts: Mapping[str, str], title: str, unit: str) -> Figure:
    """Draw horizontal bars made of two parts, the second one paler, the first row on top.

    Parameters
    ----------
    table : DataFrame
        One row a bar, in the order to show.
    label : str
        Column with the names of the bars.
    parts : mapping of str to str
        Column with the length of a part → what the part is, in words; two of them.
    title : str
        What is shown.
    unit : str
        What the length counts.
    """
    figure, axes = _axes(title, 1.5 + 0.3 * len(table))
    places, begun = range(len(table)), pd.Series(0.0, index=table.index)
    for (column, words), colour in zip(parts.items(), (ACCENT, PALE), strict=True):
        drawn = axes.barh(places, table[column].astype(float), left=begun, color=colour, label=words)
        numbers = [_short(length) if length else "" for length in table[column].astype(float)]
        axes.bar_label(drawn, labels=numbers, label_type="center", color="white" if colour == ACCENT else INK)
        begun += table[column]
    axes.set_yticks(places, [str(name) for name in table[label]])
    axes.invert_yaxis()
    axes.set_xlabel(unit, color=INK)
    axes.legend(frameon=False, ncols=2, loc="lower right")
    return figure


def months(table: pd.DataFrame, month: str, value: str, title: str, unit: str, window: tuple[str, str, str]) -> Figure:
    """Draw a column a month, and shade a span of time.

    Parameters
    ----------
    table : DataFrame
        One row a month; a month without a row has no column.
    month, value : str
        Columns with the first day of the month and the height.
    title : str
        What is shown.
    unit : str
        What the height counts.
    window : tuple of str
        First and last day of the span, as in "2015-10-20", and what it is, in words.
    """
    figure, axes = _axes(title, 3.2)
    first, last, words = window
    axes.axvspan(pd.Timestamp(first), pd.Timestamp(last), color=PALE, alpha=0.5, linewidth=0, label=words)
    axes.bar(pd.to_datetime(table[month]), table[value].astype(float), width=25, align="edge", color=ACCENT)
    axes.set_ylabel(unit, color=INK)
    axes.legend(frameon=False, loc="upper right")
    return figure


def ranges(table: pd.DataFrame, label: str, title: str, unit: str, few: int) -> Figure:
    """Draw the middle half of groups as bars with the median as a dot, on a logarithmic scale.

    Parameters
    ----------
    table : DataFrame
        `lower_quartile`, `median`, `upper_quartile` and `users`, one row a group, in the order to show.
    label : str
        Column with the names of the groups; the number of users stands below each.
    title : str
        What is shown.
    unit : str
        What the height counts.
    few : int
        Groups of fewer users are grey.
    """
    figure, axes = _axes(title, 3.4)
    for place, row in enumerate(table.itertuples()):
        colour = QUIET if row.users < few else ACCENT
        axes.vlines(place, row.lower_quartile, row.upper_quartile, color=colour, linewidth=14, alpha=0.35)
        axes.plot(place, row.median, marker="o", color=colour)
        axes.annotate(_short(row.median), (place, row.median), (12, -4), textcoords="offset points", color=INK)
    names = [f"{name}\n{users:,} users" for name, users in zip(table[label], table["users"], strict=True)]
    axes.set_xticks(range(len(table)), names)
    axes.set_yscale("log")
    axes.yaxis.set_minor_formatter(NullFormatter())
    axes.yaxis.set_major_formatter(FuncFormatter(_short))
    axes.set_ylabel(unit, color=INK)
    return figure


def lines(
    table: pd.DataFrame, x: str, y: str, series: str, title: str, unit: str, order: Sequence[str], size: str
) -> Figure:
    """Draw one line a series on a logarithmic scale; it is broken where a point is missing.

    Parameters
    ----------
    table : DataFrame
        One row a point.
    x, y, series : str
        Columns with position, height and the line a point belongs to.
    title : str
        What is shown.
    unit : str
        What the height counts.
    order : sequence of str
        Names of the series, in the order of their colours.
    size : str
        Column with how much stands behind a point, to which its area is proportional.
    """
    figure, axes = _axes(title, 3.8)
    ticks = sorted(table[x].unique())
    for name, colour in zip(order, SERIES, strict=False):
        points = table[table[series] == name].set_index(x).reindex(ticks)
        if points[y].notna().any():
            axes.plot(ticks, points[y], color=colour, label=name)
            areas = LARGEST_DOT * points[size].fillna(0) / table[size].max()
            axes.scatter(ticks, points[y], s=areas, color=colour)
    axes.set_xticks(ticks, [str(tick) for tick in ticks])
    axes.set_yscale("log")
    axes.yaxis.set_minor_formatter(NullFormatter())
    axes.yaxis.set_major_formatter(FuncFormatter(_short))
    axes.set_ylabel(unit, color=INK)
    axes.legend(frameon=False, ncols=len(order), loc="upper center", bbox_to_anchor=(0.5, -0.1))
    return figure


def streams(
    rows: pd.DataFrame,
    waits: pd.DataFrame,
    order: Sequence[str],
    title: str,
    span: tuple[str, float, float | None] | None = None,
) -> Figure:
    """Draw how tables grow while streams are written to them, and how long records waited.

    Parameters
    ----------
    rows : DataFrame
        `seconds`, `table` and `rows`, one row a look at a table.
    waits : DataFrame
        `seconds`, `table` and `wait` (seconds from a record's arrival until it can be read), one row a micro-batch.
    order : sequence of str
        Names of the tables, in the order of their colours.
    title : str
        What is shown.
    span : tuple, optional
        What to mark: its name, and the seconds at which it began and, if it has, ended.
    """
    figure, above = _axes(title, 4.4)
    above.remove()
    above, below = figure.subplots(2, 1, sharex=True, height_ratios=(3, 2))
    above.set_title(title, loc="left", color=INK, fontweight="bold", pad=12)
    for name, colour in zip(order, SERIES, strict=False):
        grown, waited = rows[rows["table"] == name], waits[waits["table"] == name]
        above.plot(grown["seconds"], grown["rows"], color=colour, label=name, drawstyle="steps-post")
        dots = {"marker": "o", "markersize": 3, "linestyle": "", "clip_on": False}  # whole at the picture's edge too
        below.plot(waited["seconds"], waited["wait"], color=colour, **dots)
    above.set_ylabel("rows in the table", color=INK)
    below.set_ylabel("longest wait in s", color=INK)
    below.set_xlabel("seconds", color=INK)
    below.set_ylim(bottom=0)
    for axes in (above, below):
        axes.spines[["top", "right"]].set_visible(False)
        axes.tick_params(colors=INK)
    if span is not None:
        _mark(above, below, *span)
    above.legend(frameon=False, ncols=len(order), loc="upper left", bbox_to_anchor=(0.06, 0.9))
    return figure


def _mark(above: Axes, below: Axes, what: str, begun: float, ended: float | None) -> None:
    """Draw lines at the beginning and the end of something, and say on the upper axes which is which."""
    # tables grow from the lower left to the upper right: the other two corners are free
    begins, ends = (begun, 0.93, "left", f" {what}: begins"), (ended, 0.07, "right", f"{what}: ends ")
    for seconds, height, side, words in (begins, ends):
        if seconds is not None:
            for axes in (above, below):
                axes.axvline(seconds, color=QUIET, linestyle="--", linewidth=1, zorder=0)
            place = {"xy": (seconds, height), "xycoords": ("data", "axes fraction"), "ha": side, "va": "center"}
            above.annotate(words, **place, color=INK)


def heatmap(table: pd.DataFrame, row: str, column: str, value: str, title: str, unit: str) -> Figure:
    """Draw a grid of numbers, darker for more, the greatest of each column in bold, and with = where it is shared.

    Parameters
    ----------
    table : DataFrame
        One row a cell; a missing cell is empty. Rows of the grid come as they come first here.
    row, column, value : str
        Columns that place and fill a cell.
    title : str
        What is shown.
    unit : str
        What the numbers count.
    """
    grid = table.pivot(index=row, columns=column, values=value).astype(float).loc[table[row].unique()]
    figure, axes = _axes(title, 1.1 + 0.3 * len(grid))
    scale, decimals = Normalize(grid.min().min(), grid.max().max()), _decimals(table[value].dropna())
    axes.imshow(grid, aspect="auto", cmap=colormaps["Reds"], norm=scale)
    for i, name in enumerate(grid.index):
        for j, label in enumerate(grid.columns):
            number = grid.loc[name, label]
            if pd.notna(number):
                greatest = number == grid[label].max()
                shared = " =" if greatest and (grid[label] == number).sum() > 1 else ""
                axes.text(
                    j, i, _in_a_grid(number, decimals) + shared, ha="center", va="center",
                    color="white" if scale(number) > DARK else INK, fontweight="bold" if greatest else "normal",
                )  # fmt: skip
    axes.set_xticks(range(len(grid.columns)), [str(label) for label in grid.columns])
    axes.set_yticks(range(len(grid)), list(grid.index))
    axes.set_xlabel(unit, color=INK)
    axes.spines[:].set_visible(False)
    axes.tick_params(length=0)
    return figure


def chain(parts: Sequence[tuple[str, str, int]], title: str) -> Figure:
    """Draw the parts of a pipeline as boxes, one after the other; one in which records wait stands out.

    Parameters
    ----------
    parts : sequence of tuple
        Name, what it holds, and how many records wait in it.
    title : str
        What it shows.
    """
    figure, axes = _axes(title, 0.9 * len(parts) + 0.6)
    axes.set_axis_off()
    axes.set(xlim=(0, 1), ylim=(len(parts), 0))
    for place, (name, holds, waiting) in enumerate(parts):
        colour = ACCENT if waiting else INK
        more = f"{waiting:,} wait here" if waiting else ""
        box = {"boxstyle": "round,pad=0.5", "facecolor": PALE if waiting else "white", "edgecolor": colour}
        axes.text(0.02, place + 0.5, name, va="center", color=colour, fontweight="bold", bbox=box)
        axes.text(0.27, place + 0.5, holds, va="center", color=INK)
        axes.text(0.99, place + 0.5, more, va="center", ha="right", color=ACCENT, fontweight="bold")
        if place:
            arrow = {"arrowstyle": "->", "color": QUIET, "shrinkA": 0, "shrinkB": 0}
            axes.annotate("", (0.06, place + 0.22), (0.06, place - 0.22), arrowprops=arrow)
    return figure


def dots(groups: Mapping[str, Sequence[int]], title: str) -> Figure:
    """Draw groups of things as dots side by side, each dot's area proportional to the size of its thing.

    Parameters
    ----------
    groups : mapping of str to sequence of int
        What a group is → the sizes of its things, in any unit.
    title : str
        What is shown.
    """
    figure, axes = _axes(title, 3.6)
    axes.remove()
    largest = max(size for sizes in groups.values() for size in sizes)
    for place, (name, sizes) in enumerate(groups.items()):
        axes = figure.add_subplot(1, len(groups), place + 1)
        across = math.ceil(math.sqrt(len(sizes)))
        where = [(number % across, -(number // across)) for number in range(len(sizes))]
        areas = [max(SMALLEST_DOT, LARGEST_DOT * size / largest) for size in sizes]
        axes.scatter(*zip(*where, strict=True), s=areas, color=SERIES[place], linewidths=0)
        axes.set_title(name, color=INK, fontsize="medium")
        axes.set_axis_off()
        axes.margins(0.06)
    figure.suptitle(title, x=0.01, ha="left", color=INK, fontweight="bold")
    return figure


def trend(table: pd.DataFrame, x: str, y: str, title: str, units: tuple[str, str]) -> Figure:
    """Draw a line through points over a logarithmic axis, with the height written at each point.

    Parameters
    ----------
    table : DataFrame
        One row a point.
    x, y : str
        Columns with position and height.
    title : str
        What is shown.
    units : tuple of str
        What the two axes count.
    """
    figure, axes = _axes(title, 3.2)
    axes.plot(table[x], table[y], color=ACCENT, marker="o")
    for across, height in zip(table[x], table[y], strict=True):
        place = {"xytext": (0, 8), "textcoords": "offset points", "ha": "center"}
        axes.annotate(_three_digits(height), (across, height), **place, color=INK)
    axes.set(xscale="log", ylim=(0, 1.2 * table[y].max()))
    axes.set_xticks(table[x], [f"{across:,}" for across in table[x]])
    axes.xaxis.set_minor_locator(NullLocator())
    for axis, unit in zip((axes.xaxis, axes.yaxis), units, strict=True):
        axis.set_label_text(unit, color=INK)
    return figure
