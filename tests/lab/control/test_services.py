"""What a user of the running lab would notice."""

import contextlib
import os
import socket
import stat
import struct
import subprocess
import sys
from concurrent.futures import ThreadPoolExecutor

import boto3
import psutil
import pytest
from botocore import UNSIGNED
from botocore.config import Config
from botocore.exceptions import ClientError
from kafka import KafkaAdminClient
from kafka.errors import KafkaError
from labs import STATE_PORTS

from lab.control import doctor, operations, supervision
from lab.core import processes
from lab.core.layout import Lab, LabError, port_variable, read_ports
from lab.core.runtime import existing_runtime

pytestmark = pytest.mark.lab


def s3(lab, **changes):
    settings = {"endpoint_url": f"http://127.0.0.1:{lab.ports['s3']}", "region_name": "us-east-1"} | changes
    return boto3.client("s3", **settings)


MOST_MB = {
    "s3": 250, "kafka": 300, "aws": 450, "connect": 250, "client": 450,
    "cluster": 3072,  # 1.8 GB of Java, and a dozen processes of Python while streams are read
}  # fmt: skip
"""Resident megabytes: what the services' settings bound, and where they begin. `status` promises none of it."""


def test_every_service_is_ready_and_within_its_memory(lab):
    reports = [report for report in operations.status(lab) if not report.service.on_demand]
    assert [report.service.name for report in reports] == ["s3", "kafka", "aws", "connect", "client", "cluster"]
    for report in reports:
        assert report.healthy, report
        assert report.memory_mb < MOST_MB[report.service.name], report


def test_nothing_listens_beyond_loopback(lab):
    found = 0
    for process in processes.of_lab(lab.home):
        for connection in process.net_connections("tcp"):
            if connection.status == psutil.CONN_LISTEN:
                assert connection.laddr.ip in ("127.0.0.1", "::ffff:127.0.0.1", "::1"), process.cmdline()
                found += 1
    assert found >= len(lab.ports) - 1  # the REST proxy is started by the learner


def test_the_labs_folder_is_the_owners_alone(lab):
    lab.home.chmod(0o755)  # as older labs have it
    operations.up(lab)
    assert stat.S_IMODE(lab.home.stat().st_mode) == 0o700


def test_a_service_has_nothing_of_the_shell_but_what_is_on_the_list(tmp_path):
    lab = Lab(tmp_path / "lab", ports=read_ports({"LAB_PORT_OFFSET": str(STATE_PORTS)}))
    shell = without_ports(lab, LAB_PORT_OFFSET=str(STATE_PORTS), DATABRICKS_TOKEN="mine", PYTHONDONTWRITEBYTECODE="1")
    try:
        assert command(shell, "up", "aws").returncode == 0
        for process in processes.of_lab(lab.home):
            assert not {"DATABRICKS_TOKEN", "PYTHONDONTWRITEBYTECODE", "LAB_PORT_OFFSET"} & process.environ().keys()
    finally:
        operations.down(lab)


def spark_rpc(port):
    """Ask one of Spark's inner ports, with a message of its own protocol, and without its secret; return the answer."""
    body = b"\xac\xed\x00\x05no object"
    message = struct.pack(">bqi", 3, 1, len(body)) + body  # an RpcRequest, its number, its length
    with socket.create_connection(("127.0.0.1", port), timeout=5) as connection:
        connection.sendall(struct.pack(">q", len(message) + 8) + message)
        with contextlib.suppress(OSError):
            return connection.recv(4000)
    return b""


def test_sparks_inner_ports_read_nothing_of_who_has_no_secret(lab, workbook):
    (cluster,) = [report.state.pid for report in operations.status(lab) if report.service.name == "cluster"]
    (java,) = [child for child in psutil.Process(cluster).children() if "java" in child.name()]
    ports = {c.laddr.port for c in java.net_connections("tcp") if c.status == psutil.CONN_LISTEN}
    inner = ports - {lab.ports["cluster"], lab.ports["spark_ui"]}
    with ThreadPoolExecutor(len(inner)) as pool:  # most of them say nothing, and are waited for
        answers = list(pool.map(spark_rpc, inner))
    assert not any(b"ObjectInputStream" in answer for answer in answers)
    assert sum(b"SaslRpcHandler.doAuthChallenge" in answer for answer in answers) >= 2


def test_files_with_secrets_are_the_owners_alone(lab):
    secrets = [lab.credentials_file, lab.workbook_env, lab.iam_file, lab.config / "supervisord.conf"]
    states = list((lab.home / "aws").glob("*.state"))
    assert lab.home / "aws" / "iam.state" in states
    for file in [*secrets, *states, lab.instance_file, *lab.tls.glob("*.pem")]:
        assert stat.S_IMODE(file.stat().st_mode) == 0o600, file


@pytest.mark.parametrize(
    ("changes", "code"),
    [
        ({"aws_access_key_id": "AKIANOBODY", "aws_secret_access_key": "x"}, "InvalidAccessKeyId"),
        ({"aws_secret_access_key": "wrong"}, "SignatureDoesNotMatch"),
        ({"config": Config(signature_version=UNSIGNED)}, "AccessDenied"),
        ({}, "InvalidAccessKeyId"),  # the learner's, whose policies hold at the AWS endpoint
    ],
)
def test_s3_refuses_who_cannot_sign(lab, workbook, changes, code):
    if changes.keys() == {"aws_secret_access_key"}:
        changes = changes | {"aws_access_key_id": existing_runtime(lab).credentials.inner_key[0]}
    with pytest.raises(ClientError) as refused:
        s3(lab, **changes).list_buckets()
    assert refused.value.response["Error"]["Code"] == code


