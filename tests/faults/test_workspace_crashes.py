"""kill -9 of the cluster: what the workspace keeps, and what it says of the runs that were under way."""

from urllib.parse import quote

import boto3
import pytest
from crashes import crash
from workspaces import HOME, Client, alive

from helpers import databricks
from helpers.databricks.laptop.dbutils import DBUtils
from lab.core.runtime import existing_runtime

pytestmark = pytest.mark.lab


def test_a_crash_fails_what_ran_and_keeps_everything_else(lab, workbook):
    client, dbutils, keys = Client(), DBUtils(), existing_runtime(lab).credentials
    s3 = boto3.client("s3")
    s3.create_bucket(Bucket="crash-bucket")
    s3.put_object(Bucket="crash-bucket", Key="x/part.json", Body=b'{"a":1}')
    dbutils.fs.mount(f"s3n://{keys.access_key_id}:{quote(keys.secret_access_key, '')}@crash-bucket", "/mnt/crash")
    done = client.wait(client.submit(client.put("makes a table", "spark.range(4).write.saveAsTable('kept')")))
    run_id = client.submit(client.put("hangs", "import time\ntime.sleep(600)"))
    running = client.wait(run_id, until=lambda run: alive(lab, run))

    crash(lab, "cluster")

    lost = client.wait(run_id)
    assert lost["state"]["life_cycle_state"] == "INTERNAL_ERROR"
    assert "The cluster ended while this task ran" in client.output(run_id)["error"]
    assert not alive(lab, running)
    assert client.get(done["run_id"]) == done
    assert client.api.get("/api/2.0/workspace/get-status", path=f"{HOME}/hangs")["object_type"] == "NOTEBOOK"
    read = "dbutils.notebook.exit(spark.table('kept').count() + spark.read.json('/mnt/crash/x').count())"
    assert client.result("reads both", read) == "5"
    log = (lab.logs / "cluster.log").read_text(errors="replace")
    assert keys.secret_access_key not in log
    assert keys.access_key_id not in log


CATALOG = """
    CREATE DATABASE shop; CREATE DATABASE elsewhere LOCATION 'dbfs:/tmp/elsewhere';
    CREATE TABLE shop.sold AS SELECT 1 AS a; COMMENT ON TABLE shop.sold IS 'by day';
    CREATE TABLE elsewhere.sold AS SELECT 2 AS a;
    CREATE TABLE outside USING delta LOCATION 'dbfs:/tmp/outside' AS SELECT 3 AS a;
    CREATE TABLE lines (a INT, b STRING) USING csv OPTIONS (header true) LOCATION 'dbfs:/tmp/lines';
    INSERT INTO lines VALUES (4, 'x');
    CREATE TABLE parts (a INT, p STRING) USING parquet PARTITIONED BY (p); INSERT INTO parts VALUES (5, 'x'), (6, 'y');
    CREATE VIEW seen AS SELECT a + 6 AS a FROM shop.sold;
    CREATE FUNCTION eight(x INT) RETURNS INT RETURN x + 8;
    CREATE TABLE before AS SELECT 9 AS a; ALTER TABLE before RENAME TO after;
    CREATE TABLE dropped AS SELECT 1 AS a; DROP TABLE dropped
"""


def test_databases_tables_views_and_functions_outlive_the_cluster(lab, workbook):
    spark = databricks.session()
    for statement in CATALOG.split(";"):
        spark.sql(statement)

    crash(lab, "cluster")

    spark.stop()  # its session went down with the cluster
    spark = databricks.session()
    for table, rows in (
        ("shop.sold", [1]), ("elsewhere.sold", [2]), ("outside", [3]), ("lines", [4]), ("parts", [5, 6]), ("seen", [7]),
        ("(SELECT eight(0) AS a)", [8]), ("after", [9]),
    ):  # fmt: skip
        assert [row["a"] for row in spark.sql(f"SELECT a FROM {table} ORDER BY a").collect()] == rows, table
    described = {row["col_name"]: row["data_type"] for row in spark.sql("DESCRIBE EXTENDED shop.sold").collect()}
    assert (described["Type"], described["Comment"]) == ("MANAGED", "by day")
    tables = {table.name for table in spark.catalog.listTables()}
    assert not tables & {"before", "dropped"}
    folder = lab.home / "cluster" / "dbfs" / "user" / "hive" / "warehouse" / "shop.db" / "sold"
    assert folder.exists()
    spark.sql("DROP TABLE shop.sold")  # still managed, so its files go with it
    assert not folder.exists()
    assert (lab.home / "cluster" / "catalog.json").stat().st_mode & 0o077 == 0
    spark.stop()
