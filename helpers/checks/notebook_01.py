"""Exercises of the notebook about the client machine and its role: IAM, the broker and Kafka's tool judge them."""

import contextlib
import json
from collections.abc import Callable
from typing import Any

from kafka import KafkaAdminClient, KafkaConsumer, KafkaProducer, OffsetAndMetadata, TopicPartition
from kafka.errors import KafkaError

from helpers import iam
from helpers.checks import scratch
from helpers.checks.exercise import Exercise, Result, Twin, given
from helpers.checks.lesson import Lesson
from helpers.checks.quiz import Question
from helpers.client_machine.ssh import ClientMachine
from helpers.config import Workbook
from helpers.kafka import client as kafka_client
from helpers.kafka import msk

Policy = dict[str, Any]

NOBODY = "ffffffffffff"
"""An id that no learner has."""

# --- 1: a role that trusts itself ---------------------------------------------------------------------------------


def trust(role: str) -> dict:
    """Write the trust policy of the role with this ARN: EC2, MSK Connect and the role itself may assume it."""
    services = ["ec2.amazonaws.com", "kafkaconnect.amazonaws.com"]
    return {
        "Version": "2012-10-17",
        "Statement": [
            {"Effect": "Allow", "Principal": {"Service": services}, "Action": "sts:AssumeRole"},
            {"Effect": "Allow", "Principal": {"AWS": role}, "Action": "sts:AssumeRole"},
        ],
    }


def _statements(*principals: dict[str, Any]) -> Policy:
    """Write a trust policy of one statement a principal."""
    statements = [{"Effect": "Allow", "Principal": one, "Action": "sts:AssumeRole"} for one in principals]
    return {"Version": iam.POLICY_VERSION, "Statement": statements}


def _who_may(answer: Callable[[str], Policy], workbook: Workbook) -> Result:
    """Try the policy on a role made for it: as that role, as another that may assume roles, and as the learner."""
    with scratch.systems(), scratch.role(workbook) as role, scratch.role(workbook, _may_assume(role)) as other:
        document = given(answer(role))
        acting = {"the role itself": role, "another role": other}
        clients = {who: scratch.client(workbook, "sts", scratch.session(workbook, one)) for who, one in acting.items()}
        clients["you, as a user,"] = workbook.client("sts")
        iam.set_trust(workbook, _name(role), document)
        may = {f"{who} may assume it": scratch.assume(client, role) is not None for who, client in clients.items()}
        return may | _named(workbook, role)


def _may_assume(role: str) -> dict[str, Policy]:
    statement = {"Effect": "Allow", "Action": "sts:AssumeRole", "Resource": role}
    return {"assume": {"Version": iam.POLICY_VERSION, "Statement": [statement]}}


def _named(workbook: Workbook, role: str) -> Result:
    """Tell whom the policy names, as IAM keeps it."""
    document = workbook.client("iam").get_role(RoleName=_name(role))["Role"]["AssumeRolePolicyDocument"]
    named = json.dumps(document)
    services = dict(zip(("EC2", "MSK Connect"), iam.ACCESS_SERVICES, strict=True))
    found = {f"{name} may assume it": f'"{host}"' in named for name, host in services.items()}
    found["an instance profile is named"] = ":instance-profile/" in named
    return found | {"the role is named": f'"{role}"' in named}


def _name(role: str) -> str:
    return role.rpartition("/")[2]


TRUST = Exercise(
    solution=trust,
    evaluate=_who_may,
    wanted={
        "the role itself may assume it": True,
        "another role may assume it": False,
        "you, as a user, may assume it": False,
        "EC2 may assume it": True,
        "MSK Connect may assume it": True,
    },
    twins=(
        Twin(
            lambda role: _statements({"Service": list(iam.ACCESS_SERVICES)}, {"AWS": "*"}),
            "`*` is everybody, and everybody may assume the role now, people of other accounts too. Name the role's "
            "own ARN.",
            {"the role itself may assume it": True, "another role may assume it": True},
        ),
        Twin(
            lambda role: _statements({"Service": [*iam.ACCESS_SERVICES, role]}),
            "You put the role among the services. `Service` takes names such as `ec2.amazonaws.com`; a role or a user "
            "goes below `AWS`. (IAM on AWS would have refused the policy: invalid principal.)",
            {"the role itself may assume it": False, "the role is named": True},
        ),
        Twin(
            lambda role: _statements(
                {"Service": list(iam.ACCESS_SERVICES)}, {"AWS": role.replace(":role/", ":instance-profile/")}
            ),
            "That is the ARN of the instance profile, the box. It is the role in it that acts: `…:role/…`. (IAM on AWS "
            "would have refused the policy: invalid principal.)",
            {"the role itself may assume it": False, "an instance profile is named": True},
        ),
        Twin(
            lambda role: _statements({"AWS": role}),
            "The role trusts itself now, and nobody can begin: EC2 and MSK Connect have to stay in the policy. A trust "
            "policy is replaced as a whole.",
            {"the role itself may assume it": True, "EC2 may assume it": False, "MSK Connect may assume it": False},
        ),
    ),
    hints=(
        "A trust policy is a dictionary: `Version` and a list `Statement`. Two kinds of principals, two statements.",
        "The first statement is the one that you saw above. In the second one, the principal is no service.",
        'The second one: `{"Effect": "Allow", "Principal": {"AWS": role}, "Action": "sts:AssumeRole"}`.',
    ),
    more="Who else could walk in if you wrote the account's number below `AWS` in place of the role's ARN?",
)

