"""Content types, JSON and base64, and how much the proxy lets in."""

import base64
import json

import pytest
from aiohttp.test_utils import make_mocked_request

from lab.rest_proxy import formats
from lab.rest_proxy.errors import Problem
from lab.rest_proxy.producing import Record, read_records
from lab.rest_proxy.settings import Limits
from lab.rest_proxy.web import Doorkeeper


@pytest.mark.parametrize(
    ("header", "form"),
    [
        ("application/vnd.kafka.json.v2+json", "json"),
        ("Application/VND.kafka.json.v2+json; charset=utf-8", "json"),
        ("application/vnd.kafka.binary.v2+json", "binary"),
        ("application/vnd.kafka.v2+json", "binary"),
        ("application/json", "binary"),
    ],
)
def test_the_content_type_tells_the_form(header, form):
    assert formats.form_of_request(header) == form


@pytest.mark.parametrize(
    "header", [None, "", "text/plain", "application/x-www-form-urlencoded", "application/vnd.kafka"]
)
def test_another_content_type_is_refused_with_those_there_are(header):
    with pytest.raises(Problem, match=r"application/vnd.kafka.json.v2") as refusal:
        formats.form_of_request(header)
    assert refusal.value.status == 415


def test_avro_is_refused_for_want_of_a_schema_registry():
    with pytest.raises(Problem, match="Schema Registry"):
        formats.form_of_request("application/vnd.kafka.avro.v2+json")


@pytest.mark.parametrize(
    ("header", "kind"),
    [
        (None, formats.V2),
        ("*/*", formats.V2),
        ("text/html, */*;q=0.1", formats.V2),
        ("application/json", "application/json"),
        ("application/json;q=0.5, application/vnd.kafka.v2+json", formats.V2),
        ("application/json, application/vnd.kafka.v2+json;q=0", "application/json"),
        ("application/vnd.kafka.json.v2+json", formats.V2),
    ],
)
def test_the_answer_has_the_type_that_is_wanted_most(header, kind):
    assert formats.type_of_answer(header) == kind


@pytest.mark.parametrize("header", ["text/html", "application/json;q=0", "application/json;q=x", ","])
def test_an_answer_that_cannot_be_given_is_refused(header):
    with pytest.raises(Problem) as refusal:
        formats.type_of_answer(header)
    assert refusal.value.code == 406


def test_records_come_in_the_consumers_own_form_or_not_at_all():
    json_type, binary_type = formats.content_type("json"), formats.content_type("binary")
    for header in (None, "*/*", formats.V2, json_type, f"{binary_type};q=0.5, {json_type}"):
        assert formats.type_of_records(header, "json") == json_type
    for header, code in ((binary_type, 40601), ("application/vnd.kafka.avro.v2+json", 40601), ("text/html", 406)):
        with pytest.raises(Problem) as refusal:
            formats.type_of_records(header, "json")
        assert refusal.value.code == code


@pytest.mark.parametrize(
    "value", [{"a": [1, 2.5, None, True, "é\u2028😀"]}, [1, "a"], "text", 0, False, 10**40, -0.0, {}, [], ""]
)
def test_any_json_value_is_kept_as_it_is(value):
    stored = formats.to_bytes(value, "json")
    assert json.loads(stored) == value
    assert b"\n" not in stored
    assert formats.from_bytes(stored, "json") == value


def test_null_is_stored_as_nothing():
    assert formats.to_bytes(None, "json") is None
    assert formats.from_bytes(None, "binary") is None


def test_any_bytes_pass_as_base64():
    everything = bytes(range(256))
    text = base64.b64encode(everything).decode()
    assert formats.to_bytes(text, "binary") == everything
    assert formats.from_bytes(everything, "binary") == text


def body(*records: object) -> bytes:
    return json.dumps({"records": records}).encode()


def test_a_request_becomes_records():
    found = read_records(body({"value": {"a": 1}}, {"key": "k", "value": None, "partition": 3}), "json", None)
    assert found == [Record(None, b'{"a":1}', None), Record(b'"k"', None, 3)]
    assert read_records(body({"value": 1}), "json", 5) == [Record(None, b"1", 5)]


def test_every_encoding_of_json_is_read():
    for encoding in ("utf-8", "utf-8-sig", "utf-16", "utf-32"):
        (record,) = read_records('{"records":[{"value":"é"}]}'.encode(encoding), "json", None)
        assert record.value == '"é"'.encode()


@pytest.mark.parametrize(
    ("text", "status", "words"),
    [
        (b"", 422, "The body is empty"),
        (b"{", 400, "not valid JSON"),
        (b"[" * 100_000, 400, "not valid JSON"),
        (b'{"records":[{"value":NaN}]}', 400, "NaN is not JSON"),
        (b'{"records":[{"value":' + b"9" * 5000 + b"}]}", 400, "not valid JSON"),
        (b"\xff\xfe\xff", 400, "not valid JSON"),
        (b"[]", 422, "must be a JSON object"),
        (b"{}", 422, "records must be a list"),
        (b'{"records":[]}', 422, "records may not be empty"),
        (b'{"records":[1]}', 422, "must be a JSON object"),
        (b'{"records":[{"value":1}],"topic":"x"}', 422, "Unrecognized field: 'topic'"),
        (b'{"records":[{"value":1},{"valeu":1}]}', 422, r"Unrecognized field: 'valeu'.*records\[1\]"),
        (b'{"records":[{"value":1,"partition":-1}]}', 422, r"records\[0\].partition must be a whole number"),
        (b'{"records":[{"value":1,"partition":1.5}]}', 422, "partition must be a whole number"),
        (b'{"records":[{"value":1,"partition":true}]}', 422, "partition must be a whole number"),
        (b'{"records":[{"value":1e999}]}', 422, r"records\[0\].value cannot be stored"),
        (b'{"records":[{"value":"\\ud800"}]}', 422, r"records\[0\].value cannot be stored"),
    ],
)
def test_a_request_that_cannot_be_stored_is_refused_in_words(text, status, words):
    with pytest.raises(Problem, match=words) as refusal:
        read_records(text, "json", None)
    assert refusal.value.status == status


@pytest.mark.parametrize("value", [{"a": 1}, 5, "not base64!", "abc"])
def test_json_sent_as_binary_is_refused_with_the_right_content_type(value):
    with pytest.raises(Problem, match=r"records\[0\]\.value.*application/vnd.kafka.json.v2\+json"):
        read_records(body({"value": value}), "binary", None)


def test_a_partition_in_the_address_allows_none_in_the_record():
    with pytest.raises(Problem, match="Unrecognized field: 'partition'"):
        read_records(body({"value": 1, "partition": 0}), "json", 0)


def test_only_so_many_requests_come_in():
    door = Doorkeeper(Limits(request_queue_capacity=2))
    with door.request(), door.request():
        with pytest.raises(Problem, match="Too many requests") as refusal, door.request():
            pass
        assert (refusal.value.status, refusal.value.retry_after) == (429, 1)
    with door.request():
        pass


def test_only_so_many_bytes_come_in():
    door = Doorkeeper(Limits(producer_buffer_memory=100, request_max_bytes=80))
    request = make_mocked_request("POST", "/", headers={"Content-Length": "60"})
    with door.room(request):
        with pytest.raises(Problem, match="60 bytes wait") as refusal, door.room(request):
            pass
        assert refusal.value.status == 429
    with door.room(request):
        pass
    with (
        pytest.raises(Problem, match="larger than 80 bytes"),
        door.room(make_mocked_request("POST", "/", headers={"Content-Length": "81"})),
    ):
        pass
