"""What `python -m lab import` advises: each piece is applied here, and what comes of it is run."""

import json
import re
import subprocess
import sys

import pytest
from pyspark.errors import PySparkException
from pyspark.sql import functions as F
from workspaces import Client

from helpers.cleaning import clean_geo
from helpers.raw import GEO_SCHEMA
from lab.__main__ import main
from lab.core.layout import CHECKOUT
from lab.workspace.notebook import delta_table
from lab.workspace.notebook.review import ON_CASTS, ON_STREAMS, review


def findings(tmp_path, text, name="x.py"):
    file = tmp_path / name
    file.write_text(text)
    return review(file)


def only(tmp_path, text):
    (found,) = findings(tmp_path, text)
    return found


# --- DeltaTable

TABLE = """from delta.tables import DeltaTable

table = DeltaTable.forPath(spark, "/tmp/pins")
"""


@pytest.mark.parametrize("text", ["from delta.tables import DeltaTable\n", "import delta\nx = spark.range(1)\n"])
def test_an_import_that_is_not_used_is_left_alone(tmp_path, text):
    assert findings(tmp_path, text) == []


@pytest.mark.parametrize(
    ("line", "method", "words"),
    [
        ("table.vacuum()", "vacuum", "VACUUM delta.`path`"),
        ("table.toDF().show()", "toDF", '.format("delta").load(path)'),
        ("table.alias('t').merge(new.alias('s'), 't.a = s.a')", "merge", "MERGE INTO delta.`path`"),
        ("(table.alias('t')\n  .merge(new, 't.a = s.a')", "merge", "MERGE INTO"),
        ("DeltaTable.forName(spark, 'pins').history(1)", "history", "DESCRIBE HISTORY"),
        ("DeltaTable.isDeltaTable(spark, '/tmp/pins')", "isDeltaTable", "fails where there is none"),
    ],
)
def test_each_method_of_a_delta_table_has_advice_of_its_own(tmp_path, line, method, words):
    found = only(tmp_path, f"{TABLE}{line})" if line.startswith("(") else f"{TABLE}{line}\n")
    assert found.found == f"DeltaTable's {method}()"
    assert words in found.instead
    assert ("MERGE" in found.instead) == (method == "merge")


def test_a_table_that_nothing_is_seen_done_with_is_told_how_one_is_read(tmp_path):
    found = only(tmp_path, f"{TABLE}process(table)\n")
    assert found.place == "line 3"
    assert '.format("delta").load(path)' in found.instead


FILLED = {"delete": "a = 1", "update": "b = 'x'", "restoreToVersion": "0", "merge": "t.a = s.a"}


@pytest.mark.parametrize("method", [name for name in delta_table.INSTEAD if not name.startswith("create")])
def test_the_statement_in_place_of_a_method_runs(spark, method):
    place = f"dbfs:/tmp/advice_{method}"
    rows = spark.createDataFrame([(1, "a"), (2, "b")], "a int, b string")
    rows.write.format("delta").mode("overwrite").save(place)
    rows.createOrReplaceTempView("view")
    advised = delta_table.INSTEAD[method]
    if method == "toDF":
        assert spark.read.format("delta").load(place).count() == 2
        return
    (statement,) = re.findall(r'spark\.sql\("(.*?)"\)', advised)
    statement = statement.replace("`path`", f"`{place}`")
    if method == "update":
        statement = statement.replace("…", FILLED["update"], 1).replace("…", "a = 2")
    assert spark.sql(statement.replace("…", FILLED.get(method, ""))).collect() is not None


@pytest.mark.parametrize("method", [name for name in delta_table.INSTEAD if name.startswith("create")])
def test_a_table_is_made_by_the_statement_in_place_of_the_builder(spark, method):
    (statement,) = re.findall(r'spark\.sql\("(.*?)"\)', delta_table.INSTEAD[method])
    spark.sql("DROP TABLE IF EXISTS advice_made")
    spark.sql(statement.replace(" name ", " advice_made ").replace("…", "a INT"))
    assert spark.table("advice_made").columns == ["a"]
    spark.sql("DROP TABLE advice_made")


@pytest.mark.lab
def test_what_is_said_of_a_delta_table_is_so(spark):
    from delta.tables import DeltaTable

    spark.range(1).write.format("delta").mode("overwrite").save("dbfs:/tmp/advice")
    with pytest.raises(PySparkException, match="No handler found"):
        DeltaTable.forPath(spark, "dbfs:/tmp/advice").toDF().collect()


