"""Addresses of files, as dbutils.fs takes them."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from lab.workspace import addresses
from lab.workspace.errors import WorkspaceError
from lab.workspace.mount_source import parse

PIECES = ("dbfs:", "file:", "s3a:", "s3n://bucket", "viewfs:", "/", "//", "..", ".", "a", "%2e%2e", "\\", "\0", "@")


@given(st.lists(st.one_of(st.sampled_from(PIECES), st.text(max_size=3)), max_size=10).map("".join))
def test_a_normal_address_has_no_step_up_and_stays_as_it_is(address):
    try:
        found = addresses.normal(address)
    except WorkspaceError:
        return
    assert ".." not in found.split("/")
    assert found.startswith(("/", "file:/", "s3://", "s3a://", "s3n://"))
    assert addresses.normal(found) == found


@pytest.mark.parametrize(
    ("address", "normal"),
    [
        ("dbfs:/mnt/x", "/mnt/x"), ("dbfs:///mnt//x/", "/mnt/x"), ("/mnt/x/../y", "/mnt/y"), ("tmp", "/tmp"),
        ("file:/tmp/x", "file:/tmp/x"), ("file:///tmp", "file:/tmp"), ("s3a://bucket", "s3a://bucket/"),
        ("s3n://bucket/a/./b", "s3n://bucket/a/b"), ("DBFS:/x", "/x"),
    ],
)  # fmt: skip
def test_one_file_has_one_address(address, normal):
    assert addresses.normal(address) == normal


@pytest.mark.parametrize(
    ("address", "words"),
    [
        ("dbfs:/../x", r"/\.\./x\) leads out"),
        ("s3a://bucket/../other", r"/\.\./other\) leads out"),
        ("file:/../x", "leads out"),
        ("viewfs:///x", r"the lab has dbfs:/, file:/ and s3a://bucket/, and no viewfs:///x"),
        ("abfss://c@a/x", "and no abfss"),
        ("dbfs://host/x", "comes one slash"),
        ("dbfs:x", "comes one slash"),
        ("", "empty string"),
        ("/a\0", "no file's name"),
    ],
)
def test_others_are_refused_by_name(address, words):
    with pytest.raises(WorkspaceError, match=words):
        addresses.normal(address)


@pytest.mark.parametrize("address", ["/", "dbfs:/", "/a/..", "file:/", "s3a://bucket", "s3n://bucket/x/.."])
def test_a_root_is_known_however_it_is_written(address):
    assert addresses.is_root(addresses.normal(address))
    assert not addresses.is_root(f"{addresses.normal(address)}a")


def test_a_mount_leads_to_a_folder_of_its_own_bucket():
    assert parse("s3a://bucket/a//b/", {}).target == "s3a://bucket/a/b"
    with pytest.raises(WorkspaceError, match="leads out"):
        parse("s3a://bucket/../other", {})
