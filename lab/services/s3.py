"""S3: S3Proxy on a folder, signatures verified."""

import re

from lab.core.files import TEMPLATES, render_properties, write_private
from lab.core.runtime import Runtime
from lab.services.base import Service, config_file, jvm
from lab.setup.plugin import class_path

_UNFINISHED = re.compile(r"\.json-[0-9a-f]{8}(-[0-9a-f]{4}){3}-[0-9a-f]{12}$")
"""S3Proxy writes ``<key>-<uuid>`` and renames; kill -9 in between leaves the file behind."""


class S3(Service):
    """A bucket is a folder below ``.lab/s3``, an object a file."""

    name = "s3"
    runs = "S3Proxy on a folder"
    stands_for = "Amazon S3"
    ports = ("s3",)

    def prepare(self, runtime: Runtime) -> None:
        """Write the configuration and sweep up uploads that a crash cut short."""
        lab, credentials = runtime.lab, runtime.credentials
        data = lab.data("s3")
        data.mkdir(parents=True, exist_ok=True)
        for file in data.rglob("*.json-*"):
            if _UNFINISHED.search(file.name):
                file.unlink()
        text = render_properties(
            "s3proxy.properties",
            s3=lab.ports["s3"],
            access_key_id=credentials.inner_key[0],
            secret_access_key=credentials.inner_key[1],
            data=data,
        )
        write_private(config_file(runtime, "s3proxy.properties"), text)
        write_private(config_file(runtime, "logback.xml"), (TEMPLATES / "logback.xml").read_text())

    def command(self, runtime: Runtime) -> list[str]:
        """Start S3Proxy."""
        logging = f"-Dlogback.configurationFile={config_file(runtime, 'logback.xml')}"
        return [
            *jvm(runtime, "org.gaul.s3proxy.Main", class_path(runtime.lab.build / "jars" / "s3proxy"), 96, logging),
            "--properties", str(config_file(runtime, "s3proxy.properties")),
        ]  # fmt: skip

    def check(self, runtime: Runtime) -> None:
        """List the buckets."""
        client(runtime).list_buckets()


def client(runtime: Runtime):
    """Make an S3 client for the lab's own use that answers or fails within seconds."""
    import boto3  # late: it takes 0.1 s, and most commands of the lab do without
    from botocore.config import Config

    key_id, secret = runtime.credentials.inner_key
    return boto3.client(
        "s3",
        endpoint_url=f"http://127.0.0.1:{runtime.lab.ports['s3']}",
        region_name="us-east-1",
        aws_access_key_id=key_id,
        aws_secret_access_key=secret,
        config=Config(connect_timeout=1, read_timeout=5, retries={"total_max_attempts": 1}, proxies={}),
    )
