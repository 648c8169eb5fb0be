"""Consumers: created, subscribed, read, committed, moved, deleted; and closed when nobody cares for them."""

import threading
import time

import pytest

from lab.core import iam_file

pytestmark = pytest.mark.lab


def place(topic: str, **more: object) -> dict:
    return {"topic": topic, "partition": 0} | more


def values(records: list[dict]) -> list:
    return [record["value"] for record in records]


@pytest.fixture
def ten(proxy, pin):
    """A topic with the numbers from 0 to 9."""
    proxy.produce(pin, *({"value": number} for number in range(10)))
    return pin


def test_a_whole_life(proxy, ten):
    consumer = proxy.consumer(ten, "me", **{"auto.commit.enable": "false"})
    assert consumer == f"/consumers/{ten}/instances/me"
    assert proxy.post(f"{consumer}/subscription", {"topics": [ten]}).status_code == 204
    assert proxy.get(f"{consumer}/subscription").json() == {"topics": [ten]}
    assert values(proxy.records(consumer, 10)) == list(range(10))
    assert proxy.get(f"{consumer}/assignments").json() == {"partitions": [place(ten)]}
    assert proxy.get(f"{consumer}/records").json() == []

    def committed() -> list[dict]:
        answer = proxy.get(f"{consumer}/offsets", json={"partitions": [place(ten)]})
        assert answer.status_code == 200, answer.text
        return answer.json()["offsets"]

    assert committed() == []
    assert proxy.post(f"{consumer}/offsets").status_code == 200
    assert committed() == [place(ten, offset=10, metadata="")]
    assert proxy.post(f"{consumer}/offsets", {"offsets": [place(ten, offset=4, metadata="m")]}).status_code == 200
    assert committed() == [place(ten, offset=5, metadata="m")]

    assert proxy.post(f"{consumer}/positions", {"offsets": [place(ten, offset=7)]}).status_code == 204
    assert values(proxy.records(consumer, 3)) == [7, 8, 9]
    assert proxy.post(f"{consumer}/positions/beginning", {"partitions": [place(ten)]}).status_code == 204
    assert values(proxy.records(consumer, 10)) == list(range(10))
    assert proxy.post(f"{consumer}/positions/end", {"partitions": [place(ten)]}).status_code == 204
    assert proxy.get(f"{consumer}/records").json() == []
    proxy.produce(ten, {"value": "new"})
    assert values(proxy.records(consumer, 1)) == ["new"]

    assert proxy.delete(f"{consumer}/subscription").status_code == 204
    assert proxy.get(f"{consumer}/subscription").json() == {"topics": []}
    assert proxy.delete(consumer).status_code == 204
    for answer in (proxy.get(f"{consumer}/records"), proxy.delete(consumer), proxy.post(f"{consumer}/offsets")):
        assert (answer.status_code, answer.json()["error_code"]) == (404, 40403)
    again = proxy.consumer(ten, "me")
    proxy.post(f"{again}/subscription", {"topics": [ten]})
    assert values(proxy.records(again, 6)) == [5, 6, 7, 8, 9, "new"], "begins after what was committed"
    proxy.delete(again)


def test_assigned_partitions_are_read_from_where_they_are_told(proxy, ten):
    consumer = proxy.consumer(ten)
    assert proxy.post(f"{consumer}/assignments", {"partitions": [place(ten)]}).status_code == 204
    assert proxy.get(f"{consumer}/assignments").json() == {"partitions": [place(ten)]}
    for offset in (8, 2, 5):
        proxy.post(f"{consumer}/positions", {"offsets": [place(ten, offset=offset)]})
        assert values(proxy.records(consumer, 10 - offset)) == list(range(offset, 10))
    proxy.post(f"{consumer}/positions/end", {"partitions": [place(ten)]})
    assert proxy.get(f"{consumer}/records").json() == []
    proxy.delete(consumer)


def test_what_was_read_is_committed_by_itself(proxy, ten):
    consumer = proxy.consumer(ten)
    proxy.post(f"{consumer}/subscription", {"topics": [ten]})
    assert len(proxy.records(consumer, 3, "?max_bytes=3")) >= 3
    read = len(proxy.get(f"{consumer}/records?max_bytes=2").json())
    assert read == 2
    proxy.delete(consumer)
    other = proxy.consumer(ten)
    proxy.post(f"{other}/subscription", {"topics": [ten]})
    assert values(proxy.records(other, 5)) == list(range(5, 10)), "what was fetched and not read is still to come"
    proxy.delete(other)


