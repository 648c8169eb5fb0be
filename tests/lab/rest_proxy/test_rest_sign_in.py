"""Starting and signing in: what is wrong is said at once, in words, and without a secret."""

import json
import os
import re
import subprocess
import sys
import threading
import time
from http.server import BaseHTTPRequestHandler, HTTPServer
from urllib.parse import parse_qs
from xml.sax.saxutils import escape

import psutil
import pytest
import requests
from crashes import pid
from rest_proxies import JSON, free_port, properties

from helpers.waiting import wait_until
from lab.control import operations
from lab.core import iam_file
from lab.rest_proxy.login_module import LoginModule
from lab.rest_proxy.sign_in import SignInError, Tokens

pytestmark = pytest.mark.lab

AT_ONCE = 15
"""Seconds within which a start must fail: Python, its modules, one second for a token, on a busy machine."""

ROLE = f"arn:aws:iam::{iam_file.ACCOUNT}:role/test-ec2-access-role"


@pytest.fixture
def text(workbook):
    return properties(workbook, free_port())


def test_the_log_tells_address_brokers_and_whose_credentials_and_no_secret(launcher, workbook, pin):
    proxy = launcher.start(some_property="x", listeners=f"http://0.0.0.0:{free_port()}")
    port = int(re.search(r"listening for requests at http://127\.0\.0\.1:(\d+)", proxy.log)[1])
    assert f"Brokers: {workbook.bootstrap_servers}. Signing in with this machine's own credentials." in proxy.log
    assert "The property 'some.property' is not known here" in proxy.log
    assert f"listeners names 0.0.0.0; the proxy listens on this machine alone: http://127.0.0.1:{port}" in proxy.log
    addresses = [c.laddr for c in psutil.Process(proxy.process.pid).net_connections() if c.status == "LISTEN"]
    assert [(address.ip, address.port) for address in addresses] == [("127.0.0.1", port)]
    assert proxy.stop() == 0
    assert proxy.log.rstrip().endswith("Stopped.")
    assert os.environ["AWS_SECRET_ACCESS_KEY"] not in proxy.log
    assert "X-Amz-Signature" not in proxy.log


def test_a_wrong_secret_ends_the_start_with_the_reason(launcher, text):
    said, seconds = launcher.fail(text, AWS_SECRET_ACCESS_KEY="wrong-secret")
    assert "does not let the proxy in: the signature does not match" in said
    assert f"the secret access key is not that of {os.environ['AWS_ACCESS_KEY_ID']}" in said
    assert "this machine's own credentials" in said
    assert "wrong-secret" not in said
    assert seconds < AT_ONCE


def test_no_credentials_at_all_end_the_start_with_what_to_do(launcher, text, tmp_path):
    nobody = {"AWS_ACCESS_KEY_ID": "", "AWS_SECRET_ACCESS_KEY": "", "AWS_EC2_METADATA_DISABLED": "true",
              "HOME": str(tmp_path)}  # fmt: skip
    said, seconds = launcher.fail(text, **nobody)
    assert "No AWS credentials were found. Attach an instance profile" in said
    assert seconds < AT_ONCE


def test_who_may_not_connect_is_told_the_action(launcher, text, policies):
    policies()
    said, _ = launcher.fail(text)
    assert f"no policy of {iam_file.LEARNER} allows kafka-cluster:Connect" in said


def test_a_missing_prefix_ends_the_start_with_the_names(launcher, text):
    said, seconds = launcher.fail(text.replace("client.", "", 3))
    for word in ("security.protocol", "sasl.mechanism", "sasl.jaas.config", "begin with 'client.'"):
        assert word in said
    assert seconds < AT_ONCE


def test_an_unknown_host_ends_the_start(launcher, text, workbook):
    said, seconds = launcher.fail(text.replace(workbook.bootstrap_servers, "no-such-host.invalid:9098"))
    assert "bootstrap.servers is 'no-such-host.invalid:9098': no such host is known" in said
    assert seconds < AT_ONCE


def test_a_broker_that_cannot_prove_itself_ends_the_start(launcher, text, lab):
    said, seconds = launcher.fail(text, KAFKA_REST_AUTHORITY="")
    assert "cannot prove by TLS who it is" in said
    assert "KAFKA_REST_AUTHORITY names the file" in said
    assert seconds < AT_ONCE


