"""Who may come in to the client machine, and how they know that it is the right one."""

import contextlib
import dataclasses
import functools
import socket
import subprocess
import threading

import asyncssh
import paramiko
import pytest

from helpers.client_machine import ec2_client, ssh
from helpers.client_machine.ssh import ClientMachineError
from helpers.notebook import catch_up
from helpers.waiting import wait_until
from lab.core import instance_file

pytestmark = pytest.mark.lab


def refused(lab, key, user="ec2-user", **options):
    """What an SSH client is told, or None if it comes in."""
    client = paramiko.SSHClient()
    client.set_missing_host_key_policy(paramiko.AutoAddPolicy())
    try:
        client.connect("127.0.0.1", lab.ports["client"], user, pkey=key, allow_agent=False, look_for_keys=False,
                       timeout=10, **options)  # fmt: skip
    except paramiko.SSHException as error:
        return str(error)
    finally:
        client.close()
    return None


@pytest.fixture
def right_key(launched):
    return paramiko.RSAKey.from_private_key_file(str(launched.key_file))


def test_the_pem_opens_the_door_to_its_user_alone(lab, right_key):
    assert refused(lab, right_key) is None
    assert refused(lab, right_key, user="root")
    assert refused(lab, right_key, user="")


def test_another_key_and_a_password_do_not(lab, launched):
    assert refused(lab, paramiko.RSAKey.generate(2048))
    assert refused(lab, paramiko.ECDSAKey.generate())
    assert refused(lab, None, password="secret")


def test_the_key_file_must_be_private(launched):
    launched.key_file.chmod(0o640)
    try:
        with pytest.raises(ClientMachineError, match=r"Permissions 0640 for '.*\.pem' are too open.*chmod 400"):
            ssh.connect(launched)
    finally:
        launched.key_file.chmod(0o400)


def test_a_missing_key_file_is_named(launched, tmp_path):
    lost = dataclasses.replace(launched, key_folder=str(tmp_path))
    with pytest.raises(ClientMachineError, match=r"no private key 0a1b2c3d4e5f-key-pair\.pem"):
        ssh.connect(lost)
    with pytest.raises(ec2_client.Ec2Error, match="AWS shows a private key once"):
        ec2_client.create_key_pair(lost)


def test_the_console_shows_the_host_key_and_another_one_is_not_trusted(launched, tmp_path):
    fresh = dataclasses.replace(launched, key_folder=str(tmp_path))
    fresh.key_file.write_bytes(launched.key_file.read_bytes())
    fresh.key_file.chmod(0o400)
    with pytest.raises(ClientMachineError, match="not SHA256:another: this is not the machine you launched"):
        ssh.connect(fresh, "SHA256:another")
    ssh.connect(fresh, ec2_client.host_fingerprint(fresh)).close()


def test_a_changed_host_key_is_refused_at_the_second_contact(launched, tmp_path):
    fresh = dataclasses.replace(launched, key_folder=str(tmp_path))
    fresh.key_file.write_bytes(launched.key_file.read_bytes())
    fresh.key_file.chmod(0o400)
    ssh.connect(fresh).close()
    known = tmp_path / "known_hosts"
    host, kind, _ = known.read_text().split()
    another = asyncssh.generate_private_key("ssh-ed25519").export_public_key().split()[1].decode()
    known.write_text(f"{host} {kind} {another}\n")
    with pytest.raises(ClientMachineError, match=r"host key of .* has changed"):
        ssh.connect(fresh)


def test_nobody_comes_in_while_no_instance_runs(lab, launched, right_key):
    running = instance_file.read(lab)
    stop = functools.partial(launched.client("ec2").stop_instances, InstanceIds=[running.id])
    try:
        with ssh.connect(launched) as connected:
            connected.run("nohup sleep 300 > /dev/null 2>&1 &")
            threading.Timer(0.5, stop).start()
            with pytest.raises(ClientMachineError, match="lost"):
                connected.run("sleep 100")
        assert refused(lab, right_key)
    finally:
        ec2_client.launch(launched)
    assert refused(lab, right_key) is None
    with ssh.connect(launched) as connected:  # the same disk, and nothing runs on it any more
        assert connected.run("pgrep -f 'sleep 300' | wc -l").output.strip() == "1"  # the shell that asks
        assert "CLASSPATH" in connected.read(".bashrc")


def test_a_terminated_instance_takes_its_disk_along(lab, launched, kafka_folder):
    first = instance_file.read(lab).id
    assert (lab.data("client") / first).exists()
    ec2_client.terminate(launched)
    assert not (lab.data("client") / first).exists()
    assert instance_file.read(lab) is None
    catch_up.ready_machine(launched, kafka_folder, "aws-msk-iam-auth-2.3.9-all.jar").close()
    assert instance_file.read(lab).id != first


def test_openssh_comes_in_and_copies(lab, openssh, tmp_path):
    port = str(lab.ports["client"])
    said = subprocess.run(["ssh", *openssh, "-p", port, "ec2-user@127.0.0.1", "echo $USER; exit 7"],
                          capture_output=True, text=True, timeout=30)  # fmt: skip
    assert (said.stdout, said.returncode) == ("ec2-user\n", 7)
    (tmp_path / "letter").write_text("hello")
    for target in ("letter", "/home/ec2-user/letter2"):
        subprocess.run(["scp", "-q", *openssh, "-P", port, str(tmp_path / "letter"), f"ec2-user@127.0.0.1:{target}"],
                       check=True, timeout=30)  # fmt: skip
    back = subprocess.run(["ssh", *openssh, "-p", port, "ec2-user@127.0.0.1", "cat letter letter2"],
                          capture_output=True, text=True, timeout=30)  # fmt: skip
    assert back.stdout == "hellohello"


HOSTILE = {
    "nothing": b"",
    "http": b"GET / HTTP/1.1\r\nHost: x\r\n\r\n",
    "zeros": b"\0" * 5000,
    "a long banner": b"SSH-2.0-" + b"x" * 100_000 + b"\r\n",
    "a banner without end": b"SSH-2.0-" + b"y" * 300,
    "an old version": b"SSH-1.5-old\r\n",
    "a huge packet": b"SSH-2.0-x\r\n" + b"\xff\xff\xff\xff" * 20,
    "a packet of no length": b"SSH-2.0-x\r\n" + b"\0\0\0\0\0" * 20,
    "tls": bytes.fromhex("16030100a5010000a10303") + b"\1" * 200,
    "random": bytes(range(256)) * 40,
}


@pytest.mark.parametrize("name", HOSTILE)
def test_garbage_leaves_the_door_working(lab, right_key, name):
    with (
        socket.create_connection(("127.0.0.1", lab.ports["client"]), timeout=5) as connection,
        contextlib.suppress(OSError),  # it may hang up
    ):
        connection.sendall(HOSTILE[name])
        connection.shutdown(socket.SHUT_WR)
        connection.recv(100)
    assert refused(lab, right_key) is None


def test_a_crowd_of_silent_callers_does_not_keep_the_learner_out_for_long(lab, right_key):
    crowd = [socket.create_connection(("127.0.0.1", lab.ports["client"]), timeout=5) for _ in range(80)]
    for connection in crowd:
        connection.close()
    wait_until(lambda: refused(lab, right_key) is None, 10, "the door to open again")
