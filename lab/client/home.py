"""What lies in the home folder of a new client machine: three downloads, Kafka among them, and the REST proxy."""

import shutil
import sys
import tarfile
import time
from pathlib import Path
from string import Template

from helpers.config import SINK_PLUGIN
from lab.core.runtime import Runtime
from lab.setup.plugin import kafka_version

SCALA = "2.13"

TOOLS = {
    "kafka-topics.sh": "org.apache.kafka.tools.TopicCommand",
    "kafka-console-producer.sh": "org.apache.kafka.tools.ConsoleProducer",
    "kafka-console-consumer.sh": "org.apache.kafka.tools.consumer.ConsoleConsumer",
    "kafka-consumer-groups.sh": "org.apache.kafka.tools.consumer.group.ConsumerGroupCommand",
    "kafka-configs.sh": "kafka.admin.ConfigCommand",
    "kafka-get-offsets.sh": "org.apache.kafka.tools.GetOffsetShell",
    "kafka-broker-api-versions.sh": "org.apache.kafka.tools.BrokerApiVersionsCommand",
}
"""Kafka's own names for its tools → the class that each starts."""

_FILES = Path(__file__).parent / "home_files"


def create(runtime: Runtime, home: Path) -> None:
    """Fill the home folder of a new machine; one that is there is the learner's, and stays as it is."""
    if home.exists():
        return
    unfinished = home.with_name("home.unfinished")
    shutil.rmtree(unfinished, ignore_errors=True)
    unfinished.mkdir(parents=True)
    _downloads(runtime, unfinished / "downloads")
    _rest_proxy(runtime, unfinished / "kafka-rest")
    shutil.copy(_FILES / "bashrc", unfinished / ".bashrc")
    unfinished.rename(home)


def write_aws(file: Path, program: Path) -> None:
    """Write what the AWS CLI is started by; whoever runs the one that is there goes on with it."""
    unfinished = file.with_name(f"aws.{time.monotonic_ns()}")
    _program(unfinished, "aws.sh", program=str(program))
    unfinished.rename(file)


def _kafka(runtime: Runtime, downloads: Path) -> None:
    """Pack Kafka as its project does: an archive of one folder; its jars are links to those that are there."""
    folder = downloads / f"kafka_{SCALA}-{kafka_version(runtime.lab.build)}"
    for name, java_class in TOOLS.items():
        _program(folder / "bin" / name, "tool.sh", java_class=java_class)
    (folder / "config").mkdir()
    shutil.copy(_FILES / "tools-log4j2.properties", folder / "config")
    (folder / "libs").mkdir()
    for jar in (runtime.lab.build / "jars" / "kafka").glob("*.jar"):
        (folder / "libs" / jar.name).symlink_to(jar)
    with tarfile.open(downloads / f"{folder.name}.tgz", "w:gz") as archive:
        archive.add(folder, folder.name)
    shutil.rmtree(folder)


def _downloads(runtime: Runtime, folder: Path) -> None:
    folder.mkdir()
    build = runtime.lab.build
    for file in [*(build / "jars" / "iam").glob("*.jar"), build / SINK_PLUGIN]:
        shutil.copy(file, folder)
    _kafka(runtime, folder)


def _rest_proxy(runtime: Runtime, folder: Path) -> None:
    _program(folder / "bin" / "kafka-rest-start", "kafka-rest-start.sh", python=sys.executable)
    settings = folder / "etc" / "kafka-rest" / "kafka-rest.properties"
    settings.parent.mkdir(parents=True)
    settings.write_text(_filled("kafka-rest.properties", port=str(runtime.lab.ports["rest"])))


def _program(file: Path, template: str, **values: str) -> None:
    file.parent.mkdir(parents=True, exist_ok=True)
    file.write_text(_filled(template, **values))
    file.chmod(0o755)


def _filled(template: str, **values: str) -> str:
    return Template((_FILES / template).read_text()).safe_substitute(values)
