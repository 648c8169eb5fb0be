import json

import pytest
from strict_calls import CLOCK, asked, call, hold, refusal

from lab.aws.protocol import Answer
from lab.aws.strict import rules
from lab.aws.strict.states import SLOW


def retold(all_of_them, operation, told):
    answer = rules.retell(all_of_them, asked(operation), Answer(200, {}, json.dumps(told).encode()))
    return json.loads(answer.body)


@pytest.mark.parametrize("slow", SLOW, ids=lambda slow: slow.create)
def test_what_is_new_is_creating_for_a_while_and_may_not_be_touched(slow):
    every = rules.all_rules()
    retold(every, call(slow.service, slow.create, Name="x"), {slow.key: "x"})
    describe = call(slow.service, "Describe")
    told = {"it": {slow.key: "x", slow.state: "FAILED", "stateDescription": {}}}
    assert retold(every, describe, told) == {"it": {slow.key: "x", slow.state: "CREATING"}}
    other = {"several": [{slow.key: "y", slow.state: "RUNNING"}]}
    assert retold(every, describe, other) == other
    for operation in slow.too_early:
        assert "x is CREATING" in refusal(every, call(slow.service, operation, **{slow.key: "x"})).message
    CLOCK.seconds += slow.seconds
    assert retold(every, describe, told) == told
    for operation in slow.too_early:
        assert hold(every, call(slow.service, operation, **{slow.key: "x"})) is None


def test_a_refusal_makes_nothing_new():
    every = rules.all_rules()
    refused = Answer(400, {}, b'{"message": "no"}')
    assert rules.retell(every, asked(call("airflow", "CreateEnvironment", Name="x")), refused) is refused
    assert hold(every, call("airflow", "DeleteEnvironment", Name="x")) is None
