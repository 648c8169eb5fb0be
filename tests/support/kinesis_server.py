"""The model of Kinesis behind a socket: what boto3 and Spark talk to in the tests, with faults on demand."""

import contextlib
import dataclasses
import json
import socket
import threading
import time
from collections.abc import Iterator
from datetime import UTC, datetime
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from urllib.parse import parse_qs

import boto3
from botocore.config import Config

from lab.aws.kinesis import wire
from lab.aws.kinesis.limits import Limits
from lab.aws.kinesis.service import Kinesis

STREAM = "streaming-0a1b2c3d4e5f-pin"
KEYS = {"aws_access_key_id": "AKIATESTS", "aws_secret_access_key": "kept-between-us"}


class Clock:
    """Real time, with jumps."""

    def __init__(self):
        self.ahead = 0.0

    def __call__(self) -> float:
        return time.time() + self.ahead


@dataclasses.dataclass
class Fault:
    """An answer given instead of the right one, `times` times."""

    operation: str
    code: str
    message: str = "made by a test"
    times: int = 1


class KinesisServer:
    """Kinesis and the STS of one account, in memory, on a port of its own."""

    def __init__(self, limits: Limits | None = None):
        self.clock = Clock()
        self.kinesis = Kinesis(clock=self.clock, limits=limits)
        self.faults: list[Fault] = []
        self.calls: list[str] = []
        self.role_lifetime = 3600.0
        self.sessions: dict[str, float] = {}
        self._lock = threading.Lock()
        self._listen(("127.0.0.1", 0))
        self.url = f"http://127.0.0.1:{self._http.server_address[1]}"

    def close(self) -> None:
        self._http.shutdown()
        self._http.server_close()
        for connection in self._http.connections:
            with contextlib.suppress(OSError):
                connection.shutdown(socket.SHUT_RDWR)

    def client(self):
        once = Config(retries={"total_max_attempts": 1})
        return boto3.client("kinesis", endpoint_url=self.url, region_name="us-east-1", config=once, **KEYS)

    def answer(self, target: str, token: str, body: bytes) -> tuple[int, str, bytes]:
        operation = target.rpartition(".")[2]
        with self._lock:
            if not target:
                return self._assume_role(body)
            self.calls.append(operation)
            fault = next((fault for fault in self.faults if fault.operation == operation and fault.times), None)
            if fault:
                fault.times -= 1
                return 400, wire.CONTENT_TYPE, _error(fault.code, fault.message)
            if token and self.sessions.get(token, 0) < time.time():
                return 400, wire.CONTENT_TYPE, _error("ExpiredTokenException", "The security token is expired")
            status, answer = wire.answer(self.kinesis, target, body)
            return status, wire.CONTENT_TYPE, answer

    @contextlib.contextmanager
    def out_of_reach(self) -> Iterator[None]:
        """Close the port for a while; connections that are open are cut."""
        address = self._http.server_address
        self.close()
        yield
        self._listen(address)

    def _listen(self, address: tuple) -> None:
        self._http = _HttpServer(address, _handler(self))
        threading.Thread(target=self._http.serve_forever, kwargs={"poll_interval": 0.05}, daemon=True).start()

    def _assume_role(self, body: bytes) -> tuple[int, str, bytes]:
        asked = {name: values[0] for name, values in parse_qs(body.decode()).items()}
        self.calls.append(f"AssumeRole {asked['RoleArn']} {asked['RoleSessionName']}")
        for fault in self.faults:
            if fault.operation == "AssumeRole":
                error = f"<Error><Code>{fault.code}</Code><Message>{fault.message}</Message></Error>"
                return 403, "text/xml", f"<ErrorResponse>{error}</ErrorResponse>".encode()
        token, ends = f"token-{len(self.sessions)}", time.time() + self.role_lifetime
        self.sessions[token] = ends
        expiration = datetime.fromtimestamp(ends, UTC).isoformat()
        answer = f"""<AssumeRoleResponse xmlns="https://sts.amazonaws.com/doc/2011-06-15/"><AssumeRoleResult><Credentials>
            <AccessKeyId>ASIATESTS</AccessKeyId><SecretAccessKey>short-lived</SecretAccessKey>
            <SessionToken>{token}</SessionToken><Expiration>{expiration}</Expiration>
            </Credentials></AssumeRoleResult></AssumeRoleResponse>"""
        return 200, "text/xml", answer.encode()


class _HttpServer(ThreadingHTTPServer):
    """Keeps its connections, to be able to cut them."""

    daemon_threads = True

    def __init__(self, *arguments):
        self.connections: list = []
        super().__init__(*arguments)

    def get_request(self):
        connection, address = super().get_request()
        self.connections.append(connection)
        return connection, address

    def handle_error(self, request, client_address):
        """Say nothing: connections are cut on purpose."""


def _error(code: str, message: str) -> bytes:
    return json.dumps({"__type": code, "message": message}).encode()


def _handler(server: KinesisServer) -> type[BaseHTTPRequestHandler]:
    class Handler(BaseHTTPRequestHandler):
        protocol_version = "HTTP/1.1"
        disable_nagle_algorithm = True

        def do_POST(self):
            body = self.rfile.read(int(self.headers.get("Content-Length", 0)))
            target, token = self.headers.get("X-Amz-Target", ""), self.headers.get("X-Amz-Security-Token", "")
            status, kind, answer = server.answer(target, token, body)
            self.send_response(status)
            self.send_header("Content-Type", kind)
            self.send_header("Content-Length", str(len(answer)))
            self.end_headers()
            self.wfile.write(answer)

        def date_time_string(self, timestamp=None):
            return super().date_time_string(server.clock() if timestamp is None else timestamp)

        def log_message(self, *_):
            pass

    return Handler


@contextlib.contextmanager
def serving(limits: Limits | None = None) -> Iterator[KinesisServer]:
    server = KinesisServer(limits)
    try:
        yield server
    finally:
        server.close()


def midpoint(shard: dict) -> str:
    """The hash key in the middle of a shard, to split it there."""
    first, last = (int(shard["HashKeyRange"][end]) for end in ("StartingHashKey", "EndingHashKey"))
    return str((first + last) // 2)


def open_shards(client, stream: str) -> list[dict]:
    """The shards that take records, by hash key."""
    shards = client.list_shards(StreamName=stream)["Shards"]
    still_open = [shard for shard in shards if "EndingSequenceNumber" not in shard["SequenceNumberRange"]]
    return sorted(still_open, key=lambda shard: int(shard["HashKeyRange"]["StartingHashKey"]))


def split(client, stream: str, index: int = 0) -> None:
    shard = open_shards(client, stream)[index]
    client.split_shard(StreamName=stream, ShardToSplit=shard["ShardId"], NewStartingHashKey=midpoint(shard))


def merge(client, stream: str, index: int = 0) -> None:
    first, second = open_shards(client, stream)[index : index + 2]
    client.merge_shards(StreamName=stream, ShardToMerge=first["ShardId"], AdjacentShardToMerge=second["ShardId"])


def put(client, stream: str, numbers) -> None:
    """Put one record a number, spread over all shards, in calls of 500."""
    records = [{"Data": str(number).encode(), "PartitionKey": f"key {number}"} for number in numbers]
    for first in range(0, len(records), 500):
        done = client.put_records(StreamName=stream, Records=records[first : first + 500])
        assert done["FailedRecordCount"] == 0, done


def stream_arn(client, stream: str) -> str:
    return client.describe_stream_summary(StreamName=stream)["StreamDescriptionSummary"]["StreamARN"]
