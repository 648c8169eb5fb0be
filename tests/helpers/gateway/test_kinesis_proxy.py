"""The REST API in front of Kinesis as the workbook builds it, and the emulator that posts through it."""

import dataclasses
import json
import os
import signal
import subprocess
import sys
import time

import boto3
import pytest
import requests
from crashes import crash, numbered
from stream_proxy import deployed

from helpers import iam
from helpers.config import TABLES
from helpers.gateway import kinesis_proxy, rest_api
from helpers.user_posting_emulation_streaming import emulate, main, send
from helpers.waiting import wait_until

pytestmark = pytest.mark.lab


@pytest.fixture
def proxy(workbook, request):
    """The streams and the API of an id of the test's own."""
    mine = dataclasses.replace(workbook, id=request.node.name.encode().hex()[-12:])
    with deployed(mine) as built:
        yield built


def call(proxy, method, path, body=None):
    return requests.request(method, f"{proxy.invoke_url}{path}", data=None if body is None else json.dumps(body))


def rows(proxy, table):
    return [json.loads(record["Data"]) for record in proxy.read(table)]


def test_every_method_does_what_its_action_does(proxy):
    pin = proxy.workbook.stream("pin")
    assert pin in call(proxy, "GET", "/streams").json()["StreamNames"]
    described = call(proxy, "GET", f"/streams/{pin}").json()["StreamDescription"]
    assert (described["StreamStatus"], len(described["Shards"])) == ("ACTIVE", 2)
    one = call(proxy, "PUT", f"/streams/{pin}/record", {"Data": {"a": 1}, "PartitionKey": "k"})
    assert one.json()["ShardId"].startswith("shardId-")
    many = {"records": [{"data": {"a": 2}, "partition-key": "k"}, {"data": "text", "partition-key": "l"}]}
    assert call(proxy, "PUT", f"/streams/{pin}/records", many).json()["FailedRecordCount"] == 0
    assert sorted(map(str, rows(proxy, "pin"))) == ["text", "{'a': 1}", "{'a': 2}"]
    assert call(proxy, "DELETE", f"/streams/{pin}").status_code == 200
    gone = call(proxy, "GET", f"/streams/{pin}")
    assert (gone.status_code, gone.json()["__type"]) == (400, "ResourceNotFoundException")
    for body, shards in (({"ShardCount": 3}, 3), (None, 1)):
        assert call(proxy, "POST", f"/streams/{pin}", body).status_code == 200
        assert len(call(proxy, "GET", f"/streams/{pin}").json()["StreamDescription"]["Shards"]) == shards
        call(proxy, "DELETE", f"/streams/{pin}")
    assert call(proxy, "POST", f"/streams/{pin}").status_code == 200


def test_a_stream_of_somebody_else_is_refused_in_the_role_s_name(proxy):
    reply = call(proxy, "POST", "/streams/streaming-ffffffffffff-pin")
    assert (reply.status_code, reply.json()["__type"]) == (400, "AccessDeniedException")
    assert f"assumed-role/{proxy.workbook.kinesis_role}/" in reply.json()["message"]


def test_building_it_again_changes_nothing_and_mends_what_was_broken(proxy):
    client = boto3.client("apigateway", region_name=proxy.workbook.region)
    before = shape(client, proxy.api)
    resource = rest_api.resources(proxy.workbook, proxy.api)["/streams"]
    client.put_integration(
        restApiId=proxy.api, resourceId=resource, httpMethod="GET", type="MOCK",
        requestTemplates={"application/json": "{}"},
    )  # fmt: skip
    assert shape(client, proxy.api) != before
    kinesis_proxy.create(proxy.workbook, proxy.api, iam.arn(proxy.workbook, proxy.workbook.kinesis_role))
    assert shape(client, proxy.api) == before
    assert rest_api.create_api(proxy.workbook) == proxy.api


def shape(client, api):
    listed = client.get_resources(restApiId=api, embed=["methods"], limit=500)["items"]
    return sorted((item["path"], json.dumps(item.get("resourceMethods"), sort_keys=True)) for item in listed)


