"""REST proxies of the tests' own, started as the client machine starts one, each in a process."""

import dataclasses
import json
import os
import socket
import subprocess
import sys
import time
from pathlib import Path
from urllib.parse import quote

import requests

from helpers.config import Workbook
from lab.control import operations
from lab.core import processes
from lab.core.layout import CHECKOUT, Lab

READY = "Server started, listening for requests"
JSON = {"Content-Type": "application/vnd.kafka.json.v2+json", "Accept": "application/vnd.kafka.v2+json"}
BINARY = JSON | {"Content-Type": "application/vnd.kafka.binary.v2+json"}
PLAIN = {"Content-Type": "application/vnd.kafka.v2+json"}


def free_port() -> int:
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        return probe.getsockname()[1]


class Proxy:
    """A proxy that runs, and what can be asked of it."""

    def __init__(self, process: subprocess.Popen, port: int, log: Path):
        self.process = process
        self.port = port
        self.url = f"http://127.0.0.1:{port}"
        self._log = log

    @property
    def log(self) -> str:
        return self._log.read_text()

    def wait_for(self, words: str, seconds: float = 20) -> None:
        limit = time.monotonic() + seconds
        while words not in self.log:
            assert self.process.poll() is None, self.log
            assert time.monotonic() < limit, f"{words!r} is not in: {self.log}"
            time.sleep(0.05)

    def get(self, path: str, **more) -> requests.Response:
        return requests.get(self.url + path, timeout=60, **more)

    def delete(self, path: str) -> requests.Response:
        return requests.delete(self.url + path, timeout=60)

    def post(self, path: str, content: object = None, headers: dict | None = None) -> requests.Response:
        body = None if content is None else json.dumps(content)
        return requests.post(self.url + path, data=body, headers=headers or PLAIN, timeout=60)

    def produce(self, topic: str, *records: dict, headers: dict = JSON) -> requests.Response:
        return self.post(f"/topics/{topic}", {"records": records}, headers)

    def consumer(self, group: str, name: str = "c", **wishes: object) -> str:
        """Create a consumer and return its path."""
        wanted = {"name": name, "format": "json", "auto.offset.reset": "earliest"} | wishes
        made = self.post(f"/consumers/{quote(group, safe='')}", wanted)
        assert made.status_code == 200, made.text
        return made.json()["base_uri"].removeprefix(self.url)

    def reader(self, topic: str, **wishes: object) -> str:
        """Create a consumer that reads a topic from its beginning, in a group of the topic's name."""
        consumer = self.consumer(topic, **wishes)
        assert self.post(f"{consumer}/subscription", {"topics": [topic]}).status_code == 204
        return consumer

    def records(self, consumer: str, count: int, query: str = "") -> list[dict]:
        """Read until there are enough records; joining a group takes its time."""
        found: list[dict] = []
        limit = time.monotonic() + 30
        while len(found) < count and time.monotonic() < limit:
            answer = self.get(f"{consumer}/records{query}")
            assert answer.status_code == 200, answer.text
            found += answer.json()
        return found

    @property
    def memory_mb(self) -> float:
        return operations.resident_mb(self.process.pid)

    def stop(self) -> int:
        self.process.terminate()
        return self.process.wait(30)


def properties(workbook: Workbook, port: int, **more: object) -> str:
    """The file as the learner writes it."""
    lines = {
        "bootstrap.servers": workbook.bootstrap_servers,
        "listeners": f"http://127.0.0.1:{port}",
        "client.security.protocol": "SASL_SSL",
        "client.sasl.mechanism": "AWS_MSK_IAM",
        "client.sasl.jaas.config": "software.amazon.msk.auth.iam.IAMLoginModule required;",
        "client.sasl.client.callback.handler.class": "software.amazon.msk.auth.iam.IAMClientCallbackHandler",
    } | {name.replace("_", "."): value for name, value in more.items()}
    return "".join(f"{name} = {value}\n" for name, value in lines.items())


def environment(lab: Lab, **more: str) -> dict[str, str]:
    """What a process of the client machine has, and nothing of the notebooks'."""
    own = {name: value for name, value in os.environ.items() if not name.startswith(("WORKBOOK_", "LAB_", "SPARK_"))}
    mark = {processes.MARK: str(lab.home), "KAFKA_REST_AUTHORITY": str(lab.tls / "ca.pem")}
    return own | mark | {"PYTHONUNBUFFERED": "1"} | more


@dataclasses.dataclass
class Launcher:
    """Starts proxies, in a folder of the test's own."""

    lab: Lab
    workbook: Workbook
    folder: Path
    started: list[Proxy] = dataclasses.field(default_factory=list)

    def file(self, text: str) -> Path:
        file = self.folder / "kafka-rest.properties"
        file.write_text(text)
        return file

    def launch(self, text: str, port: int, **variables: str) -> Proxy:
        log = self.folder / f"rest-{len(self.started)}.log"
        with log.open("w") as stream:
            process = subprocess.Popen(
                [sys.executable, "-m", "lab.rest_proxy", str(self.file(text))],
                cwd=CHECKOUT, env=environment(self.lab, **variables), stdout=stream, stderr=subprocess.STDOUT,
            )  # fmt: skip
        self.started.append(Proxy(process, port, log))
        return self.started[-1]

    def start(self, port: int = 0, **more: object) -> Proxy:
        """Start a proxy with further properties and wait until it is ready."""
        port = port or free_port()
        proxy = self.launch(properties(self.workbook, port, **more), port)
        proxy.wait_for(READY)
        return proxy

    def fail(self, text: str, **variables: str) -> tuple[str, float]:
        """Start a proxy that must give up; return what it says and how long that took."""
        began = time.monotonic()
        proxy = self.launch(text, 0, **variables)
        code = proxy.process.wait(30)
        assert code == 1, proxy.log
        assert "Traceback" not in proxy.log
        return proxy.log, time.monotonic() - began

    def end(self) -> None:
        for proxy in self.started:
            if proxy.process.poll() is None:
                proxy.process.kill()
                proxy.process.wait()
