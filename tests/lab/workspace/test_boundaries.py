"""No path of a notebook leaves the workspace, and nothing whole is lost at one stroke."""

import base64
import os
import uuid
from pathlib import Path

import boto3
import pytest

from helpers import databricks
from helpers.databricks.laptop.dbutils import ExecutionError

pytestmark = pytest.mark.lab


@pytest.fixture
def root(lab) -> Path:
    return lab.home / "cluster" / "dbfs"


@pytest.fixture
def outside(lab):
    """A folder of the user's beside the lab's, with a file that must stay as it is."""
    folder = lab.home / f"outside-{uuid.uuid4().hex[:8]}"
    folder.mkdir()
    (folder / "kept.txt").write_text("kept")
    yield folder
    assert {file.name: file.read_text() for file in folder.iterdir()} == {"kept.txt": "kept"}


@pytest.fixture
def link(root, outside):
    """A link in DBFS that leads there."""
    name = root / f"link-{uuid.uuid4().hex[:8]}"
    name.symlink_to(outside)
    yield f"/{name.name}"
    name.unlink()


@pytest.fixture
def bucket(workbook):
    """Two buckets with an object each; the name of the first."""
    name, s3 = f"bounds-{uuid.uuid4().hex[:8]}", boto3.client("s3")
    for each in (name, f"{name}-2"):
        s3.create_bucket(Bucket=each)
        s3.put_object(Bucket=each, Key="f/kept.txt", Body=b"kept")
    yield name
    for each in (name, f"{name}-2"):
        assert [item["Key"] for item in s3.list_objects_v2(Bucket=each)["Contents"]] == ["f/kept.txt"]


def ways_out(root, outside, link):
    """Addresses of the folder outside, each of another kind."""
    up = os.path.relpath(outside, root)
    return [f"dbfs:/{up}", f"/{up}", f"dbfs:///a/../{up}", f"viewfs:///{up}", link]


def test_dbutils_reaches_nothing_above_the_root(dbutils, client, root, outside, link):
    dbutils.fs.put("/tmp/own.txt", "own", True)
    fs = dbutils.fs
    for out in ways_out(root, outside, link):
        for attempt in (
            lambda out=out: fs.ls(out),
            lambda out=out: fs.head(f"{out}/kept.txt"),
            lambda out=out: fs.put(f"{out}/new.txt", "x", True),
            lambda out=out: fs.put(f"{out}/kept.txt", "x", True),
            lambda out=out: fs.mkdirs(f"{out}/new"),
            lambda out=out: fs.rm(f"{out}/kept.txt"),
            lambda out=out: fs.rm(out, True),
            lambda out=out: fs.cp(f"{out}/kept.txt", "/tmp/copied.txt"),
            lambda out=out: fs.cp("/tmp/own.txt", f"{out}/kept.txt"),
            lambda out=out: fs.mv(f"{out}/kept.txt", "/tmp/moved.txt"),
            lambda out=out: fs.mv("/tmp/own.txt", f"{out}/new.txt"),
            lambda out=out: client.api.get("/api/2.0/dbfs/read", path=f"{out}/kept.txt"),
            lambda out=out: client.api.get("/api/2.0/dbfs/get-status", path=out),
        ):
            with pytest.raises(ExecutionError, match=r"leads out|and no viewfs") as refused:
                attempt()
            assert Path(out).name in str(refused.value)
    assert fs.head("/tmp/own.txt") == "own"
    assert not {"copied.txt", "moved.txt"} & {entry.name for entry in fs.ls("/tmp")}


def test_an_encoded_step_is_a_name(dbutils, root):
    for name in ("%2e%2e", "%252e%252e", "..%2f..", "..\\x"):
        dbutils.fs.put(f"/tmp/steps/{name}/x.txt", "x", True)
        assert (root / "tmp" / "steps" / name / "x.txt").read_text() == "x"


def test_spark_reaches_nothing_above_the_root(spark, root, outside, link):
    spark, frame = databricks.session(), databricks.session().range(1)

    def stream(out):
        query = spark.readStream.format("rate").load().writeStream.format("noop")
        query.option("checkpointLocation", f"{out}/new").trigger(availableNow=True).start().awaitTermination(20)

    for out in ways_out(root, outside, link):
        for attempt in (
            lambda out=out: spark.read.text(f"{out}/kept.txt").collect(),
            lambda out=out: spark.sql(f"SELECT * FROM text.`{out}/kept.txt`").collect(),
            lambda out=out: frame.write.mode("overwrite").parquet(out),
            lambda out=out: frame.write.mode("overwrite").format("delta").save(f"{out}/new"),
            lambda out=out: spark.sql(f"CREATE TABLE t_{uuid.uuid4().hex} (a int) LOCATION '{out}/new'"),
            lambda out=out: spark.sql(f"CREATE DATABASE d_{uuid.uuid4().hex} LOCATION '{out}'"),
            lambda out=out: stream(out),
        ):
            with pytest.raises(Exception, match=r"leads out of DBFS|Could not initialize target File System"):
                attempt()


