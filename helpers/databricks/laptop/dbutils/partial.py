"""What stands in for a part of Databricks says of the rest that it is the lab that lacks it."""

from typing import Any


class Partial:
    """Has some of the names that Databricks' own has.

    Attributes
    ----------
    called : str
        How a notebook calls it.
    """

    called = "dbutils"

    def __getattr__(self, name: str) -> Any:
        """Refuse a name; as an AttributeError, so that `hasattr` tells the truth."""
        if name.startswith("_"):  # Python and IPython look for these everywhere
            raise AttributeError(name)
        there = sorted({*dir(type(self)), *vars(self)} - {"called"})
        names = ", ".join(one for one in there if not one.startswith("_"))
        raise AttributeError(f"{self.called} of the lab has no {name}, whatever Databricks has. It has {names}.")
