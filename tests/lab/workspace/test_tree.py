"""Folders of the workspace."""

import pytest

from lab.workspace.errors import WorkspaceError
from lab.workspace.tree import OWN_FOLDER, Entry, Tree


@pytest.fixture
def tree(tmp_path):
    own = tmp_path / "own"
    own.mkdir()
    (own / "06_clean.ipynb").write_text("{}")
    (own / "06_clean.py").write_text("")
    (tmp_path / "files").mkdir()
    return Tree(tmp_path / "files", own)


def test_a_notebook_is_found_with_and_without_the_prefix(tree):
    tree.put("/Users/me@x/my nb", b"# Databricks notebook source\n", ".py", overwrite=False)
    for path in ("/Users/me@x/my nb", "/Workspace/Users/me@x/my nb", "//Users/me@x//my nb"):
        assert tree.notebook(path).name == "my nb.py"
    assert tree.entries("/Users/me@x") == [Entry("/Users/me@x/my nb", "NOTEBOOK", "PYTHON")]


def test_the_workbooks_own_notebooks_are_there_and_cannot_be_changed(tree):
    assert tree.notebook(f"/Workspace{OWN_FOLDER}/06_clean").suffix == ".ipynb"
    assert tree.entries(OWN_FOLDER) == [Entry(f"{OWN_FOLDER}/06_clean", "NOTEBOOK", "PYTHON")]
    with pytest.raises(WorkspaceError, match="cannot be changed"):
        tree.put(f"{OWN_FOLDER}/06_clean", b"", ".ipynb", overwrite=True)
    with pytest.raises(WorkspaceError, match="cannot be changed"):
        tree.delete(OWN_FOLDER, recursive=True)


def test_a_missing_notebook_is_told_in_databricks_words_with_a_hint(tree):
    tree.put("/Teams/me/query", b"# Databricks notebook source\n", ".py", overwrite=False)
    with pytest.raises(WorkspaceError, match=r"Unable to access the notebook .*There is /Teams/me/query\."):
        tree.notebook("/Repos/me/query")


@pytest.mark.parametrize("path", ["relative", "/Users/../../etc/passwd", ""])
def test_no_path_leads_out(tree, path):
    with pytest.raises(WorkspaceError, match="must be absolute"):
        tree.read(path)


@pytest.mark.parametrize("path", ["/Users/a\0b", "/Users/\ud800", "/Users/" + "x" * 300])
def test_a_name_that_no_file_can_have_is_refused(tree, path):
    for attempt in (
        lambda: tree.notebook(path),
        lambda: tree.make_folders(path),
        lambda: tree.put(path, b"", ".py", overwrite=True),
    ):
        with pytest.raises(WorkspaceError, match="Path"):
            attempt()


def test_a_link_that_leads_out_is_never_followed(tree, tmp_path):
    (tmp_path / "others").mkdir()
    (tmp_path / "others" / "n.py").write_text("# Databricks notebook source\n")
    tree.put("/Users/me@x/own", b"# Databricks notebook source\n", ".py", overwrite=False)
    (tmp_path / "files" / "Users" / "me@x" / "out").symlink_to(tmp_path / "others")
    (tmp_path / "files" / "Users" / "me@x" / "file.py").symlink_to(tmp_path / "others" / "n.py")
    assert [entry.path for entry in tree.walk()] == ["/Users/me@x/own"]
    for attempt in (
        lambda: tree.read("/Users/me@x/out/n"),
        lambda: tree.entries("/Users/me@x/out"),
        lambda: tree.notebook("/Users/me@x/file"),
        lambda: tree.put("/Users/me@x/out/new", b"", ".py", overwrite=True),
        lambda: tree.delete("/Users/me@x/out/n", recursive=True),
    ):
        with pytest.raises(WorkspaceError, match="leads out of its root"):
            attempt()
    tree.delete("/Users/me@x", recursive=True)
    assert [file.name for file in (tmp_path / "others").iterdir()] == ["n.py"]


def test_a_second_import_needs_overwrite_and_leaves_one_form(tree):
    tree.put("/a/n", b"# Databricks notebook source\n", ".py", overwrite=False)
    with pytest.raises(WorkspaceError, match="already exists"):
        tree.put("/a/n", b"{}", ".ipynb", overwrite=False)
    tree.put("/a/n", b"{}", ".ipynb", overwrite=True)
    assert len(tree.entries("/a")) == 1
    with pytest.raises(WorkspaceError, match="not empty"):
        tree.delete("/a", recursive=False)
    tree.delete("/a", recursive=True)
    with pytest.raises(WorkspaceError, match="doesn't exist"):
        tree.status("/a")