def test_a_relative_path_begins_at_the_root_for_all(dbutils):
    spark, name = databricks.session(), uuid.uuid4().hex
    dbutils.fs.put(f"{name}.txt", "x")
    assert spark.read.text(f"{name}.txt").first()[0] == spark.read.text(f"dbfs:/{name}.txt").first()[0] == "x"


def test_a_database_at_the_root_takes_nothing_else_along(dbutils, root):
    spark, before = databricks.session(), sorted(path.name for path in root.iterdir())
    spark.sql("CREATE DATABASE everything LOCATION 'dbfs:/'")
    with pytest.raises(Exception, match="delete not permitted on path"):
        spark.sql("DROP DATABASE everything CASCADE")
    assert sorted(path.name for path in root.iterdir()) == before


def test_a_mount_point_and_its_source_stay_where_they_belong(dbutils, bucket):
    for source, point, words in (
        (f"s3a://{bucket}/../{bucket}-2", "/mnt/up", "leads out"),
        (f"s3a://{bucket}", "/mnt/../../up", "leads out"),
        (f"s3a://{bucket}", "file:/mnt/up", "Cannot mount at file:/mnt/up"),
        (f"s3a://{bucket}", "/mnt/..", "Cannot mount the root"),
    ):
        with pytest.raises(ExecutionError, match=words):
            dbutils.fs.mount(source, point)
    dbutils.fs.mount(f"s3a://{bucket}", "/mnt/a/../up")
    assert "/mnt/up" in {mount.mountPoint for mount in dbutils.fs.mounts()}
    for out in (f"/mnt/up/../../../{bucket}-2", f"s3a://{bucket}/../{bucket}-2/f"):
        with pytest.raises(ExecutionError, match="leads out"):
            dbutils.fs.ls(out)


def test_a_root_or_a_mount_is_not_lost_in_one_go(dbutils, bucket, root, lab):
    point = f"/mnt/{uuid.uuid4().hex[:8]}"
    dbutils.fs.mount(f"s3a://{bucket}", point)
    before = sorted(path.name for path in root.iterdir())
    for path, words in (
        ("/", "no root"),
        ("dbfs:///a/..", "no root"),
        (f"s3a://{bucket}/", "no root"),
        (point, rf"behind {point} holds.*dbutils\.fs\.unmount"),
        (f"dbfs:{point}/", f"behind {point} holds"),
        ("/mnt", "behind /mnt/.* holds"),
        ("file:/", "no root"),
        (f"file:{Path.home()}", "no folder that holds"),
        (f"file:{lab.home.parent}", "no folder that holds"),
    ):
        with pytest.raises(ExecutionError, match=f"deletes {words}|The lab deletes no folder with.*{words}"):
            dbutils.fs.rm(path, True)
        with pytest.raises(ExecutionError, match=f"moves {words}|The lab moves no folder with.*{words}"):
            dbutils.fs.mv(path, "/tmp/all", True)
    assert sorted(path.name for path in root.iterdir()) == before
    assert dbutils.fs.head(f"{point}/f/kept.txt") == "kept"


def test_a_file_of_the_drivers_disk_is_reached_by_its_scheme(dbutils, outside):
    (found,) = dbutils.fs.ls(f"file:{outside}")
    assert found.path == f"file:{outside}/kept.txt"
    assert dbutils.fs.head(found.path) == "kept"


def test_the_workspaces_folders_end_at_their_root(client, lab, outside):
    up = os.path.relpath(outside, lab.home / "workspace" / "files")
    content = base64.b64encode(b"x").decode()
    for path in (f"/{up}/kept.txt", f"/Users/../{up}/kept.txt", f"/Workspace/{up}/kept.txt", "/Users/a\0b"):
        for attempt in (
            lambda path=path: client.api.get("/api/2.0/workspace/export", path=path, format="AUTO"),
            lambda path=path: client.api.get("/api/2.0/workspace/list", path=path),
            lambda path=path: client.api.post("/api/2.0/workspace/import", path=path, content=content, overwrite=True),
            lambda path=path: client.api.post("/api/2.0/workspace/mkdirs", path=path),
            lambda path=path: client.api.post("/api/2.0/workspace/delete", path=path, recursive=True),
        ):
            with pytest.raises(ExecutionError, match="Path"):
                attempt()
    run = client.wait(client.submit(f"/Users/../{up}/kept"))
    assert run["state"]["result_state"] == "FAILED"
    assert "must be absolute" in client.output(run["run_id"])["error"]


@pytest.mark.parametrize("key", ["../{other}/f/kept.txt", "../../evil", "a/../../../evil", "..", "%2e%2e/%2e%2e/evil"])
def test_a_key_of_s3_stays_in_its_bucket(bucket, lab, key):
    s3, before = boto3.client("s3"), {path.name for path in lab.home.iterdir()}
    key = key.format(other=f"{bucket}-2")
    if ".." in key.split("/"):
        with pytest.raises(s3.exceptions.ClientError, match=r"InvalidRequest|InvalidURI"):
            s3.put_object(Bucket=bucket, Key=key, Body=b"evil")
    else:
        s3.put_object(Bucket=bucket, Key=key, Body=b"evil")
        assert (lab.home / "s3" / bucket / key).read_bytes() == b"evil"
        s3.delete_object(Bucket=bucket, Key=key)
    assert {path.name for path in lab.home.iterdir()} == before
