"""Notebooks in the forms in which learners bring them: imported, looked through, run."""

import json
from pathlib import Path

import boto3
import pytest
from workspaces import Client

from helpers.kafka import sink_objects
from lab.__main__ import main
from lab.workspace.notebook.review import review

FOLDER = Path(__file__).parent / "workspace"
PROJECT = FOLDER / "my project"

PINS = [{"index": 1, "category": "art", "follower_count": "5k"}, {"index": 2, "category": "art", "follower_count": "7"}]


@pytest.fixture(scope="module")
def imported(lab, workbook):
    """The project in the workspace; Kafka's objects in the bucket."""
    sink_objects.create_bucket(workbook)
    for number, pin in enumerate(PINS):
        key = f"topics/course.pin/partition=0/course.pin+0+{number:010d}.json"
        boto3.client("s3").put_object(Bucket=workbook.bucket, Key=key, Body=json.dumps(pin).encode())
    return "/Users/learner@example.com/my project"


def places(file):
    return [(finding.place, finding.found) for finding in review(file)]


def test_a_dag_is_told_what_airflow_3_lacks_line_by_line():
    assert places(FOLDER / "old_dag.py") == [
        ("line 5", "airflow.operators.python"),
        ("line 14", "schedule_interval"),
    ]


def test_a_notebook_is_told_cell_by_cell_and_comments_are_left_alone():
    found = review(PROJECT / "streams.ipynb")
    assert [(finding.place, finding.found) for finding in found] == [
        ("cell 5, line 6", '"/tmp/kinesis/_checkpoints/"'),
    ]
    assert "the checkpoint of cell 5, line 2" in str(found[0])


@pytest.mark.parametrize(
    ("line", "words"),
    [
        ("x = df.rdd.map(f)", "functions of DataFrames"),
        ("sc.parallelize([1])", "use spark itself"),
        ("spark._jvm.System", "Java cannot be reached"),
        ("# MAGIC %scala", "Python and SQL"),
        ("key = 'AKIAABCDEFGHIJKLMNOP'", "delete it at AWS"),
        ("when.strftime('%Y:%m:%d %H:%M:%S')", "If your own cleaning reads them in this form"),
        ("create_engine('mysql+pymysql://u:p@h/d')", "database_url"),
        ("url = URL.create('mysql+pymysql', 'u', 'p', 'h')", "database_url"),
        ("DATABASE_TYPE = 'mysql'", "database_url"),
        ("connection = pymysql.connect(host='h')", "through SQLAlchemy"),
        ("frame.agg({'a': 'countDistinct'})", "agg(F.countDistinct('column'))"),
        ("c = dbutils.notebook.entry_point.getDbutils().notebook().getContext().tags()", "dbutils.widgets.get"),
        ("dag = DAG(start_date=days_ago(1))", "pendulum.datetime"),
    ],
)
def test_each_thing_the_lab_cannot_honour_has_a_remedy(tmp_path, line, words):
    file = tmp_path / "x.py"
    file.write_text(f"# a comment\n{line}\n")
    (found,) = review(file)
    assert found.place == "line 2"
    assert words in str(found)
    assert "AKIAABCD" not in str(found)


def test_good_code_has_no_findings():
    assert review(PROJECT / "clean and query.py") == []
    assert review(PROJECT / "counts.sql") == []


@pytest.mark.lab
def test_a_project_is_imported_and_its_notebooks_run(lab, imported, monkeypatch, capsys):
    monkeypatch.setattr("lab.core.layout.Lab.from_environment", lambda: lab)
    assert main(["import", str(PROJECT), "--to", imported]) == 0
    said = capsys.readouterr().out
    assert f"clean and query.py is now the notebook {imported}/clean and query" in said
    assert "streams.ipynb:\n  cell 5, line 6:" in said
    client = Client()
    for name, result in (("clean and query", "[('art', 5007)]"), ("counts", "2"), ("streams", "5")):
        run = client.wait(client.submit(f"/Workspace{imported}/{name}"))
        output = client.output(run["run_id"])
        assert output.get("notebook_output", output).get("result") == result, output.get("error")


@pytest.mark.lab
def test_what_is_no_notebook_is_not_imported(lab, workbook, monkeypatch, tmp_path, capsys):
    monkeypatch.setattr("lab.core.layout.Lab.from_environment", lambda: lab)
    (tmp_path / "x.txt").write_text("")
    assert main(["import", str(tmp_path / "x.txt")]) == 2
    assert "the workspace takes .ipynb, .py, .sql" in capsys.readouterr().err
    assert main(["import", str(tmp_path / "nothing.py")]) == 2
    assert "There is no file" in capsys.readouterr().err
    assert main(["import", str(FOLDER / "old_dag.py")]) == 0
    said = capsys.readouterr().out
    assert "is a DAG" in said
    assert "write schedule='@daily'" in said