# --- 2: a policy that reads ----------------------------------------------------------------------------------------


def reading_policy(cluster: str, learner: str) -> dict:
    """Write what lets a role read the topics `<id>.*`, and write nothing; given are the cluster's ARN and the id."""
    topics = cluster.replace(":cluster/", ":topic/") + f"/{learner}.*"
    groups = cluster.replace(":cluster/", ":group/") + "/*"
    allowed = {
        cluster: ["kafka-cluster:Connect"],
        topics: ["kafka-cluster:DescribeTopic", "kafka-cluster:ReadData"],
        groups: ["kafka-cluster:DescribeGroup", "kafka-cluster:AlterGroup"],
    }
    statements = [{"Effect": "Allow", "Action": actions, "Resource": arn} for arn, actions in allowed.items()]
    return {"Version": "2012-10-17", "Statement": statements}


def _reading(cluster: str, learner: str, service: str = "kafka-cluster", pattern: str = ".*", **more: Any) -> Policy:
    """Write the solution with one thing changed."""
    topics = msk.part_arn(cluster, "topic", learner + pattern)
    allowed = {
        cluster: more.get("connect", ["Connect"]),
        topics: ["DescribeTopic", "ReadData", *more.get("topic", [])],
        msk.part_arn(cluster, "group", "*"): ["DescribeGroup", "AlterGroup"],
    }
    statements = [
        {"Effect": "Allow", "Action": [f"{service}:{action}" for action in actions], "Resource": arn}
        for arn, actions in allowed.items()
        if actions
    ]
    return {"Version": iam.POLICY_VERSION, "Statement": statements}


def _on_the_cluster_alone(cluster: str) -> Policy:
    actions = ("Connect", "DescribeTopic", "ReadData", "DescribeGroup", "AlterGroup")
    statement = {"Effect": "Allow", "Action": [f"kafka-cluster:{one}" for one in actions], "Resource": cluster}
    return {"Version": iam.POLICY_VERSION, "Statement": [statement]}


LET_IN, READ, GROUP = "the broker lets the role in", "reading a topic of yours", "keeping a group's offset"
WRITE, CONFUSED, OTHERS = "writing to it", "seeing a topic <id>hello, without the dot", "seeing a topic of another id"


HELPED = "reading, once the role may connect"


def _what_works(answer: Callable[[str, str], Policy], workbook: Workbook) -> Result:
    """Give the policy to a role, and use the brokers in that role."""
    cluster = msk.cluster_arn(workbook)
    document = given(answer(cluster, workbook.id))
    with scratch.systems(), scratch.topic(workbook, [b"{}"]) as topic:
        found = _used(workbook, {"answer": document}, topic)
        if found[LET_IN] == "refused":
            connect = {"Effect": "Allow", "Action": "kafka-cluster:Connect", "Resource": cluster}
            helped = {"answer": document, "connect": {"Version": iam.POLICY_VERSION, "Statement": [connect]}}
            found |= {HELPED: _used(workbook, helped, topic)[READ]}
        return found


def _used(workbook: Workbook, policies: dict[str, Policy], topic: str) -> Result:
    tries = {
        LET_IN: lambda: _describe(workbook, topic) is not None,
        READ: lambda: kafka_client.read(workbook, topic, 0, 1) == [b"{}"],
        GROUP: lambda: _keep_offset(workbook, topic),
        WRITE: lambda: _write(workbook, topic),
        CONFUSED: lambda: _describe(workbook, f"{workbook.id}hello") != NOT_AUTHORIZED,
        OTHERS: lambda: _describe(workbook, f"{NOBODY}.pin") != NOT_AUTHORIZED,
    }
    found = dict.fromkeys(tries, "refused")
    with scratch.role(workbook, policies) as role, scratch.acting_in(scratch.session(workbook, role)):
        for what, attempt in tries.items():
            found[what] = "works" if _goes(attempt) else "refused"
            if found[LET_IN] == "refused":
                break
    return found


