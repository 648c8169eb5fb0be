"""``python -m lab.aws``: the AWS endpoint's process; it ends, with everything saved, when told to."""

import asyncio
import gc
import logging
import signal
import sys

import aiohttp

from lab.airflow.web import AirflowWeb
from lab.aws import account
from lab.aws.api_gateway.deployments import Deployments
from lab.aws.door.server import Edge, running
from lab.aws.ec2 import Ec2
from lab.aws.endpoint import Endpoint
from lab.aws.kinesis.front import KinesisFront
from lab.aws.logs import Logs
from lab.aws.msk.cluster import Msk
from lab.aws.msk.connect import MskConnect
from lab.aws.msk.connect_worker import Worker
from lab.aws.mwaa.environment import Mwaa
from lab.aws.strict import network
from lab.aws.strict.rules import all_rules
from lab.client import host_key
from lab.client.machine import delete_disk
from lab.core.layout import Lab, LabError
from lab.core.processes import USER_ERROR
from lab.core.runtime import existing_runtime


async def serve() -> None:
    """Serve until a signal comes."""
    stop = asyncio.Event()
    for number in (signal.SIGTERM, signal.SIGINT):
        asyncio.get_running_loop().add_signal_handler(number, stop.set)
    endpoint = Endpoint(existing_runtime(Lab.from_environment()))
    lab = endpoint.runtime.lab
    ec2 = Ec2(endpoint, lambda: host_key.console_output(lab), lambda instance: delete_disk(lab, instance))

    deployments = Deployments(endpoint)
    kinesis = KinesisFront(lab)

    def begin() -> None:
        endpoint.state.load()
        kept = endpoint.state.own["account"]
        account.seed(kept, endpoint.runtime.credentials, lab.workbook_id)
        if lab.as_on_aws and "brokers" not in kept:
            kept["brokers"] = network.lay(lab.workbook_id)
            endpoint.state.touch("ec2")
        endpoint.refresh()
        ec2.tell_machine()
        deployments.look()
        for service in ("iam", "account"):
            endpoint.state.touch(service)

    await endpoint.moto.run(begin)
    async with aiohttp.ClientSession() as http:
        connect = MskConnect(endpoint, Worker(endpoint.runtime, http))
        mwaa = Mwaa(endpoint, AirflowWeb(lab, http))
        msk = Msk(lab, endpoint.state.own["account"].get("brokers", {}))
        own = {"kafka": msk, "kafkaconnect": connect, "airflow": mwaa, "kinesis": kinesis, "logs": Logs(endpoint)}
        rules = all_rules(lambda: endpoint.state.own["s3"]) if lab.as_on_aws else ()
        async with running(endpoint, Edge(endpoint, http, ec2, deployments, own, rules)):
            connect.resume()
            mwaa.resume()
            print("the AWS endpoint is ready", flush=True)
            await stop.wait()
    kinesis.close()


def main() -> int:
    """Serve, and turn a `LabError` into a sentence."""
    logging.basicConfig(level=logging.WARNING, format="%(asctime)s %(levelname)-5s %(message)s (%(name)s)")
    # it logs a trace, and what it read, for every request that is no HTTP; failures of ours the edge logs itself
    logging.getLogger("aiohttp.server").setLevel(logging.CRITICAL)
    try:
        asyncio.run(serve())
    except LabError as error:
        print(error, file=sys.stderr)
        return USER_ERROR
    gc.freeze()  # all is saved: to look through moto for garbage once more would take a second on a busy machine
    return 0


if __name__ == "__main__":
    sys.exit(main())
