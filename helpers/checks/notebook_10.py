"""Exercises of the notebook about cleaning up."""

from collections.abc import Callable
from graphlib import TopologicalSorter
from typing import Any

from helpers.checks.exercise import Exercise, Result, Twin, given
from helpers.checks.lesson import Lesson
from helpers.checks.quiz import Question

Thing = dict[str, Any]

PRICES = {"shard": 0.015, "broker": 0.0456, "environment": 0.49}

THINGS: dict[str, list[Thing]] = {
    "streams, a cluster, Airflow": [
        {"name": "six shards", "price": "shard", "units": 6},
        {"name": "a role", "price": "", "units": 0},
        {"name": "two brokers", "price": "broker", "units": 2},
        {"name": "Airflow", "price": "environment", "units": 1},
    ],
    "one shard and one broker": [
        {"name": "one shard", "price": "shard", "units": 1},
        {"name": "one broker", "price": "broker", "units": 1},
    ],
    "many shards": [
        {"name": "forty shards", "price": "shard", "units": 40},
        {"name": "Airflow", "price": "environment", "units": 1},
    ],
    "a bucket and an API": [{"name": "a bucket", "price": "", "units": 0}, {"name": "an API", "price": "", "units": 0}],
}


def dearest_first(things: list[dict], prices: dict[str, float]) -> list[str]:
    """Name what costs something while nobody uses it, the dearest first."""
    priced = [thing for thing in things if thing["price"]]
    return [thing["name"] for thing in sorted(priced, key=lambda one: -prices[one["price"]] * one["units"])]


def _by_unit(things: list[Thing], prices: dict[str, float]) -> list[str]:
    priced = [thing for thing in things if thing["price"]]
    return [thing["name"] for thing in sorted(priced, key=lambda one: -prices[one["price"]])]


def _all_things(things: list[Thing], prices: dict[str, float]) -> list[str]:
    return [thing["name"] for thing in sorted(things, key=lambda one: -prices.get(one["price"], 0) * one["units"])]


def _bills(answer: Callable[[list[Thing], dict[str, float]], list[str]]) -> Result:
    return {case: list(given(answer([dict(thing) for thing in things], PRICES))) for case, things in THINGS.items()}


DEAREST = Exercise(
    solution=dearest_first,
    evaluate=_bills,
    twins=(
        Twin(
            lambda things, prices: dearest_first(things, prices)[::-1],
            "The cheapest stands first. `sorted` puts small numbers before large ones: turn them round.",
        ),
        Twin(_by_unit, "You ordered by the price of one. Forty shards cost more than an Airflow: multiply by `units`."),
        Twin(
            _all_things,
            "What costs nothing while it idles is in your list too: a role, a bucket. Asked is what to delete tonight.",
        ),
    ),
    hints=(
        'What idles for free has no price: `thing["price"]` is empty.',
        '`prices[thing["price"]] * thing["units"]` is what a thing costs an hour.',
        "`sorted(…, key=lambda thing: -…)`, and from each thing its name.",
    ),
    more="Which of them would you delete every evening, and which only at the end?",
)

ID = "0a1b2c3d4e5f"


def _tagged(**tags: str) -> list[dict[str, str]]:
    return [{"Key": key, "Value": value} for key, value in tags.items()]


ACCOUNT: dict[str, Thing] = {
    "a stream without a tag": {"name": f"streaming-{ID}-pin", "tags": []},
    "an instance profile without a tag": {"name": f"{ID}-ec2-access-role", "tags": []},
    "an instance that was renamed": {"name": "kafka client", "tags": _tagged(Name="kafka client", workbook=ID)},
    "a colleague's bucket": {"name": "user-ffffffffffff-bucket", "tags": _tagged(workbook="ffffffffffff")},
    "a colleague's note of your id": {"name": "backup", "tags": _tagged(owner=ID)},
    "somebody's database": {"name": "orders", "tags": []},
}


def is_mine(name: str, tags: list[dict[str, str]], workbook_id: str) -> bool:
    """Tell whether a thing is the workbook's: the id is in its name, or is the value of its tag `workbook`."""
    return workbook_id in name or {"Key": "workbook", "Value": workbook_id} in tags


def _is_tagged(tags: list[dict[str, str]], workbook_id: str) -> bool:
    return {"Key": "workbook", "Value": workbook_id} in tags


def _is_marked(name: str, tags: list[dict[str, str]], workbook_id: str) -> bool:
    return workbook_id in name or any(tag["Key"] == "workbook" for tag in tags)


def _holds_the_id(name: str, tags: list[dict[str, str]], workbook_id: str) -> bool:
    return workbook_id in name or any(tag["Value"] == workbook_id for tag in tags)


def _found(answer: Callable[[str, list[dict[str, str]], str], bool]) -> Result:
    return {case: bool(given(answer(thing["name"], list(thing["tags"]), ID))) for case, thing in ACCOUNT.items()}


