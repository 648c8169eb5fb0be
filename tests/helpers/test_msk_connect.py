import dataclasses

import pytest

from helpers import kafka_client, msk_connect
from helpers.msk_connect import ConnectorError

TRACE = """org.apache.kafka.connect.errors.ConnectException: Exiting WorkerSinkTask due to unrecoverable exception.
\tat org.apache.kafka.connect.runtime.WorkerSinkTask.deliverMessages(WorkerSinkTask.java:634)
Caused by: org.apache.kafka.connect.errors.ConnectException: cannot write s3://b/k: the bucket does not exist.
\tat workbook.connect.s3.S3ObjectStore.call(S3ObjectStore.java:80)
Caused by: software.amazon.awssdk.services.s3.model.NoSuchBucketException: Service: S3
\t... 20 more
"""


def test_a_trace_is_told_by_its_reasons():
    reason = msk_connect._cause(TRACE)
    assert reason == "cannot write s3://b/k: the bucket does not exist. Because: Service: S3"


def test_a_connect_worker_that_is_not_there_is_named(workbook):
    nowhere = dataclasses.replace(workbook, connect_url="http://127.0.0.1:1")
    with pytest.raises(ConnectorError, match=r"does not answer at http://127\.0\.0\.1:1.*helpers\.lab status"):
        msk_connect.put_connector(nowhere, msk_connect.sink_properties(nowhere))


@pytest.mark.lab
def test_waiting_without_a_connector_says_so(workbook):
    lonely = dataclasses.replace(workbook, id="00000000c0de")
    kafka_client.create_topics(lonely)
    producer = kafka_client.producer(lonely)
    producer.send(lonely.topic("pin"), b"{}")
    producer.close()
    with pytest.raises(ConnectorError, match="no connector 00000000c0de-connector"):
        msk_connect.wait_until_stored(lonely, timeout=5)
    assert msk_connect.delete_connector(lonely) is False