NOT_AUTHORIZED = 29
"""Kafka's code of TOPIC_AUTHORIZATION_FAILED."""


def _goes(attempt: Callable[[], bool]) -> bool:
    try:
        return attempt()
    except (kafka_client.KafkaDenied, KafkaError):
        return False


def _describe(workbook: Workbook, topic: str) -> int:
    """Ask for a topic; return Kafka's code."""
    with contextlib.closing(KafkaAdminClient(**kafka_client.connection(workbook))) as admin:
        return admin.describe_topics([topic])[0]["error_code"]


def _keep_offset(workbook: Workbook, topic: str) -> bool:
    settings = kafka_client.connection(workbook) | {"group_id": f"{workbook.id}-check", "enable_auto_commit": False}
    with contextlib.closing(KafkaConsumer(**settings)) as consumer:
        partition = TopicPartition(topic, 0)
        consumer.assign([partition])
        consumer.commit({partition: OffsetAndMetadata(1, "", -1)})
        return True


def _write(workbook: Workbook, topic: str) -> bool:
    settings = kafka_client.connection(workbook) | {"enable_idempotence": False, "max_block_ms": 5000}
    with contextlib.closing(KafkaProducer(**settings)) as producer:
        producer.send(topic, b"{}").get(timeout=10)
        return True


READING = Exercise(
    solution=reading_policy,
    evaluate=_what_works,
    wanted=dict.fromkeys((LET_IN, READ, GROUP), "works") | dict.fromkeys((WRITE, CONFUSED, OTHERS), "refused"),
    twins=(
        Twin(
            lambda cluster, learner: _reading(cluster, learner, connect=[]),
            "The role may read, and cannot come in to do it: everything begins with `kafka-cluster:Connect` on the "
            "cluster.",
            {LET_IN: "refused", HELPED: "works"},
        ),
        Twin(
            lambda cluster, learner: _reading(cluster, learner, service="kafka"),
            "`kafka:` is the service that makes and describes clusters. What brokers ask for begins with "
            "`kafka-cluster:`. IAM keeps either without a word.",
            {LET_IN: "refused", READ: "refused", HELPED: "refused"},
        ),
        Twin(
            lambda cluster, learner: _reading(cluster, learner, pattern="*"),
            "Without the dot the pattern fits `<id>hello` too, and the topics of a learner whose id begins with yours.",
            {READ: "works", WRITE: "refused", CONFUSED: "works"},
        ),
        Twin(
            lambda cluster, learner: _reading(cluster, learner, topic=["WriteData"]),
            "It writes as well. Whoever reads needs `DescribeTopic` and `ReadData`, no more.",
            {READ: "works", WRITE: "works"},
        ),
        Twin(
            lambda cluster, learner: _on_the_cluster_alone(cluster),
            "The role comes in, and may read no topic: no statement of yours allows `DescribeTopic` and `ReadData` "
            "with an ARN of topics. On the cluster's ARN only `Connect` means something; topics and groups each want a "
            "statement with an ARN of their own.",
            {LET_IN: "works", READ: "refused"},
        ),
    ),
    hints=(
        "Three statements: the cluster, the topics, the groups. The one that you saw above has all three.",
        "`Connect` on the cluster; `DescribeTopic` and `ReadData` on the topics; `DescribeGroup` and `AlterGroup` on "
        "the groups.",
        "The topics' ARN is the cluster's with `:topic/` for `:cluster/`, and `/<id>.*` at its end.",
    ),
    more="`DescribeTopic` alone shows names and sizes. Is there somebody to whom you would give that, and no more?",
)

# --- 3: a file with three faults -----------------------------------------------------------------------------------

FAULTY = """security.protocol=SASL_PLAINTEXT
sasl.mechanism=AWS_MSK_IAM
sasl.jaas.config=software.amazon.msk.auth.iam.IAMLoginModule required
  awsRoleArn="{role}"
sasl.client.callback.handler.class=software.amazon.msk.auth.iam.IAMClientCallbackHandler
"""


def repaired(role: str) -> str:
    """Write the lines of `client.properties` for a role, without the three faults."""
    return f"""security.protocol=SASL_SSL
sasl.mechanism=AWS_MSK_IAM
sasl.jaas.config=software.amazon.msk.auth.iam.IAMLoginModule required awsRoleArn="{role}";
sasl.client.callback.handler.class=software.amazon.msk.auth.iam.IAMClientCallbackHandler
"""


