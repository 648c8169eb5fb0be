"""Keep Airflow's DAG folder in step with the environment's folder in its bucket."""

import logging
import os
from pathlib import Path
from typing import Any

from lab.core.paths import PathRefused, below

LOG = logging.getLogger("aws")

HIDDEN = "."
"""Files being written begin so; Airflow passes over them."""


class DagFolder:
    """A folder that follows a prefix of a bucket.

    Parameters
    ----------
    folder : Path
        Where the files go.
    """

    def __init__(self, folder: Path):
        self._folder = folder
        self._seen: dict[str, str] = {}
        self._refused: set[str] = set()

    def follow(self, s3: Any, bucket: str, prefix: str) -> None:
        """Fetch what is new or changed, delete what is gone.

        Parameters
        ----------
        s3 : client
            Reads the bucket.
        bucket, prefix : str
            Which keys; each key's file is named by what comes after the prefix.
        """
        there = {}
        for page in s3.get_paginator("list_objects_v2").paginate(Bucket=bucket, Prefix=prefix):
            for item in page.get("Contents", ()):
                name = item["Key"].removeprefix(prefix)
                if self._is_file(name):
                    there[name] = item["ETag"]
        for name, etag in there.items():
            if self._seen.get(name) != etag or not (self._folder / name).exists():
                self._write(name, s3.get_object(Bucket=bucket, Key=prefix + name)["Body"].read())
        for file in self._files():
            if file not in there:
                (self._folder / file).unlink()
        self._seen = there

    def _is_file(self, name: str) -> bool:
        """Tell whether a key names a file below the folder; what else a key names, but for folders, is logged once."""
        if not name or name.endswith("/"):
            return False
        try:
            if str(below(self._folder, name).relative_to(self._folder)) == name:
                return True
        except PathRefused:
            pass
        if name not in self._refused:
            LOG.warning("Airflow's DAG folder takes no file by the key %r: it names none below the folder.", name)
            self._refused.add(name)
        return False

    def _write(self, name: str, content: bytes) -> None:
        target = self._folder / name
        target.parent.mkdir(parents=True, exist_ok=True)
        unfinished = target.with_name(f"{HIDDEN}{target.name}")
        unfinished.write_bytes(content)
        os.replace(unfinished, target)

    def _files(self) -> list[str]:
        found = (path for path in self._folder.rglob("*") if path.is_file() and "__pycache__" not in path.parts)
        return [str(path.relative_to(self._folder)) for path in found]
