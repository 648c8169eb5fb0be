"""Every figure of the workbook. A figure has a description in words, which says what the picture shows."""

import io
from collections.abc import Callable, Sequence

import pandas as pd
from IPython.display import display
from matplotlib import colormaps
from matplotlib.axes import Axes
from matplotlib.colors import Normalize
from matplotlib.figure import Figure
from matplotlib.ticker import FuncFormatter, NullFormatter

WIDTH_INCHES = 8.0
DOTS_PER_INCH = 110
INK, ACCENT, QUIET = "#33373d", "#bd081c", "#8b9bb0"
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
        Puts it on the page as IPython's `display` does, which is the default; a handle's ``update`` puts it in the
        place of an earlier one.

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


def columns(
    table: pd.DataFrame, label: str, value: str, title: str, unit: str, quiet: Sequence[bool] | None = None
) -> Figure:
    """Draw upright bars, for years and other ordered labels.

    Parameters
    ----------
    table : DataFrame
        One row a bar, in the order to show.
    label, value : str
        Columns with the names and the heights of the bars.
    title : str
        What is shown.
    unit : str
        What the height counts.
    quiet : sequence of bool, optional
        Which bars to draw in grey, because little stands behind them.
    """
    figure, axes = _axes(title, 3.2)
    colours = [QUIET if grey else ACCENT for grey in quiet or [False] * len(table)]
    drawn = axes.bar([str(name) for name in table[label]], table[value].astype(float), color=colours, width=0.65)
    axes.bar_label(drawn, labels=[_short(v) for v in table[value].astype(float)], padding=2, color=INK)
    axes.set_ylabel(unit, color=INK)
    axes.yaxis.set_major_formatter(FuncFormatter(_short))
    return figure


def lines(table: pd.DataFrame, x: str, y: str, series: str, title: str, unit: str, order: Sequence[str]) -> Figure:
    """Draw one line a series, with its name at its end, on a logarithmic scale.

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
    """
    figure, axes = _axes(title, 3.8)
    ticks = sorted(table[x].unique())
    for name, colour in zip(order, SERIES, strict=False):
        points = table[table[series] == name].sort_values(x)
        if len(points):
            axes.plot(points[x], points[y], marker="o", color=colour, label=name)
    axes.set_xticks(ticks, [str(tick) for tick in ticks])
    axes.set_yscale("log")
    axes.yaxis.set_minor_formatter(NullFormatter())
    axes.yaxis.set_major_formatter(FuncFormatter(_short))
    axes.set_ylabel(unit, color=INK)
    axes.legend(frameon=False, ncols=len(order), loc="upper center", bbox_to_anchor=(0.5, -0.1))
    return figure


def streams(rows: pd.DataFrame, waits: pd.DataFrame, order: Sequence[str], title: str) -> Figure:
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
    above.legend(frameon=False, ncols=len(order), loc="upper left")
    return figure


def heatmap(table: pd.DataFrame, row: str, column: str, value: str, title: str) -> Figure:
    """Draw a grid of numbers, darker for more, the greatest of each column in bold.

    Parameters
    ----------
    table : DataFrame
        One row a cell; a missing cell is empty.
    row, column, value : str
        Columns that place and fill a cell.
    title : str
        What is shown.
    """
    grid = table.pivot(index=row, columns=column, values=value).astype(float)
    figure, axes = _axes(title, 0.9 + 0.3 * len(grid))
    scale = Normalize(grid.min().min(), grid.max().max())
    axes.imshow(grid, aspect="auto", cmap=colormaps["Reds"], norm=scale)
    for i, name in enumerate(grid.index):
        for j, label in enumerate(grid.columns):
            number = grid.loc[name, label]
            if pd.notna(number):
                greatest = number == grid[label].max()
                axes.text(
                    j, i, _short(number), ha="center", va="center",
                    color="white" if scale(number) > DARK else INK, fontweight="bold" if greatest else "normal",
                )  # fmt: skip
    axes.set_xticks(range(len(grid.columns)), [str(label) for label in grid.columns])
    axes.set_yticks(range(len(grid)), list(grid.index))
    axes.spines[:].set_visible(False)
    axes.tick_params(length=0)
    return figure
