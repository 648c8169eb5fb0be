"""The incidents, by number. What is said here of causes is told to a learner only afterwards."""

import json

from kafka.admin import AlterConfigOp, ConfigResource, ConfigResourceType, KafkaAdminClient

from helpers import iam
from helpers.client_machine import furnishing, ssh
from helpers.gateway import rest_proxy
from helpers.kafka import client as kafka_client
from helpers.kafka import msk, msk_connect
from lab.control import operations
from lab.incidents import probes
from lab.incidents.incident import Incident
from lab.incidents.pipeline import FOLDER, Pipeline

DENIAL = "temporary-freeze"
"""Name of a policy that somebody forgot."""

ELSEWHERE = "topics-new"
"""Folder into which a connector was led astray."""


def _policy(*statements: dict) -> str:
    return json.dumps({"Version": iam.POLICY_VERSION, "Statement": list(statements)})


def _deny_writing(pipeline: Pipeline) -> None:
    topic = msk.part_arn(msk.cluster_arn(pipeline.workbook), "topic", pipeline.workbook.topic("geo"))
    pipeline.workbook.client("iam").put_role_policy(
        RoleName=pipeline.workbook.access_role, PolicyName=DENIAL,
        PolicyDocument=_policy({"Effect": "Deny", "Action": "kafka-cluster:WriteData", "Resource": topic}),
    )  # fmt: skip


def _allow_writing(pipeline: Pipeline) -> None:
    pipeline.workbook.client("iam").delete_role_policy(RoleName=pipeline.workbook.access_role, PolicyName=DENIAL)


def _sink(**changed: str):
    """Give the connector properties that differ in something."""
    return lambda pipeline: msk_connect.put_connector(
        pipeline.workbook,
        pipeline.sink_properties(**{name: value.format(id=pipeline.workbook.id) for name, value in changed.items()}),
    )


def _bring_home(pipeline: Pipeline) -> None:
    """Store where it belongs again, and move there what was stored elsewhere."""
    _sink()(pipeline)
    s3, bucket = pipeline.workbook.client("s3"), pipeline.workbook.bucket
    for key in pipeline.keys(ELSEWHERE):
        s3.copy_object(Bucket=bucket, Key=key.replace(ELSEWHERE, FOLDER, 1), CopySource=f"{bucket}/{key}")
        s3.delete_object(Bucket=bucket, Key=key)


def _poison(pipeline: Pipeline) -> None:
    producer = kafka_client.producer(pipeline.workbook)
    producer.send(pipeline.workbook.topic("user"), b'{"ind": 17, "first_name": "Ann').get(timeout=20)
    producer.close()


def _pass_poison(pipeline: Pipeline) -> None:
    msk_connect.delete_connector(pipeline.workbook)
    tolerant = pipeline.sink_properties(errors_tolerance="all")
    msk_connect.put_connector(pipeline.workbook, tolerant)
    msk_connect.wait_until_stored(pipeline.workbook, timeout=60)


def _streams_read_only(pipeline: Pipeline) -> None:
    workbook = pipeline.workbook
    wanted = iam.kinesis_role(workbook, iam.account(workbook))
    (name, document), *_ = wanted.policies.items()
    kept = [
        one | {"Action": [action for action in one["Action"] if ":Put" not in action]}
        if isinstance(one["Action"], list) else one
        for one in document["Statement"]
    ]  # fmt: skip
    workbook.client("iam").put_role_policy(
        RoleName=workbook.kinesis_role, PolicyName=name, PolicyDocument=_policy(*kept)
    )


def _streams_writable(pipeline: Pipeline) -> None:
    iam.make(pipeline.workbook, iam.kinesis_role(pipeline.workbook, iam.account(pipeline.workbook)))


def _lead_astray(pipeline: Pipeline) -> None:
    pipeline.forward_to("http://127.0.0.1:9")


def _stop_proxy(pipeline: Pipeline) -> None:
    with ssh.connect(pipeline.workbook) as machine:
        rest_proxy.stop(machine)


