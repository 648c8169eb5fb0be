import dataclasses

import pytest
from strict_calls import ADMIN, ANYBODY, EVERYTHING, call, hold, refusal

from lab.aws.strict import behalf
from tools.policies_by_hand import ON_BEHALF

CASES = [
    (name, member, action)
    for name, members in behalf.NEEDED.items()
    for member, actions in members.items()
    for action in actions
]


def told(name, **said):
    service, operation = name.split(":")
    return call(service, operation, RoleName="r", InstanceProfileName="p", **said)


@pytest.mark.parametrize(("name", "member", "action"), CASES)
def test_what_is_done_on_the_callers_behalf_is_refused_by_its_name(name, member, action):
    denied = {"Statement": [{"Effect": "Deny", "Action": action, "Resource": "*"}]}
    lacking = dataclasses.replace(ADMIN, policies={ANYBODY: (EVERYTHING, denied)})
    assert action in refusal([behalf.rule()], told(name, **{member: "x"}), lacking).message
    assert hold([behalf.rule()], told(name, **{member: "x"})) is None
    assert hold([behalf.rule()], told(name), lacking) is None, "without the member nothing of it is needed"


def test_the_policies_by_notebook_hold_all_of_it():
    for name, _, action in CASES:
        in_boto3s_words = name.replace("airflow:", "mwaa:")
        assert action in ON_BEHALF[in_boto3s_words], name
