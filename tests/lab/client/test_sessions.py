"""What a learner meets on the client machine: a shell, its environment, files, Kafka's tools."""

import os
import subprocess
import time

import paramiko
import pytest
from crashes import crash

from helpers import iam
from helpers.client_machine.ssh import ClientMachineError
from helpers.waiting import wait_until
from lab.core import instance_file, processes

pytestmark = pytest.mark.lab


def test_a_command_gives_its_outputs_and_its_exit_code(machine):
    result = machine.run("echo out; echo err >&2; exit 3", check=False)
    assert (result.output, result.errors, result.exit_code) == ("out\n", "err\n", 3)
    with pytest.raises(ClientMachineError, match=r"'false' ended with code 1"):
        machine.run("false")


def test_a_command_that_takes_too_long_is_given_up(machine):
    with pytest.raises(ClientMachineError, match="was not done within 1 s"):
        machine.run("sleep 30", timeout=1)


def test_show_prints_the_command_and_hides_what_is_new_every_time(machine, capsys):
    machine.show("echo 80f5dcae-daeb-4791-a34b-fcf47df722d9 i-0123456789abcdef0; echo problem >&2")
    shown = capsys.readouterr().out
    assert shown.splitlines()[1:] == ["… …", "problem"]


def test_show_can_leave_out_lines_and_says_so(machine, capsys):
    machine.show("echo first; echo second; echo first again >&2", only="first")
    machine.show("echo first", only="first")
    machine.show("true")
    shown = capsys.readouterr().out.splitlines()
    assert shown[1:4] == ["first", "first again", "(and more lines)"]
    assert shown[4:] == ["$ echo first", "first", "$ true"]


def test_large_and_binary_data_come_through(machine, lab, openssh):
    assert len(machine.run("head -c 5000000 /dev/zero | tr '\\0' x").output) == 5_000_000
    data = os.urandom(300_000)
    command = ["ssh", *openssh, "-p", str(lab.ports["client"]), "ec2-user@127.0.0.1", "cat"]
    assert subprocess.run(command, input=data, capture_output=True, timeout=30).stdout == data


def test_the_environment_is_the_machines_own(machine):
    names = {line.split("=")[0] for line in machine.run("env").output.splitlines()}
    assert {"AWS_REGION", "AWS_ENDPOINT_URL", "KAFKA_OPTS", "JAVA_HOME", "HOME", "LANG"} <= names
    # neither the lab's own keys nor anything of whoever started the lab
    assert not names & {"AWS_ACCESS_KEY_ID", "AWS_SECRET_ACCESS_KEY", "SPARK_REMOTE", "PYTHONPATH", "VIRTUAL_ENV"}
    assert machine.run('echo $USER $(basename "$HOME")').output == "ec2-user home\n"


def test_a_line_in_bashrc_holds_for_the_next_session(machine):
    machine.set_variable("GREETING", "hello")
    machine.set_variable("GREETING", "welcome")
    assert machine.run("echo $GREETING; grep -c GREETING .bashrc").output == "welcome\n1\n"


def test_files_stay_in_the_home_folder(machine, tmp_path):
    machine.write("note.txt", "grüße")
    assert machine.read("note.txt") == machine.read("/home/ec2-user/note.txt") == "grüße"
    (tmp_path / "local").write_bytes(b"\0\1")
    machine.put(tmp_path / "local", "kafka-rest/blob")
    assert machine.run("wc -c < kafka-rest/blob").output.strip() == "2"
    for outside in ("/etc/passwd", "../../../../../../etc/passwd", "/home/ec2-user/../../etc/passwd"):
        with pytest.raises(FileNotFoundError):
            machine.read(outside)


def test_a_terminal_has_a_size_and_ctrl_c(launched, lab):
    key = paramiko.RSAKey.from_private_key_file(str(launched.key_file))
    with paramiko.SSHClient() as client:
        client.set_missing_host_key_policy(paramiko.AutoAddPolicy())
        client.connect("127.0.0.1", lab.ports["client"], "ec2-user", pkey=key, allow_agent=False, look_for_keys=False)
        shell = client.invoke_shell("vt100", width=101, height=33)
        shell.settimeout(10)
        shell.send(b"stty size\n")
        _expect(shell, b"33 101")
        shell.resize_pty(width=77, height=22)
        shell.send(b"stty size\n")
        _expect(shell, b"22 77")
        shell.send(b"sleep 100\n")
        time.sleep(0.3)
        shell.send(b"\x03")
        shell.send(b"echo still $((40+2))\n")
        _expect(shell, b"still 42")
        shell.send(b"exit 5\n")
        assert shell.recv_exit_status() == 5


def _expect(shell, words):
    seen = b""
    while words not in seen:
        seen += shell.recv(4096)