def test_the_emulator_puts_each_row_into_its_stream_over_all_shards(proxy):
    tally = emulate(proxy.workbook, proxy.invoke_url, posts=25, rate=1000, progress=False)
    assert str(tally) == "25 of 25 postings acknowledged"
    for table in TABLES:
        records = proxy.read(table)
        assert len(records) == 25
        assert len({record["ShardId"] for record in records}) == 2
    geo = sorted(rows(proxy, "geo"), key=lambda row: row["ind"] != 7528)[0]
    assert (geo["ind"], geo["timestamp"][:2], geo["timestamp"][10]) == (7528, "20", " ")


def test_one_key_for_all_makes_one_shard_hot(proxy):
    settings = {"batch": 500, "progress": False}
    hot = send(proxy.workbook, numbered(range(3000), 0), proxy.invoke_url, partition_key="one", **settings)
    assert (hot.acknowledged, hot.perhaps_twice) == (3000, 0)  # throttled, and in the end all there, once
    records = proxy.read("pin")
    assert {record["ShardId"] for record in records} == {records[0]["ShardId"]}
    assert sorted(json.loads(record["Data"])["index"] for record in records) == list(range(3000))


def test_what_was_acknowledged_is_there_after_a_crash_of_the_endpoint(proxy, lab):
    send(proxy.workbook, numbered(range(50), 0), proxy.invoke_url, progress=False)
    time.sleep(1.2)  # a crash loses at most the last second
    crash(lab, "aws")
    tally = send(proxy.workbook, numbered(range(50, 60), 0), proxy.invoke_url, progress=False)
    assert tally.acknowledged == 10
    assert sorted(row["index"] for row in rows(proxy, "pin")) == list(range(60))


def test_the_emulator_goes_on_when_the_endpoint_is_back(proxy, lab):
    emulator = subprocess.Popen(
        [
            sys.executable, "-m", "helpers.user_posting_emulation_streaming", "--invoke-url", proxy.invoke_url,
            "--rate", "50",
        ],
        env=os.environ | {"WORKBOOK_ID": proxy.workbook.id, "LAB_HOME": str(lab.home)},
        stdout=subprocess.PIPE, stderr=subprocess.DEVNULL, text=True,
    )  # fmt: skip
    wait_until(lambda: len(proxy.read("user")) >= 20, 30, "20 postings")
    time.sleep(1.2)
    crash(lab, "aws")
    before = len(proxy.read("user"))
    assert before >= 20
    wait_until(lambda: len(proxy.read("user")) > before, 30, "postings after the crash")
    emulator.send_signal(signal.SIGINT)
    last = emulator.communicate(timeout=30)[0].splitlines()[-1]
    acknowledged, sent = (int(word) for word in last.split(" postings")[0].split(" of "))
    assert sent - acknowledged in (0, 1)  # one may be under way when Ctrl-C comes, and is not claimed
    assert "stopped by Ctrl-C" in last
    assert emulator.returncode == sent - acknowledged


def test_a_stream_that_is_not_there_stops_the_emulator_with_kinesis_s_words(proxy):
    proxy.kinesis.delete_stream(StreamName=proxy.workbook.stream("geo"))
    tally = emulate(proxy.workbook, proxy.invoke_url, posts=5, rate=1000, progress=False)
    assert (tally.sent, tally.acknowledged) == (1, 0)
    assert f"Stream {proxy.workbook.stream('geo')} under account 123456789012 not found" in str(tally)


@pytest.mark.parametrize("wrong", [["--batch", "0"], ["--batch", "501"], ["--rate", "-1"], ["--posts", "many"]])
def test_wrong_options_are_refused(wrong, capsys):
    with pytest.raises(SystemExit) as refused:
        main(["--invoke-url", "http://127.0.0.1:1", *wrong])
    assert refused.value.code == 2
    assert wrong[0] in capsys.readouterr().err


def test_without_an_address_there_is_nowhere_to_post(capsys):
    with pytest.raises(SystemExit):
        main([])
    assert "--invoke-url" in capsys.readouterr().err
