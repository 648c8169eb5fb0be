"""Moto in this process: the state of IAM, STS, EC2, API Gateway and others, reached as a WSGI application.

Moto is not made for several threads: whoever calls it does so on the one thread that `Moto.run` uses.
"""

import asyncio
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from typing import TypeVar

import moto.iam.models
from moto.core.request import Request
from moto.ec2.models.instance_types import INSTANCE_TYPE_OFFERINGS
from moto.ec2.models.instances import Instance
from moto.moto_server.werkzeug_app import DomainDispatcherApplication, create_backend_app
from werkzeug.test import run_wsgi_app

from lab.aws import key_fingerprints
from lab.aws.protocol import REGION, Answer, Call

# there is one partition here; moto would keep an IAM for each of AWS's, with 1,300 policies of AWS's own
moto.iam.models.PARTITION_NAMES = ["aws"]
# and one region: what the others offer fills 35 MB
for offered in INSTANCE_TYPE_OFFERINGS.values():
    for region in offered.keys() - {REGION}:
        del offered[region]

key_fingerprints.install()

Result = TypeVar("Result")

PUBLIC_ADDRESS = "127.0.0.1"
PUBLIC_NAME = "localhost"


class Moto:
    """Moto and its thread."""

    def __init__(self) -> None:
        # an instance of the lab is reached on loopback, and says so
        Instance.public_ip = Instance.public_ip_address = property(lambda self: PUBLIC_ADDRESS)
        Instance.public_dns_name = property(lambda self: PUBLIC_NAME)
        self._application = DomainDispatcherApplication(create_backend_app)
        self._thread = ThreadPoolExecutor(1, "moto")

    async def run(self, work: Callable[..., Result], *arguments: object) -> Result:
        """Do something on moto's thread."""
        return await asyncio.get_running_loop().run_in_executor(self._thread, work, *arguments)

    def answer(self, call: Call) -> Answer:
        """Let moto answer a request; on its thread."""
        environment = Request.from_primitives(call.method, call.url, call.headers, call.body).environ
        body, status, headers = run_wsgi_app(self._application, environment, buffered=True)
        return Answer(int(status.split()[0]), dict(headers), b"".join(body))
