"""Pictures of what topics and streams are made of: a partition as a tape, a shard as a bin."""

from collections.abc import Mapping, Sequence

from matplotlib.axes import Axes
from matplotlib.figure import Figure
from matplotlib.patches import Rectangle

from helpers.notebook.plots import INK, PALE, QUIET, SERIES, WIDTH_INCHES

LONGEST_TAPE = 16
"""Messages of a partition that are drawn: the last ones."""

BIN_WIDTH = 10
"""Dots side by side."""

DOT = {"boxstyle": "circle,pad=0.3", "facecolor": SERIES[0], "edgecolor": "none"}

LONGEST_IN_DOT = 2
"""Letters of a key that are written into its dot; a longer key is not."""


def tapes(ends: Mapping[int, int], committed: Mapping[str, Mapping[int, int]], title: str) -> Figure:
    """Draw each partition as a tape of numbered messages, and where each group will read on.

    A message that a group has still to read is filled; the empty place behind the last one is the next to come.

    Parameters
    ----------
    ends : mapping of int to int
        Partition → the offset that its next message will get.
    committed : mapping of str to mapping of int to int
        Group → partition → the offset of the next message that it will read; 0 where nothing is committed.
    title : str
        What it shows.
    """
    height = 0.9 + 0.35 * len(committed)
    figure, axes = _canvas(title, 0.7 + height * len(ends))
    length = min(max(ends.values(), default=0), LONGEST_TAPE)
    axes.set(xlim=(-2.6, length + 1.2), ylim=(height * len(ends), 0))
    for place, (partition, end) in enumerate(sorted(ends.items())):
        begun = max(0, end - LONGEST_TAPE)
        reading = {group: done.get(partition, 0) for group, done in committed.items()}
        top = place * height + 0.15
        axes.text(-0.3, top + 0.3, f"partition {partition}", ha="right", va="center", color=INK, fontweight="bold")
        _tape(axes, range(begun, end), min(reading.values(), default=end), top)
        for row, ((group, offset), colour) in enumerate(zip(reading.items(), SERIES, strict=False)):
            _arrow(axes, max(offset - begun, 0), top + 0.6, 0.3 + 0.35 * row, group, colour)
    return figure


def _tape(axes: Axes, offsets: Sequence[int], read: int, top: float) -> None:
    for place, offset in enumerate(offsets):
        colour = "white" if offset < read else PALE
        axes.add_patch(_box(place, top, facecolor=colour, edgecolor=INK))
        axes.text(place + 0.5, top + 0.3, str(offset), ha="center", va="center", color=INK)
    axes.add_patch(_box(len(offsets), top, facecolor="none", edgecolor=QUIET, linestyle="--"))


def _box(left: float, top: float, **look: object) -> Rectangle:
    return Rectangle((left, top), 1, 0.6, **look)


def _arrow(axes: Axes, place: float, tip: float, below: float, group: str, colour: str) -> None:
    """Point at the left edge of a message: the group will read it next."""
    arrow = {"arrowstyle": "->", "color": colour, "shrinkA": 0, "shrinkB": 1}
    axes.annotate("", (place + 0.06, tip), (place + 0.06, tip + below), arrowprops=arrow)
    axes.text(place + 0.2, tip + below, group, va="center", color=colour, fontweight="bold")


def _canvas(title: str, height_inches: float) -> tuple[Figure, Axes]:
    figure = Figure(figsize=(WIDTH_INCHES, height_inches), layout="constrained")
    axes = figure.add_subplot()
    axes.set_title(title, loc="left", color=INK, fontweight="bold", pad=12)
    axes.set_axis_off()
    return figure, axes


def bins(keys: Mapping[str, Mapping[str, Sequence[str]]], title: str) -> Figure:
    """Draw shards as bins, and each record as a dot in the bin that it fell into.

    Parameters
    ----------
    keys : mapping of str to mapping of str to sequence of str
        What was sent, in words → shard → the partition keys of the records in it. Each has a row of bins.
    title : str
        What it shows.
    """
    shards = sorted({shard for fallen in keys.values() for shard in fallen})
    figure, axes = _canvas(title, 0.8 + 1.4 * len(keys))
    axes.set(xlim=(-1, len(shards)), ylim=(len(keys), -0.25))
    for column, shard in enumerate(shards):
        axes.text(column + 0.45, -0.12, f"shard {column}", ha="center", color=INK, fontweight="bold")
        for row, fallen in enumerate(keys.values()):
            _bin(axes, column, row, fallen.get(shard, ()))
    for row, sent in enumerate(keys):
        axes.text(-0.08, row + 0.45, sent, ha="right", va="center", color=INK)
    return figure


def _bin(axes: Axes, left: float, top: float, keys: Sequence[str]) -> None:
    axes.plot([left, left, left + 0.9, left + 0.9], [top + 0.05, top + 0.9, top + 0.9, top + 0.05], color=INK)
    for number, key in enumerate(sorted(keys, key=lambda key: (len(key), key))):
        column, layer = number % BIN_WIDTH, number // BIN_WIDTH
        place = left + 0.09 + 0.08 * column, top + 0.78 - 0.24 * layer
        word = key if len(key) <= LONGEST_IN_DOT else " "
        axes.text(*place, word, ha="center", va="center", fontsize=8, color="white", bbox=DOT)
    words = f"{len(keys)} record" + ("" if len(keys) == 1 else "s")
    axes.text(left + 0.45, top + 0.2, words, ha="center", va="center", color=INK)

