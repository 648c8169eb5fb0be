"""dbutils and display against the running workspace: what they return, what they say, what they keep to themselves."""

import json
import re
import textwrap
import uuid
from urllib.parse import quote

import boto3
import nbformat
import pytest
from nbclient import NotebookClient

from helpers import databricks
from helpers.databricks.laptop.dbutils import ExecutionError, FileInfo, MountInfo
from lab.core.runtime import existing_runtime

pytestmark = pytest.mark.lab

JSON_LINES = b'{"a":1}\n{"a":2}\n'


@pytest.fixture(scope="module")
def bucket(workbook):
    """A bucket with two rows in one object."""
    name = f"mounts-{uuid.uuid4().hex[:8]}"
    s3 = boto3.client("s3")
    s3.create_bucket(Bucket=name)
    s3.put_object(Bucket=name, Key="topics/x/part.json", Body=JSON_LINES)
    return name


@pytest.fixture
def keys(lab):
    return existing_runtime(lab).credentials


@pytest.fixture
def address(bucket, keys):
    """What the course hands to mount."""
    return f"s3n://{keys.access_key_id}:{quote(keys.secret_access_key, '')}@{bucket}"


@pytest.fixture
def point():
    return f"/mnt/{uuid.uuid4().hex[:8]}"


def test_a_mount_is_everybodys_and_shows_no_keys(dbutils, spark, client, address, keys, point):
    assert dbutils.fs.mount(address, point) is True
    found = next(mount for mount in dbutils.fs.mounts() if mount.mountPoint == point)
    assert isinstance(found, MountInfo)
    assert found[0] == point
    for secret in (keys.access_key_id, keys.secret_access_key):
        assert secret not in str(dbutils.fs.mounts())
    assert spark.read.json(f"{point}/topics/x/*.json").count() == 2
    job = f"dbutils.notebook.exit(spark.read.json('{point}/topics/x').count())"
    assert client.result("reads below a mount", job) == "2"
    assert dbutils.fs.refreshMounts() is True


def test_a_second_and_a_nested_mount_are_refused_in_databricks_words(dbutils, address, point):
    dbutils.fs.mount(address, point)
    for other, words in (
        (point, f"requirement failed: Directory already mounted: {point}"),
        (f"{point}/inner", "requirement failed: Cannot nest mounts"),
        ("/mnt", "requirement failed: Cannot nest mounts"),
        ("/", "requirement failed: Cannot mount the root"),
    ):
        with pytest.raises(ExecutionError, match=words):
            dbutils.fs.mount(address, other)


def test_wrong_keys_are_refused_at_once_and_change_nothing(dbutils, spark, address, bucket, keys, point):
    dbutils.fs.mount(address, point)
    with pytest.raises(ExecutionError, match="AccessDeniedException") as refused:
        dbutils.fs.mount(f"s3n://{keys.access_key_id}:wrong@{bucket}", f"{point}-2")
    assert keys.access_key_id not in str(refused.value)
    assert spark.read.json(f"{point}/topics/x").count() == 2  # the good mount has kept its own keys
    with pytest.raises(ExecutionError, match=r"urllib\.parse\.quote"):
        dbutils.fs.mount(f"s3n://{keys.access_key_id}:a/b@{bucket}", f"{point}-2")
    with pytest.raises(ExecutionError, match="Unsupported source"):
        dbutils.fs.mount("abfss://x@y", f"{point}-2")
    with pytest.raises(ExecutionError, match="knows keys only"):
        dbutils.fs.mount(f"s3a://{bucket}", f"{point}-2", extra_configs={"fs.s3a.endpoint": "x"})


def test_keys_may_come_as_extra_configs(dbutils, bucket, keys, point):
    configs = {"fs.s3a.access.key": keys.access_key_id, "fs.s3a.secret.key": keys.secret_access_key}
    assert dbutils.fs.mount(f"s3a://{bucket}/topics", point, "", None, configs) is True
    assert [entry.name for entry in dbutils.fs.ls(point)] == ["x/"]


