"""Kafka Connect: one worker in distributed mode, with our S3 sink as its plugin."""

import json
import ssl
import urllib.request
from pathlib import Path

from lab.core import pki
from lab.core.files import properties, render_properties, write_private
from lab.core.layout import Lab
from lab.core.runtime import Runtime
from lab.services.base import Service, config_file
from lab.services.kafka import inner_tls, kafka_jvm, logging_file


def plugins_folder(lab: Lab) -> Path:
    """Folder whose subfolders are the plugins that the worker loads; MSK Connect puts them there."""
    return lab.data("connect") / "plugins"


def address(lab: Lab) -> str:
    """Where the worker's REST interface is."""
    return f"https://127.0.0.1:{lab.ports['connect']}"


def client_tls(lab: Lab) -> ssl.SSLContext:
    """Make what lets a part of the lab in there: the worker asks for a certificate of the lab's authority."""
    context = ssl.create_default_context(cafile=str(lab.tls / "ca.pem"))
    context.load_cert_chain(lab.tls / "connect.pem")
    return context


class Connect(Service):
    """Its connectors, their offsets and states live in Kafka; its plugins are those that connectors use."""

    name = "connect"
    runs = "Kafka Connect worker"
    stands_for = "Amazon MSK Connect"
    ports = ("connect",)
    depends_on = ("kafka", "s3")

    def prepare(self, runtime: Runtime) -> None:
        """Make the plugins' folder and write the worker's configuration."""
        plugins_folder(runtime.lab).mkdir(parents=True, exist_ok=True)
        tls = inner_tls(runtime.lab, "connect")
        text = render_properties(
            "connect.properties",
            kafka_inner=runtime.lab.ports["kafka_inner"],
            connect=runtime.lab.ports["connect"],
            plugins=plugins_folder(runtime.lab),
            key_store=pki.write_key_store(runtime.lab.tls, "connect"),
            key_store_password=pki.KEY_STORE_PASSWORD,
            trust_store=runtime.lab.tls / "trust.p12",
        )
        clients = {prefix + name: value for prefix in _CLIENTS for name, value in tls.items()}
        write_private(config_file(runtime, "connect.properties"), text + properties(clients))
        logging_file(runtime)

    def command(self, runtime: Runtime) -> list[str]:
        """Start the worker."""
        return [
            *kafka_jvm(runtime, "org.apache.kafka.connect.cli.ConnectDistributed", 112),
            str(config_file(runtime, "connect.properties")),
        ]  # fmt: skip

    def environment(self, runtime: Runtime) -> dict[str, str]:
        """Give the sink its credentials where MSK Connect would give it the connector's role."""
        key_id, secret = runtime.credentials.inner_key
        return {
            "AWS_ACCESS_KEY_ID": key_id,
            "AWS_SECRET_ACCESS_KEY": secret,
            "AWS_ENDPOINT_URL_S3": f"http://127.0.0.1:{runtime.lab.ports['s3']}",
        }

    def check(self, runtime: Runtime) -> None:
        """List the connectors, which the worker can do once it has joined its group."""
        tls = urllib.request.HTTPSHandler(context=client_tls(runtime.lab))
        opener = urllib.request.build_opener(urllib.request.ProxyHandler({}), tls)
        with opener.open(f"{address(runtime.lab)}/connectors", timeout=5) as answer:
            json.load(answer)


_CLIENTS = ("", "producer.", "consumer.", "admin.")
"""The worker's own clients and those it makes for connectors each take their own settings."""