def _start_proxy(pipeline: Pipeline) -> None:
    with ssh.connect(pipeline.workbook) as machine:
        rest_proxy.start(machine)


def _client_file(pipeline: Pipeline, old: str, new: str) -> None:
    file = f"{furnishing.KAFKA}/bin/client.properties"
    with ssh.connect(pipeline.workbook) as machine:
        machine.write(file, machine.read(file).replace(old, new))


def _put_secret(pipeline: Pipeline, value: str) -> None:
    pipeline.workspace().post("/api/2.0/secrets/put", scope="aws", key="secret_access_key", string_value=value)


def _mount_another(pipeline: Pipeline) -> None:
    s3, own, bucket = pipeline.workbook.client("s3"), pipeline.workbook.bucket, f"{pipeline.workbook.bucket}-copy"
    if bucket not in [there["Name"] for there in s3.list_buckets()["Buckets"]]:
        s3.create_bucket(Bucket=bucket)
    for key in pipeline.keys(FOLDER):  # so that what was there before is there, too
        s3.copy_object(Bucket=bucket, Key=key, CopySource=f"{own}/{key}")
    pipeline.mount(bucket)


def _mount_own(pipeline: Pipeline) -> None:
    """Mount the learner's bucket again, and leave nothing of the other one."""
    s3, bucket = pipeline.workbook.client("s3"), f"{pipeline.workbook.bucket}-copy"
    pipeline.mount(pipeline.workbook.bucket)
    for key in pipeline.keys(FOLDER, bucket):
        s3.delete_object(Bucket=bucket, Key=key)
    s3.delete_bucket(Bucket=bucket)


def _take_up_to(pipeline: Pipeline, size: int | None) -> None:
    """Let the topic of the pins take batches of so many bytes, or as many as the broker says."""
    change = (AlterConfigOp.DELETE, None) if size is None else (AlterConfigOp.SET, str(size))
    topic = ConfigResource(ConfigResourceType.TOPIC, pipeline.workbook.topic("pin"), {"max.message.bytes": change})
    admin = KafkaAdminClient(**kafka_client.connection(pipeline.workbook))
    try:
        admin.alter_configs([topic])
    finally:
        admin.close()


