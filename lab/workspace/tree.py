"""The workspace's folders: notebooks and files that people put there, and the workbook's own notebooks."""

import shutil
from dataclasses import dataclass, field
from pathlib import Path, PurePosixPath

from lab.core.files import write_private_bytes
from lab.core.paths import PathRefused, below
from lab.workspace.errors import WorkspaceError
from lab.workspace.notebook import source

OWN_FOLDER = "/Shared/workbook"
"""Where the workspace shows the workbook's own notebooks; nobody can write there."""

_LANGUAGES = {".ipynb": "PYTHON", ".py": "PYTHON", ".sql": "SQL"}


@dataclass(frozen=True)
class Entry:
    """What the Workspace API tells of one object.

    Attributes
    ----------
    path : str
        Absolute; a notebook's has no ending.
    object_type : str
        NOTEBOOK, FILE or DIRECTORY.
    language : str
        Of a notebook: PYTHON or SQL.
    modified_at : int
        Milliseconds since the epoch; 0 if nobody knows.
    """

    path: str
    object_type: str
    language: str = ""
    modified_at: int = field(default=0, compare=False)


class Tree:
    """Objects of the workspace by their paths.

    A notebook's path has no ending; in the folder its file has one. ``/Workspace`` before a path changes nothing.

    Parameters
    ----------
    folder : Path
        What the workspace holds.
    own : Path
        Folder of the workbook's own notebooks.
    """

    def __init__(self, folder: Path, own: Path):
        folder.mkdir(parents=True, exist_ok=True)  # a new workspace is empty, not absent
        self._folder = folder
        self._own = own

    def notebook(self, path: str) -> Path:
        """Find a notebook's file.

        Raises
        ------
        WorkspaceError
            If there is no such notebook, in Databricks' words.
        """
        file = self._find(path)
        if file is None or not file.is_file() or not source.is_notebook(file):
            near = self._closest(path)
            raise WorkspaceError(
                "RESOURCE_DOES_NOT_EXIST",
                f'Unable to access the notebook "{path}". Either it does not exist, or the identity used to run this '
                f"job lacks the required permissions.{near}",
                404,
            )
        return file

    def _closest(self, path: str) -> str:
        """Name the notebooks of the same name elsewhere, as a hint."""
        name = PurePosixPath(_normal(path)).name
        found = [entry.path for entry in self.walk() if PurePosixPath(entry.path).name == name]
        return f" There is {', '.join(found)}." if found else " `/api/2.0/workspace/list` shows what there is."

    def status(self, path: str) -> Entry:
        """Describe an object.

        Raises
        ------
        WorkspaceError
            If there is none.
        """
        file = self._existing(path)
        return self._entry(file, _normal(path))

    def entries(self, path: str) -> list[Entry]:
        """List a folder, or describe what else is there."""
        file, shown = self._existing(path), _normal(path)
        if not file.is_dir():
            return [self._entry(file, shown)]
        there = ((each, f"{shown.rstrip('/')}/{each.name}") for each in sorted(file.iterdir()))
        entries = [self._entry(each, path) for each, path in there if self._holds(path)]
        if shown == str(PurePosixPath(OWN_FOLDER).parent):
            entries.append(Entry(OWN_FOLDER, "DIRECTORY"))
        if file == self._own:
            return [entry for entry in entries if entry.object_type == "NOTEBOOK"]
        return entries

    def walk(self, path: str = "/") -> list[Entry]:
        """List a folder and all below it, without the folders."""
        found = []
        for entry in self.entries(path):
            found += self.walk(entry.path) if entry.object_type == "DIRECTORY" else [entry]
        return found

    def make_folders(self, path: str) -> None:
        """Make a folder and those above it."""
        target = self._writable(path)
        if target.exists() and not target.is_dir():
            raise WorkspaceError("RESOURCE_ALREADY_EXISTS", f"{path} is not a folder.")
        target.mkdir(parents=True, exist_ok=True)

    def put(self, path: str, content: bytes, suffix: str, overwrite: bool) -> None:
        """Keep an object.

        Parameters
        ----------
        path : str
            Where; a notebook's without an ending.
        content : bytes
            The file.
        suffix : str
            Ending of a notebook's file; empty for other files.
        overwrite : bool
            Whether to replace what is there.
        """
        target = self._writable(path)
        there = self._find(path)
        if there is not None and not overwrite:
            raise WorkspaceError("RESOURCE_ALREADY_EXISTS", f"Path ({_normal(path)}) already exists.")
        if there is not None and there.is_dir():
            raise WorkspaceError("RESOURCE_ALREADY_EXISTS", f"{path} is a folder.")
        write_private_bytes(target.with_name(target.name + suffix), content)
        if there is not None and there != target.with_name(target.name + suffix):
            there.unlink()  # the same notebook in another form

    def delete(self, path: str, recursive: bool) -> None:
        """Delete an object; a folder that is not empty only with `recursive`."""
        self._writable(path)
        file = self._existing(path)
        if file.is_file() or file.is_symlink():
            file.unlink()
        elif recursive or not any(file.iterdir()):
            shutil.rmtree(file)
        else:
            raise WorkspaceError("DIRECTORY_NOT_EMPTY", f"Folder ({_normal(path)}) is not empty")

    def read(self, path: str) -> Path:
        """Find the file of a notebook or another file."""
        file = self._existing(path)
        if file.is_dir():
            raise WorkspaceError("INVALID_PARAMETER_VALUE", f"{path} is a folder; name a notebook or a file.")
        return file

    def _existing(self, path: str) -> Path:
        file = self._find(path)
        if file is None:
            raise WorkspaceError("RESOURCE_DOES_NOT_EXIST", f"Path ({_normal(path)}) doesn't exist.", 404)
        return file

    def _find(self, path: str) -> Path | None:
        for name in (path, *(path.rstrip("/") + suffix for suffix in _LANGUAGES)):
            if (candidate := self._place(name)).exists():
                return candidate
        return None

    def _holds(self, path: str) -> bool:
        """Tell whether a path stays in the workspace: a link that leads out of it is no object of it."""
        try:
            self._place(path)
        except WorkspaceError:
            return False
        return True

    def _place(self, path: str) -> Path:
        shown = PurePosixPath(_normal(path))
        if shown.is_relative_to(OWN_FOLDER):
            return _below(self._own, str(shown.relative_to(OWN_FOLDER)))
        return _below(self._folder, str(shown))

    def _writable(self, path: str) -> Path:
        shown = _normal(path)
        if shown == "/" or PurePosixPath(shown).is_relative_to(OWN_FOLDER):
            raise WorkspaceError("PERMISSION_DENIED", f"{path} cannot be changed; use a folder below /Users.", 403)
        return self._place(path)

    def _entry(self, file: Path, shown: str) -> Entry:
        modified = file.stat().st_mtime_ns // 1_000_000
        if file.is_dir():
            return Entry(shown, "DIRECTORY", modified_at=modified)
        if source.is_notebook(file):
            return Entry(shown.removesuffix(file.suffix), "NOTEBOOK", _LANGUAGES[file.suffix], modified)
        return Entry(shown, "FILE", modified_at=modified)


def _below(root: Path, path: str) -> Path:
    try:
        return below(root, path)
    except PathRefused as error:
        raise WorkspaceError("INVALID_PARAMETER_VALUE", str(error)) from error


def _normal(path: str) -> str:
    """Write a path in one way: absolute, without ``/Workspace``, without an empty or an upward step."""
    parts = [part for part in path.split("/") if part]
    if not path.startswith("/") or any(part in (".", "..") for part in parts):
        raise WorkspaceError(
            "INVALID_PARAMETER_VALUE", f"Path ({path}) must be absolute, such as /Users/you@example.com/notebook."
        )
    return "/" + "/".join(parts[1:] if parts[:1] == ["Workspace"] else parts)
