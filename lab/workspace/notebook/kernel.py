"""What a Databricks notebook has ready, as an IPython extension: `spark`, `dbutils`, `display`, and the magics.

``%load_ext lab.workspace.notebook.kernel`` does the same in a notebook of one's own.
"""

from IPython.core.interactiveshell import InteractiveShell

from helpers import databricks
from helpers.databricks.laptop.dbutils import NotebookExit
from lab.workspace.notebook.magics import DatabricksMagics


def load_ipython_extension(shell: InteractiveShell) -> None:
    """Put everything into the notebook's names."""
    spark, dbutils, display = databricks.attach()
    shell.push({"spark": spark, "dbutils": dbutils, "display": display, "sql": spark.sql})
    shell.register_magics(DatabricksMagics(shell, dbutils))
    shell.set_custom_exc((NotebookExit,), _say_exit)


def _say_exit(shell: InteractiveShell, kind: type, value: BaseException, trace: object, tb_offset: int | None = None):
    """Leave quietly: the workspace turns what stays into a line of output."""
    shell._showtraceback(kind, value, [f"Notebook exited: {value}"])