def test_a_users_keys_open_a_bucket_as_far_as_their_policies_go(dbutils, spark, bucket, point):
    """Over the AWS endpoint, to which Hadoop's client sends what it writes chunk by chunk."""
    iam, name = boto3.client("iam"), f"mount-{uuid.uuid4().hex[:8]}"
    iam.create_user(UserName=name)
    allowed = {"Effect": "Allow", "Action": "s3:*", "Resource": [f"arn:aws:s3:::{bucket}", f"arn:aws:s3:::{bucket}/*"]}
    denied = {"Effect": "Deny", "Action": "s3:PutObject", "Resource": f"arn:aws:s3:::{bucket}/topics/*"}
    document = json.dumps({"Version": "2012-10-17", "Statement": [allowed, denied]})
    iam.put_user_policy(UserName=name, PolicyName="s3", PolicyDocument=document)
    key = iam.create_access_key(UserName=name)["AccessKey"]
    try:
        address = f"s3n://{key['AccessKeyId']}:{quote(key['SecretAccessKey'], '')}@{bucket}"
        assert spark.read.json(f"{address}/topics/x").count() == 2
        dbutils.fs.mount(address, point)
        assert spark.read.json(f"{point}/topics/x").count() == 2
        spark.range(1000).write.json(f"{point}/own")
        assert spark.read.json(f"{point}/own").count() == 1000
        with pytest.raises(ExecutionError, match="AccessDenied"):
            dbutils.fs.put(f"{point}/topics/y.json", "{}")
    finally:
        dbutils.fs.unmount(point)
        iam.delete_access_key(UserName=name, AccessKeyId=key["AccessKeyId"])
        iam.delete_user_policy(UserName=name, PolicyName="s3")
        iam.delete_user(UserName=name)


def test_unmounting_what_is_not_mounted_is_refused(dbutils, address, point, capsys):
    with pytest.raises(ExecutionError, match=f"Directory not mounted: {point}"):
        dbutils.fs.unmount(point)
    dbutils.fs.mount(address, point)
    assert dbutils.fs.unmount(point) is True
    assert capsys.readouterr().out == f"{point} has been unmounted.\n"
    with pytest.raises(ExecutionError, match="FileNotFoundException"):
        dbutils.fs.ls(point)


def test_files_are_written_read_moved_and_removed(dbutils, capsys):
    folder = f"/tmp/{uuid.uuid4().hex}"
    assert dbutils.fs.mkdirs(folder) is True
    assert dbutils.fs.put(f"{folder}/a.txt", "häuser", True) is True
    assert capsys.readouterr().out == "Wrote 7 bytes.\n"
    with pytest.raises(ExecutionError, match="FileAlreadyExistsException"):
        dbutils.fs.put(f"{folder}/a.txt", "x")
    assert dbutils.fs.head(f"{folder}/a.txt") == "häuser"
    assert dbutils.fs.head(f"dbfs:{folder}/a.txt", 1) == "h"
    assert "[Truncated to first 1 bytes]" in capsys.readouterr().out
    assert dbutils.fs.cp(f"{folder}/a.txt", f"{folder}/b.txt") is True
    assert dbutils.fs.mv(f"{folder}/b.txt", f"{folder}/c.txt") is True
    (first, second) = dbutils.fs.ls(folder)
    assert (first.path, first.name, first.size) == (f"dbfs:{folder}/a.txt", "a.txt", 7)
    assert isinstance(second, FileInfo)
    assert (second.isFile(), second.isDir()) == (True, False)
    dbutils.fs.mkdirs(f"{folder}/inner")
    last = dbutils.fs.ls(folder)[-1]
    assert (last.name, last.isDir(), last.isFile()) == ("inner/", True, False)
    with pytest.raises(ExecutionError):
        dbutils.fs.rm(folder)
    assert dbutils.fs.rm(folder, True) is True
    assert dbutils.fs.rm(folder, True) is False


def test_the_keys_are_in_the_three_places_of_the_course(dbutils, lab, workbook, keys):
    spark = databricks.session()
    csv = "/FileStore/tables/authentication_credentials.csv"
    table = "dbfs:/user/hive/warehouse/authentication_credentials"
    for frame in (spark.read.option("header", "true").csv(csv), spark.read.format("delta").load(table)):
        assert frame.columns == ["User name", "Access key ID", "Secret access key"]
        row = frame.where("`User name` = 'databricks-user'").first()
        assert row["Secret access key"] == keys.secret_access_key
    assert dbutils.secrets.get("aws", "access_key_id") == keys.access_key_id
    assert dbutils.secrets.getBytes("aws", "secret_access_key") == keys.secret_access_key.encode()
    assert "aws" in [scope.name for scope in dbutils.secrets.listScopes()]
    assert [secret.key for secret in dbutils.secrets.list("aws")] == ["access_key_id", "secret_access_key"]
    with pytest.raises(ExecutionError, match="Secret does not exist with scope: aws and key: nothing"):
        dbutils.secrets.get("aws", "nothing")
    folder = lab.home / "cluster" / "dbfs" / "user" / "hive" / "warehouse" / "authentication_credentials"
    assert folder.stat().st_mode & 0o077 == 0