def test_a_pattern_follows_the_topics_that_match_it_whole(proxy, own, ten):
    proxy.produce(own.topic("geo"), {"value": "geo"})
    consumer = proxy.consumer(ten)
    pattern = own.id + r"\.(geo|use)"
    assert proxy.post(f"{consumer}/subscription", {"topic_pattern": pattern}).status_code == 204
    assert values(proxy.records(consumer, 1)) == ["geo"]
    assert proxy.get(f"{consumer}/subscription").json() == {"topics": [own.topic("geo")]}
    proxy.delete(consumer)


@pytest.mark.parametrize(
    ("first", "second"),
    [
        (
            ("subscription", {"topics": ["a.topic"]}),
            ("assignments", {"partitions": [{"topic": "a.topic", "partition": 0}]}),
        ),
        (
            ("assignments", {"partitions": [{"topic": "a.topic", "partition": 0}]}),
            ("subscription", {"topics": ["a.topic"]}),
        ),
        (("subscription", {"topics": ["a.topic"]}), ("subscription", {"topic_pattern": "a.*"})),
        (("subscription", {"topic_pattern": "a.*"}), ("subscription", {"topics": ["a.topic"]})),
    ],
)
def test_ways_of_choosing_do_not_mix(proxy, pin, first, second):
    consumer = proxy.consumer(pin)
    assert proxy.post(f"{consumer}/{first[0]}", first[1]).status_code == 204
    answer = proxy.post(f"{consumer}/{second[0]}", second[1])
    assert (answer.status_code, answer.json()["error_code"]) == (409, 40903)
    assert "mutually exclusive" in answer.json()["message"]
    proxy.delete(f"{consumer}/subscription")
    assert proxy.post(f"{consumer}/{second[0]}", second[1]).status_code == 204
    proxy.delete(consumer)


def test_what_makes_no_sense_yet_is_a_conflict(proxy, pin):
    consumer = proxy.consumer(pin)
    for answer in (
        proxy.get(f"{consumer}/records"),
        proxy.post(f"{consumer}/positions", {"offsets": [place(pin, offset=0)]}),
    ):
        assert (answer.status_code, answer.json()["error_code"]) == (409, 40903), answer.text
    proxy.delete(consumer)


def test_a_name_is_taken_once(proxy, pin):
    consumer = proxy.consumer(pin, "twin")
    answer = proxy.post(f"/consumers/{pin}", {"name": "twin"})
    assert (answer.status_code, answer.json()["error_code"]) == (409, 40902)
    proxy.delete(consumer)
    unnamed = proxy.post(f"/consumers/{pin}").json()
    assert unnamed["instance_id"].startswith("rest-consumer-")
    proxy.delete(unnamed["base_uri"].removeprefix(proxy.url))


def test_a_name_may_hold_anything(proxy, pin):
    consumer = proxy.consumer("a group/é", "my/näme ?")
    assert proxy.get(f"{consumer}/subscription").json() == {"topics": []}
    assert proxy.delete(consumer).status_code == 204


@pytest.mark.parametrize(
    ("wishes", "code"),
    [
        ({"format": "avro"}, 422),
        ({"format": 7}, 422),
        ({"auto.offset.reset": "smallest"}, 42204),
        ({"auto.commit.enable": "perhaps"}, 42204),
        ({"fetch.min.bytes": -2}, 42204),
        ({"fetch.min.bytes": 10_000_001}, 42204),
        ({"consumer.request.timeout.ms": "soon"}, 42204),
        ({"offset": "earliest"}, 422),
        ({"name": 5}, 422),
    ],
)
def test_a_wish_that_cannot_be_granted_is_refused(proxy, wishes, code):
    answer = proxy.post("/consumers/g", wishes)
    assert (answer.status_code, answer.json()["error_code"]) == (422, code), answer.text


