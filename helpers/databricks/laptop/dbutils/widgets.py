"""`dbutils.widgets`: the parameters of a notebook, filled by a job or by their defaults."""

from collections.abc import Mapping, Sequence

from helpers.databricks.laptop.dbutils.partial import Partial


class InputWidgetNotDefined(Exception):
    """Nobody has made a widget of this name, and the job has no parameter of it."""


class Widgets(Partial):
    """Parameters of a notebook; a job's go before the defaults.

    Parameters
    ----------
    arguments : mapping of str to str
        What the job hands over.
    """

    called = "dbutils.widgets"

    def __init__(self, arguments: Mapping[str, str]):
        self._arguments = dict(arguments)
        self._defaults: dict[str, str] = {}

    def hand_over(self, arguments: Mapping[str, str]) -> None:
        """Take what ``%run`` brings; the lab's own, not Databricks'."""
        self._arguments.update(arguments)

    def text(self, name: str, defaultValue: str, label: str | None = None) -> None:
        """Make a widget for any text."""
        self._defaults[name] = str(defaultValue)

    def dropdown(self, name: str, defaultValue: str, choices: Sequence[str], label: str | None = None) -> None:
        """Make a widget for one of some values."""
        if defaultValue not in choices:
            raise ValueError(f"The default {defaultValue!r} of widget {name!r} is not among its choices {choices}.")
        self.text(name, defaultValue)

    def combobox(self, name: str, defaultValue: str, choices: Sequence[str], label: str | None = None) -> None:
        """Make a widget for one of some values, or any text."""
        self.text(name, defaultValue)

    def multiselect(self, name: str, defaultValue: str, choices: Sequence[str], label: str | None = None) -> None:
        """Make a widget for several of some values, joined by commas."""
        self.text(name, defaultValue)

    def get(self, name: str) -> str:
        """Return a widget's value.

        Raises
        ------
        InputWidgetNotDefined
            If there is neither a widget nor an argument of that name.
        """
        values = self.getAll()
        if name not in values:
            raise InputWidgetNotDefined(f"No input widget named {name} is defined")
        return values[name]

    def getArgument(self, name: str, defaultValue: str | None = None) -> str:
        """Return a widget's value, or else a default."""
        return self.get(name) if defaultValue is None else self.getAll().get(name, defaultValue)

    def getAll(self) -> dict[str, str]:
        """Return all values by name."""
        return self._defaults | self._arguments

    def remove(self, name: str) -> None:
        """Take a widget away."""
        if name not in self._defaults:
            raise InputWidgetNotDefined(f"No input widget named {name} is defined")
        del self._defaults[name]

    def removeAll(self) -> None:
        """Take all widgets away; what the job handed over stays."""
        self._defaults.clear()
