"""Paths that come from outside: each leads below its root, or is refused in a sentence that names it."""

from pathlib import Path

LONGEST_NAME = 255
"""Bytes of a file's name, on every file system that the lab may lie on."""


class PathRefused(ValueError):
    """A path that leads out of its root, or names no file at all; the text says which."""


def steps(path: str) -> tuple[str, ...]:
    r"""Take a path apart into the names on the way from its root, `.` and `..` resolved.

    What looks like an encoded step, ``%2e%2e``, or another system's, ``..\``, is a name like any other here.

    Parameters
    ----------
    path : str
        Begins at the root, with a slash or without.

    Raises
    ------
    PathRefused
        If a `..` leads above the root, or no file can have such a name.
    """
    _check_text(path)
    found: list[str] = []
    for step in path.split("/"):
        if step == ".." and not found:
            raise PathRefused(f"Path ({path}) leads out of its root: '..' cannot go above /.")
        if step == "..":
            found.pop()
        elif step not in ("", "."):
            found.append(step)
    return tuple(found)


def below(root: Path, path: str) -> Path:
    """Find the file that a path means below a root.

    Parameters
    ----------
    root : Path
        Folder that the path cannot leave, by `..` or by a symbolic link.
    path : str
        As `steps` takes it.

    Raises
    ------
    PathRefused
        If it would lead out of the root.
    """
    names = steps(path)
    if too_long := next((name for name in names if len(name.encode()) > LONGEST_NAME), None):
        raise PathRefused(f"Path ({path}) holds a name of more than {LONGEST_NAME} bytes: {too_long[:40]}…")
    target = root.joinpath(*names)
    try:
        real = target.resolve()
    except (OSError, RuntimeError) as error:  # a link to itself
        raise PathRefused(f"Path ({path}) cannot be followed: {error}.") from error
    if not real.is_relative_to(root.resolve()):
        raise PathRefused(f"Path ({path}) is a link, or goes through one, that leads out of its root.")
    return target


def _check_text(path: str) -> None:
    if not isinstance(path, str):
        raise PathRefused(f"Path ({path!r}) must be text.")
    try:
        path.encode()
    except UnicodeEncodeError:  # half of a surrogate pair
        raise PathRefused(f"Path ({path!r}) holds a character that no file's name can hold.") from None
    if "\0" in path:
        raise PathRefused(f"Path ({path!r}) holds a character that no file's name can hold.")
