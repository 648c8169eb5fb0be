"""DBFS and secrets as Databricks' REST API has them, mounts in a form of the lab's own.

Databricks has no public address for mounts: `dbutils` speaks to its cluster directly.
"""

import base64
from collections.abc import Sequence
from dataclasses import asdict
from pathlib import Path

from lab.workspace import addresses
from lab.workspace.dbfs import Dbfs
from lab.workspace.errors import WorkspaceError
from lab.workspace.mounts import Mounts
from lab.workspace.routing import Address, Answers, Fields, binary, flag, mapping, refused, text, whole_number
from lab.workspace.secrets import Secrets
from lab.workspace.uploads import Uploads

LARGEST_READ = 2**20
"""Bytes of one answer (DBFS API: at most 1 MB)."""

USUAL_READ = 2**19
"""Bytes of one answer unless told otherwise (DBFS API: 0.5 MB)."""

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
        self._uploads = Uploads()

    def addresses(self) -> dict[Address, Answers]:
        """Give each address its work."""
        files = {
            ("GET", "/api/2.0/dbfs/list"): self._list,
            ("GET", "/api/2.0/dbfs/get-status"): lambda asked: asdict(self._dbfs.status(text(asked, "path"))),
            ("GET", "/api/2.0/dbfs/read"): self._read,
            ("POST", "/api/2.0/dbfs/put"): self._put,
            ("POST", "/api/2.0/dbfs/create"): self._create,
            ("POST", "/api/2.0/dbfs/add-block"): self._add_block,
            ("POST", "/api/2.0/dbfs/close"): self._close,
            ("POST", "/api/2.0/dbfs/mkdirs"): self._make_folders,
            ("POST", "/api/2.0/dbfs/delete"): self._delete,
            ("POST", "/api/2.0/dbfs/move"): lambda asked: self._copy(asked, move=True),
            ("POST", "/api/2.0/dbfs/copy"): lambda asked: self._copy(asked, move=False),
        }
        return {address: self._normal(work) for address, work in files.items()} | {
            ("GET", "/api/2.0/secrets/get"): self._secret,
            ("GET", "/api/2.0/secrets/list"): self._secret_keys,
            ("POST", "/api/2.0/secrets/put"): self._put_secret,
            ("POST", "/api/2.0/secrets/delete"): self._delete_secret,
            ("GET", "/api/2.0/secrets/scopes/list"): self._scopes,
            ("POST", "/api/2.0/secrets/scopes/create"): self._create_scope,
            ("POST", "/api/2.0/secrets/scopes/delete"): self._delete_scope,
            ("GET", "/api/lab/mounts/list"): lambda _: {"mounts": self._mounts.all()},
            ("POST", "/api/lab/mounts/mount"): self._mount,
            ("POST", "/api/lab/mounts/unmount"): self._unmount,
        }

    def _normal(self, work: Answers) -> Answers:
        """Let a work know its paths below their roots, and without the keys that they may hold."""

        def answer(asked: Fields) -> Fields:
            known = {name: self._dbfs.keyless(text(asked, name)) for name in _PATHS if name in asked}
            return work(asked | {name: addresses.normal(path) for name, path in known.items()})

        return answer

    def _list(self, asked: Fields) -> Fields:
        return {"files": [asdict(status) for status in self._dbfs.list(asked["path"])]}

    def _read(self, asked: Fields) -> Fields:
        offset, length = whole_number(asked, "offset", 0), whole_number(asked, "length", USUAL_READ)
        if length > LARGEST_READ:
            words = f"One answer has at most {LARGEST_READ} bytes: read {length} in pieces, by their offset."
            raise WorkspaceError("MAX_READ_SIZE_EXCEEDED", words)
        data = self._dbfs.read(asked["path"], offset, length)
        return {"bytes_read": len(data), "data": base64.b64encode(data).decode()}

    def _put(self, asked: Fields) -> Fields:
        self._dbfs.write(asked["path"], binary(asked, "contents"), flag(asked, "overwrite"))
        return {}

    def _create(self, asked: Fields) -> Fields:
        path, overwrite = asked["path"], flag(asked, "overwrite")
        return {"handle": self._uploads.begin(lambda: self._dbfs.stream(path, overwrite))}

    def _add_block(self, asked: Fields) -> Fields:
        self._uploads.add(whole_number(asked, "handle"), binary(asked, "data"))
        return {}

    def _close(self, asked: Fields) -> Fields:
        self._uploads.close(whole_number(asked, "handle"))
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
        recursive = flag(asked, "recursive", default=move)
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
        scope, key = text(asked, "scope"), text(asked, "key")
        return {"key": key, "value": self._secrets.get(scope, key)}

    def _secret_keys(self, asked: Fields) -> Fields:
        found = self._secrets.keys(text(asked, "scope"))
        return {"secrets": [{"key": key, "last_updated_timestamp": updated} for key, updated in found.items()]}

    def _put_secret(self, asked: Fields) -> Fields:
        given = [name for name in ("string_value", "bytes_value") if asked.get(name) is not None]
        if len(given) != 1:
            raise refused("Give a secret's value as string_value, or in base64 as bytes_value.")
        value = text(asked, "string_value").encode() if given == ["string_value"] else binary(asked, "bytes_value")
        self._secrets.put(text(asked, "scope"), text(asked, "key"), value)
        return {}

    def _delete_secret(self, asked: Fields) -> Fields:
        self._secrets.delete(text(asked, "scope"), text(asked, "key"))
        return {}

    def _scopes(self, asked: Fields) -> Fields:
        return {"scopes": [{"name": name, "backend_type": "DATABRICKS"} for name in self._secrets.scopes()]}

    def _create_scope(self, asked: Fields) -> Fields:
        if text(asked, "scope_backend_type", "DATABRICKS") != "DATABRICKS" or asked.get("backend_azure_keyvault"):
            raise refused("The lab keeps secrets itself, scope_backend_type DATABRICKS, and has no Azure Key Vault.")
        self._secrets.create_scope(text(asked, "scope"))
        return {}

    def _delete_scope(self, asked: Fields) -> Fields:
        self._secrets.delete_scope(text(asked, "scope"))
        return {}

    def _mount(self, asked: Fields) -> Fields:
        given = mapping(asked.get("extra_configs"), "extra_configs")
        configs = {name: text(given, name) for name in given}
        self._mounts.mount(text(asked, "source"), text(asked, "mount_point"), configs)
        return {}

    def _unmount(self, asked: Fields) -> Fields:
        self._mounts.unmount(text(asked, "mount_point"))
        return {}


def _spared(words: str) -> WorkspaceError:
    return WorkspaceError("PERMISSION_DENIED", words, 403)
