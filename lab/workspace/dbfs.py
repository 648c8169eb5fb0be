"""DBFS through Hadoop's own file systems: the root is a folder of the lab, mounts lead into buckets."""

import uuid
from collections.abc import Callable, Iterator
from contextlib import AbstractContextManager, contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Any

from py4j.protocol import Py4JJavaError

from lab.core.credentials import Credentials
from lab.workspace.errors import WorkspaceError

if TYPE_CHECKING:
    from pyspark.sql import SparkSession

LINK = "fs.viewfs.mounttable.default.link."
"""Hadoop's setting for a mount, followed by the mount point."""

_CODES = {
    "FileNotFoundException": ("RESOURCE_DOES_NOT_EXIST", 404),
    "FileAlreadyExistsException": ("RESOURCE_ALREADY_EXISTS", 400),
    "AccessDeniedException": ("PERMISSION_DENIED", 403),
    "AccessControlException": ("PERMISSION_DENIED", 403),
    "SecurityException": ("PERMISSION_DENIED", 403),
}


def settings(root: Path) -> dict[str, str]:
    """Write the Spark settings that make plain paths and ``dbfs:/`` lead to the workspace's files.

    Parameters
    ----------
    root : Path
        Folder that is DBFS's root.
    """
    hadoop = {
        "fs.defaultFS": "dbfs:///",
        "fs.dbfs.impl": "workbook.dbfs.DbfsFileSystem",
        "fs.viewfs.overload.scheme.target.dbfs.impl": "org.apache.hadoop.fs.LocalFileSystem",
        "fs.viewfs.ignore.port.in.mount.table.name": "true",
        "fs.viewfs.enable.inner.cache": "false",  # else every look-up would build a client of its own
        "fs.viewfs.rename.strategy": "SAME_FILESYSTEM_ACROSS_MOUNTPOINT",
        "fs.viewfs.mounttable.default.linkFallback": f"dbfs-root:{root.as_uri().removeprefix('file:')}/",
        "fs.dbfs-root.impl": "workbook.dbfs.RootFileSystem",
        "workbook.dbfs.root": root.as_uri(),
    }
    return {f"spark.hadoop.{name}": value for name, value in hadoop.items()} | {
        "spark.sql.warehouse.dir": "dbfs:/user/hive/warehouse",
        # the default one asks for a file system in another form, which there is not for this scheme
        "spark.delta.logStore.dbfs.impl": "io.delta.storage.S3SingleDriverLogStore",
    }


def _keys(credentials: Credentials, door: str) -> dict[str, str]:
    """Write the cluster's own key to S3, and what `S3nFileSystem` does with keys in addresses."""
    key_id, secret = credentials.inner_key
    return {
        "fs.s3a.access.key": key_id, "fs.s3a.secret.key": secret, "workbook.door": door,
        "workbook.learner.key": credentials.access_key_id, "workbook.learner.secret": credentials.secret_access_key,
    }  # fmt: skip


@dataclass(frozen=True)
class FileStatus:
    """One entry of a folder, as the DBFS API describes it.

    Attributes
    ----------
    path : str
        Absolute; without a scheme in DBFS, with one elsewhere.
    is_dir : bool
        Whether it is a folder.
    file_size : int
        Bytes.
    modification_time : int
        Milliseconds since the epoch.
    """

    path: str
    is_dir: bool
    file_size: int
    modification_time: int


class WrittenFile:
    """A file that is being written piece by piece."""

    def __init__(self, stream: Any, java_words: Callable[[], AbstractContextManager[None]]):
        self._stream, self._java_words = stream, java_words

    def write(self, content: bytes) -> None:
        """Write the next piece."""
        with self._java_words():
            self._stream.write(bytearray(content))

    def close(self) -> None:
        """Write what is left, and close it."""
        with self._java_words():
            self._stream.close()