def test_kafka_refuses_who_has_no_certificate(lab):
    for listener in ("kafka_inner", "kafka_controller"):
        with pytest.raises(KafkaError):
            KafkaAdminClient(
                bootstrap_servers=f"127.0.0.1:{lab.ports[listener]}",
                security_protocol="SSL",
                ssl_cafile=str(lab.tls / "ca.pem"),
                bootstrap_timeout_ms=3000,
            )


def test_the_cluster_refuses_a_wrong_token(lab):
    code = (
        "from pyspark.sql import SparkSession\n"
        f"s = SparkSession.builder.remote('sc://localhost:{lab.ports['cluster']}/;token=wrong').getOrCreate()\n"
        "s.range(1).count()"
    )
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, timeout=60)
    assert done.returncode != 0
    assert "UNAUTHENTICATED" in done.stderr


def test_a_second_start_changes_nothing(lab):
    before = {report.service.name: report.state.pid for report in operations.status(lab)}
    said = []
    operations.up(lab, say=said.append)
    assert {report.service.name: report.state.pid for report in operations.status(lab)} == before
    assert said == []


def test_another_lab_on_the_same_ports_is_told_whose_they_are(lab, tmp_path):
    twin = Lab(tmp_path / "twin", build=lab.build, ports=lab.ports)
    with pytest.raises(LabError) as refused:
        operations.up(twin)
    assert str(lab.home) in str(refused.value)
    assert "LAB_SUPERVISOR_PORT" in str(refused.value)
    assert not processes.of_lab(twin.home)


def test_a_port_that_another_program_holds_is_named_with_its_variable(tmp_path):
    with socket.socket() as holder:
        holder.bind(("127.0.0.1", 0))
        holder.listen()
        port = holder.getsockname()[1]
        ports = {name: port + 1000 + i for i, name in enumerate(Lab(tmp_path).ports)} | {"s3": port}
        lab = Lab(tmp_path / "lab", ports=ports)
        with pytest.raises(LabError, match=rf"Port {port}, wanted for s3, .*LAB_S3_PORT"):
            operations.up(lab, ["s3"])
    assert not processes.of_lab(lab.home)


def test_status_and_doctor_speak_plainly(lab):
    shown = subprocess.run(
        [sys.executable, "-m", "lab", "status"], env=environment(lab), capture_output=True, text=True
    )
    assert shown.returncode == 0
    assert shown.stdout.count("ready") == 6
    findings = doctor.examine(lab)
    assert any("jars, each as recorded" in finding.text for finding in findings)
    assert all(finding.well for finding in findings if "MB" not in finding.text), findings


def without_ports(lab, **more):
    """A second terminal, in which nobody has set the lab's ports."""
    own = {name: value for name, value in os.environ.items() if not name.startswith("LAB_")}
    return own | {"LAB_HOME": str(lab.home), "LAB_SETUP": str(lab.build)} | more


def command(environment, *arguments):
    return subprocess.run([sys.executable, "-m", "lab", *arguments], env=environment, capture_output=True, text=True)


def test_a_second_terminal_finds_the_lab_by_its_folder(lab):
    before = {report.service.name: report.state.pid for report in operations.status(lab)}
    shown = command(without_ports(lab), "status")
    assert shown.returncode == 0
    assert shown.stdout.count("ready") == 6
    assert str(lab.ports["aws"]) in shown.stdout
    assert "kafka.log" in command(without_ports(lab), "logs", "kafka").stdout
    started = command(without_ports(lab), "up")
    assert (started.returncode, started.stderr) == (0, "")
    refused = command(without_ports(lab, LAB_PORT_OFFSET="21000"), "up")
    assert refused.returncode == 2
    assert f"runs already, and on other ports: supervisor on {lab.ports['supervisor']}, not on 30009" in refused.stderr
    assert {report.service.name: report.state.pid for report in operations.status(lab)} == before


def test_a_second_terminal_stops_the_lab_and_forgets_its_ports(tmp_path):
    lab = Lab(tmp_path / "lab", ports=read_ports({"LAB_PORT_OFFSET": str(STATE_PORTS)}))
    try:
        operations.up(lab, ["s3"])
        stopped = command(without_ports(lab), "down")
        assert (stopped.returncode, stopped.stdout) == (0, "The lab is down.\n")
        assert not processes.of_lab(lab.home)
        assert "The lab is down" in command(without_ports(lab), "status").stdout
        assert supervision.as_it_runs(lab) is lab
    finally:
        operations.down(lab)


def environment(lab):
    ports = {port_variable(name): str(port) for name, port in lab.ports.items()}
    return os.environ | {"LAB_HOME": str(lab.home)} | ports


def test_no_secret_is_in_a_log_or_a_command_line(lab):
    credentials = existing_runtime(lab).credentials
    hidden = (credentials.secret_access_key, credentials.cluster_token, credentials.supervisor_password)
    texts = {log.name: log.read_text(errors="replace") for log in lab.logs.iterdir()}
    texts |= {str(process): " ".join(process.cmdline()) for process in processes.of_lab(lab.home)}
    assert not [place for place, text in texts.items() if any(secret in text for secret in hidden)]
