"""DBFS and secrets as Databricks' REST API has them, mounts in a form of the lab's own.

Databricks has no public address for mounts: `dbutils` speaks to its cluster directly.
"""

import base64
import binascii
from collections.abc import Sequence
from dataclasses import asdict
from pathlib import Path

from lab.workspace import addresses
from lab.workspace.dbfs import Dbfs
from lab.workspace.errors import WorkspaceError
from lab.workspace.mounts import Mounts
from lab.workspace.routing import Address, Answers, Fields, flag
from lab.workspace.secrets import Secrets

LARGEST_READ = 2**20
"""Bytes of one answer (DBFS API: at most 1 MB)."""

_PATHS = ("path", "source_path", "destination_path")


class FilesApi:
    """What the addresses of files, mounts and secrets answer.

    Parameters
    ----------
    dbfs, mounts, secrets
        What there is.
    own : sequence of Path
        Folders of this computer that are never deleted or moved as a whole, nor what they are in.
    """

    def __init__(self, dbfs: Dbfs, mounts: Mounts, secrets: Secrets, own: Sequence[Path]):
        self._dbfs, self._mounts, self._secrets, self._own = dbfs, mounts, secrets, own

    def addresses(self) -> dict[Address, Answers]:
        """Give each address its work."""
        files = {
            ("GET", "/api/2.0/dbfs/list"): self._list,
            ("GET", "/api/2.0/dbfs/get-status"): lambda asked: asdict(self._dbfs.status(asked["path"])),
            ("GET", "/api/2.0/dbfs/read"): self._read,
            ("POST", "/api/2.0/dbfs/put"): self._put,
            ("POST", "/api/2.0/dbfs/mkdirs"): self._make_folders,
            ("POST", "/api/2.0/dbfs/delete"): self._delete,
            ("POST", "/api/2.0/dbfs/move"): lambda asked: self._copy(asked, move=True),
            ("POST", "/api/2.0/dbfs/copy"): lambda asked: self._copy(asked, move=False),
        }
        return {address: self._normal(work) for address, work in files.items()} | {
            ("GET", "/api/2.0/secrets/get"): self._secret,
            ("GET", "/api/2.0/secrets/list"): self._secret_keys,
            ("GET", "/api/2.0/secrets/scopes/list"): self._scopes,
            ("GET", "/api/lab/mounts/list"): lambda _: {"mounts": self._mounts.all()},
            ("POST", "/api/lab/mounts/mount"): self._mount,
            ("POST", "/api/lab/mounts/unmount"): self._unmount,
        }

    def _normal(self, work: Answers) -> Answers:
        """Let a work know its paths below their roots, and without the keys that they may hold."""

        def answer(asked: Fields) -> Fields:
            known = {name: self._dbfs.keyless(asked[name]) for name in _PATHS if isinstance(asked.get(name), str)}
            return work(asked | {name: addresses.normal(path) for name, path in known.items()})

        return answer

    def _list(self, asked: Fields) -> Fields:
        return {"files": [asdict(status) for status in self._dbfs.list(asked["path"])]}

    def _read(self, asked: Fields) -> Fields:
        length = min(int(asked.get("length", LARGEST_READ)), LARGEST_READ)
        data = self._dbfs.read(asked["path"], int(asked.get("offset", 0)), length)
        return {"bytes_read": len(data), "data": base64.b64encode(data).decode()}

    def _put(self, asked: Fields) -> Fields:
        try:
            content = base64.b64decode(asked["contents"], validate=True)
        except binascii.Error as error:
            raise WorkspaceError("INVALID_PARAMETER_VALUE", f"contents is not base64: {error}.") from error
        self._dbfs.write(asked["path"], content, flag(asked, "overwrite"))
        return {}

    def _make_folders(self, asked: Fields) -> Fields:
        self._dbfs.make_folders(asked["path"])
        return {}

    def _delete(self, asked: Fields) -> Fields:
        self._spare(asked["path"], "deletes")
        return {"deleted": self._dbfs.delete(asked["path"], flag(asked, "recursive"))}

    def _copy(self, asked: Fields, move: bool) -> Fields:
        if move:
            self._spare(asked["source_path"], "moves")
        recursive = bool(asked.get("recursive", move))
        self._dbfs.copy(asked["source_path"], asked["destination_path"], recursive, move)
        return {}

    def _spare(self, path: str, verb: str) -> None:
        """Refuse to delete or to move away, in one go, what nobody is likely to mean.

        Raises
        ------
        WorkspaceError
            If the path is a root, holds a mounted bucket, or holds this computer's user's own folders.
        """
        if addresses.is_root(path):
            raise _spared(f"The lab {verb} no root: name the files or folders in {path} instead.")
        if mount := self._mounts.at_or_below(path):
            raise _spared(
                f"The lab {verb} no folder with a mount in it: {path} would take along what the bucket behind "
                f"{mount} holds. `dbutils.fs.unmount` takes the mount away, and leaves the bucket as it is."
            )
        target = Path(path.removeprefix("file:")).resolve()
        if path.startswith("file:") and (own := next((one for one in self._own if one.is_relative_to(target)), None)):
            raise _spared(f"The lab {verb} no folder that holds {own}, which {path} does.")

    def _secret(self, asked: Fields) -> Fields:
        return {"key": asked["key"], "value": self._secrets.get(asked["scope"], asked["key"])}

    def _secret_keys(self, asked: Fields) -> Fields:
        return {"secrets": [{"key": key} for key in self._secrets.keys(asked["scope"])]}

    def _mount(self, asked: Fields) -> Fields:
        self._mounts.mount(asked["source"], asked["mount_point"], asked.get("extra_configs") or {})
        return {}

    def _unmount(self, asked: Fields) -> Fields:
        self._mounts.unmount(asked["mount_point"])
        return {}

    def _scopes(self, asked: Fields) -> Fields:
        return {"scopes": [{"name": name} for name in self._secrets.scopes()]}


def _spared(words: str) -> WorkspaceError:
    return WorkspaceError("PERMISSION_DENIED", words, 403)
