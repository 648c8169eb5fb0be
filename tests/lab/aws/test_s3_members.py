"""Whatever botocore can say to S3 in a header or in the URL is read, checked or refused: none of it is ignored."""

import re
from unittest import mock

import pytest
from moto.core.utils import get_service_model

from lab.aws.s3 import bucket_settings, front, members

MODEL = get_service_model("s3")


def unknown(operations, reads=frozenset()):
    """Name what operations can be told that is on no list."""
    found = set()
    for operation in operations:
        shape = MODEL.operation_model(operation).input_shape
        for member, kind in shape.members.items() if shape else ():
            place, name = kind.serialization.get("location"), kind.serialization.get("name", member)
            wire = name.lower() if place == "header" else name
            known = wire in members.READ | members.CHECKED.keys() or members.reason(wire) or member in reads
            if place in ("header", "querystring") and not known:
                found.add(f"{operation}.{member}")
    return found


def test_every_member_is_on_a_list():
    assert not unknown(members.PASSED_ON)


def test_every_member_of_the_settings_of_buckets_is_on_a_list():
    for operation in bucket_settings.OPERATIONS:
        named = {*MODEL.operation_model(operation).input_shape.members}
        assert named <= bucket_settings.READ | bucket_settings.MEANINGLESS.keys(), operation


@pytest.mark.parametrize("taken", ["x-amz-copy-source", "delimiter"])
def test_a_member_that_is_on_none_is_found(monkeypatch, taken):
    monkeypatch.setattr(members, "READ", members.READ - {taken})
    assert unknown(members.PASSED_ON)


@pytest.mark.parametrize(
    ("free", "status", "words"),
    [
        (3 * 2**20, 507, "The disk is full, so nothing of this call was stored: 3.1 MB are free in "),
        (2**30, 500, r"S3 could not store this; `python -m lab logs s3` has its words\. 1,073\.7 MB are free in "),
    ],
)
def test_a_write_that_fails_says_whether_the_disk_is_full(monkeypatch, tmp_path, free, status, words):
    monkeypatch.setattr(front.shutil, "disk_usage", lambda folder: mock.Mock(free=free))
    refused = front.failed_write(tmp_path, 5 * 2**20)
    assert (refused.code, refused.status) == ("InternalError", status)
    assert re.match(words, refused.message)