@pytest.mark.parametrize(
    ("path", "content", "code"),
    [
        ("subscription", {}, 422),
        ("subscription", {"topics": "pin"}, 422),
        ("subscription", {"topics": []}, 422),
        ("subscription", {"topics": ["a"], "topic_pattern": "a"}, 40903),
        ("subscription", {"topic_pattern": "("}, 422),
        ("assignments", {}, 422),
        ("assignments", {"partitions": [{"topic": "a"}]}, 422),
        ("assignments", {"partitions": [{"topic": "a", "partition": "x"}]}, 422),
        ("offsets", {"offsets": [{"topic": "a", "partition": 0, "offset": -1}]}, 422),
        ("positions", {"offsets": [{"topic": "a", "partition": 0}]}, 422),
    ],
)
def test_a_request_that_is_not_understood_is_refused(proxy, pin, path, content, code):
    consumer = proxy.consumer(pin)
    answer = proxy.post(f"{consumer}/{path}", content)
    proxy.delete(consumer)
    assert answer.json()["error_code"] == code, answer.text


def test_offsets_of_nothing_are_not_found(proxy, pin):
    consumer = proxy.consumer(pin)
    answer = proxy.get(f"{consumer}/offsets")
    proxy.delete(consumer)
    assert (answer.status_code, answer.json()["error_code"]) == (404, 40402)


def test_records_want_the_consumers_own_form(proxy, ten):
    consumer = proxy.consumer(ten)
    proxy.post(f"{consumer}/subscription", {"topics": [ten]})
    answer = proxy.get(f"{consumer}/records", headers={"Accept": "application/vnd.kafka.binary.v2+json"})
    assert (answer.status_code, answer.json()["error_code"]) == (406, 40601)
    answer = proxy.get(f"{consumer}/records", headers={"Accept": "application/vnd.kafka.json.v2+json"})
    assert answer.headers["Content-Type"] == "application/vnd.kafka.json.v2+json"
    proxy.delete(consumer)


def test_what_is_not_json_is_named_and_what_comes_before_it_is_not_lost(proxy, pin):
    proxy.produce(pin, {"value": "before"})
    proxy.produce(pin, {"value": "YQ=="}, headers={"Content-Type": "application/vnd.kafka.binary.v2+json"})
    proxy.produce(pin, {"value": "after"})
    consumer = proxy.consumer(pin, **{"consumer.request.timeout.ms": 5000})
    proxy.post(f"{consumer}/assignments", {"partitions": [place(pin)]})
    assert values(proxy.get(f"{consumer}/records").json()) == ["before"]
    for _ in range(2):
        answer = proxy.get(f"{consumer}/records")
        assert (answer.status_code, answer.json()["error_code"]) == (408, 40801), answer.text
        assert f"{pin}-0 at offset 1" in answer.json()["message"]
    proxy.post(f"{consumer}/positions", {"offsets": [place(pin, offset=2)]})
    assert values(proxy.records(consumer, 1)) == ["after"]
    proxy.delete(consumer)


def test_reading_waits_no_longer_than_asked(proxy, pin):
    consumer = proxy.consumer(pin, **{"consumer.request.timeout.ms": 1500})
    proxy.post(f"{consumer}/assignments", {"partitions": [place(pin)]})
    for query, least, most in (("?timeout=200", 0.1, 0.8), ("?timeout=60000", 1.4, 2.5), ("", 1.4, 2.5)):
        began = time.monotonic()
        assert proxy.get(f"{consumer}/records{query}").json() == []
        assert least < time.monotonic() - began < most
    proxy.delete(consumer)


def test_reading_waits_for_the_least_that_is_wanted(proxy, ten):
    consumer = proxy.consumer(ten, **{"fetch.min.bytes": 1000, "consumer.request.timeout.ms": 1500})
    proxy.post(f"{consumer}/assignments", {"partitions": [place(ten)]})
    began = time.monotonic()
    assert len(proxy.get(f"{consumer}/records").json()) == 10
    assert time.monotonic() - began > 1.4
    proxy.delete(consumer)


