"""What a Databricks notebook has ready, as an IPython extension: `spark`, `dbutils`, `display…`, and the magics.

``%load_ext lab.workspace.notebook.kernel`` does the same in a notebook of one's own.
"""

from IPython.core.interactiveshell import InteractiveShell
from pyspark.errors import PySparkException

from helpers import databricks
from helpers.databricks.laptop import causes
from helpers.databricks.laptop.dbutils import NotebookExit
from helpers.databricks.laptop.display import displayHTML
from lab.workspace.notebook.magics import DatabricksMagics


def load_ipython_extension(shell: InteractiveShell) -> None:
    """Put everything into the notebook's names."""
    spark, dbutils, display = databricks.attach()
    ready = {"spark": spark, "dbutils": dbutils, "display": display, "displayHTML": displayHTML, "sql": spark.sql}
    shell.push(ready)
    shell.register_magics(DatabricksMagics(shell, dbutils))
    shell.set_custom_exc((NotebookExit, PySparkException), _show)


def _show(shell: InteractiveShell, kind: type, value: BaseException, trace: object, tb_offset: int | None = None):
    """Leave quietly: the workspace turns what stays into a line of output. Explain Spark's errors."""
    if issubclass(kind, NotebookExit):
        shell._showtraceback(kind, value, [f"Notebook exited: {value}"])
    else:
        causes.show(shell, kind, value, trace, tb_offset)
