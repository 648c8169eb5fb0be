"""``python -m tools.import_drawing``: draw who imports whom into docs/imports.md, as text that shows as a picture."""

from pathlib import Path

import grimp

from helpers.config import CHECKOUT

PAGE = CHECKOUT / "docs" / "imports.md"

EVERYWHERE = {"helpers.config", "helpers.waiting", "lab.core"}
"""Rooms that nearly all others use: with arrows to them nothing else could be seen."""

_TEXT = """# Who imports whom

[back to the README](../README.md#layout)

An arrow goes from the room that imports to the room that is imported. All arrows between the halves lead from the lab
to the pipeline. Left out: {everywhere}, which nearly all rooms use.
Drawn by `python -m tools.import_drawing`.

```mermaid
flowchart LR
  accTitle: The imports between the rooms of helpers and lab
  accDescr: {count} arrows; none leads from helpers to lab.
{lines}
```
"""


def arrows(*packages: str) -> list[tuple[str, str]]:
    """List the imports between rooms, which are the modules and folders directly below the packages.

    Returns
    -------
    list of tuple of str
        Importing and imported room, as in ("lab.aws", "lab.core"); sorted, each pair once.
    """
    graph = grimp.build_graph(*packages, cache_dir=None)
    pairs = {
        (_room(module), _room(imported))
        for module in graph.modules
        for imported in graph.find_modules_directly_imported_by(module)
    }
    return sorted((own, other) for own, other in pairs if own != other and other not in packages)


def page() -> str:
    """Write the page."""
    found = [pair for pair in arrows("helpers", "lab") if pair[1] not in EVERYWHERE]
    rooms = sorted({room for pair in found for room in pair})
    lines = []
    for half in ("helpers", "lab"):
        lines.append(f"  subgraph {half}")
        lines += [f'    {_node(room)}["{room.partition(".")[2]}"]' for room in rooms if room.startswith(f"{half}.")]
        lines.append("  end")
    lines += [f"  {_node(own)} --> {_node(other)}" for own, other in found]
    everywhere = ", ".join(f"`{room}`" for room in sorted(EVERYWHERE))
    return _TEXT.format(everywhere=everywhere, count=len(found), lines="\n".join(lines))


def _room(module: str) -> str:
    return ".".join(module.split(".")[:2])


def _node(room: str) -> str:
    return room.replace(".", "_")


def write(file: Path = PAGE) -> None:
    """Draw the present imports."""
    file.write_text(page())


if __name__ == "__main__":
    write()
