"""Notebooks in the forms that learners bring, read into cells."""

import re

import nbformat
import pytest
from hypothesis import given
from hypothesis import strategies as st

from helpers.databricks.laptop.dbutils import Context, InputWidgetNotDefined, Widgets
from lab.workspace.errors import WorkspaceError
from lab.workspace.notebook import source
from lab.workspace.notebook.magics import parse_run
from lab.workspace.notebook.statements import filled, named, statements

SOURCE = """\
# Databricks notebook source
# MAGIC %md
# MAGIC # Title
# MAGIC
# MAGIC text

# COMMAND ----------

# DBTITLE 1,Load
x = 1
# a comment

# COMMAND ----------

# MAGIC %sql
# MAGIC SELECT 1;
# MAGIC SELECT 2

# COMMAND ----------

# MAGIC %run "./other notebook" $day="Monday"

# COMMAND ----------

# MAGIC %python
# MAGIC y = 2
"""


def cells(notebook):
    return [(cell.cell_type, cell.source) for cell in notebook.cells]


def test_a_source_file_becomes_cells(tmp_path):
    (tmp_path / "n.py").write_text(SOURCE)
    assert cells(source.read(tmp_path / "n.py")) == [
        ("markdown", "# Title\n\ntext"),
        ("code", "x = 1\n# a comment"),
        ("code", "%%sql\nSELECT 1;\nSELECT 2"),
        ("code", '%run "./other notebook" $day="Monday"'),
        ("code", "y = 2"),
    ]


def test_a_file_without_the_first_line_loses_nothing(tmp_path):
    (tmp_path / "n.py").write_text("a = 1\nb = 2\n")
    assert cells(source.read(tmp_path / "n.py")) == [("code", "a = 1\nb = 2")]
    assert not source.is_notebook(tmp_path / "n.py")


def test_a_sql_notebook_has_sql_cells(tmp_path):
    text = "-- Databricks notebook source\nSELECT 1\n\n-- COMMAND ----------\n\n-- MAGIC %python\n-- MAGIC z = 3\n"
    (tmp_path / "n.sql").write_text(text)
    assert cells(source.read(tmp_path / "n.sql")) == [("code", "%%sql\nSELECT 1"), ("code", "z = 3")]


def test_a_jupyter_file_from_databricks_is_read_the_same_way(tmp_path):
    notebook = nbformat.v4.new_notebook(
        cells=[nbformat.v4.new_code_cell(text) for text in ("%md\n# Title", "%sql select 1", "x = 5 % 3")]
    )
    nbformat.write(notebook, tmp_path / "n.ipynb")
    assert cells(source.read(tmp_path / "n.ipynb")) == [
        ("markdown", "# Title"),
        ("code", "%%sql\nselect 1"),
        ("code", "x = 5 % 3"),
    ]


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("%run\n./other", "%run ./other"),
        ("%run\n\n  ./other\n  $a=1\n$b='x'\n", "%run ./other $a=1 $b='x'"),
        ("%run ./other $a=1", "%run ./other $a=1"),
    ],
)
def test_run_is_one_line_however_it_is_written(tmp_path, text, expected):
    nbformat.write(nbformat.v4.new_notebook(cells=[nbformat.v4.new_code_cell(text)]), tmp_path / "n.ipynb")
    assert cells(source.read(tmp_path / "n.ipynb")) == [("code", expected)]


def test_a_jupyter_file_is_written_as_databricks_exports_it(tmp_path):
    notebook = nbformat.v4.new_notebook(
        cells=[
            nbformat.v4.new_markdown_cell("# Title\n\ntext"),
            nbformat.v4.new_code_cell("x = 1\n%time x"),
            nbformat.v4.new_code_cell("%sql\nSELECT 1"),
        ]
    )
    nbformat.write(notebook, tmp_path / "n.ipynb")
    assert source.as_source(tmp_path / "n.ipynb") == (
        "# Databricks notebook source\n# MAGIC %md\n# MAGIC # Title\n# MAGIC \n# MAGIC text\n\n"
        "# COMMAND ----------\n\nx = 1\n# MAGIC %time x\n\n"
        "# COMMAND ----------\n\n# MAGIC %sql\n# MAGIC SELECT 1\n"
    )


