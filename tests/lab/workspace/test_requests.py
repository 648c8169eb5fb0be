"""The workspace's door: whatever comes, the answer is a clear one, and the next request is answered."""

import contextlib
import json
import os
import socket
import urllib.error
import urllib.request
import zlib

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from lab.workspace.server import LARGEST_BODY

pytestmark = pytest.mark.lab

ADDRESSES = (
    "GET /api/2.0/dbfs/list", "GET /api/2.0/dbfs/get-status", "GET /api/2.0/dbfs/read", "POST /api/2.0/dbfs/put",
    "POST /api/2.0/dbfs/create", "POST /api/2.0/dbfs/add-block", "POST /api/2.0/dbfs/close",
    "POST /api/2.0/dbfs/copy", "POST /api/2.0/secrets/put", "POST /api/2.0/secrets/scopes/create",
    "GET /api/2.0/secrets/list", "GET /api/2.0/secrets/get", "POST /api/2.0/secrets/delete",
    "POST /api/lab/mounts/mount", "POST /api/lab/mounts/unmount", "GET /api/2.0/workspace/get-status",
    "GET /api/2.0/workspace/list", "GET /api/2.0/workspace/export", "POST /api/2.0/workspace/import",
    "POST /api/2.0/workspace/mkdirs", "GET /api/2.1/clusters/get", "POST /api/2.2/jobs/create",
    "POST /api/2.2/jobs/update", "POST /api/2.2/jobs/reset", "POST /api/2.2/jobs/run-now", "GET /api/2.2/jobs/list",
    "GET /api/2.2/jobs/get", "GET /api/2.2/jobs/runs/get", "GET /api/2.2/jobs/runs/list",
    "GET /api/2.2/jobs/runs/get-output", "POST /api/2.2/jobs/runs/cancel", "POST /api/2.2/jobs/runs/submit",
)  # fmt: skip

FIELDS = (
    "path", "source_path", "destination_path", "contents", "content", "data", "handle", "offset", "length",
    "overwrite", "recursive", "scope", "key", "string_value", "bytes_value", "source", "mount_point",
    "extra_configs", "format", "language", "cluster_id", "job_id", "run_id", "name", "tasks", "notebook_task",
    "new_settings", "fields_to_remove", "parameters", "job_parameters", "notebook_params", "queue",
    "max_concurrent_runs", "limit", "page_token", "idempotency_token", "timeout_seconds", "parent_run_id",
)  # fmt: skip

PLAIN = st.one_of(
    st.none(), st.booleans(), st.integers(), st.floats(allow_nan=False, allow_infinity=False), st.text(max_size=8),
    st.sampled_from(["/tmp/x", "/Users/x", "dbfs:/y", "eA==", "\ud800", "1", "-1", 10**30, "a/../..", "\0"]),
)  # fmt: skip
ANYTHING = st.recursive(
    PLAIN, lambda inner: st.lists(inner, max_size=3) | st.dictionaries(st.sampled_from(FIELDS), inner, max_size=3)
)


def answer(method, path, body=b"", **headers):
    """Status and fields of an answer."""
    request = urllib.request.Request(
        os.environ["DATABRICKS_HOST"] + path, body or None, method=method,
        headers={"Authorization": f"Bearer {os.environ['DATABRICKS_TOKEN']}"} | headers,
    )  # fmt: skip
    try:
        with urllib.request.urlopen(request, timeout=60) as found:
            return found.status, json.load(found)
    except urllib.error.HTTPError as error:
        return error.code, json.load(error)


def works():
    return answer("GET", "/api/2.0/secrets/scopes/list")[0] == 200


