"""Pictures of objects in a bucket: how many there are, how large, and what their number costs a reader."""

from collections.abc import Mapping, Sequence
from statistics import median

import pandas as pd

from helpers.kafka.sink_objects import LandedObject
from helpers.notebook import plots


def as_dots(groups: Mapping[str, Sequence[LandedObject]]) -> None:
    """Show each object as a dot, its area proportional to its bytes.

    Parameters
    ----------
    groups : mapping of str to sequence of LandedObject
        What a group is → its objects.
    """
    sizes = {name: [item.size for item in objects] for name, objects in groups.items()}
    said = [f"{len(some):,} objects of {median(some):,.0f} bytes" for some in sizes.values()]
    each = "; ".join(f"{name}: {words}" for name, words in zip(sizes, said, strict=True))
    chart = plots.dots(sizes, " beside ".join(said))
    plots.show(chart, f"A dot an object, its area by its bytes. {each} (the median).")


def seconds_by_objects(measured: Mapping[int, float]) -> None:
    """Show what reading the same rows costs, by the number of objects that hold them.

    Parameters
    ----------
    measured : mapping of int to float
        Number of objects → seconds to read all rows.
    """
    table = pd.DataFrame(sorted(measured.items()), columns=["objects", "seconds"])
    fewest, most = table["seconds"].iloc[0], table["seconds"].iloc[-1]
    title = f"The same rows in {table['objects'].iloc[-1]:,} objects take {most / fewest:.0f} times as long to read"
    chart = plots.trend(table, "objects", "seconds", title, ("objects that hold the rows", "seconds to read them"))
    each = ", ".join(f"{row.objects:,}: {row.seconds:.2f} s" for row in table.itertuples())
    plots.show(chart, f"A line of reading times by number of objects. {each}.")
