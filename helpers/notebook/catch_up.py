"""Let a learner open any notebook first: make what the earlier ones would have left behind."""

from pathlib import Path

from pyspark.sql import DataFrame, SparkSession

from helpers import iam
from helpers.airflow import daily
from helpers.client_machine import ec2_client, furnishing, ssh
from helpers.client_machine.ssh import ClientMachine
from helpers.config import TABLES, Workbook
from helpers.emulator.postings import history
from helpers.gateway import kinesis_proxy, rest_api, rest_proxy
from helpers.kafka import client as kafka_client
from helpers.kafka import msk, msk_connect, sink_objects
from helpers.kinesis import streams as kinesis_streams
from helpers.user_posting_emulation import send

FLUSH_SIZE = 500
"""Messages an object: few enough objects to be read in a moment."""

SHARDS = 2
"""A stream; as many as the notebook about Kinesis makes."""


def clean_tables(spark: SparkSession, workbook: Workbook) -> dict[str, DataFrame]:
    """Return the three cleaned tables; what the cleaning notebook has not made yet is made now.

    Parameters
    ----------
    spark : SparkSession
        The cluster.
    workbook : Workbook
        Names and addresses.

    Returns
    -------
    dict of str to DataFrame
        "pin", "geo" and "user".
    """
    if not all(spark.catalog.tableExists(workbook.clean_table(table)) for table in TABLES):
        land_history(workbook)
        daily.clean(spark, f"s3://{workbook.bucket}/history", workbook.id)
    return {table: spark.table(workbook.clean_table(table)) for table in TABLES}


def land_history(workbook: Workbook) -> None:
    """Send the whole history through Kafka and Connect into the bucket's folder ``history``."""
    sink_objects.create_bucket(workbook)
    kafka_client.create_topics(workbook)
    properties = msk_connect.sink_properties(workbook, FLUSH_SIZE, folder="history", rotate_schedule_ms=2000)
    msk_connect.put_connector(workbook, properties)
    tally = send(workbook, history(), progress=False)
    if not tally.complete:
        raise msk_connect.ConnectorError(f"The history did not reach Kafka: {tally}")
    msk_connect.wait_until_stored(workbook)


def ready_machine(workbook: Workbook, kafka_folder: str, iam_jar: str) -> ClientMachine:
    """Connect to the client machine, set up so that Kafka's tools work on it; what is there already stays.

    Parameters
    ----------
    workbook : Workbook
        Names and addresses.
    kafka_folder : str
        Where Kafka unpacks on the machine; the archive bears its name.
    iam_jar : str
        Name of the package that signs in with IAM.
    """
    ec2_client.create_key_pair(workbook)
    role = iam.make_access_role(workbook)
    ec2_client.launch(workbook)
    machine = ssh.connect(workbook, ec2_client.host_fingerprint(workbook))
    furnishing.finish(machine, Path(workbook.sink_plugin))
    machine.run(f"test -d {kafka_folder}/libs || tar -xzf downloads/{kafka_folder}.tgz")
    machine.run(f"test -f {kafka_folder}/libs/{iam_jar} || cp downloads/{iam_jar} {kafka_folder}/libs/")
    machine.write(f"{kafka_folder}/bin/client.properties", kafka_client.client_properties(role))
    machine.set_variable("BOOTSTRAP_SERVERS", msk.bootstrap_brokers(workbook))
    machine.set_variable("CLASSPATH", f"~/{kafka_folder}/libs/{iam_jar}")
    return machine


def streams(workbook: Workbook) -> str:
    """Make the three Kinesis streams and the API that writes into them; what is there already stays.

    Returns
    -------
    str
        The API's invoke URL.
    """
    for stream in workbook.streams:
        kinesis_streams.create(workbook, stream, SHARDS)
    role = iam.make(workbook, iam.kinesis_role(workbook, iam.account(workbook)))
    api = rest_api.create_api(workbook)
    kinesis_proxy.create(workbook, api, role)
    return rest_api.deploy(workbook, api)


def running_proxy(workbook: Workbook, machine: ClientMachine) -> str:
    """Let the REST proxy run on the client machine, in the access role.

    Returns
    -------
    str
        Its address, as API Gateway is told it.
    """
    role = iam.arn(workbook, workbook.access_role)
    rest_proxy.configure(machine, rest_proxy.properties(workbook.bootstrap_servers, role))
    rest_proxy.start(machine)
    return f"http://{ssh.host(workbook)}:{rest_proxy.port(machine)}"


def running_connector(workbook: Workbook) -> None:
    """Let the connector run with the properties of milestone 4: one message an object, below ``topics``."""
    sink_objects.create_bucket(workbook)
    kafka_client.create_topics(workbook)
    msk_connect.put_connector(workbook, msk_connect.sink_properties(workbook))