# --- the database

READS = """
import json
from sqlalchemy import URL, create_engine, text
{above}
engine = {engine}
with engine.connect() as connection:
    result = connection.execute(text("SELECT * FROM geolocation_data LIMIT 7528, 1"))
    row = dict(result.mappings().first()) if result.rowcount == 1 else {{}}
print(json.dumps([row["ind"], row["timestamp"].strftime("%Y-%m-%d") > "2000"]))
"""


@pytest.mark.parametrize(
    "engine",
    [
        "create_engine('mysql+pymysql://u:p@h:3306/pinterest_data?charset=utf8mb4')",
        "create_engine(URL.create('mysql+pymysql', 'u', 'p', 'h', 3306, 'pinterest_data'))",
        "create_engine(f\"{'mysql'}+{'pymysql'}://u:p@h:3306/pinterest_data\")",
    ],
)
def test_the_databases_address_is_replaced_as_a_whole(workbook, tmp_path, engine):
    found = only(tmp_path, READS.format(above="", engine=engine))
    advised, above = re.search(r"(create_engine\(.*\)\)?) in place .* and (from .*) above", found.instead).groups()
    file = tmp_path / "applied.py"
    file.write_text(READS.format(above=above, engine=advised))
    done = subprocess.run([sys.executable, str(file)], cwd=CHECKOUT, capture_output=True, text=True)
    assert (json.loads(done.stdout), done.stderr) == ([7528, True], "")
    assert review(file) == []


# --- dates, casts, counts


def test_a_date_with_colons_is_null_to_the_workbook_and_a_date_to_who_reads_that_form(spark, tmp_path):
    found = only(tmp_path, "sent = when.strftime('%Y:%m:%d %H:%M:%S')\n")
    assert "the workbook's cleaning" in found.instead

    def cleaned(date):
        row = {"ind": 1, "timestamp": date, "latitude": 1.0, "longitude": 2.0, "country": "Chad"}
        return clean_geo(spark.createDataFrame([row], GEO_SCHEMA)).first().timestamp

    assert cleaned("2020:01:02 03:04:05") is None
    assert str(cleaned("2020-01-02 03:04:05")) == "2020-01-02 03:04:05"
    theirs = F.to_timestamp(F.lit("2020:01:02 03:04:05"), "yyyy:MM:dd HH:mm:ss")
    assert str(spark.range(1).select(theirs).first()[0]) == "2020-01-02 03:04:05"


@pytest.mark.parametrize(
    "line",
    ["f.withColumn('n', col('n').cast('int'))", "f.select(F.col('n').cast(IntegerType()))",
     "f.select(col('n').cast(T.LongType()))", "spark.sql('SELECT CAST(n AS INT) FROM f')"],
)  # fmt: skip
def test_a_cast_is_pointed_at_once_a_file(tmp_path, line):
    found = only(tmp_path, f"{line}\n{line}\n")
    assert (found.place, found.instead) == ("line 1", ON_CASTS)
    assert findings(tmp_path, "f.select(col('n').cast('string'))\n") == []


def test_a_cast_stops_and_what_is_advised_does_what_is_said(spark):
    followers = spark.createDataFrame([("5",), ("2M",)], "n string")
    with pytest.raises(PySparkException, match="2M"):
        followers.select(F.col("n").cast("int")).collect()
    assert [row.n for row in followers.select(F.col("n").try_cast("int").alias("n")).collect()] == [5, None]
    spark.conf.set("spark.sql.ansi.enabled", "false")
    try:
        assert [row.n for row in followers.select(F.col("n").cast("int").alias("n")).collect()] == [5, None]
    finally:
        spark.conf.unset("spark.sql.ansi.enabled")


def test_distinct_values_are_counted_as_advised(spark, tmp_path):
    frame = spark.createDataFrame([(1, "a"), (1, "b")], "g int, a string")
    with pytest.raises(PySparkException, match="countDistinct"):
        frame.groupBy("g").agg({"a": "countDistinct"}).collect()
    assert frame.groupBy("g").agg(F.countDistinct("a").alias("n")).first().n == 2
    code = "stream = spark.readStream.format('kinesis').load()\nstream.agg(countDistinct('a'))\n"
    assert only(tmp_path, code).instead == ON_STREAMS
    assert findings(tmp_path, "frame.agg(countDistinct('a'))\n") == []
    stream = spark.readStream.format("rate").load()
    with pytest.raises(PySparkException, match="Distinct aggregations are not supported"):
        _started(stream.agg(F.countDistinct("value")))
    _started(stream.agg(F.approx_count_distinct("value")))


