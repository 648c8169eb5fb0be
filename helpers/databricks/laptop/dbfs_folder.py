"""The folder ``/dbfs``, through which Databricks shows DBFS to Python's own `open`: what to do where there is none.

Only an administrator can make a folder at the root of this computer. So Python's audit events are listened to, which
come before a file is opened, and the error says where the file is.
"""

import errno
import os
import sys
from typing import Any

_EVENTS = frozenset({
    "open", "os.chdir", "os.listdir", "os.mkdir", "os.remove", "os.rename", "os.rmdir", "os.scandir", "glob.glob",
})  # fmt: skip
_hooked: list[str] = []


def explain_its_absence(root: str) -> None:
    """Have attempts to open what is below ``/dbfs`` fail with words that help, from now on.

    Parameters
    ----------
    root : str
        Folder of this computer that is DBFS's root.
    """
    if not _hooked:
        sys.addaudithook(_refuse)  # there is no way to take one back
    _hooked[:] = [root]


def _refuse(event: str, arguments: tuple[Any, ...]) -> None:
    if event not in _EVENTS or not arguments or not isinstance(arguments[0], str | os.PathLike):
        return
    path = os.fspath(arguments[0])
    if isinstance(path, str) and f"{path}/".startswith("/dbfs/") and not os.path.isdir("/dbfs"):
        raise FileNotFoundError(errno.ENOENT, _words(path.removeprefix("/dbfs"), _hooked[0]), path)


def _words(path: str, root: str) -> str:
    return (
        f"There is no folder /dbfs in the lab, as there is on Databricks. dbutils.fs and spark.read take "
        f"dbfs:{path or '/'}, and Python's own functions take {root}{path}; what is below a mount is in its bucket only"
    )
