"""Workspace API 2.0: put notebooks and files into the workspace, and look at what is there."""

import base64
import hashlib
from dataclasses import asdict
from pathlib import PurePosixPath

import nbformat

from lab.workspace.notebook import source
from lab.workspace.routing import Address, Answers, Fields, binary, flag, refused, text
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
            ("GET", f"{base}/get-status"): lambda asked: _described(self._tree.status(text(asked, "path"))),
            ("GET", f"{base}/list"): self._list,
            ("GET", f"{base}/export"): self._export,
            ("POST", f"{base}/import"): self._import,
            ("POST", f"{base}/mkdirs"): self._make_folders,
            ("POST", f"{base}/delete"): self._delete,
        }

    def _list(self, asked: Fields) -> Fields:
        return {"objects": [_described(entry) for entry in self._tree.entries(text(asked, "path"))]}

    def _make_folders(self, asked: Fields) -> Fields:
        self._tree.make_folders(text(asked, "path"))
        return {}

    def _delete(self, asked: Fields) -> Fields:
        self._tree.delete(text(asked, "path"), flag(asked, "recursive"))
        return {}

    def _import(self, asked: Fields) -> Fields:
        path, content = text(asked, "path"), binary(asked, "content")
        suffix = _suffix(asked, content)
        if suffix == ".ipynb":
            _check_notebook(path, content)
        elif suffix and not content.lstrip(b"\xef\xbb\xbf").startswith(source.header(suffix).encode()):
            content = f"{source.header(suffix)}\n".encode() + content
        self._tree.put(path.removesuffix(suffix), content, suffix, flag(asked, "overwrite"))
        return {}

    def _export(self, asked: Fields) -> Fields | bytes:
        file, form = self._tree.read(text(asked, "path")), text(asked, "format", "SOURCE")
        if form not in ("SOURCE", "JUPYTER", "AUTO"):
            raise refused(f"The lab exports SOURCE, JUPYTER and AUTO, not {form!r}.")
        if form == "JUPYTER" and source.is_notebook(file):
            content, kind = nbformat.writes(source.read(file)).encode(), "ipynb"
        elif form == "JUPYTER":
            raise refused(f"{asked['path']} is no notebook: export it as AUTO.")
        elif form == "SOURCE" and file.suffix == ".ipynb":
            content, kind = source.as_source(file).encode(), "py"
        else:
            content, kind = file.read_bytes(), file.suffix.lstrip(".")
        if flag(asked, "direct_download"):
            return content
        return {"content": base64.b64encode(content).decode(), "file_type": kind}


def _suffix(asked: Fields, content: bytes) -> str:
    """Choose the ending of the file that an import makes; empty for what is no notebook."""
    form, ending = text(asked, "format", "SOURCE"), PurePosixPath(asked["path"]).suffix
    if form == "JUPYTER":
        return ".ipynb"
    if form == "SOURCE":
        language = text(asked, "language", "PYTHON")
        if language not in _SUFFIX:
            raise refused(f"The lab runs PYTHON and SQL, not {language!r}.")
        return _SUFFIX[language]
    if form == "AUTO":
        marked = ending in source.COMMENT and content.startswith(source.header(ending).encode())
        return ending if ending == ".ipynb" or marked else ""
    raise refused(f"The lab imports SOURCE, JUPYTER and AUTO, not {form!r}.")


def _check_notebook(path: str, content: bytes) -> None:
    try:
        nbformat.reads(content.decode(), as_version=4)
    except Exception as error:  # the library raises whatever it stumbles over
        raise refused(f"{path}: the content is no Jupyter notebook: {error!r:.200}") from error


def _described(entry: Entry) -> Fields:
    # what a path is called here it is called after a restart too, though not under another name, as on Databricks
    number = int.from_bytes(hashlib.sha256(entry.path.encode()).digest()[:8]) >> 11  # 53 bits: every client holds them
    found = {name: value for name, value in asdict(entry).items() if value}
    return found | {"object_id": number, "resource_id": str(number)}