def test_a_port_in_use_is_named(launcher):
    first = launcher.start()
    said, _ = launcher.fail(properties(launcher.workbook, first.port))
    assert f"Port {first.port} is in use" in said
    assert first.get("/").status_code == 200


def test_without_brokers_it_listens_says_so_and_is_ready_once_they_are_there(launcher):
    port, broker = free_port(), free_port()
    text = properties(launcher.workbook, port).replace(launcher.workbook.bootstrap_servers, f"127.0.0.1:{broker}")
    proxy = launcher.launch(text, port)
    proxy.wait_for("without brokers, and trying on", 30)
    assert f"No Kafka broker answers at 127.0.0.1:{broker}" in proxy.log
    answer = proxy.get("/topics")
    assert (answer.status_code, answer.json()["error_code"]) == (500, 50003)
    assert "No Kafka broker answers" in answer.json()["message"]
    assert "Server started" not in proxy.log
    assert proxy.stop() == 0


def test_called_without_a_file_it_tells_how():
    done = subprocess.run([sys.executable, "-m", "lab.rest_proxy"], capture_output=True, text=True)
    assert done.returncode == 2
    assert "kafka-rest.properties" in done.stderr


class Sts:
    """As much of STS as a role needs: it hands out one temporary key, or refuses."""

    def __init__(self):
        self.asked: list[dict[str, list[str]]] = []
        self.key = {
            "AccessKeyId": "ASIATEMPORARYKEY0001",
            "SecretAccessKey": "temporary/secret+",
            "SessionToken": "tok/en+=",
        }
        self.seconds = 3600
        self.refusal = ""
        sts = self

        class Handler(BaseHTTPRequestHandler):
            def do_POST(self):
                sts.asked.append(parse_qs(self.rfile.read(int(self.headers["Content-Length"])).decode()))
                body = (sts.refused() if sts.refusal else sts.granted()).encode()
                self.send_response(403 if sts.refusal else 200)
                self.send_header("Content-Type", "text/xml")
                self.send_header("Content-Length", str(len(body)))
                self.end_headers()
                self.wfile.write(body)

            def log_message(self, *_):
                pass

        self._server = HTTPServer(("127.0.0.1", 0), Handler)
        self.url = f"http://127.0.0.1:{self._server.server_port}"
        threading.Thread(target=self._server.serve_forever, daemon=True).start()

    def granted(self) -> str:
        end = time.strftime("%Y-%m-%dT%H:%M:%SZ", time.gmtime(time.time() + self.seconds))
        key = "".join(f"<{name}>{escape(value)}</{name}>" for name, value in self.key.items())
        return (
            '<AssumeRoleResponse xmlns="https://sts.amazonaws.com/doc/2011-06-15/"><AssumeRoleResult><Credentials>'
            f"{key}<Expiration>{end}</Expiration></Credentials><AssumedRoleUser><Arn>{ROLE}</Arn>"
            "<AssumedRoleId>A:b</AssumedRoleId></AssumedRoleUser></AssumeRoleResult></AssumeRoleResponse>"
        )

    def refused(self) -> str:
        error = f"<Type>Sender</Type><Code>AccessDenied</Code><Message>{self.refusal}</Message>"
        return f"<ErrorResponse><Error>{error}</Error></ErrorResponse>"

    def close(self) -> None:
        self._server.shutdown()
        self._server.server_close()


@pytest.fixture
def sts():
    server = Sts()
    yield server
    server.close()


@pytest.fixture
def with_role(text):
    return text.replace("IAMLoginModule required;", f'IAMLoginModule required awsRoleArn="{ROLE}";')


@pytest.fixture
def role(lab, sts, policies):
    """The broker knows the temporary key as the role's; the learner's own key may do nothing."""
    policies()
    content = json.loads(lab.iam_file.read_text())
    content["keys"][sts.key["AccessKeyId"]] = {
        "secret": sts.key["SecretAccessKey"], "token": sts.key["SessionToken"], "principal": ROLE,
        "expires": int(time.time()) + 3600,
    }  # fmt: skip
    content["policies"] = {ROLE: [iam_file.kafka_policy("*")]}
    iam_file.write(lab, content)
    time.sleep(0.5)