LINES = st.sampled_from(["x = 1", "", "%sql", "%md", "%run ./a", "!ls", "# MAGIC %md", "# COMMAND ----------", "    y"])
CELLS = st.lists(st.tuples(st.booleans(), st.lists(LINES, min_size=1, max_size=4)), max_size=4)


@given(CELLS)
def test_no_cell_changes_on_the_way_to_source_and_back(tmp_path_factory, wanted):
    folder = tmp_path_factory.mktemp("both")
    make = {True: nbformat.v4.new_code_cell, False: nbformat.v4.new_markdown_cell}
    texts = [(code, "\n".join(lines).strip()) for code, lines in wanted]
    made = [make[code](text) for code, text in texts if text and (code or not re.match("%|#", text))]
    nbformat.write(nbformat.v4.new_notebook(cells=made), folder / "n.ipynb")
    (folder / "n.py").write_text(source.as_source(folder / "n.ipynb"))
    assert cells(source.read(folder / "n.py")) == cells(source.read(folder / "n.ipynb"))


def test_a_damaged_file_is_named(tmp_path):
    (tmp_path / "n.ipynb").write_text("{")
    with pytest.raises(WorkspaceError, match=r"n\.ipynb is no notebook"):
        source.read(tmp_path / "n.ipynb")


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("select 1", ["select 1"]),
        ("select 1;\nselect ';' as x;", ["select 1", "select ';' as x"]),
        ("-- only; a comment\n", []),
        ("/* a; b */ select 1; -- end", ["/* a; b */ select 1"]),
        ("select `a;b`, \"c;d\", 'it\\'s; so'", ["select `a;b`, \"c;d\", 'it\\'s; so'"]),
        (";;", []),
    ],
)
def test_semicolons_cut_only_where_a_statement_ends(text, expected):
    assert statements(text) == expected


def test_parameters_of_sql_are_found_where_they_count():
    assert named("SELECT :a, ':b', x::INT, \":c\", `:d` /* :e */ FROM t WHERE y=:f AND z=(:g) -- :h") == {"a", "f", "g"}
    text, left = filled("SELECT ${a}, '${b}', ${env:X} ${c.d}", {"a": "1"})
    assert (text, left) == ("SELECT 1, '${b}', ${env:X} ${c.d}", {"b", "c.d"})


@pytest.mark.parametrize(
    ("line", "path", "arguments"),
    [
        ("./other", "./other", {}),
        ('"/Repos/me/my project/setup"', "/Repos/me/my project/setup", {}),
        ("/Users/me@example.com/my project/setup", "/Users/me@example.com/my project/setup", {}),
        ("../setup $a=\"1 2\" $b='x' $c=3", "../setup", {"a": "1 2", "b": "x", "c": "3"}),
    ],
)
def test_run_takes_paths_with_blanks_and_arguments(line, path, arguments):
    assert parse_run(line) == (path, arguments)


def test_relative_paths_begin_at_the_notebook():
    context = Context("/Users/me@example.com/project/main")
    assert context.resolve("./other") == "/Users/me@example.com/project/other"
    assert context.resolve("../shared/x") == "/Users/me@example.com/shared/x"
    assert context.resolve("/abs") == "/abs"
    with pytest.raises(ValueError, match="above the workspace"):
        context.resolve("../../../../x")
    with pytest.raises(ValueError, match="give the whole path"):
        Context().resolve("./other")


def test_a_job_fills_widgets_before_their_defaults():
    widgets = Widgets({"day": "Monday"})
    widgets.text("day", "Sunday")
    widgets.dropdown("size", "S", ["S", "M"])
    assert widgets.getAll() == {"day": "Monday", "size": "S"}
    assert widgets.getArgument("nobody", "x") == "x"
    widgets.removeAll()
    assert widgets.get("day") == "Monday"
    with pytest.raises(InputWidgetNotDefined, match="No input widget named size"):
        widgets.get("size")
    with pytest.raises(ValueError, match="not among its choices"):
        widgets.dropdown("size", "XL", ["S", "M"])
