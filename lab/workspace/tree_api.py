"""Workspace API 2.0: put notebooks and files into the workspace, and look at what is there."""

import base64
import binascii
import json
from dataclasses import asdict
from pathlib import PurePosixPath

import nbformat

from lab.workspace.errors import WorkspaceError
from lab.workspace.notebook import source
from lab.workspace.routing import Address, Answers, Fields, flag
from lab.workspace.tree import Entry, Tree

_SUFFIX = {"PYTHON": ".py", "SQL": ".sql"}


class TreeApi:
    """What ``/api/2.0/workspace/…`` answers."""

    def __init__(self, tree: Tree):
        self._tree = tree

    def addresses(self) -> dict[Address, Answers]:
        """Give each address its work."""
        base = "/api/2.0/workspace"
        return {
            ("GET", f"{base}/get-status"): lambda asked: _described(self._tree.status(asked["path"])),
            ("GET", f"{base}/list"): self._list,
            ("GET", f"{base}/export"): self._export,
            ("POST", f"{base}/import"): self._import,
            ("POST", f"{base}/mkdirs"): self._make_folders,
            ("POST", f"{base}/delete"): self._delete,
        }

    def _list(self, asked: Fields) -> Fields:
        return {"objects": [_described(entry) for entry in self._tree.entries(asked["path"])]}

    def _make_folders(self, asked: Fields) -> Fields:
        self._tree.make_folders(asked["path"])
        return {}

    def _delete(self, asked: Fields) -> Fields:
        self._tree.delete(asked["path"], flag(asked, "recursive"))
        return {}

    def _import(self, asked: Fields) -> Fields:
        path = asked["path"]
        try:
            content = base64.b64decode(asked["content"], validate=True)
        except binascii.Error as error:
            raise WorkspaceError("INVALID_PARAMETER_VALUE", f"content is not base64: {error}.") from error
        suffix = _suffix(asked, content)
        if suffix == ".ipynb":
            _check_notebook(path, content)
        elif suffix and not content.lstrip(b"\xef\xbb\xbf").startswith(source.header(suffix).encode()):
            content = f"{source.header(suffix)}\n".encode() + content
        self._tree.put(path.removesuffix(suffix), content, suffix, flag(asked, "overwrite"))
        return {}

    def _export(self, asked: Fields) -> Fields:
        file = self._tree.read(asked["path"])
        form = asked.get("format", "SOURCE")
        if form == "JUPYTER" and file.suffix in (".ipynb", *source.COMMENT):
            content, kind = nbformat.writes(source.read(file)).encode(), "ipynb"
        elif form == "SOURCE" and file.suffix == ".ipynb":
            raise WorkspaceError("INVALID_PARAMETER_VALUE", "This notebook is kept as .ipynb: export it as JUPYTER.")
        elif form in ("SOURCE", "AUTO"):
            content, kind = file.read_bytes(), file.suffix.lstrip(".")
        else:
            raise WorkspaceError("INVALID_PARAMETER_VALUE", f"The lab exports SOURCE, JUPYTER and AUTO, not {form!r}.")
        return {"content": base64.b64encode(content).decode(), "file_type": kind}


def _suffix(asked: Fields, content: bytes) -> str:
    """Choose the ending of the file that an import makes; empty for what is no notebook."""
    form, ending = asked.get("format", "SOURCE"), PurePosixPath(asked["path"]).suffix
    if form == "JUPYTER":
        return ".ipynb"
    if form == "SOURCE":
        language = asked.get("language", "PYTHON")
        if language not in _SUFFIX:
            raise WorkspaceError("INVALID_PARAMETER_VALUE", f"The lab runs PYTHON and SQL, not {language!r}.")
        return _SUFFIX[language]
    if form == "AUTO":
        marked = ending in source.COMMENT and content.startswith(source.header(ending).encode())
        return ending if ending == ".ipynb" or marked else ""
    raise WorkspaceError("INVALID_PARAMETER_VALUE", f"The lab imports SOURCE, JUPYTER and AUTO, not {form!r}.")


def _check_notebook(path: str, content: bytes) -> None:
    try:
        json.loads(content)["cells"]
    except (ValueError, KeyError, TypeError) as error:
        raise WorkspaceError("INVALID_PARAMETER_VALUE", f"{path}: the content is no Jupyter notebook.") from error


def _described(entry: Entry) -> Fields:
    return {name: value for name, value in asdict(entry).items() if value}