MINE = Exercise(
    solution=is_mine,
    evaluate=_found,
    twins=(
        Twin(
            lambda name, tags, workbook_id: workbook_id in name,
            "You go by names, and miss what was renamed: the instance is billed on. Its tag still tells.",
        ),
        Twin(
            lambda name, tags, workbook_id: _is_tagged(tags, workbook_id),
            "You go by tags, and miss what carries none: not everything takes tags, and old things have none.",
        ),
        Twin(
            lambda name, tags, workbook_id: name.startswith(workbook_id) or _is_tagged(tags, workbook_id),
            "`startswith` finds `<id>-ec2-access-role` and misses `streaming-<id>-pin`: the id may stand anywhere.",
        ),
        Twin(_is_marked, "Any value of the tag `workbook` will do for you: your colleague's bucket would go as well."),
        Twin(
            _holds_the_id,
            "The id in any tag will do for you. Somebody has noted it as `owner` of a backup, and that would go too.",
        ),
    ),
    hints=(
        "Two ways to be found: by the name, or by the tag. Either is enough.",
        'A tag is a mapping of `Key` and `Value`; yours is `{"Key": "workbook", "Value": workbook_id}`.',
        "`workbook_id in name or … in tags`.",
    ),
    more="What in your account would neither way find, and how would you learn of it?",
)

USES: dict[str, dict[str, list[str]]] = {
    "a role": {"instance profile": ["role"], "role": ["policy"]},
    "a connector": {"plugin": ["bucket"], "connector": ["plugin", "role"], "role": []},
    "a machine": {"security group": ["network"], "instance": ["security group", "instance profile"]},
}


def deletion_order(uses: dict[str, list[str]]) -> list[str]:
    """List everything in an order in which nothing that is still used is deleted: thing → what it uses."""
    return list(TopologicalSorter(uses).static_order())[::-1]


def _refused(order: list[str], uses: dict[str, list[str]]) -> str:
    """Tell what comes of deleting in this order, from an AWS that refuses to delete what is in use."""
    there = {*uses, *(used for several in uses.values() for used in several)}
    refused = []
    for thing in order:
        if any(user in there and thing in uses[user] for user in uses):
            refused.append(thing)
        else:
            there.discard(thing)
    if refused:
        return f"refused, as they are in use: {', '.join(refused)}"
    return f"left: {', '.join(sorted(there))}" if there else "all gone"


def _deleted(answer: Callable[[dict[str, list[str]]], list[str]]) -> Result:
    copies = {case: {thing: list(used) for thing, used in uses.items()} for case, uses in USES.items()}
    return {case: _refused(list(given(answer(uses))), USES[case]) for case, uses in copies.items()}


ORDER = Exercise(
    solution=deletion_order,
    evaluate=_deleted,
    twins=(
        Twin(
            lambda uses: deletion_order(uses)[::-1],
            "That is the order in which things are made: what is used comes first. They go the other way round.",
        ),
        Twin(
            lambda uses: [thing for thing in deletion_order(uses) if thing in uses],
            "You delete what uses something, and leave what is only used: the policy, the bucket, the network stay.",
        ),
        Twin(
            lambda uses: sorted({*uses, *(used for several in uses.values() for used in several)}),
            "The alphabet knows nothing of who uses whom.",
        ),
    ),
    hints=(
        "A thing may go when everything that uses it is gone: a role after its profile, a policy after the role.",
        "`graphlib.TopologicalSorter(uses).static_order()` lists what is used before what uses it.",
        "Turn that list round.",
    ),
    more="And if two things use each other, as two security groups may?",
)


QUIZ = (
    Question(
        "Why does the list say \"not looked at\" where a service may not be asked, instead of leaving it out?",
        (
            ("Else \"0 things\" would mean: none that I was allowed to see.", None),
            ("So that you ask again later.", "Asking again gets the same refusal; the point is what the zero means."),
            ("AWS wants it so.", "AWS says `AccessDenied`, and leaves the rest to whoever asks."),
        ),
    ),
    Question(
        "Why is the connector deleted before its plugin, and the instance before its security group?",
        (
            ("The dear things go first.", "That orders kinds; this pair costs nothing to keep or to delete."),
            ("By the alphabet.", "A plugin would come after a connector that way, and a group before an instance."),
            ("AWS refuses to delete what is in use.", None),
        ),
    ),
    Question(
        "Nobody posts any more. What do the connector and the shards cost?",
        (
            ("Nothing: AWS bills what is used.", "It does so for requests and stored bytes; not for these two."),
            ("As much as before: they are billed by the hour for being there.", None),
            ("Half.", "There is no such discount for idling."),
        ),
    ),
)

LESSON = Lesson({1: MINE, 2: DEAREST, 3: ORDER}, {}, QUIZ)
check, hint, solution, predict = LESSON.check, LESSON.hint, LESSON.solution, LESSON.predict
questions, quiz = LESSON.questions, LESSON.quiz
"""What the notebook calls."""
