"""Keys of a bucket as files of Airflow's DAG folder: none leaves it."""

import io
import logging

from lab.aws.mwaa.dag_folder import DagFolder


class Bucket:
    """An S3 client, as far as a DAG folder needs one."""

    def __init__(self, *keys):
        self._keys = keys

    def get_paginator(self, _):
        return self

    def paginate(self, Bucket, Prefix):
        return [{"Contents": [{"Key": key, "ETag": "1"} for key in self._keys]}]

    def get_object(self, Bucket, Key):
        return {"Body": io.BytesIO(b"dag")}


def test_no_key_becomes_a_file_outside_of_the_folder(tmp_path, caplog):
    folder = tmp_path / "dags"
    folder.mkdir()
    (folder / "link").symlink_to(tmp_path)
    others = ("../up.py", "a/../../up.py", f"{tmp_path}/up.py", "link/up.py", "a//up.py", "a\0.py")
    bucket = Bucket(*(f"dags/{key}" for key in ("own.py", "inner/own.py", "inner/", "%2e%2e/own.py", *others)))
    follower = DagFolder(folder)
    with caplog.at_level(logging.WARNING):
        for _ in range(2):
            follower.follow(bucket, "bucket", "dags/")
    files = sorted(str(file.relative_to(tmp_path)) for file in tmp_path.rglob("*") if file.is_file())
    assert files == ["dags/%2e%2e/own.py", "dags/inner/own.py", "dags/own.py"]
    assert len(caplog.messages) == len(others)
    assert "'../up.py'" in caplog.text