INCIDENTS: dict[int, Incident] = {
    1: Incident(
        title="The proxy is gone",
        level=1,
        briefing="Since half an hour nothing that is posted over the API arrives. The senders see status 504 or 500.",
        hints=(
            "The API leads somewhere. Is somebody there?",
            "The REST proxy runs on the client machine: `pgrep -fl rest`, and its log `kafka-rest.log`.",
        ),
        cause="The REST proxy on the client machine was stopped.",
        signs="Every post over the API failed, posts straight into Kafka did not. No process of the proxy ran.",
        way="From the outside in: API, proxy, broker. The first that does not answer is where to look. Then start it.",
        break_it=_stop_proxy,
        repair=_start_proxy,
        probes=(probes.api_takes_posts,),
    ),
    2: Incident(
        title="A stopped service",
        level=1,
        briefing="New posts do not arrive in the bucket, and dashboards show yesterday's figures.",
        hints=("What runs? `python -m lab status`.", "`python -m lab up` starts what does not run."),
        cause="The Kafka Connect worker was stopped.",
        signs="`status` showed it. The group's lag grew with every post; brokers and bucket were well.",
        way="A table of what runs costs a second and comes first.",
        break_it=lambda pipeline: operations.stop(pipeline.runtime, ["connect"]),
        repair=lambda pipeline: operations.start(pipeline.runtime, ["connect"]),
        probes=(probes.services_answer, probes.posts_reach_the_bucket, probes.nothing_is_left_out),
    ),
    3: Incident(
        title="One topic is refused",
        level=2,
        briefing="Places are missing since this morning. Pins and users arrive. Nobody has changed a program.",
        hints=(
            "What does the REST proxy answer to a post for the topic of the places?",
            "A refusal by IAM names action and resource. `list_role_policies` lists what the access role has.",
            "An explicit Deny beats every Allow.",
        ),
        cause=f"A policy named {DENIAL} with a Deny for WriteData on one topic was attached to the access role.",
        signs="The proxy's answer: 403, not authorized for the topic; the others worked with the same role.",
        way="One topic of three, one role: compare what differs, which is the resource. Then list the role's policies.",
        break_it=_deny_writing,
        repair=_allow_writing,
        probes=(probes.api_takes_posts,),
    ),
    4: Incident(
        title="A pattern too narrow",
        level=2,
        briefing="The users of new posts never reach the bucket. The connector is RUNNING, and no log has an error.",
        hints=(
            "Which topics does the connector read? Compare the lag of each.",
            "`describe_connector` shows `topics.regex`.",
        ),
        cause="`topics.regex` named two of the three topics.",
        signs="Lag grew for one topic only, or the group had no offset of it at all.",
        way="Lag by topic, then the connector's properties. RUNNING says that a connector does what it was told.",
        break_it=_sink(topics_regex=r"{id}\.(pin|geo)"),
        repair=_sink(),
        probes=(probes.posts_reach_the_bucket, probes.nothing_is_left_out),
    ),
    5: Incident(
        title="Waiting for a full object",
        level=2,
        briefing="The bucket gets nothing any more. The connector is RUNNING, and the topics take posts.",
        hints=(
            "When does the sink write an object? Two properties decide.",
            "`flush.size` and `rotate.schedule.interval.ms`: how many posts until the next object?",
        ),
        cause="`flush.size` was 100,000, and no rotation by time was set: the sink waited for a full object.",
        signs="Lag grew in all topics alike, no error anywhere, and the connector's properties had changed.",
        way="No error and growing lag: it waits. For what, its properties say.",
        break_it=_sink(flush_size="100000", rotate_schedule_interval_ms="-1"),
        repair=_sink(),
        probes=(probes.posts_reach_the_bucket, probes.nothing_is_left_out),
    ),
    6: Incident(
        title="Stored elsewhere",
        level=2,
        briefing="The reports have no new posts. The connector is RUNNING, and its lag is zero.",
        hints=(
            "Lag zero: the sink has stored everything. Where?",
            "`topics.dir` in the connector's properties; list the whole bucket, not one folder.",
            "What has been stored elsewhere meanwhile belongs in `drill/`, too.",
        ),
        cause="The connector wrote below another folder.",
        signs="Lag zero and nothing new in the folder: both cannot be unless the objects are somewhere else.",
        way="Believe both signs, and ask what makes both true.",
        break_it=_sink(topics_dir=ELSEWHERE),
        repair=_bring_home,
        probes=(probes.posts_reach_the_bucket, probes.nothing_is_left_out),
    ),
    7: Incident(
        title="A record that cannot be read",
        level=3,
        briefing="Users stopped arriving in the bucket at a certain post. Restarting the connector did not help.",
        hints=(
            "What does the connector's description say, and at which offset does its group stand?",
            "Read the record at that offset: is it JSON?",
            "`errors.tolerance` says what a connector does with a record that it cannot read; a connector that failed "
            "is deleted and created again.",
        ),
        cause="A record in the topic of the users is cut off in the middle: no JSON. Its task failed at it, each time.",
        signs="FAILED, with a parser's words in the description; the group stood at the same offset of one topic.",
        way="Same place after every restart: it is the data. Look at the record, keep a copy, then step over it alone.",
        break_it=_poison,
        repair=_pass_poison,
        probes=(probes.posts_reach_the_bucket, probes.nothing_is_left_out),
    ),
    8: Incident(
        title="Streams that refuse",
        level=2,
        briefing="The streaming emulator is refused by the API. Listing and describing the streams works.",
        hints=(
            "What does Kinesis answer through the API? The body says more than the status.",
            "In whose name does API Gateway call Kinesis? Which actions does that role allow?",
        ),
        cause="The role of the API had lost the actions PutRecord and PutRecords.",
        signs="The body of the answer names the role and the action that it lacks; reading worked.",
        way="Reading works and writing does not: an action is missing, not a resource. Then the role's policy.",
        break_it=_streams_read_only,
        repair=_streams_writable,
        probes=(probes.streams_take_posts,),
    ),
    9: Incident(
        title="An address that leads nowhere",
        level=2,
        briefing="After last night's deployment every post to a topic over the API fails. The REST proxy runs.",
        hints=(
            "Post to the proxy itself, from the machine. Does that work?",
            "Where does the API lead? `get_integration` of the resource `/{proxy+}`.",
        ),
        cause="The integration's URI had another port, and that was deployed.",
        signs="The proxy answered when asked itself; the API answered 500 or 504.",
        way="Cut the way in two: what is behind the API works, so it is the API's own setting. Deploy after mending.",
        break_it=_lead_astray,
        repair=lambda pipeline: pipeline.forward_to(pipeline.proxy_address()),
        probes=(probes.api_takes_posts,),
    ),
    10: Incident(
        title="A file with one wrong word",
        level=1,
        briefing="Kafka's tools on the client machine end in an error. Yesterday they worked.",
        hints=(
            "Which file do they sign in by?",
            "Compare `client.properties` with the four lines of milestone 3.",
        ),
        cause="`sasl.mechanism` in client.properties was SCRAM-SHA-512.",
        signs="The tools failed at once, the proxy went on: same broker, same role, another file.",
        way="What differs between the one that works and the one that does not is the file.",
        break_it=lambda pipeline: _client_file(pipeline, "AWS_MSK_IAM", "SCRAM-SHA-512"),
        repair=lambda pipeline: _client_file(pipeline, "SCRAM-SHA-512", "AWS_MSK_IAM"),
        probes=(probes.machine_lists_topics,),
    ),
    11: Incident(
        title="Keys that were rotated",
        level=2,
        briefing="Streams and notebooks that take their keys from the secret scope are refused by AWS.",
        hints=(
            "Which scope and key do they read? Are these the keys that work elsewhere?",
            "`POST /api/2.0/secrets/put`, or databricks-sdk's `secrets.put_secret`, replaces a secret; the right one "
            "is in your credentials.",
        ),
        cause="The secret access key in the scope `aws` was not that of the access key.",
        signs="SignatureDoesNotMatch: the key id is known, and the secret is not its own.",
        way="AWS tells an unknown key from a wrong secret. The words of the error say which it is.",
        break_it=lambda pipeline: _put_secret(pipeline, "wJalrXUtnFEMI/K7MDENG/bPxRfiCYEXAMPLEKEY"),
        repair=lambda pipeline: _put_secret(pipeline, pipeline.runtime.credentials.secret_access_key),
        probes=(probes.secret_opens_the_bucket,),
    ),
    12: Incident(
        title="The wrong bucket under the right name",
        level=3,
        briefing="Notebooks that read the mount find none of the new posts. In the bucket they are.",
        hints=(
            "What is mounted where? `dbutils.fs.mounts()`.",
            "Compare the source of the mount with the bucket's name, to its end.",
        ),
        cause="The mount point led to another bucket.",
        signs="No error: the folder was there and could be listed, and it was another one.",
        way="Two views of one thing that differ are two things. Look at the address of each.",
        break_it=_mount_another,
        repair=_mount_own,
        probes=(probes.mount_shows_the_bucket,),
    ),
    13: Incident(
        title="Too large for one topic",
        level=2,
        briefing="Pins are refused since this morning. Users and places arrive. The role's policies are as ever.",
        hints=(
            "What does the REST proxy answer to a post of a pin? And to one of a user?",
            "A size is spoken of. Who says how large a message may be? `kafka-configs.sh --describe` asks a topic.",
        ),
        cause="`max.message.bytes` of the topic of the pins was 80.",
        signs="The proxy's answer named a size, for one topic only, and for a pin of a few words.",
        way="Same producer, same role, another topic: the topic's own setting. Compare it with the others'.",
        break_it=lambda pipeline: _take_up_to(pipeline, 80),
        repair=lambda pipeline: _take_up_to(pipeline, None),
        probes=(probes.api_takes_posts,),
    ),
}
