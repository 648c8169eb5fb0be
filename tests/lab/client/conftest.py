"""A client machine that the tests of this folder share, launched as a learner does it."""

import shutil

import pytest

from helpers import iam
from helpers.client_machine import ec2_client, ssh
from helpers.notebook import catch_up
from lab.setup.plugin import kafka_version


@pytest.fixture(scope="package")
def kafka_folder(lab):
    return f"kafka_2.13-{kafka_version(lab.build)}"


@pytest.fixture(scope="package")
def launched(workbook, kafka_folder):
    """The workbook of a lab whose client machine runs and is set up."""
    ec2_client.terminate(workbook)
    catch_up.ready_machine(workbook, kafka_folder, "aws-msk-iam-auth-2.3.9-all.jar").close()
    yield workbook
    iam.make_access_role(workbook)
    ec2_client.terminate(workbook)


@pytest.fixture
def machine(launched):
    with ssh.connect(launched) as connected:
        yield connected


@pytest.fixture
def openssh(launched, lab, tmp_path):
    """Options with which OpenSSH's own programs reach the machine."""
    if not shutil.which("ssh"):
        pytest.skip("OpenSSH is not installed")
    return [
        "-i", str(launched.key_file), "-o", "StrictHostKeyChecking=accept-new", "-o", "BatchMode=yes",
        "-o", f"UserKnownHostsFile={tmp_path / 'known'}", "-o", "LogLevel=ERROR", "-F", "none",
    ]  # fmt: skip