def test_a_bucket_is_read_with_keys_in_its_address(address, keys, bucket):
    spark = databricks.session()
    assert spark.read.json(f"{address}/topics/x/*.json").count() == 2
    with pytest.raises(Exception, match="AccessDeniedException"):
        spark.read.json(f"s3n://{keys.access_key_id}:wrong@{bucket}/topics/x/*.json").count()


def test_a_notebook_of_ones_own_shows_no_secret_that_it_has_read(workbook, keys):
    cell = """
        from helpers import databricks
        spark, dbutils, display = databricks.attach()
        print("before:", value := dbutils.secrets.get("aws", "access_key_id"))
        value
    """
    notebook = nbformat.v4.new_notebook(cells=[nbformat.v4.new_code_cell(textwrap.dedent(cell))])
    NotebookClient(notebook, kernel_name="python3").execute()
    shown = str(notebook.cells[0].outputs)
    assert shown.count("[REDACTED]") == 2
    assert keys.access_key_id not in shown


@pytest.mark.parametrize("scheme", ["s3n", "s3a", "s3"])
def test_keys_in_an_address_are_shown_nowhere(scheme, address, keys, bucket, dbutils, capfd):
    spark, said = databricks.session(), []
    address = address.replace("s3n", scheme)
    wrong = address.replace(quote(keys.secret_access_key, ""), "wr0ng")
    for attempt in (
        lambda: spark.read.json(f"{address}/nothing").count(),
        lambda: spark.read.json(f"{address}/nothing/*.json").count(),
        lambda: spark.read.json(f"{wrong}/topics/x").count(),
        lambda: spark.read.json(f"{address.replace('@', '/x@')}/topics/x").count(),
        lambda: spark.read.json(f"s3n://{keys.access_key_id}:%wr0ng@{bucket}/topics/x").count(),
        lambda: spark.sql(f"SELECT * FROM json.`{address}/nothing`").count(),
        lambda: dbutils.fs.ls(f"{address}/nothing"),
        lambda: dbutils.fs.cp(f"{wrong}/topics", "/tmp/nothing"),
    ):
        with pytest.raises(Exception) as refused:  # noqa: PT011 - what is said matters, not by whom
            attempt()
        said.append(str(refused.value))
    for path in (f"{address}/topics/x", f"{address}/topics/x/*.json"):
        frame = spark.read.json(path)
        frame.explain(True)
        assert frame.count() == 2
        said += frame.inputFiles()
        said += [row[0] for row in frame.selectExpr("_metadata.file_path").collect()]
    said += [str(dbutils.fs.ls(f"{address}/topics/x")), dbutils.fs.head(f"{address}/topics/x/part.json")]
    assert f"@{bucket}/topics/x/part.json" in str(said)
    assert sum("AccessDeniedException" in words for words in said) == 2  # neither fell back to other keys
    assert "urllib.parse.quote" in str(said)
    shown = "\n".join([*said, *capfd.readouterr()])
    for key in (keys.access_key_id, keys.secret_access_key, quote(keys.secret_access_key, ""), "wr0ng"):
        assert key not in shown


def test_other_keys_for_the_same_bucket_never_borrow_those_before(address, keys, bucket):
    spark = databricks.session()
    assert spark.read.json(f"{address}/topics/x").count() == 2
    with pytest.raises(Exception, match="AccessDeniedException"):
        spark.read.json(f"s3n://{keys.access_key_id}:wrong@{bucket}/topics/x").count()
    assert spark.read.json(f"{address}/topics/x").count() == 2


def test_a_volume_path_is_a_folder(dbutils):
    folder = "/Volumes/main/default/landing"
    dbutils.fs.put(f"{folder}/x.txt", "hello", True)
    assert databricks.session().read.text(folder).first()[0] == "hello"


def test_display_and_table_are_there_as_on_databricks(dbutils, address, point, capsys):
    spark, _, display = databricks.attach()
    dbutils.fs.mount(address, point)
    frame = spark.read.json(f"{point}/topics/x")
    stream = spark.readStream.schema(frame.schema).json(f"{point}/topics/x")
    frame.display()
    display(stream)
    display(dbutils.fs.ls(f"{point}/topics"))
    display(frame.collect())
    shown = capsys.readouterr().out
    assert "column of the stream" in shown
    assert len(re.findall(r"^a\n1\n2$", shown, re.MULTILINE)) == 2
    assert f"dbfs:{point}/topics/x/" in shown
    name = f"streamed_{uuid.uuid4().hex[:8]}"
    checkpoint = f"/tmp/{name}"
    query = stream.writeStream.option("checkpointLocation", checkpoint).trigger(availableNow=True).table(name)
    query.awaitTermination(60)
    assert spark.table(name).count() == 2


