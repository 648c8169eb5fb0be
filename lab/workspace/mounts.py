"""Mounts are the workspace's: one notebook mounts, all see it, and it survives a restart."""

import json
import threading
from dataclasses import asdict
from pathlib import Path
from typing import Protocol

from lab.core.files import write_private
from lab.workspace import addresses
from lab.workspace.errors import WorkspaceError
from lab.workspace.mount_source import MountSource, parse


class Links(Protocol):
    """What mounts need of DBFS."""

    def link(self, mount_point: str, target: str | None) -> None:
        """Let a mount point lead to an address, or nowhere."""

    def set_keys(self, bucket: str, key: str | None, secret: str | None) -> None:
        """Use keys for a bucket."""

    def look(self, address: str) -> None:
        """See whether an address can be listed."""


class Mounts:
    """The mounts of the workspace.

    Parameters
    ----------
    dbfs : Links
        Where they take effect.
    file : Path
        Where they are kept, keys included, readable by the owner alone.
    """

    def __init__(self, dbfs: Links, file: Path):
        self._dbfs = dbfs
        self._file = file
        self._lock = threading.Lock()
        kept = json.loads(file.read_text()) if file.exists() else {}
        self._mounts = {point: MountSource(**source) for point, source in kept.items()}
        for point, source in self._mounts.items():
            self._apply(point, source)

    def all(self) -> dict[str, str]:
        """List the mounts: mount point → source without keys."""
        return {point: source.shown for point, source in sorted(self._mounts.items())}

    def at_or_below(self, path: str) -> str | None:
        """Name a mount point that a path of DBFS is or holds; None if there is none."""
        return next((point for point in sorted(self._mounts) if f"{point}/".startswith(f"{path}/")), None)

    def mount(self, source: str, mount_point: str, settings: dict[str, str]) -> None:
        """Mount a bucket.

        Raises
        ------
        WorkspaceError
            If something is mounted there, above or below; or the keys do not open the bucket.
        """
        point, wanted = _normal(mount_point), parse(source, settings)
        with self._lock:
            self._check_free(point)
            if wanted.key:
                self._dbfs.set_keys(wanted.bucket, wanted.key, wanted.secret)
            try:
                self._dbfs.look(wanted.target)
            except WorkspaceError:
                self._restore_keys(wanted.bucket)
                raise
            self._dbfs.link(point, wanted.target)
            self._mounts[point] = wanted
            self._save()

    def unmount(self, mount_point: str) -> None:
        """Unmount.

        Raises
        ------
        WorkspaceError
            If nothing is mounted there.
        """
        point = _normal(mount_point)
        with self._lock:
            if point not in self._mounts:
                raise _failed_requirement(f"Directory not mounted: {point}")
            gone = self._mounts.pop(point)
            self._dbfs.link(point, None)
            if gone.key:
                self._restore_keys(gone.bucket)
            self._save()

    def _restore_keys(self, bucket: str) -> None:
        """Use the keys of another mount of the bucket, if there is one, else the cluster's own."""
        others = [other for other in self._mounts.values() if other.bucket == bucket and other.key]
        self._dbfs.set_keys(bucket, *((others[-1].key, others[-1].secret) if others else (None, None)))

    def _check_free(self, point: str) -> None:
        for other in self._mounts:
            if other == point:
                raise _failed_requirement(f"Directory already mounted: {point}")
            if f"{point}/".startswith(f"{other}/") or f"{other}/".startswith(f"{point}/"):
                raise _failed_requirement(f"Cannot nest mounts: {point} and {other}")

    def _apply(self, point: str, source: MountSource) -> None:
        if source.key:
            self._dbfs.set_keys(source.bucket, source.key, source.secret)
        self._dbfs.link(point, source.target)

    def _save(self) -> None:
        write_private(self._file, json.dumps({point: asdict(source) for point, source in self._mounts.items()}))


def _normal(mount_point: str) -> str:
    point = addresses.normal(mount_point)
    if not point.startswith("/"):
        raise _failed_requirement(f"Cannot mount at {mount_point}: name a folder of DBFS, as in /mnt/data")
    if point == "/":
        raise _failed_requirement("Cannot mount the root: name a folder, as in /mnt/data")
    return point


def _failed_requirement(words: str) -> WorkspaceError:
    text = f"java.rmi.RemoteException: java.lang.IllegalArgumentException: requirement failed: {words}"
    return WorkspaceError("INVALID_PARAMETER_VALUE", text)
