"""Paths from outside: whatever they are, they stay below their root or are refused by name."""

import os
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from lab.core.paths import PathRefused, below, steps

HOSTILE = (
    "..", ".", "", "...", "%2e%2e", "%252e%252e", "..%2f..", "..\\", "..\\..\\x", "~", "a", "b.txt", "c:", "file:",
    "dbfs:", "inside", "outside", "outside/", "loop", "a\0b", "\ud800", "\u202e", "．．", "x" * 300, "é", " ", "*",
)  # fmt: skip

paths = st.lists(st.one_of(st.sampled_from(HOSTILE), st.text(max_size=6)), max_size=12).map("/".join)


@pytest.fixture(scope="module")
def root(tmp_path_factory) -> Path:
    """A root with a link to a folder of its own, one to a folder beside it, and one to itself."""
    around = tmp_path_factory.mktemp("around")
    found = around / "root"
    (found / "a").mkdir(parents=True)
    (around / "secret").write_text("secret")
    (found / "inside").symlink_to("a")
    (found / "outside").symlink_to(around)
    (found / "loop").symlink_to("loop")
    return found


@given(path=paths)
def test_no_path_leads_out(root, path):
    try:
        target = below(root, path)
    except PathRefused:
        return
    assert Path(os.path.realpath(target)).is_relative_to(root.resolve())
    assert Path(os.path.abspath(target)).is_relative_to(root)


@given(path=paths)
def test_a_resolved_path_is_its_own_resolution(path):
    try:
        found = steps(path)
    except PathRefused:
        return
    assert steps("/".join(found)) == found
    assert not {"", ".", ".."} & set(found)


@pytest.mark.parametrize(
    ("path", "file"),
    [("/a/b", "a/b"), ("a//b/", "a/b"), ("/a/../b", "b"), ("/%2e%2e/x", "%2e%2e/x"), ("/..\\x", "..\\x"), ("/", "")],
)
def test_what_stays_below_is_found(root, path, file):
    assert below(root, path) == root / file


@pytest.mark.parametrize(
    ("path", "words"),
    [
        ("/../secret", r"\(/\.\./secret\) leads out"),
        ("a/../../secret", "leads out"),
        ("/outside/secret", r"\(/outside/secret\) is a link, or goes through one"),
        ("/a\0b", "no file's name can hold"),
        ("\ud800", "no file's name can hold"),
        ("/" + "x" * 256, "more than 255 bytes"),
    ],
)
def test_what_leads_out_is_refused_by_name(root, path, words):
    with pytest.raises(PathRefused, match=words):
        below(root, path)


def test_a_link_within_the_root_is_followed(root):
    assert below(root, "/inside/x") == root / "inside" / "x"