def _started(frame):
    query = frame.writeStream.format("memory").queryName("advice").outputMode("complete").start()
    query.processAllAvailable()
    query.stop()


# --- what the workspace has


@pytest.fixture
def imported(lab, workbook, monkeypatch, capsys):
    """Run the import command on a folder; give what it says."""
    monkeypatch.setattr("lab.core.layout.Lab.from_environment", lambda: lab)

    def run(path, folder):
        assert main(["import", str(path), "--to", folder]) == 0
        return capsys.readouterr().out

    return run


DAG = """from airflow.sdk import DAG
from airflow.providers.databricks.operators.databricks import DatabricksSubmitRunOperator

with DAG("d", schedule="@daily"):
    DatabricksSubmitRunOperator(task_id="a", notebook_task={"notebook_path": "%s"})
"""
HOME = "/Users/advice@example.com"


def test_a_notebook_that_a_dag_or_a_notebook_runs_and_that_is_not_there_is_named(imported, tmp_path):
    folder = tmp_path / "code"
    folder.mkdir()
    (folder / "dag.py").write_text(DAG % "/Repos/me/clean pins")
    (folder / "clean pins.py").write_text('# MAGIC %run "./functions" $a="b"\ndbutils.notebook.run("report", 60)\n')
    said = imported(folder, HOME)
    lost = "line 5: /Repos/me/clean pins: the workspace has no notebook of this path; it is at"
    assert f"dag.py:\n  {lost} {HOME}/clean pins: write that" in said
    assert "line 1: ./functions: the workspace has no notebook of this path; bring it there" in said
    assert "line 2: report: the workspace has no notebook" in said
    (folder / "dag.py").write_text(DAG % f"/Workspace{HOME}/clean pins")
    for name in ("functions", "report"):
        (folder / f"{name}.py").write_text("x = 1\n")
    assert "the workspace has no" not in imported(folder, HOME)


def test_a_notebook_that_is_named_elsewhere_is_brought_there_as_advised(imported, tmp_path):
    (tmp_path / "dag.py").write_text(DAG % f"{HOME}/elsewhere/late")
    (tmp_path / "late.py").write_text("x = 1\n")
    assert "`python -m lab import FILE --to FOLDER`" in imported(tmp_path / "dag.py", HOME)
    imported(tmp_path / "late.py", f"{HOME}/elsewhere")
    assert "the workspace has no" not in imported(tmp_path / "dag.py", HOME)


def test_a_secret_that_is_not_there_is_named_with_those_that_are(imported, tmp_path):
    file = tmp_path / "reads.py"
    file.write_text('key = dbutils.secrets.get(scope="mine", key="aws-key")\n')
    said = imported(file, HOME)
    assert "line 1: mine/aws-key: the workspace has no such secret" in said
    scope, key = re.search(r"It has (\w+): ([\w-]+)", said).groups()
    file.write_text(f"key = dbutils.secrets.get('{scope}', '{key}')\ndbutils.notebook.exit(len(key))\n")
    assert "no such secret" not in imported(file, HOME)
    client = Client()
    run = client.wait(client.submit(f"{HOME}/reads"))
    assert int(client.output(run["run_id"])["notebook_output"]["result"]) > 10


def test_what_is_behind_the_entry_point_can_be_handed_over_as_advised(workbook):
    assert Client().result("asks", "dbutils.notebook.exit(dbutils.widgets.get('name'))", {"name": "given"}) == "given"


# --- code that does not parse


def test_a_dag_that_does_not_parse_is_noticed(tmp_path):
    (found,) = findings(tmp_path, DAG % "/a" + "    b = DatabricksSubmitRunOperator(\n")
    assert (found.place, found.found) == ("line 6", "does not parse")
    assert "Airflow shows no DAG" in found.instead


def test_a_cell_that_does_not_parse_is_noticed_and_magics_are_no_mistakes(tmp_path):
    cells = ["%sql\nSELECT 1", "!ls\nx = 1", "%python\ny = 2", "%run ./a", "print 'old'", "await z"]
    notebook = {"cells": [{"cell_type": "code", "source": [cell]} for cell in cells]}
    (found,) = findings(tmp_path, json.dumps(notebook), "x.ipynb")
    assert (found.place, found.found) == ("cell 5, line 1", "does not parse")