class Dbfs:
    """Files by their paths in DBFS.

    Parameters
    ----------
    spark : SparkSession
        The cluster's own session, which has a Java side.
    root : Path
        Folder that is DBFS's root.
    door : str
        Address at which S3 takes other keys than the cluster's own, as far as their policies go.
    credentials : Credentials
        The learner's key opens all that the cluster's own does: with it S3 is read directly, which is quicker.
    """

    def __init__(self, spark: "SparkSession", root: Path, door: str, credentials: Credentials):
        self._door, self._own = door, (credentials.access_key_id, credentials.secret_access_key)
        self._root = str(root)
        self._hadoop = spark._jsc.hadoopConfiguration()
        for name, value in _keys(credentials, door).items():
            self._hadoop.set(name, value)  # here, for as settings of Spark they would stand on its command line
        self._fs = spark._jvm.org.apache.hadoop.fs
        self._keys = spark._jvm.workbook.s3n.Keys

    def keyless(self, path: str) -> str:
        """Take the keys out of an address, ``s3n://KEY:SECRET@bucket``: nothing that is said of it may show them."""
        return self._keys.hidden(path)

    def _open(self, path: str) -> tuple[Any, Any]:
        place = self._fs.Path(path)
        return place, place.getFileSystem(self._hadoop)

    @contextmanager
    def _java_words(self, path: str = "") -> Iterator[None]:
        """Turn what Java raises into a refusal in its own words, with the paths that its readers know."""
        try:
            yield
        except Py4JJavaError as error:
            raised = error.java_exception
            kind = raised.getClass().getName()
            code, status = _CODES.get(kind.rsplit(".", 1)[-1], ("IO_ERROR", 400))
            words = str(raised.getMessage() or path).replace(f"file:{self._root}", "").replace(self._root, "")
            raise WorkspaceError(code, f"{kind}: {words}", status) from None

    def list(self, path: str) -> list[FileStatus]:
        """List a folder, or describe a file, by name."""
        with self._java_words(path):
            place, system = self._open(path)
            found = [self._described(path, status) for status in system.listStatus(place)]
        return sorted(found, key=lambda status: status.path)

    def status(self, path: str) -> FileStatus:
        """Describe one file or folder."""
        with self._java_words(path):
            place, system = self._open(path)
            return self._described(path, system.getFileStatus(place), itself=True)

    def _described(self, asked: str, status: Any, itself: bool = False) -> FileStatus:
        place = status.getPath().toUri()
        name = place.getPath() if place.getScheme() == "dbfs" else status.getPath().toString()
        folder = status.isDirectory()
        size = 0 if folder else status.getLen()
        return FileStatus(asked if itself else name, folder, size, status.getModificationTime())

    def read(self, path: str, offset: int, length: int) -> bytes:
        """Read a piece of a file; none behind its end."""
        with self._java_words(path):
            place, system = self._open(path)
            if offset and offset >= system.getFileStatus(place).getLen():
                return b""
            stream = system.open(place)
            try:
                stream.seek(offset)
                return bytes(stream.readNBytes(length))
            finally:
                stream.close()

    def write(self, path: str, content: bytes, overwrite: bool) -> None:
        """Write a file whole."""
        with self._java_words(path):
            place, system = self._open(path)
            with self._whole_or_not(system, place, overwrite) as landing:
                file = self._written(path, system.create(landing, overwrite))
                try:
                    file.write(content)
                finally:
                    file.close()

    def stream(self, path: str, overwrite: bool) -> WrittenFile:
        """Open a file to be written piece by piece."""
        with self._java_words(path):
            place, system = self._open(path)
            return self._written(path, system.create(place, overwrite))

    def _written(self, path: str, stream: Any) -> WrittenFile:
        return WrittenFile(stream, lambda: self._java_words(path))

    @contextmanager
    def _whole_or_not(self, system: Any, place: Any, overwrite: bool = True) -> Iterator[Any]:
        """Give the path to write a file to: what is there stays until the new one is whole, a full disk or not.

        S3 replaces an object only when the whole of it has come; a local file would be cut to nothing first.
        """
        there = system.exists(place)
        replaces = there and overwrite and not self._is_folder(system, place) and not self._is_in_s3(system, place)
        landing = self._fs.Path(place.getParent(), f".{place.getName()}.{uuid.uuid4().hex}") if replaces else place
        try:
            yield landing
            if replaces:
                system.rename(landing, place)
        except BaseException:
            if replaces or not there:
                system.delete(landing, True)
            raise

    @staticmethod
    def _is_folder(system: Any, place: Any) -> bool:
        return system.exists(place) and system.getFileStatus(place).isDirectory()

    @staticmethod
    def _is_in_s3(system: Any, place: Any) -> bool:
        return system.resolvePath(place).toUri().getScheme() == "s3a"

    def make_folders(self, path: str) -> None:
        """Make a folder and those above it."""
        with self._java_words(path):
            place, system = self._open(path)
            system.mkdirs(place)

    def delete(self, path: str, recursive: bool) -> bool:
        """Delete a file or folder; tell whether there was one."""
        with self._java_words(path):
            place, system = self._open(path)
            return system.delete(place, recursive)

    def copy(self, source: str, target: str, recursive: bool, move: bool) -> None:
        """Copy or move a file, or with `recursive` a folder."""
        if not recursive and self.status(source).is_dir:
            raise WorkspaceError("INVALID_PARAMETER_VALUE", f"{source} is a folder: copy it with recurse=True.")
        with self._java_words(source):
            (place, system), (other, other_system) = self._open(source), self._open(target)
            if not self._is_folder(system, place) and self._is_folder(other_system, other):
                other = self._fs.Path(other, place.getName())
            if place.equals(other):
                raise WorkspaceError("INVALID_PARAMETER_VALUE", f"{source} and {target} are the same.")
            with self._whole_or_not(other_system, other) as landing:
                if not self._fs.FileUtil.copy(system, place, other_system, landing, False, True, self._hadoop):
                    raise WorkspaceError("IO_ERROR", f"{source} could not be copied to {target}.")
            if move:
                system.delete(place, True)

    def link(self, mount_point: str, target: str | None) -> None:
        """Let a mount point lead to an address, or nowhere."""
        if target is None:
            self._hadoop.unset(LINK + mount_point)
        else:
            self._hadoop.set(LINK + mount_point, target)
        with self._java_words():  # the file system has read the links before: let it go
            self._fs.Path("dbfs:/").getFileSystem(self._hadoop).close()

    def set_keys(self, bucket: str, key: str | None, secret: str | None) -> None:
        """Use keys for a bucket, or with None the cluster's own again."""
        if (key, secret) == self._own:
            key = secret = None
        endpoint = self._door if key else None
        for name, value in (("access.key", key), ("secret.key", secret), ("endpoint", endpoint)):
            setting = f"fs.s3a.bucket.{bucket}.{name}"
            if value is None:
                self._hadoop.unset(setting)
            else:
                self._hadoop.set(setting, value)
        with self._java_words():  # a client with other keys may be kept for this bucket
            self._fs.Path(f"s3a://{bucket}/").getFileSystem(self._hadoop).close()

    def look(self, address: str) -> None:
        """See whether an address can be listed.

        Raises
        ------
        WorkspaceError
            If not.
        """
        with self._java_words(address):
            place, system = self._open(address)
            system.listStatusIterator(place).hasNext()