@settings(max_examples=400, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(st.sampled_from(ADDRESSES), st.dictionaries(st.sampled_from(FIELDS), ANYTHING, max_size=8))
def test_fields_of_any_type_are_answered_or_refused_by_name(workbook, address, fields):
    method, path = address.split()
    status, found = answer(method, path, json.dumps(fields).encode())
    assert status == 200 or (400 <= status < 500 and found["error_code"] and found["message"]), (fields, found)


@pytest.mark.parametrize(
    ("body", "headers", "status", "words"),
    [
        (b"no json", {}, 400, "The body is not JSON"),
        (b'{"path": ', {}, 400, "The body is not JSON"),
        (b'{"path": NaN}', {}, 400, "NaN is no number of JSON"),
        (b"[1]", {}, 400, "must be a JSON object"),
        (b"[" * 100_000, {}, 400, "The body is not JSON"),
        ('{"path": "ä"}'.encode("latin-1"), {}, 400, "The body is not JSON.*utf-8"),
        (b"\x1f\x8bbroken", {"Content-Encoding": "gzip"}, 400, "could not be read|Can not decode"),
        (b"x" * (LARGEST_BODY + 1), {}, 413, "dbfs/create, dbfs/add-block and dbfs/close"),
        (b"no form", {"Content-Type": "multipart/form-data; boundary=b"}, 400, "not the form|could not be read"),
        (b"no form", {"Content-Type": "multipart/form-data"}, 400, "not the form|could not be read"),
        (b'{"path": 5}', {}, 400, "path must be text, not 5"),
        (b"{}", {}, 400, "Missing required field: path"),
    ],
)
def test_a_body_that_cannot_be_read_is_refused_and_the_next_one_answered(workbook, body, headers, status, words):
    found, fields = answer("POST", "/api/2.0/workspace/mkdirs", body, **headers)
    assert found == status
    with pytest.raises(AssertionError, match=words):
        raise AssertionError(fields["message"])
    assert works()


@pytest.mark.parametrize("coding", ["utf-8", "utf-16", "utf-32"])
def test_json_is_read_in_every_encoding_that_it_may_have(workbook, coding):
    asked = json.dumps({"path": "/tmp/ä", "contents": "eA==", "overwrite": True}, ensure_ascii=False).encode(coding)
    assert answer("POST", "/api/2.0/dbfs/put", asked) == (200, {})


def test_a_compressed_body_is_read(workbook):
    asked = zlib.compress(b'{"path": "/tmp"}')
    assert answer("POST", "/api/2.0/dbfs/mkdirs", asked, **{"Content-Encoding": "deflate"}) == (200, {})


@pytest.mark.parametrize(
    "sent",
    [
        b"", b"\x16\x03\x01\x02\x00\x01\x00", b"GET", b"POST /api/2.0/dbfs/put HTTP/1.1\r\nHost: {host}\r\n",
        b"POST /api/2.0/dbfs/put HTTP/1.1\r\nHost: {host}\r\nAuthorization: Bearer {token}\r\nContent-Length: 99\r\n"
        b'\r\n{"path": "/tmp/half", "contents": "',
        b"GET / HTTP/1.1\r\nHost: {host}\r\nX: " + b"x" * 100_000 + b"\r\n\r\n",
    ],
)  # fmt: skip
def test_what_is_sent_by_half_harms_nobody(workbook, sent, lab):
    host = os.environ["DATABRICKS_HOST"].removeprefix("http://")
    sent = sent.replace(b"{host}", host.encode()).replace(b"{token}", os.environ["DATABRICKS_TOKEN"].encode())
    with (
        contextlib.suppress(ConnectionError),
        socket.create_connection(("127.0.0.1", lab.ports["workspace"]), timeout=10) as half,
    ):
        half.sendall(sent)
    assert works()
    assert not (lab.home / "cluster" / "dbfs" / "tmp" / "half").exists()


def test_a_get_may_have_its_fields_in_its_body(workbook):
    asked = b'{"path": "/FileStore/tables"}'
    assert answer("GET", "/api/2.0/dbfs/list", asked) == answer("GET", "/api/2.0/dbfs/list?path=/FileStore/tables")


def test_a_file_may_come_as_a_form(workbook, dbutils):
    form = (
        b'--b\r\nContent-Disposition: form-data; name="path"\r\n\r\n/tmp/form.bin\r\n'
        b'--b\r\nContent-Disposition: form-data; name="overwrite"\r\n\r\ntrue\r\n'
        b'--b\r\nContent-Disposition: form-data; name="contents"; filename="f"\r\n\r\nh\xc3\xa4user\r\n--b--\r\n'
    )
    headers = {"Content-Type": "multipart/form-data; boundary=b"}
    assert answer("POST", "/api/2.0/dbfs/put", form, **headers) == (200, {})
    assert dbutils.fs.head("/tmp/form.bin") == "häuser"


def test_no_address_is_told_as_the_labs_lack_and_what_is_not_the_api_needs_no_token(workbook):
    status, found = answer("PUT", "/api/2.0/dbfs/list")
    assert (status, found["error_code"]) == (404, "ENDPOINT_NOT_FOUND")
    assert "No API found for 'PUT /api/2.0/dbfs/list': the lab's workspace lacks it" in found["message"]
    with pytest.raises(urllib.error.HTTPError) as refused:
        urllib.request.urlopen(f"{os.environ['DATABRICKS_HOST']}/.well-known/databricks-config")
    assert refused.value.code == 404


def test_a_read_is_never_cut_without_a_word(workbook, dbutils, capsys):
    text = "0123456789abcdef" * 200_000
    assert dbutils.fs.put("/tmp/long.txt", text, True) is True
    assert dbutils.fs.head("/tmp/long.txt", 10_000_000) == text
    assert "[Truncated" not in capsys.readouterr().out
    assert dbutils.fs.head("/tmp/long.txt", 2_000_000) == text[:2_000_000]
    assert "[Truncated to first 2000000 bytes]" in capsys.readouterr().out
    status, found = answer("GET", "/api/2.0/dbfs/read?path=/tmp/long.txt&length=2000000")
    assert (status, found["error_code"]) == (400, "MAX_READ_SIZE_EXCEEDED")
    assert answer("GET", "/api/2.0/dbfs/read?path=/tmp/long.txt&offset=9999999")[1]["bytes_read"] == 0
