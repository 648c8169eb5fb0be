"""What policies allow, deny and are refused for."""

import json
import time

import pytest
from moto.iam.aws_managed_policies import aws_managed_policies_data

from lab.aws.errors import AwsError
from lab.aws.identity import policies

PIN = "arn:aws:kinesis:us-east-1:123456789012:stream/pin"
ROLE = "arn:aws:iam::123456789012:role/a"
LEARNER = "arn:aws:iam::123456789012:user/learner"


def document(*statements):
    return {"Version": "2012-10-17", "Statement": list(statements)}


def allow(action="kinesis:*", resource="*", **more):
    return {"Effect": "Allow", "Action": action, "Resource": resource} | more


def deny(action="kinesis:*", resource="*", **more):
    return allow(action, resource, Effect="Deny", **more)


def allows(*statements, action="kinesis:PutRecord", resource=PIN):
    return policies.allows([document(*statements)], action, resource)


@pytest.mark.parametrize(
    ("pattern", "allowed"),
    [
        ("kinesis:PutRecord", True), ("KINESIS:putrecord", True), ("kinesis:*", True), ("*", True),
        ("kinesis:Put*", True), ("kinesis:Put??????", True), ("kinesis:*Record", True), ("k*:P*R*d", True),
        ("kinesis:Put?????", False), ("kinesis:PutRecords", False), ("kinesis:Put", False), ("s3:*", False),
        ("kinesis:*Records", False), ("kinesis.PutRecord", False), ("kinesis:Put[A-Z]*", False),
        (["s3:*", "kinesis:PutRecord"], True), ([], False),
    ],
)  # fmt: skip
def test_actions_match_with_wildcards_and_without_case(pattern, allowed):
    assert allows(allow(pattern)) is allowed


@pytest.mark.parametrize(
    ("pattern", "allowed"),
    [
        ("*", True), (PIN, True), ("arn:aws:kinesis:us-east-1:123456789012:stream/*", True),
        ("arn:aws:kinesis:*:*:stream/p?n", True), ("arn:aws:kinesis", True), ("arn:*:*:*:*:*", True),
        ("arn:aws:kinesis:us-east-1:123456789012:stream/PIN", False),
        ("arn:aws:kinesis:us-east-1:*stream/pin", False),
        ("arn:aws:kinesis:eu-west-1:123456789012:stream/pin", False),
        ("arn:aws:kinesis:us-east-1:123456789012:stream/pi", False), ("arn:aws:s3:::*", False), ("*pin", False),
        (["arn:aws:s3:::x", PIN], True), ([], False),
    ],
)  # fmt: skip
def test_resources_match_with_wildcards_field_by_field(pattern, allowed):
    assert allows(allow(resource=pattern)) is allowed


def test_colons_and_slashes_in_a_resource_are_its_own():
    key = "arn:aws:s3:::bucket/a/b:c"
    assert allows(allow("s3:*", "arn:aws:s3:::bucket/*"), action="s3:GetObject", resource=key)
    assert allows(allow("s3:*", "arn:aws:s3:::*:c"), action="s3:GetObject", resource=key)


def test_silence_is_no_and_a_deny_wins():
    assert not allows()
    assert not policies.allows([], "kinesis:PutRecord", PIN)
    assert not allows(allow(), deny("kinesis:PutRecord"))
    assert not allows(deny(), allow())
    assert allows(allow(), deny("kinesis:DeleteStream"))
    assert not policies.allows([document(allow()), document(deny())], "kinesis:PutRecord", PIN)


def test_a_statement_may_stand_alone():
    assert policies.allows([{"Statement": allow()}], "kinesis:PutRecord", PIN)


def test_not_action_is_everything_else():
    everything_else = {"Effect": "Allow", "NotAction": ["kinesis:Delete*", "iam:*"], "Resource": "*"}
    assert allows(everything_else)
    assert not allows(everything_else, action="kinesis:DeleteStream")
    assert not allows(allow("*"), everything_else | {"Effect": "Deny"})
    assert allows(allow("*"), everything_else | {"Effect": "Deny"}, action="iam:ListUsers", resource="*")


