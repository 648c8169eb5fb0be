"""Addresses of files as `dbutils.fs` and Spark take them: which file system, and a path that stays below its root."""

import re

from lab.core.paths import PathRefused, steps
from lab.workspace.errors import WorkspaceError

_SCHEME = re.compile(r"([A-Za-z][A-Za-z0-9+.-]*):(.*)", re.DOTALL)
_OBJECT_STORE = re.compile(r"//([^/]+)(.*)", re.DOTALL)


def normal(address: str) -> str:
    """Write an address in one way.

    Parameters
    ----------
    address : str
        A path of DBFS, with ``dbfs:`` or without; ``file:/…``, the disk of the cluster's driver, which is this
        computer; or ``s3a://bucket/…``.

    Returns
    -------
    str
        A path of DBFS without its scheme, others with theirs; no ``..``, no empty step.

    Raises
    ------
    WorkspaceError
        If it leads above its root, or is of another kind.
    """
    try:
        return _normal(address)
    except PathRefused as error:
        raise WorkspaceError("INVALID_PARAMETER_VALUE", f"java.lang.IllegalArgumentException: {error}") from error


def is_root(address: str) -> bool:
    """Tell whether a normal address is the root of a file system: of DBFS, of the disk, of a bucket."""
    return address in ("/", "file:/") or bool(re.fullmatch(r"s3[an]?://[^/]+/", address))


def _normal(address: str) -> str:
    found = _SCHEME.fullmatch(address) if isinstance(address, str) else None
    if not address:
        raise PathRefused("Can not create a Path from an empty string")
    if found is None:
        return _path(address)
    scheme, rest = found[1].lower(), found[2]
    if scheme in ("s3", "s3a", "s3n") and (place := _OBJECT_STORE.fullmatch(rest)):
        return f"{scheme}://{place[1]}{_path(place[2])}"
    if scheme not in ("dbfs", "file"):
        raise PathRefused(f"The workspace of the lab has dbfs:/, file:/ and s3a://bucket/, and no {address}.")
    if not rest.startswith("/") or re.match("//[^/]", rest):
        raise PathRefused(f"{address} names no path: behind {scheme}: comes one slash, as in {scheme}:/tmp/file.")
    return _path(rest) if scheme == "dbfs" else f"file:{_path(rest)}"


def _path(path: str) -> str:
    return "/" + "/".join(steps(path))