def test_a_role_is_assumed_once_and_its_policies_count(launcher, workbook, pin, with_role, sts, role):
    port = int(re.search(r"listeners = http://127.0.0.1:(\d+)", with_role)[1])
    proxy = launcher.launch(with_role, port, AWS_ENDPOINT_URL_STS=sts.url)
    proxy.wait_for("Server started")
    assert f"Signing in with role {ROLE}" in proxy.log
    assert proxy.produce(pin, {"value": 1}).status_code == 200
    assert [record["value"] for record in proxy.records(proxy.reader(pin), 1)] == [1]
    assert [asked["RoleArn"] for asked in sts.asked] == [[ROLE]], "three Kafka clients, one role session"
    for secret in (sts.key["SecretAccessKey"], sts.key["SessionToken"]):
        assert secret not in proxy.log


def test_a_role_that_may_not_be_assumed_ends_the_start(launcher, with_role, sts):
    sts.refusal = f"User is not authorized to perform: sts:AssumeRole on resource: {ROLE}"
    said, seconds = launcher.fail(with_role, AWS_ENDPOINT_URL_STS=sts.url)
    assert f"STS does not hand out {ROLE}: {sts.refusal}" in said
    assert "Does the role exist, does its trust policy name who asks" in said
    assert seconds < AT_ONCE


def test_an_sts_that_is_not_there_ends_the_start(launcher, with_role):
    said, seconds = launcher.fail(with_role, AWS_ENDPOINT_URL_STS=f"http://127.0.0.1:{free_port()}")
    assert f"The credentials of role {ROLE} cannot be fetched" in said
    assert seconds < AT_ONCE


def test_role_credentials_are_renewed_before_they_end(sts, workbook, monkeypatch):
    monkeypatch.setenv("AWS_ENDPOINT_URL_STS", sts.url)
    sts.seconds = 5 * 60  # botocore renews what has less than ten minutes to live
    tokens = Tokens(LoginModule(ROLE), "us-east-1")
    tokens.token()
    asked = len(sts.asked)
    tokens.token()
    assert len(sts.asked) == asked + 1
    sts.seconds = 3600
    tokens.token()
    asked = len(sts.asked)
    for _ in range(20):
        _, renew = tokens.token()
        assert 200 < renew - time.time() <= 300
    assert len(sts.asked) == asked
    sts.refusal = "no more"
    with pytest.raises(SignInError, match="no more"):
        Tokens(LoginModule(ROLE), "us-east-1").token()


def test_a_secret_that_turns_wrong_is_told_to_whoever_asks(launcher, lab, pin, policies):
    proxy = launcher.start(producer_delivery_timeout_ms=3000)
    assert proxy.produce(pin, {"value": 1}).status_code == 200
    content = json.loads(lab.iam_file.read_text())
    key = os.environ["AWS_ACCESS_KEY_ID"]
    right = content["keys"][key]["secret"]
    content["keys"][key]["secret"] = "rotated"
    iam_file.write(lab, content)
    time.sleep(0.5)
    victim = pid(lab, "kafka")
    os.kill(victim, 9)  # connections that are open stay open; new ones are refused
    wait_until(lambda: "does not let the proxy in" in proxy.log, 60, "the broker's refusal")
    answer = proxy.produce(pin, {"value": 2})
    assert answer.status_code == 401, answer.text
    assert "the secret access key is not that of" in answer.json()["offsets"][0]["error"]
    assert proxy.get("/topics").json()["error_code"] == 40101
    content["keys"][key]["secret"] = right
    iam_file.write(lab, content)
    wait_until(lambda: proxy.get("/topics").status_code == 200, 30, "the broker to let the proxy in again")
    assert proxy.produce(pin, {"value": 3}).status_code == 200
    operations.up(lab)


def test_json_is_what_the_course_sends(proxy, pin):
    """The course's emulator: this body, these headers."""
    payload = json.dumps({"records": [{"value": {"index": 7528, "unique_id": "fbe53c66", "downloaded": 1}}]})
    answer = requests.request(
        "POST", f"{proxy.url}/topics/{pin}", headers={"Content-Type": JSON["Content-Type"]}, data=payload
    )
    assert answer.status_code == 200