def test_not_resource_is_everything_else():
    everything_else = {"Effect": "Deny", "Action": "*", "NotResource": [PIN, "arn:aws:s3:::x"]}
    assert allows(allow("*"), everything_else)
    assert not allows(allow("*"), everything_else, resource=PIN.replace("pin", "geo"))


def test_an_action_about_no_resource_in_particular_needs_all_of_them():
    assert not allows(allow(resource=PIN), action="kinesis:ListStreams", resource="*")
    assert allows(allow(), action="kinesis:ListStreams", resource="*")


def test_where_the_resource_is_not_worked_out_any_will_do():
    one = "arn:aws:ec2:us-east-1:123456789012:instance/i-1"
    assert allows(allow("ec2:*", one), action="ec2:RunInstances", resource=None)
    assert allows(allow("ec2:*"), deny("ec2:*", one), action="ec2:RunInstances", resource=None)
    assert not allows(allow("ec2:*"), deny("ec2:*"), action="ec2:RunInstances", resource=None)


UNEVALUATED = [
    ({"Condition": {"Bool": {"aws:SecureTransport": "true"}}}, "the element Condition"),
    ({"NotPrincipal": {"AWS": "*"}}, "the element NotPrincipal"),
    ({"Resource": "arn:aws:s3:::home/${aws:username}"}, r"the policy variable in arn:aws:s3:::home/\$\{aws:username\}"),
    ({"Resource": [PIN, "arn:aws:s3:::${*}"]}, "the policy variable"),
    ({"Condtion": {}}, "the element Condtion"),
]


@pytest.mark.parametrize(("part", "words"), UNEVALUATED)
def test_what_is_not_evaluated_is_refused_by_name(part, words):
    for effect in ("Allow", "Deny"):
        with pytest.raises(AwsError, match=f"does not evaluate {words}") as refused:
            policies.check(document(allow(), allow(**{"Effect": effect} | part)))
        assert refused.value.code == "MalformedPolicyDocument"


@pytest.mark.parametrize(("part", "words"), UNEVALUATED)
def test_what_is_not_evaluated_grants_nothing_and_still_denies(part, words):
    assert not allows(allow("*", **part), resource="arn:aws:s3:::home/learner")
    assert not allows(allow("*"), deny("*", **part), resource="arn:aws:s3:::home/learner")


@pytest.mark.parametrize("wrong", [[], "x", 5, None, {"Statement": ["x"]}, {"Statement": [None]}])
def test_what_is_no_policy_is_refused(wrong):
    with pytest.raises(AwsError, match="must be a JSON object"):
        policies.check(wrong)


def test_a_policy_without_an_effect_does_nothing():
    assert not policies.allows([{"Statement": {"Action": "*", "Resource": "*"}}], "s3:GetObject", "arn:aws:s3:::a")


def test_statements_of_awss_own_with_a_condition_grant_nothing():
    managed = json.loads(aws_managed_policies_data)["AmazonMSKConnectReadOnlyAccess"]["Document"]
    assert policies.allows([managed], "kafkaconnect:ListConnectors", "*")
    conditional = [
        (name, action)
        for name, policy in json.loads(aws_managed_policies_data).items()
        for statement in _listed(policy["Document"]["Statement"])
        if "Condition" in statement and statement["Effect"] == "Allow" and statement.get("Resource") in ("*", ["*"])
        for action in _listed(statement.get("Action", []))
        if action == "iam:PassRole" and not _plainly_allowed(policy["Document"])
    ]
    assert len(conditional) > 20
    documents = json.loads(aws_managed_policies_data)
    for name, action in conditional:
        assert not policies.allows([documents[name]["Document"]], action, ROLE), name


def _listed(value):
    return value if isinstance(value, list) else [value]


def _plainly_allowed(found):
    return any(
        "Condition" not in s and s["Effect"] == "Allow" and {"*", "iam:*", "iam:PassRole"} & set(_listed(s["Action"]))
        for s in _listed(found["Statement"])
        if "Action" in s
    )