def test_one_slow_reader_holds_nobody_up(proxy, pin, ten):
    consumer = proxy.consumer(pin, "slow", **{"consumer.request.timeout.ms": 4000})
    proxy.post(f"{consumer}/assignments", {"partitions": [place(pin)]})
    proxy.post(f"{consumer}/positions/end", {"partitions": [place(pin)]})
    answers = []
    slow = threading.Thread(target=lambda: answers.append(proxy.get(f"{consumer}/records")))
    slow.start()
    time.sleep(0.2)
    began = time.monotonic()
    assert proxy.get("/topics").status_code == 200
    other = proxy.consumer(ten, "quick")
    assert proxy.delete(other).status_code == 204
    assert time.monotonic() - began < 3
    slow.join()
    assert answers[0].json() == []
    proxy.delete(consumer)


def test_an_unknown_topic_is_told_to_the_reader(proxy, pin):
    consumer = proxy.consumer(pin, **{"consumer.request.timeout.ms": 5000})
    proxy.post(f"{consumer}/subscription", {"topics": ["nothing.here"]})
    answer = proxy.get(f"{consumer}/records")
    proxy.delete(consumer)
    assert (answer.status_code, answer.json()["error_code"]) == (404, 40401), answer.text
    assert "'nothing.here'" in answer.json()["message"]


def deny(action: str, resource: str) -> dict:
    statement = {"Effect": "Deny", "Action": f"kafka-cluster:{action}", "Resource": resource}
    return {"Version": "2012-10-17", "Statement": [statement]}


@pytest.mark.parametrize(("kind", "action"), [("topic", "ReadData"), ("topic", "DescribeTopic"), ("group", "*")])
def test_who_may_not_read_is_told_what_is_missing(proxy, ten, policies, kind, action):
    policies(iam_file.kafka_policy("*"), deny(action, iam_file.kafka_arn(kind, ten)))
    consumer = proxy.consumer(ten, **{"consumer.request.timeout.ms": 5000})
    proxy.post(f"{consumer}/subscription", {"topics": [ten]})
    answer = proxy.get(f"{consumer}/records")
    proxy.delete(consumer)
    assert (answer.status_code, answer.json()["error_code"]) == (403, 40301), answer.text
    assert f"{kind} {ten!r}" in answer.json()["message"]


def test_an_idle_consumer_is_closed_and_a_busy_one_is_not(launcher, own, pin):
    proxy = launcher.start(consumer_instance_timeout_ms=2000)
    idle, busy = proxy.consumer(pin, "idle"), proxy.consumer(pin, "busy")
    limit = time.monotonic() + 15
    while proxy.get(f"{idle}/subscription").status_code == 200 and time.monotonic() < limit:
        for _ in range(8):
            assert proxy.get(f"{busy}/subscription").status_code == 200
            time.sleep(0.5)
    assert proxy.get(f"{idle}/subscription").json()["error_code"] == 40403
    assert "'idle' of group" in proxy.log


def test_there_are_only_so_many_consumers(launcher, pin):
    proxy = launcher.start(consumer_instances_max=2)
    first, _ = proxy.consumer(pin, "1"), proxy.consumer(pin, "2")
    answer = proxy.post(f"/consumers/{pin}", {"name": "3"})
    assert answer.status_code == 429
    assert int(answer.headers["Retry-After"]) > 0
    assert "consumer.instances.max" in answer.json()["message"]
    proxy.delete(first)
    proxy.consumer(pin, "3")
    assert proxy.stop() == 0


def test_two_members_share_the_partitions_and_one_takes_over(proxy, make_topic):
    topic = make_topic(2)
    members = [proxy.consumer(topic, name) for name in ("a", "b")]
    for member in members:
        proxy.post(f"{member}/subscription", {"topics": [topic]})
    limit = time.monotonic() + 30
    shares: list[int] = []
    while shares != [1, 1] and time.monotonic() < limit:
        shares = []
        for member in members:
            assert proxy.get(f"{member}/records?timeout=200").status_code == 200
            shares.append(len(proxy.get(f"{member}/assignments").json()["partitions"]))
    assert shares == [1, 1]
    proxy.produce(topic, *({"value": n, "partition": n % 2} for n in range(20)))
    found = [record for member in members for record in proxy.records(member, 10)]
    assert sorted(values(found)) == list(range(20))
    proxy.delete(members[0])
    proxy.produce(topic, *({"value": n, "partition": n % 2} for n in range(20, 24)))
    assert sorted(values(proxy.records(members[1], 4))) == [20, 21, 22, 23]
    proxy.delete(members[1])
