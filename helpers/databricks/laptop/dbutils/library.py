"""`dbutils.library`: start Python anew."""

from helpers.databricks.laptop.dbutils.partial import Partial

READY = ("spark", "dbutils", "display", "displayHTML", "sql")
"""Names that every notebook has from the beginning."""


class Library(Partial):
    """What a notebook does after ``%pip``."""

    called = "dbutils.library"

    def restartPython(self) -> None:
        """Forget the notebook's names, as a restart does; the process goes on, as nothing was installed.

        Raises
        ------
        RuntimeError
            Outside of a notebook.
        """
        from IPython import get_ipython  # late: programs without a notebook use `dbutils` too

        shell = get_ipython()
        if shell is None:
            raise RuntimeError("dbutils.library.restartPython() is for notebooks, and this is none.")
        ready = {name: shell.user_ns[name] for name in READY if name in shell.user_ns}
        shell.reset(new_session=False)
        shell.push(ready)
        print(
            "The notebook's names are gone, as after a restart. Modules stay as they were imported: in the lab the "
            "process goes on, and %pip installs nothing for which it would have to begin anew."
        )