def trusted(*statements, session=LEARNER, owner=LEARNER, own=()):
    return policies.trusts(document(*statements), session, owner, own, ROLE)


def trust(principal, **more):
    return {"Effect": "Allow", "Principal": principal, "Action": "sts:AssumeRole"} | more


ASSUME = [document(allow("sts:AssumeRole", ROLE))]


@pytest.mark.parametrize(
    ("principal", "own", "expected"),
    [
        ({"AWS": LEARNER}, [], True), ({"AWS": ["arn:aws:iam::123456789012:user/b", LEARNER]}, [], True),
        ({"AWS": "*"}, [], True), ("*", [], True),
        ({"AWS": "arn:aws:iam::123456789012:root"}, [], False), ({"AWS": "123456789012"}, [], False),
        ({"AWS": "arn:aws:iam::123456789012:root"}, ASSUME, True), ({"AWS": "123456789012"}, ASSUME, True),
        ({"AWS": "arn:aws:iam::210987654321:root"}, ASSUME, False),
        ({"AWS": "arn:aws:iam::123456789012:user/*"}, ASSUME, False), ({"AWS": ROLE}, ASSUME, False),
        ({"Service": "ec2.amazonaws.com"}, ASSUME, False), ({"Service": LEARNER}, ASSUME, False),
        ({"Federated": "*"}, ASSUME, False), ({}, ASSUME, False),
    ],
)  # fmt: skip
def test_a_role_is_for_whom_its_trust_policy_names(principal, own, expected):
    assert trusted(trust(principal), own=own) is expected


def test_a_role_trusts_itself_only_if_it_says_so():
    session = "arn:aws:sts::123456789012:assumed-role/a/one"
    assert not trusted(trust({"Service": "ec2.amazonaws.com"}), session=session, owner=ROLE, own=ASSUME)
    assert trusted(trust({"AWS": ROLE}), session=session, owner=ROLE)
    assert trusted(trust({"AWS": session}), session=session, owner=ROLE)


def test_denials_of_either_side_win():
    assert not trusted(trust({"AWS": LEARNER}), trust({"AWS": "*"}, Effect="Deny"))
    assert not trusted(trust({"AWS": LEARNER}), own=[document(deny("sts:*"))])
    assert not trusted(trust({"AWS": LEARNER}), own=[*ASSUME, document(deny("sts:AssumeRole", ROLE))])
    assert trusted(trust({"AWS": LEARNER}), own=[document(deny("sts:AssumeRole", "arn:aws:iam::1:role/b"))])


def test_another_action_than_assume_role_is_not_assume_role():
    assert not trusted(trust({"AWS": LEARNER}, Action="sts:TagSession"))
    assert trusted(trust({"AWS": LEARNER}, Action="sts:*"))
    assert not trusted(trust({"AWS": LEARNER}, Condition={"StringEquals": {"sts:ExternalId": "x"}}))


def test_a_service_is_trusted_by_its_name():
    both = document(trust({"Service": ["ec2.amazonaws.com", "kafkaconnect.amazonaws.com"]}))
    assert policies.trusts_service(both, "ec2.amazonaws.com")
    assert not policies.trusts_service(both, "apigateway.amazonaws.com")
    denied = document(*both["Statement"], trust({"Service": "ec2.amazonaws.com"}, Effect="Deny"))
    assert not policies.trusts_service(denied, "ec2.amazonaws.com")
    assert not policies.trusts_service(document(trust({"AWS": "*"})), "ec2.amazonaws.com")


def test_no_pattern_takes_long():
    started = time.thread_time()  # neighbours on the same processor do not count
    hard = "kinesis:" + "*a" * 2000 + "b"
    assert not allows(allow(hard), action="kinesis:" + "a" * 5000)
    assert not allows(allow(resource="arn:aws:s3:::" + "*a" * 2000 + "b"), resource="arn:aws:s3:::" + "a" * 5000)
    assert time.thread_time() - started < 2


