import pytest
from strict_calls import call, hold, refusal

from lab.aws.strict import throttling
from lab.aws.strict.rules import all_rules


def met(service, name, **parameters):
    """Call until the rule refuses."""
    rules = all_rules()
    for _ in range(throttling.EVERY - 1):
        assert hold(rules, call(service, name, **parameters)) is None
    found = refusal(rules, call(service, name, **parameters))
    assert hold(rules, call(service, name, **parameters)) is None, "the next try is let through"
    return found.code, found.status


@pytest.mark.parametrize("service", throttling.REFUSALS)
def test_every_nth_call_of_a_service_is_throttled_in_its_own_words(service):
    assert met(service, "GetSomething") == throttling.REFUSALS[service]


def test_records_of_kinesis_have_a_code_of_their_own():
    assert met("kinesis", "PutRecords") == ("ProvisionedThroughputExceededException", 400)


def test_services_that_call_on_somebodys_behalf_are_not_throttled():
    rules = all_rules()
    for _ in range(2 * throttling.EVERY):
        assert hold(rules, call("kinesis", "PutRecords"), by_service=True) is None
