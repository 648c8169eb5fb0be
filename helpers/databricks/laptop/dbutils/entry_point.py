"""`dbutils.notebook.entry_point`: Databricks' inner Java objects, as far as notebooks use them to know themselves."""

from helpers.databricks.laptop.dbutils.context import USER, Context
from helpers.databricks.laptop.dbutils.partial import Partial
from helpers.databricks.laptop.dbutils.redaction import redact


class Option(Partial):
    """A value that may be missing, as Scala has it."""

    called = "An Option"

    def __init__(self, value: str, otherwise: str = ""):
        self._value, self._otherwise = value, otherwise

    def isDefined(self) -> bool:
        """Tell whether there is a value."""
        return bool(self._value)

    def get(self) -> str:
        """Return the value.

        Raises
        ------
        ValueError
            If there is none.
        """
        if not self._value:
            raise ValueError(self._otherwise)
        return self._value


class JavaContext(Partial):
    """What ``getContext()`` returns."""

    called = "getContext()"

    def __init__(self, context: Context, host: str, token: str):
        self._context, self._host, self._token = context, host, token

    def notebookPath(self) -> Option:
        """Where the notebook is in the workspace."""
        return Option(self._context.path, "This notebook is not in the workspace: only one that a job runs is.")

    def userName(self) -> Option:
        """Who runs it."""
        return Option(USER)

    def apiUrl(self) -> Option:
        """Address of the workspace's REST API."""
        return Option(self._host)

    def apiToken(self) -> Option:
        """Token that the REST API asks for; a secret."""
        redact(self._token)
        return Option(self._token)


class JavaNotebook(Partial):
    """What ``notebook()`` returns."""

    called = "entry_point.getDbutils().notebook()"

    def __init__(self, context: JavaContext):
        self._context = context

    def getContext(self) -> JavaContext:
        """Return what the notebook knows of itself."""
        return self._context


class JavaDbutils(Partial):
    """What ``getDbutils()`` returns."""

    called = "entry_point.getDbutils()"

    def __init__(self, notebook: JavaNotebook):
        self._notebook = notebook

    def notebook(self) -> JavaNotebook:
        """Return the part that concerns the notebook."""
        return self._notebook


class EntryPoint(Partial):
    """The way in."""

    called = "dbutils.notebook.entry_point"

    def __init__(self, context: Context, host: str, token: str):
        self._dbutils = JavaDbutils(JavaNotebook(JavaContext(context, host, token)))

    def getDbutils(self) -> JavaDbutils:
        """Return Java's own dbutils."""
        return self._dbutils