FILE = "check.properties"

REASONS = {
    "OutOfMemoryError": "OutOfMemoryError",
    "JAAS config entry not terminated by semi-colon": "JAAS config entry not terminated by semi-colon",
    "could not be found": "a class could not be found",
    "Unexpected SASL mechanism": "Unexpected SASL mechanism",
    "Access denied": "Access denied",
}
"""Words in what the tool says → what is shown of it."""


def _list_topics(answer: Callable[[str], str], machine: ClientMachine, tool: str, role: str) -> Result:
    """Let the tool list topics with the answer as its file."""
    text = given(answer(role))
    with scratch.systems():
        machine.write(FILE, text)
        try:
            done = machine.run(f"{tool} --command-config ~/{FILE} --list", check=False)
        finally:
            machine.run(f"rm -f {FILE}")
    lines = done.text.splitlines()
    last = next((line for line in reversed(lines) if line.startswith("Caused by: ")), "".join(lines[:1]))
    says = next((shown for words, shown in REASONS.items() if words in done.text), last)
    jaas = [line for line in text.splitlines() if line.startswith("sasl.jaas.config")]
    cut = bool(jaas) and "awsRoleArn" not in jaas[0] and not jaas[0].endswith("\\")
    ends = f"{done.exit_code}, and the tool says: {says}" if done.exit_code else 0
    return {"--list ends with": ends, "it says": says if done.exit_code else "", "the entry is cut": cut}


CLIENT_PROPERTIES = Exercise(
    solution=repaired,
    evaluate=_list_topics,
    wanted={"--list ends with": 0, "the entry is cut": False},
    twins=(
        Twin(
            lambda role: repaired(role).replace("required aws", "required\n  aws"),
            "The JAAS entry stands on two lines. A property ends where its line ends: put all of it on one line, or a "
            "backslash at the end of the first.",
            {"the entry is cut": True},
        ),
        Twin(
            lambda role: repaired(role).replace('";', '"'),
            "The tool told you: a JAAS entry ends with a semicolon. It stands behind the last quotation mark.",
            {"it says": "JAAS config entry not terminated by semi-colon", "the entry is cut": False},
        ),
        Twin(
            lambda role: repaired(role).replace("SASL_SSL", "SASL_PLAINTEXT"),
            "`SASL_PLAINTEXT` signs in without TLS, on a port where the brokers speak TLS. The tool takes the first "
            "bytes of their answer for a length and runs out of memory. `SASL_SSL` is both.",
            {"it says": "OutOfMemoryError", "the entry is cut": False},
        ),
    ),
    hints=(
        "Mend one fault, run the check, read what the tool says next: that is how it is done in real life.",
        "Compare with the file above: the protocol, and the line with `IAMLoginModule`.",
        "The protocol is `SASL_SSL`; the JAAS entry is one line that ends with a semicolon.",
    ),
    more="None of the three messages named the file. How would you have found out which file the tool reads?",
)

QUIZ = (
    Question(
        "Your laptop with the PEM file is stolen. What comes first?",
        (
            (
                "Delete the key pair in EC2, and all is well.",
                "A key pair that is only deleted there still opens the instances that were launched with it.",
            ),
            ("Change the password of the file.", "The thief has the file as it was, and it has no password."),
            ("Take the public key off the instance, or terminate it; then delete the pair and make a new one.", None),
        ),
    ),
    Question(
        "Why does the machine get a role instead of an access key in a file?",
        (
            ("The role's credentials end after hours and are renewed: nothing that lasts can be stolen.", None),
            ("A role may do more than a user.", "Either may do what its policies say, and no more."),
            ("A key in a file can't be read by Kafka's tools.", "It can: the SDK looks there too."),
        ),
    ),
    Question(
        "The broker says `Access denied`, and your policy looks right. Where do you look first?",
        (
            ("Into the broker's log, on the broker.", "MSK's brokers are not yours to log in to."),
            ("At who is signing in, with `aws sts get-caller-identity` on the machine.", None),
            ("At the Kafka version.", "Another version is refused in other words."),
        ),
    ),
)

LESSON = Lesson(
    {1: TRUST, 2: READING, 3: CLIENT_PROPERTIES},
    {
        1: {
            60: "A minute is what one allows for on AWS. The lab's broker hears of a new policy at once.",
            3600: "An hour is how long a session's key may live. Policies are looked at whenever something is asked.",
        },
    },
    QUIZ,
)
check, hint, solution, predict = LESSON.check, LESSON.hint, LESSON.solution, LESSON.predict
questions, quiz = LESSON.questions, LESSON.quiz
"""What the notebook calls."""
