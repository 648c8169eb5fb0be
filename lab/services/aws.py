"""AWS: moto and the lab's own services behind one edge that checks every signature."""

import sys

from lab.core.runtime import Runtime
from lab.services.base import Service


class Aws(Service):
    """One process; what it knows is kept below ``.lab/aws``."""

    name = "aws"
    runs = "moto and the lab's own Kinesis, MSK, MSK Connect, MWAA and API Gateway"
    stands_for = "the AWS endpoint: IAM, STS, EC2 and more"
    ports = ("aws",)

    def prepare(self, runtime: Runtime) -> None:
        """Make the folder."""
        (runtime.lab.home / "aws").mkdir(parents=True, exist_ok=True)

    def command(self, runtime: Runtime) -> list[str]:
        """Start the process."""
        return [sys.executable, "-m", "lab.aws"]

    def environment(self, runtime: Runtime) -> dict[str, str]:
        """Say whose topics the learner may use, and that memory is given back: bodies are large and short-lived."""
        memory = {"MALLOC_MMAP_THRESHOLD_": "131072", "MALLOC_ARENA_MAX": "2"}
        return {"WORKBOOK_ID": runtime.lab.workbook_id} | memory

    def check(self, runtime: Runtime) -> None:
        """Ask who we are, signed with the lab's key."""
        client(runtime, "sts").get_caller_identity()


def client(runtime: Runtime, service: str):
    """Make a client of the endpoint for the lab's own use that answers or fails within seconds."""
    import boto3  # late: it takes 0.1 s, and most commands of the lab do without
    from botocore.config import Config

    return boto3.client(
        service,
        endpoint_url=f"http://127.0.0.1:{runtime.lab.ports['aws']}",
        region_name="us-east-1",
        aws_access_key_id=runtime.credentials.access_key_id,
        aws_secret_access_key=runtime.credentials.secret_access_key,
        config=Config(
            connect_timeout=1, read_timeout=10, retries={"total_max_attempts": 1}, proxies={},
            inject_host_prefix=False,
        ),
    )  # fmt: skip
