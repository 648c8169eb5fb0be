"""A request takes one step after the other until one answers, and a refusal is an answer in the service's words."""

import asyncio
import json

from multidict import CIMultiDict

from lab.aws.door import chain, steps
from lab.aws.door.handling import Handling
from lab.aws.errors import AwsError
from lab.aws.protocol import Answer, Call


def gone(*way, dialect=None):
    handling = Handling(Call("GET", "/", "", CIMultiDict(), b""), dialect=dialect)
    return asyncio.run(chain.follow(way, None, handling))


async def passes_on(services, handling):
    handling.service = "iam"


async def answers(services, handling):
    return Answer(200, {}, handling.service.encode())


async def refuses(services, handling):
    raise AwsError("AccessDenied", "No.", 403)


async def breaks(services, handling):
    raise KeyError("a secret")


def test_the_first_step_that_answers_ends_the_way():
    assert gone(passes_on, answers, breaks).body == b"iam"


def test_a_refusal_is_written_as_the_service_that_is_called_writes_it():
    assert json.loads(gone(refuses, answers).body) == {"__type": "AccessDenied", "message": "No."}
    assert b"<Code>AccessDenied</Code>" in gone(refuses, answers, dialect="iam").body


def test_what_breaks_and_a_way_without_an_end_are_the_labs_failure():
    for way in ((breaks,), (passes_on,), ()):
        answer = gone(*way)
        assert (answer.status, json.loads(answer.body)["__type"]) == (500, "InternalFailure")
        assert b"a secret" not in answer.body


def test_nobody_is_heard_before_it_is_known_who_they_are_and_that_they_may():
    order = chain.REQUEST.index
    assert order(steps.check_host) == 0
    assert order(steps.find_signer) < order(steps.read_body) < order(steps.verify_signature)
    assert order(steps.verify_signature) < order(steps.authorize) < order(steps.dispatch) == len(chain.REQUEST) - 1
    assert chain.REQUEST[-len(chain.KNOWN_CALLER) :] == chain.KNOWN_CALLER
