"""`dbutils.fs`: files and mounts."""

import base64
from typing import Any, NamedTuple

from helpers.databricks.laptop.dbutils.api import Api
from helpers.databricks.laptop.dbutils.partial import Partial

HEAD_BYTES = 65_536
"""What `fs.head` shows unless told otherwise."""

PIECE = 2**20
"""Bytes that the REST API takes or gives at a time."""


class FileInfo(NamedTuple):
    """One entry of `fs.ls`."""

    path: str
    name: str
    size: int
    modificationTime: int

    def isDir(self) -> bool:
        """Tell whether it is a folder."""
        return self.name.endswith("/")

    def isFile(self) -> bool:
        """Tell whether it is a file."""
        return not self.isDir()


class MountInfo(NamedTuple):
    """One entry of `fs.mounts`."""

    mountPoint: str
    source: str
    encryptionType: str


class FileSystem(Partial):
    """`dbutils.fs`: files and mounts by their paths in DBFS."""

    called = "dbutils.fs"

    def __init__(self, api: Api):
        self._api = api

    def ls(self, path: str) -> list[FileInfo]:
        """List a folder."""
        return [_file_info(entry) for entry in self._api.get("/api/2.0/dbfs/list", path=path)["files"]]

    def head(self, file: str, max_bytes: int = HEAD_BYTES) -> str:
        """Return the beginning of a text file."""
        size = self._api.get("/api/2.0/dbfs/get-status", path=file)["file_size"]
        if size > max_bytes:
            print(f"[Truncated to first {max_bytes} bytes]")
        wanted = max(1, min(size, max_bytes))  # of an empty file too: a folder is refused when it is read
        found = (self._read(file, begin, min(PIECE, wanted - begin)) for begin in range(0, wanted, PIECE))
        return b"".join(found).decode(errors="replace")

    def _read(self, file: str, offset: int, length: int) -> bytes:
        read = self._api.get("/api/2.0/dbfs/read", path=file, offset=offset, length=length)
        return base64.b64decode(read["data"])

    def put(self, file: str, contents: str, overwrite: bool = False) -> bool:
        """Write a text file."""
        data = contents.encode()
        pieces = [base64.b64encode(data[begin : begin + PIECE]).decode() for begin in range(0, len(data), PIECE)]
        if len(pieces) <= 1:
            self._api.post("/api/2.0/dbfs/put", path=file, contents="".join(pieces), overwrite=overwrite)
        else:
            handle = self._api.post("/api/2.0/dbfs/create", path=file, overwrite=overwrite)["handle"]
            for piece in pieces:
                self._api.post("/api/2.0/dbfs/add-block", handle=handle, data=piece)
            self._api.post("/api/2.0/dbfs/close", handle=handle)
        print(f"Wrote {len(data)} bytes.")
        return True

    def mkdirs(self, dir: str) -> bool:
        """Make a folder and those above it."""
        self._api.post("/api/2.0/dbfs/mkdirs", path=dir)
        return True

    def rm(self, dir: str, recurse: bool = False) -> bool:
        """Delete a file, or with `recurse` a folder; tell whether there was one."""
        return self._api.post("/api/2.0/dbfs/delete", path=dir, recursive=recurse)["deleted"]

    def cp(self, source: str, dest: str, recurse: bool = False) -> bool:
        """Copy a file, or with `recurse` a folder."""
        self._api.post("/api/2.0/dbfs/copy", source_path=source, destination_path=dest, recursive=recurse)
        return True

    def mv(self, source: str, dest: str, recurse: bool = False) -> bool:
        """Move a file, or with `recurse` a folder."""
        self._api.post("/api/2.0/dbfs/move", source_path=source, destination_path=dest, recursive=recurse)
        return True

    def mount(
        self,
        source: str,
        mount_point: str,
        encryption_type: str = "",
        owner: str | None = None,
        extra_configs: dict[str, str] | None = None,
    ) -> bool:
        """Mount a bucket for everybody in the workspace."""
        self._api.post(
            "/api/lab/mounts/mount", source=source, mount_point=mount_point, extra_configs=extra_configs or {}
        )
        return True

    def unmount(self, mount_point: str) -> bool:
        """Unmount."""
        self._api.post("/api/lab/mounts/unmount", mount_point=mount_point)
        print(f"{mount_point} has been unmounted.")
        return True

    def mounts(self) -> list[MountInfo]:
        """List the mounts."""
        found = self._api.get("/api/lab/mounts/list")["mounts"]
        return [MountInfo(point, source, "") for point, source in found.items()]

    def refreshMounts(self) -> bool:
        """See mounts that others made; here they are seen at once."""
        self.mounts()
        return True


def _file_info(entry: dict[str, Any]) -> FileInfo:
    folder = "/" if entry["is_dir"] else ""
    path, name = entry["path"], entry["path"].rstrip("/").rsplit("/", 1)[-1]
    address = f"dbfs:{path}" if path.startswith("/") else path
    return FileInfo(address + folder, name + folder, entry["file_size"], entry["modification_time"])
