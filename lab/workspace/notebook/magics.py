"""The magics of Databricks notebooks that IPython lacks or understands otherwise: %sql, %run, %fs, other languages."""

import base64
import os
import re
import shlex
from dataclasses import replace

import nbformat
from IPython.core.interactiveshell import InteractiveShell
from IPython.core.magic import Magics, cell_magic, line_magic, magics_class, no_var_expand
from nbformat import NotebookNode

from helpers.databricks.laptop.dbutils import Api, Context, DBUtils, ExecutionError
from lab.workspace.notebook.statements import filled, named, statements

FS_COMMANDS = ("ls", "head", "mkdirs", "rm", "cp", "mv", "put", "mounts")

_ARGUMENT = re.compile(r"""\$(?P<name>\w+)\s*=\s*(?:"(?P<double>[^"]*)"|'(?P<single>[^']*)'|(?P<bare>\S+))""")


class MagicError(Exception):
    """A magic cannot do what it was asked; unlike IPython's own UsageError it reaches a job's error text."""


def parse_run(line: str) -> tuple[str, dict[str, str]]:
    """Read what stands behind ``%run``: a path, quoted or with blanks, and arguments as ``$name="value"``."""
    first = _ARGUMENT.search(line)
    path = line[: first.start()] if first else line
    arguments = {
        found["name"]: next(value for value in (found["double"], found["single"], found["bare"]) if value is not None)
        for found in _ARGUMENT.finditer(line)
    }
    return path.strip().strip("\"'"), arguments


@magics_class
class DatabricksMagics(Magics):
    """Magics of a notebook that is attached to the workspace.

    Parameters
    ----------
    shell : InteractiveShell
        The notebook's.
    dbutils : DBUtils
        The notebook's.
    """

    def __init__(self, shell: InteractiveShell, dbutils: DBUtils):
        super().__init__(shell)
        self._dbutils = dbutils
        self._places = [Context.read(os.environ)]

    @no_var_expand
    @cell_magic
    def sql(self, line: str, cell: str) -> None:
        """Run statements, ``:day`` and ``${day}`` being widgets; show the last one's rows, keep them as ``_sqldf``."""
        spark, values, frame = self.shell.user_ns["spark"], self._dbutils.widgets.getAll(), None
        for statement in statements(self._filled(f"{line}\n{cell}", values)):
            asked = {name: values[name] for name in named(statement) if name in values}
            frame = spark.sql(statement, asked) if asked else spark.sql(statement)
        if frame is None:
            return
        self.shell.user_ns["_sqldf"] = frame
        if frame.columns:
            self.shell.user_ns["display"](frame)
        else:
            print("OK")

    def _filled(self, text: str, values: dict[str, str]) -> str:
        """Put widgets' values for ``${name}``; Spark does the same for its settings."""
        text, left = filled(text, values)
        for name in left:
            if self.shell.user_ns["spark"].conf.get(name, None) is None:
                raise MagicError(f"${{{name}}} is no widget: dbutils.widgets.text({name!r}, 'a value') makes one.")
        return text

    @no_var_expand
    @line_magic
    def run(self, line: str) -> None:
        """Run another notebook of the workspace here: its names become this notebook's."""
        path, arguments = parse_run(line)
        place = replace(self._places[-1], path=self._places[-1].resolve(path))
        notebook = self._read(place.path)
        self._dbutils.widgets.hand_over(arguments)
        self._places.append(place)
        try:
            for cell in notebook.cells:
                if cell.cell_type == "code":
                    self.shell.run_cell(cell.source, store_history=False).raise_error()
        finally:
            self._places.pop()

    def _read(self, path: str) -> NotebookNode:
        api = Api(os.environ["DATABRICKS_HOST"], os.environ["DATABRICKS_TOKEN"])
        try:
            answer = api.get("/api/2.0/workspace/export", path=path, format="JUPYTER")
        except ExecutionError as error:
            raise MagicError(f"Notebook not found: {path}. {error}") from None
        return nbformat.reads(base64.b64decode(answer["content"]).decode(), as_version=4)

    @no_var_expand
    @cell_magic
    def fs(self, line: str, cell: str) -> None:
        """Call a function of `dbutils.fs`: ``%fs ls /mnt``."""
        name, *arguments = shlex.split(f"{line} {cell}")
        if name not in FS_COMMANDS:
            raise MagicError(f"%fs knows {', '.join(FS_COMMANDS)}, not {name!r}.")
        self.shell.user_ns["display"](getattr(self._dbutils.fs, name)(*arguments))

    @no_var_expand
    @line_magic
    def pip(self, line: str) -> None:
        """Leave the environment alone: all notebooks share it."""
        print(f"Not done in the lab: %pip {line}. It has the packages that requirements/workbook.txt names.")

    @cell_magic
    def scala(self, line: str, cell: str) -> None:
        """Refuse Scala."""
        raise MagicError("The lab's notebooks speak Python and SQL; write this cell in one of them.")

    @cell_magic
    def r(self, line: str, cell: str) -> None:
        """Refuse R."""
        self.scala(line, cell)