def test_stars_give_back_what_the_rest_needs():
    for pattern, text, matches in [
        ("s3:*Object*", "s3:GetObjectAcl", True), ("s3:*a*b", "s3:aabab", True), ("s3:*ab*b", "s3:ab", False),
        ("s3:**", "s3:", True), ("s3:*a?", "s3:aba", False), ("s3:*a?", "s3:abab", True), ("s3:a*a", "s3:a", False),
    ]:  # fmt: skip
        assert allows(allow(pattern), action=text) is matches, (pattern, text)


CONNECTOR = "arn:aws:kafkaconnect:us-east-1:123456789012:connector/c/1f0e"


def trusting(condition, effect="Allow"):
    principal = {"Service": "kafkaconnect.amazonaws.com"}
    return document({"Effect": effect, "Principal": principal, "Action": "sts:AssumeRole", "Condition": condition})


@pytest.mark.parametrize(
    ("condition", "trusted"),
    [
        # the policy of MSK Connect's own documentation
        (
            {
                "StringEquals": {"aws:SourceAccount": "123456789012"},
                "ArnLike": {"aws:SourceArn": CONNECTOR.replace("1f0e", "*")},
            },
            True,
        ),
        ({"StringEquals": {"aws:SourceAccount": "210987654321"}}, False),
        ({"StringEquals": {"AWS:sourceaccount": ["1", "123456789012"]}}, True),
        ({"StringNotEquals": {"aws:SourceAccount": "123456789012"}}, False),
        ({"ArnEquals": {"aws:SourceArn": CONNECTOR}}, True),
        ({"ArnLike": {"aws:SourceArn": "arn:aws:kafkaconnect:*:connector/c/1f0e"}}, False),
        ({"ArnNotLike": {"aws:SourceArn": "arn:aws:kafkaconnect:*:*:connector/d*"}}, True),
        ({"StringLike": {"aws:SourceArn": "arn:aws:kafka*:connector/?/*"}}, True),
        ({"StringEquals": {"aws:PrincipalArn": ROLE}}, False),
        ({"StringEqualsIfExists": {"aws:PrincipalArn": ROLE}}, True),
        ({"Null": {"aws:SourceArn": "true"}}, False),
        ({"Null": {"aws:PrincipalArn": "true"}}, True),
    ],
)
def test_the_conditions_of_a_trust_policy_are_evaluated(condition, trusted):
    policies.check(trusting(condition), is_trust=True)
    assert policies.trusts_service(trusting(condition), "kafkaconnect.amazonaws.com", CONNECTOR) is trusted
    both = document(*trusting({})["Statement"], *trusting(condition, "Deny")["Statement"])
    assert policies.trusts_service(both, "kafkaconnect.amazonaws.com", CONNECTOR) is not trusted


def test_an_external_id_is_asked_for():
    statement = {"Effect": "Allow", "Principal": {"AWS": LEARNER}, "Action": "sts:AssumeRole"}
    asking = document(statement | {"Condition": {"StringEquals": {"sts:ExternalId": "secret"}}})
    for given, trusted in (("secret", True), ("guess", False), (None, False)):
        assert policies.trusts(asking, LEARNER, LEARNER, [], ROLE, given) is trusted


@pytest.mark.parametrize(
    ("condition", "words"),
    [
        ({"IpAddress": {"aws:SourceIp": "10.0.0.0/8"}}, "the condition operator IpAddress"),
        ({"StringEquals": {"aws:PrincipalOrgID": "o-1"}}, "the condition key aws:PrincipalOrgID"),
        ({"ForAnyValue:StringEquals": {"aws:SourceArn": "a"}}, "the condition operator ForAnyValue:StringEquals"),
    ],
)
def test_a_condition_that_is_not_evaluated_is_refused_by_name_and_grants_nothing(condition, words):
    with pytest.raises(AwsError, match=f"does not evaluate {words}"):
        policies.check(trusting(condition), is_trust=True)
    assert not policies.trusts_service(trusting(condition), "kafkaconnect.amazonaws.com", CONNECTOR)