def test_parameters_of_sql_reach_every_statement_as_they_are(workbook):
    spark, name = databricks.session(), f"parameters_{uuid.uuid4().hex[:8]}"
    for value in ("Monday", "it's \"one\"", "${x} :day ?", "\\u0041\\n", "ä\n;--"):
        assert spark.sql("SELECT :day AS a, ':day' AS b", {"day": value}).first()[:] == (value, ":day")
        assert spark.sql("SELECT ? AS a", [value]).first()["a"] == value
    spark.sql(f"CREATE TABLE {name} AS SELECT :first AS a", {"first": 1})
    merge = f"MERGE INTO {name} USING (SELECT 1 AS a) s ON {name}.a = s.a WHEN MATCHED THEN UPDATE SET a = :a"
    spark.sql(merge, {"a": 2})
    assert spark.table(name).first()["a"] == 2
    with pytest.raises(Exception, match="UNBOUND_SQL_PARAMETER"):
        spark.sql("SELECT :day", {"other": 1}).collect()


def test_what_dbutils_lacks_it_says_itself_and_what_it_has(dbutils):
    for attempt, words in (
        (lambda: dbutils.jobs.taskValues.set("a", 1), "dbutils of the lab has no jobs.*It has fs, library, notebook"),
        (lambda: dbutils.fs.updateMount("a", "b"), r"dbutils\.fs of the lab has no updateMount.*It has cp, head"),
        (lambda: dbutils.notebook.entry_point.getReplId(), "entry_point of the lab has no getReplId.*has getDbutils"),
    ):
        with pytest.raises(AttributeError, match=words):
            attempt()
    assert not hasattr(dbutils, "data")
    context = dbutils.notebook.entry_point.getDbutils().notebook().getContext()
    assert context.userName().get() == "learner@workbook"
    with pytest.raises(ValueError, match="only one that a job runs is"):
        context.notebookPath().get()
    with pytest.raises(RuntimeError, match="this is none"):
        dbutils.library.restartPython()


def test_an_error_of_spark_in_a_notebook_ends_with_its_cause(workbook):
    cells = (
        "from helpers import databricks\nspark, dbutils, display = databricks.attach()",
        "spark.sql(\"SELECT CAST('ten' AS INT)\").show()",
    )
    notebook = nbformat.v4.new_notebook(cells=[nbformat.v4.new_code_cell(cell) for cell in cells])
    NotebookClient(notebook, kernel_name="python3", allow_errors=True).execute()
    *_, error, said = notebook.cells[1].outputs
    assert error.ename == "NumberFormatException"
    assert said.text.startswith("The cause: [CAST_INVALID_INPUT] The value 'ten'")
    assert 'spark.conf.set("spark.sql.ansi.enabled", "false")' in said.text


def test_what_is_below_dbfs_says_where_it_is(workbook, lab, dbutils):
    dbutils.fs.put("/tmp/here.txt", "found", True)
    cell = """
        from helpers import databricks
        spark, dbutils, display = databricks.attach()
        import glob, os, pandas, pathlib
        for attempt in (
            lambda: open("/dbfs/tmp/here.txt"), lambda: pathlib.Path("/dbfs/tmp/here.txt").read_text(),
            lambda: pandas.read_csv("/dbfs/tmp/here.txt"), lambda: os.listdir("/dbfs/tmp"),
            lambda: glob.glob("/dbfs/tmp/*"), lambda: open("/dbfs/tmp/new.txt", "w"),
        ):
            try:
                attempt()
            except FileNotFoundError as error:
                print(error.strerror)
        print(open("/dev/null").read() == "", os.listdir(b"/dev") != [])
    """
    notebook = nbformat.v4.new_notebook(cells=[nbformat.v4.new_code_cell(textwrap.dedent(cell))])
    NotebookClient(notebook, kernel_name="python3").execute()
    said = notebook.cells[0].outputs[0].text.splitlines()
    assert len(said) == 7
    assert said[-1] == "True True"
    place = lab.home / "cluster" / "dbfs" / "tmp" / "here.txt"
    assert "There is no folder /dbfs in the lab" in said[0]
    assert f"Python's own functions take {place}" in said[0]
    assert place.read_text() == "found"
