"""Pictures that are drawn anew while a block of code runs."""

import contextlib
import threading
from collections.abc import Callable, Iterator

from IPython.display import DisplayHandle

from helpers.notebook import plots

EVERY_SECONDS = 1.0

Draw = Callable[[Callable[..., object]], str]
"""Draws a picture by what puts it on the page (see `plots.show`); returns its description."""


@contextlib.contextmanager
def redrawn(draw: Draw) -> Iterator[None]:
    """Show a picture, draw it anew every second while the block lasts, and a last time, with its caption, at the end.

    Parameters
    ----------
    draw : callable
        Looks at what is shown, and draws it.
    """
    place, enough = DisplayHandle(), threading.Event()

    def paint() -> None:
        while not enough.wait(EVERY_SECONDS):
            with contextlib.suppress(Exception):  # one picture fewer; the last one is drawn below, and says what failed
                draw(place.update)

    draw(place.display)
    painter = threading.Thread(target=paint, daemon=True)
    painter.start()
    try:
        yield
    finally:
        enough.set()
        painter.join()
        plots.caption(draw(place.update))