def test_the_foreground_ends_with_the_connection_the_background_does_not(lab, machine, openssh):
    machine.run("nohup sleep 301 > /dev/null 2>&1 &")
    command = ["ssh", *openssh, "-p", str(lab.ports["client"]), "ec2-user@127.0.0.1", "sleep 302"]
    caller = subprocess.Popen(command)
    wait_until(lambda: _sleepers(lab, "302"), 10, "the command to run", every=0.1)
    caller.terminate()
    caller.wait(timeout=10)
    wait_until(lambda: not _sleepers(lab, "302"), 10, "the command to end", every=0.1)
    (left,) = _sleepers(lab, "301")
    left.kill()


def _sleepers(lab, seconds):
    here = processes.marked("WORKBOOK_INSTANCE", instance_file.read(lab).id)
    return [process for process in here if process.cmdline() == ["sleep", seconds]]


def test_credentials_are_those_of_the_role(machine, launched):
    said = machine.run("aws sts get-caller-identity --query Arn --output text").output
    assert f":assumed-role/{launched.access_role}/i-" in said
    said = machine.run("aws s3 ls", check=False).text
    assert "not authorized to perform: s3:ListAllMyBuckets" in said


def test_the_cli_takes_the_form_of_binary_values_that_it_reads_anyway(machine):
    command = "aws sts get-caller-identity --cli-binary-format {} --query Account --output text"
    assert machine.run(command.format("raw-in-base64-out")).output == "123456789012\n"
    refused = machine.run(command.format("base64"), check=False)
    assert refused.exit_code == 252
    assert "AWS CLI version 1" in refused.errors
    assert machine.run('aws sts get-caller-identity --query "\'two words\'" --output text').output == "two words\n"


def test_the_home_folder_of_an_ec2_instance_is_told(machine):
    home = machine.run("echo $HOME").output.strip()
    words = f"The lab: the home folder of this machine is {home}, not /home/ec2-user"
    assert words in machine.run("cat /home/ec2-user/client.properties", check=False).errors
    assert words in machine.run("cd /home/ec2-user/kafka && ls", check=False).errors
    assert "The lab" not in machine.run("cat nowhere", check=False).errors


def test_three_replicas_are_refused_in_words_that_name_the_one_broker(machine, kafka_folder):
    create = f"cd {kafka_folder}/bin && ./kafka-topics.sh {{}} --create --topic x --replication-factor {{}}"
    refused = machine.run(create.format("--bootstrap-server $BOOTSTRAP_SERVERS", 3), check=False)
    assert refused.exit_code == 1
    assert "The lab has one broker, and no topic can have 3 replicas" in refused.errors
    assert "one broker" not in machine.run(create.format("", 1), check=False).text
    elsewhere = machine.run(f"CLASSPATH=/home/ec2-user/a.jar; {kafka_folder}/bin/kafka-topics.sh", check=False)
    assert "not /home/ec2-user" in elsewhere.errors


SIGNED_IN = "--bootstrap-server $BOOTSTRAP_SERVERS --command-config client.properties"


def test_kafkas_tools_work_with_client_properties(machine, launched, kafka_folder):
    topic = f"{launched.id}.door"

    def tool(name, rest):
        return f"(cd {kafka_folder}/bin && ./kafka-{name}.sh {SIGNED_IN} {rest})"

    machine.run(tool("topics", f"--create --topic {topic}"))
    try:
        machine.run(f"echo hello | {tool('console-producer', f'--topic {topic}')}")
        read = machine.run(tool("console-consumer", f"--topic {topic} --from-beginning --max-messages 1 2> /dev/null"))
        assert read.output == "hello\n"
        denied = machine.run(tool("topics", "--create --topic door"), check=False)
        assert "TopicAuthorizationException" in denied.text
    finally:
        machine.run(tool("topics", f"--delete --topic {topic}"))


def test_each_missing_piece_is_named(machine, launched, kafka_folder):
    listing = f"cd {kafka_folder}/bin && ./kafka-topics.sh {SIGNED_IN} --list"
    machine.run(f"mv {kafka_folder}/libs/aws-msk* .")
    without = machine.run(f"CLASSPATH=; {listing}", check=False)
    machine.run(f"mv aws-msk* {kafka_folder}/libs/")
    assert "Class software.amazon.msk.auth.iam.IAMClientCallbackHandler could not be found" in without.text
    iam.set_policies(launched, launched.access_role, {})
    assert "allows kafka-cluster:Connect" in machine.run(listing, check=False).text
    iam.make_access_role(launched)
    assert machine.run(listing).exit_code == 0


def test_down_ends_what_runs_on_the_machine_and_kill_9_of_the_door_does_not(lab, machine):
    machine.run("nohup sleep 303 > /dev/null 2>&1 &")
    (sleeper,) = _sleepers(lab, "303")
    crash(lab, "client")
    assert sleeper.is_running()
    assert sleeper in processes.of_lab(lab.home)  # what `down` ends
    sleeper.kill()
