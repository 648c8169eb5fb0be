"""Exercises of the notebook about cleaning up."""

import contextlib
import dataclasses
import json
from collections import Counter
from collections.abc import Callable, Iterator, Mapping, Sequence
from graphlib import TopologicalSorter
from typing import Any

from botocore.exceptions import ClientError

from helpers import iam as roles
from helpers.account.kinds import identity
from helpers.checks import scratch
from helpers.checks.exercise import Exercise, Result, Twin, attempt, given
from helpers.checks.lesson import Lesson
from helpers.checks.quiz import Question
from helpers.config import Workbook

Thing = dict[str, Any]

# --- 2: what to delete tonight ---------------------------------------------------------------------------------------

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

# --- 1: what is yours ------------------------------------------------------------------------------------------------

ID = "0a1b2c3d4e5f"


def _tagged(**tags: str) -> list[dict[str, str]]:
    return [{"Key": key, "Value": value} for key, value in tags.items()]


ACCOUNT: dict[str, Thing] = {
    "a stream without a tag": {"name": f"streaming-{ID}-pin", "tags": []},
    "an instance profile without a tag": {"name": f"{ID}-ec2-access-role", "tags": []},
    "an instance that was renamed": {"name": "kafka client", "tags": _tagged(Name="kafka client", workbook=ID)},
    "a colleague's bucket": {"name": "user-ffffffffffff-bucket", "tags": _tagged(workbook="ffffffffffff")},
    "a colleague's note of your id": {"name": "backup", "tags": _tagged(owner=ID)},
    "a colleague's copy of yours": {"name": "copy", "tags": _tagged(workbook=f"copy of {ID}")},
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


def _has_the_id_within(name: str, tags: list[dict[str, str]], workbook_id: str) -> bool:
    return workbook_id in name or any(tag["Key"] == "workbook" and workbook_id in tag["Value"] for tag in tags)


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
        Twin(
            _has_the_id_within,
            "You take every value of the tag with the id within it: `copy of <id>` would go as well. Ask for `==`.",
        ),
    ),
    hints=(
        "Two ways to be found: by the name, or by the tag. Either is enough.",
        'A tag is a mapping of `Key` and `Value`; yours is `{"Key": "workbook", "Value": workbook_id}`.',
        "`workbook_id in name or … in tags`.",
    ),
    more="What in your account would neither way find, and how would you learn of it?",
)

# --- 3: a bucket that is not empty -----------------------------------------------------------------------------------

KEYS = ("notes.txt", *(f"topics/pin/{number}.json" for number in range(7)))

PAGE = 3
"""Objects a page, so that nobody waits for a thousand of them."""

PATIENCE = 20
"""Deletions that are refused before an answer counts as one that goes on for ever."""

LEFT, BUCKET, REFUSED = "objects that are left", "the bucket", "what AWS refuses"
WITHOUT, PROTECTED = "a bucket without objects", "an object that AWS will not delete"


class _Endless(BaseException):
    """An answer would go on for ever; no `except Exception` of the answer's keeps this from ending it."""


def empty(s3, bucket: str) -> None:
    """Delete every object of a bucket, page by page; the bucket itself stays. Raise if an object cannot be deleted."""
    for page in s3.get_paginator("list_objects_v2").paginate(Bucket=bucket):
        batch = [{"Key": one["Key"]} for one in page.get("Contents", ())]
        if batch:
            told = s3.delete_objects(Bucket=bucket, Delete={"Objects": batch, "Quiet": True})
            if "Errors" in told:
                raise RuntimeError(told["Errors"][0]["Message"])


def _first_page(s3, bucket: str) -> None:
    found = s3.list_objects_v2(Bucket=bucket).get("Contents", ())
    s3.delete_objects(Bucket=bucket, Delete={"Objects": [{"Key": one["Key"]} for one in found]})


def _bucket_first(s3, bucket: str) -> None:
    s3.delete_bucket(Bucket=bucket)


def _errors_left_aside(s3, bucket: str) -> None:
    for page in s3.get_paginator("list_objects_v2").paginate(Bucket=bucket):
        if found := page.get("Contents"):
            s3.delete_objects(Bucket=bucket, Delete={"Objects": [{"Key": one["Key"]} for one in found]})


def _always_contents(s3, bucket: str) -> None:
    for page in s3.get_paginator("list_objects_v2").paginate(Bucket=bucket):
        told = s3.delete_objects(Bucket=bucket, Delete={"Objects": [{"Key": one["Key"]} for one in page["Contents"]]})
        if "Errors" in told:
            raise RuntimeError(told["Errors"][0]["Message"])


def _keys_as_text(s3, bucket: str) -> None:
    for page in s3.get_paginator("list_objects_v2").paginate(Bucket=bucket):
        if found := page.get("Contents"):
            s3.delete_objects(Bucket=bucket, Delete={"Objects": [one["Key"] for one in found]})


def _bucket_too(s3, bucket: str) -> None:
    empty(s3, bucket)
    s3.delete_bucket(Bucket=bucket)


def _emptied(answer: Callable[[Any, str], None], workbook: Workbook) -> Result:
    """Let an answer empty a bucket of several pages, one without objects, and one with an object that stays."""
    attempt(answer)
    with scratch.systems(), scratch.bucket(workbook) as bucket:
        s3 = workbook.client("s3")
        for key in KEYS:
            s3.put_object(Bucket=bucket, Key=key, Body=b"{}")
        refused = _outcome(answer, _in_pages(workbook), bucket)
        if bucket not in [one["Name"] for one in s3.list_buckets()["Buckets"]]:
            return {LEFT: 0, BUCKET: "gone"}
        found = {LEFT: len(scratch.objects(workbook, bucket)), BUCKET: "there", REFUSED: refused}
        if refused != NOTHING:
            return found
        for key in scratch.objects(workbook, bucket):
            s3.delete_object(Bucket=bucket, Key=key)
        found[WITHOUT] = _outcome(answer, _in_pages(workbook), bucket)
        for key in KEYS[:2]:
            s3.put_object(Bucket=bucket, Key=key, Body=b"{}")
        outcome = _outcome(answer, _protecting(workbook, KEYS[0]), bucket)
        return found | {PROTECTED: outcome if outcome in (FOR_EVER, NOTHING) else RAISES}


NOTHING, FOR_EVER, RAISES = "nothing", "tried for ever", "raises an error"


def _outcome(answer: Callable[..., None], *arguments: Any) -> str:
    """Tell how an answer ends: with nothing, or with which error."""
    try:
        answer(*arguments)
    except _Endless:
        return FOR_EVER
    except ClientError as error:
        return error.response["Error"]["Code"]
    except Exception as error:  # whatever code that somebody is learning to write may raise
        return type(error).__name__
    return NOTHING


def _in_pages(workbook: Workbook) -> Any:
    """Make a client of S3 that gets its lists in small pages."""
    client = workbook.client("s3")
    for operation in ("ListObjects", "ListObjectsV2"):
        client.meta.events.register(
            f"provide-client-params.s3.{operation}", lambda params, **_: params | {"MaxKeys": PAGE}
        )
    return client


def _protecting(workbook: Workbook, key: str) -> Any:
    """Make a client of S3 that is refused the deletion of one object, the others of the same call being deleted.

    (Amazon S3 API Reference, DeleteObjects: the call succeeds, and the answer lists the errors.)
    """
    client, tries = workbook.client("s3"), []

    def note() -> None:
        tries.append(key)
        if len(tries) > PATIENCE:
            raise _Endless

    def without(params: dict[str, Any], context: dict[str, Any], **_: Any) -> dict[str, Any]:
        wanted = params["Delete"]["Objects"]
        rest = [one for one in wanted if one["Key"] != key]
        context["protected"] = len(rest) < len(wanted)
        return params | {"Delete": params["Delete"] | {"Objects": rest or [{"Key": f"{key}.not-there"}]}}

    def with_error(parsed: dict[str, Any], context: dict[str, Any], **_: Any) -> None:
        if context.get("protected"):
            parsed["Errors"] = [{"Key": key, "Code": "AccessDenied", "Message": f"Access Denied: {key}"}]
            note()

    def refuse(params: dict[str, Any], **_: Any) -> None:
        if params["Key"] == key:
            note()
            raise ClientError({"Error": {"Code": "AccessDenied", "Message": "Access Denied"}}, "DeleteObject")

    client.meta.events.register("provide-client-params.s3.DeleteObjects", without)
    client.meta.events.register("after-call.s3.DeleteObjects", with_error)
    client.meta.events.register("provide-client-params.s3.DeleteObject", refuse)
    return client


EMPTY = Exercise(
    solution=empty,
    evaluate=_emptied,
    wanted={LEFT: 0, BUCKET: "there", REFUSED: NOTHING, WITHOUT: NOTHING, PROTECTED: RAISES},
    twins=(
        Twin(
            _first_page,
            "One call lists one page, a thousand objects at most; what comes behind it is still there. "
            '`s3.get_paginator("list_objects_v2").paginate(Bucket=bucket)` goes through all pages.',
            {LEFT: len(KEYS) - PAGE, BUCKET: "there"},
        ),
        Twin(
            _bucket_first,
            "S3 deletes no bucket with objects in it: `BucketNotEmpty`. The objects first.",
            {LEFT: len(KEYS), REFUSED: "BucketNotEmpty"},
        ),
        Twin(
            _bucket_too,
            "The objects are gone, and the bucket with them. Whoever calls `empty` may want to go on using it: leave "
            "`delete_bucket` to the caller.",
            {BUCKET: "gone"},
        ),
        Twin(
            _keys_as_text,
            "boto3 does not send your call, since its parameters have another form (`ParamValidationError`). `Objects` "
            'is a list of mappings, one for each object: `{"Key": "a"}`.',
            {REFUSED: "ParamValidationError"},
        ),
        Twin(
            _always_contents,
            "The answer about a bucket without objects has no `Contents`, so your function ends in a `KeyError`. "
            '`page.get("Contents", ())` gives an empty list then.',
            {LEFT: 0, WITHOUT: "KeyError"},
        ),
        Twin(
            _errors_left_aside,
            "An object that could not be deleted passes unnoticed. The call succeeds all the same: its answer has "
            "`Errors`, one for each object that stays.",
            {LEFT: 0, WITHOUT: NOTHING, PROTECTED: NOTHING},
        ),
    ),
    hints=(
        "The paginator gives page after page; each has a list `Contents`, unless there is nothing.",
        'What `delete_objects` takes is `Delete={"Objects": [{"Key": "a"}, {"Key": "b"}]}`, and never an empty list.',
        '`told = s3.delete_objects(…)`, then `if "Errors" in told: raise RuntimeError(told["Errors"][0]["Message"])`.',
    ),
    more="What does a bucket with versioning hold after this, and who pays for it?",
)

# --- 4: a role that is in use ----------------------------------------------------------------------------------------

ROLE, HOLDERS, PROFILE = "the role", "what still holds it", "the instance profile"
SHARED = "the policy that others use too"


def take_apart(iam, role: str) -> None:
    """Take a role out of its instance profiles and away from its policies, and delete it."""
    for profile in iam.list_instance_profiles_for_role(RoleName=role)["InstanceProfiles"]:
        iam.remove_role_from_instance_profile(InstanceProfileName=profile["InstanceProfileName"], RoleName=role)
    for policy in iam.list_attached_role_policies(RoleName=role)["AttachedPolicies"]:
        iam.detach_role_policy(RoleName=role, PolicyArn=policy["PolicyArn"])
    for name in iam.list_role_policies(RoleName=role)["PolicyNames"]:
        iam.delete_role_policy(RoleName=role, PolicyName=name)
    iam.delete_role(RoleName=role)


def _out_of_profiles(iam: Any, role: str) -> None:
    for profile in iam.list_instance_profiles_for_role(RoleName=role)["InstanceProfiles"]:
        iam.remove_role_from_instance_profile(InstanceProfileName=profile["InstanceProfileName"], RoleName=role)


def _attached(iam: Any, role: str) -> list[str]:
    return [one["PolicyArn"] for one in iam.list_attached_role_policies(RoleName=role)["AttachedPolicies"]]


def _detached(iam: Any, role: str) -> None:
    for policy in _attached(iam, role):
        iam.detach_role_policy(RoleName=role, PolicyArn=policy)


def _without_inline(iam: Any, role: str) -> None:
    for name in iam.list_role_policies(RoleName=role)["PolicyNames"]:
        iam.delete_role_policy(RoleName=role, PolicyName=name)


def _steps(*steps: Callable[[Any, str], None], last: bool = True) -> Callable[[Any, str], None]:
    """Be the solution without some of its steps."""

    def answer(iam: Any, role: str) -> None:
        for step in steps:
            step(iam, role)
        if last:
            iam.delete_role(RoleName=role)

    return answer


def _policies_too(iam: Any, role: str) -> None:
    shared = _attached(iam, role)
    _steps(_out_of_profiles, _detached, _without_inline)(iam, role)
    for policy in shared:
        iam.delete_policy(PolicyArn=policy)


def _profiles_too(iam: Any, role: str) -> None:
    profiles = iam.list_instance_profiles_for_role(RoleName=role)["InstanceProfiles"]
    take_apart(iam, role)
    for profile in profiles:
        iam.delete_instance_profile(InstanceProfileName=profile["InstanceProfileName"])


@contextlib.contextmanager
def _role_in_use(workbook: Workbook) -> Iterator[tuple[str, str]]:
    """Make a role that three things hold: an instance profile, an inline policy, a policy that is attached.

    Yields
    ------
    tuple of str
        The role's name, and the ARN of the policy that is attached.
    """
    made, document = scratch.name(workbook), roles.bucket_policy(workbook.bucket, "s3:GetObject")
    client = workbook.client("iam")
    try:
        roles.create(workbook, made, roles.trust_policy(roles.ACCESS_SERVICES))
        roles.set_policies(workbook, made, {"bucket": document})
        roles.create_instance_profile(workbook, made)
        shared = client.create_policy(PolicyName=made, PolicyDocument=json.dumps(document))["Policy"]["Arn"]
        client.attach_role_policy(RoleName=made, PolicyArn=shared)
        yield made, shared
    finally:
        for kind in (identity.PROFILES, identity.ROLES, identity.POLICIES):
            for one in kind.find(workbook):
                if one.name == made:
                    kind.delete(workbook, one)


def _taken_apart(answer: Callable[[Any, str], None], workbook: Workbook) -> Result:
    attempt(answer)
    with scratch.systems(), _role_in_use(workbook) as (role, shared):
        client = workbook.client("iam")
        refused = _outcome(answer, client, role)
        holders = _holders(client, role)
        left = {one["Arn"] for one in client.list_policies(Scope="Local")["Policies"]}
        profiles = {one.name for one in identity.PROFILES.find(workbook)}
    return {
        ROLE: "gone" if holders is None else "there",
        HOLDERS: ", ".join(holders or ()) or "nothing",
        PROFILE: "there" if role in profiles else "gone",
        SHARED: "there" if shared in left else "gone",
        REFUSED: refused,
    }


def _holders(client: Any, role: str) -> Sequence[str] | None:
    """Tell what keeps a role from being deleted; None if it is gone."""
    try:
        held = {
            "an instance profile": client.list_instance_profiles_for_role(RoleName=role)["InstanceProfiles"],
            "an attached policy": _attached(client, role),
            "an inline policy": client.list_role_policies(RoleName=role)["PolicyNames"],
        }
    except client.exceptions.NoSuchEntityException:
        return None
    return [what for what, some in held.items() if some]


TAKE_APART = Exercise(
    solution=take_apart,
    evaluate=_taken_apart,
    wanted={ROLE: "gone", HOLDERS: "nothing", PROFILE: "there", SHARED: "there", REFUSED: NOTHING},
    twins=(
        Twin(
            _steps(),
            "`DeleteConflict`: IAM deletes no role that something holds. Ask for its profiles and its policies first.",
            {HOLDERS: "an instance profile, an attached policy, an inline policy"},
        ),
        Twin(
            _steps(_detached, _without_inline),
            "An instance profile still holds the role. `list_instance_profiles_for_role` finds it.",
            {ROLE: "there", HOLDERS: "an instance profile"},
        ),
        Twin(
            _steps(_out_of_profiles, _without_inline),
            "A policy is still attached. Those are another list than the inline ones: `list_attached_role_policies`.",
            {ROLE: "there", HOLDERS: "an attached policy"},
        ),
        Twin(
            _steps(_out_of_profiles, _detached),
            "The role's inline policy is still there: `list_role_policies` names such, `delete_role_policy` deletes.",
            {ROLE: "there", HOLDERS: "an inline policy"},
        ),
        Twin(
            _steps(_out_of_profiles, _detached, _without_inline, last=False),
            "Nothing holds the role any more, and there it still is: `delete_role`.",
            {ROLE: "there", HOLDERS: "nothing"},
        ),
        Twin(
            _policies_too,
            "The attached policy is deleted for everybody, and other roles may have it too. Detach it, and leave it.",
            {ROLE: "gone", SHARED: "gone"},
        ),
        Twin(
            _profiles_too,
            "The instance profile is deleted, and others may use it. Take the role out of it, and leave it.",
            {ROLE: "gone", PROFILE: "gone"},
        ),
    ),
    hints=(
        "Three kinds of things hold a role; each has a call that lists it and one that takes it away.",
        'The lists are `["InstanceProfiles"]`, `["AttachedPolicies"]` and `["PolicyNames"]` of the answers.',
        "Three loops, and behind them `iam.delete_role(RoleName=role)`.",
    ),
    more="Why does IAM refuse, where it could take policies and profile away by itself?",
)

# --- 5: what goes first ----------------------------------------------------------------------------------------------

USES: dict[str, dict[str, list[str]]] = {
    "a role": {"instance profile": ["role"], "role": ["policy"]},
    "a connector": {"plugin": ["bucket"], "connector": ["plugin", "role"], "role": []},
    "a machine": {"security group": ["network"], "instance": ["security group", "instance profile"]},
}


def deletion_order(uses: dict[str, list[str]]) -> list[str]:
    """List everything in an order in which nothing that is still used is deleted: thing → what it uses."""
    return list(TopologicalSorter(uses).static_order())[::-1]


NOT_TURNED, NO_ENTRY = "stops: what gives its things one by one cannot be turned round", "stops with KeyError"


def _refused(order: list[str], uses: dict[str, list[str]]) -> str:
    """Tell what comes of deleting in this order, from an AWS that refuses to delete what is in use or is not there."""
    there = {*_users_then_used(uses)}
    refused, unknown = [], []
    for thing in order:
        if any(user in there and thing in uses[user] for user in uses):
            refused.append(thing)
        elif thing in there:
            there.discard(thing)
        else:
            unknown.append(thing)
    if refused:
        return f"refused, as they are in use: {', '.join(refused)}"
    if there:
        return f"left: {', '.join(sorted(there))}"
    return f"refused, as they are gone already: {', '.join(map(str, unknown))}" if unknown else "all gone"


def _deleted(answer: Callable[[dict[str, list[str]]], list[str]]) -> Result:
    attempt(answer)
    return {case: _tried_in_order(answer, uses) for case, uses in USES.items()}


def _tried_in_order(answer: Callable[[dict[str, list[str]]], list[str]], uses: dict[str, list[str]]) -> str:
    try:
        return _refused(list(given(answer({thing: list(used) for thing, used in uses.items()}))), uses)
    except KeyError:
        return NO_ENTRY
    except TypeError as error:
        if "generator" not in str(error):
            raise
        return NOT_TURNED


def _users_then_used(uses: dict[str, list[str]]) -> list[str]:
    return [*uses, *(used for several in uses.values() for used in several)]


def _each_once(uses: dict[str, list[str]]) -> list[str]:
    return list(dict.fromkeys(_users_then_used(uses)))


def _thing_by_thing(uses: dict[str, list[str]]) -> list[str]:
    order = []

    def add(thing: str) -> None:
        order.append(thing)
        for used in uses[thing]:
            add(used)

    for thing in uses:
        add(thing)
    return order


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
            lambda uses: sorted({*_users_then_used(uses)}),
            "The alphabet knows nothing of who uses whom.",
        ),
        Twin(
            lambda uses: list(uses),
            "That is the order in which the things happen to be written, and things that only are used are not in it. "
            "`TopologicalSorter(uses).static_order()` puts all of them in order.",
        ),
        Twin(
            _users_then_used,
            "First all that use something, then all that are used: a thing may be both, as the plugin is, and it goes "
            "too early then. `TopologicalSorter` looks at the whole chain.",
        ),
        Twin(
            _each_once,
            "Each thing is there once, and the order is that in which they are written: the plugin stands before the "
            "connector, which uses it. `TopologicalSorter` looks at who uses whom.",
        ),
        Twin(
            lambda uses: TopologicalSorter(uses).static_order()[::-1],
            "`static_order()` gives its things one by one, and what does so cannot be turned round. Make a list of it "
            "first: `list(….static_order())`.",
        ),
        Twin(
            _thing_by_thing,
            "A thing that uses nothing may have no entry in `uses`, and `uses[thing]` ends in a `KeyError` then. "
            "`uses.get(thing, [])` gives an empty list.",
        ),
    ),
    hints=(
        "A thing may go when everything that uses it is gone: a role after its profile, a policy after the role.",
        "`graphlib.TopologicalSorter(uses).static_order()` lists what is used before what uses it.",
        "Turn that list round.",
    ),
    more="And if two things use each other, as two security groups may?",
)

# --- 6: whatever fails -----------------------------------------------------------------------------------------------

MOST_TRIES = 30
"""Deletions tried before an answer counts as one that goes on for ever."""


@dataclasses.dataclass(frozen=True)
class Shelf:
    """Things to delete, and how that goes.

    Attributes
    ----------
    things : tuple of str
        In the order in which they are listed.
    failures : mapping of str to int
        Thing → how often its deletion fails.
    held : mapping of str to str
        Thing → what has to be gone before it.
    """

    things: tuple[str, ...]
    failures: Mapping[str, int] = dataclasses.field(default_factory=dict)
    held: Mapping[str, str] = dataclasses.field(default_factory=dict)


SHELVES = {
    "all goes well": Shelf(("stream", "bucket", "role")),
    "eight streams": Shelf(tuple(f"stream {number}" for number in range(1, 9))),
    "the bucket fails once": Shelf(("stream", "bucket", "role"), {"bucket": 1}),
    "the bucket fails always": Shelf(("stream", "bucket", "role"), {"bucket": MOST_TRIES}),
    "the role is listed before what holds it": Shelf(("role", "profile", "stream"), {}, {"role": "profile"}),
}

INTERRUPTED, MISTAKEN = "somebody presses Ctrl-C", "a TypeError, for a mistake in `delete`"


def delete_all(things: list, delete, rounds: int = 3) -> list:
    """Delete things, and try again what failed, in so many rounds; return what is left. `delete` raises ClientError."""
    left = list(things)
    for _ in range(rounds):
        failed = []
        for thing in left:
            try:
                delete(thing)
            except ClientError:
                failed.append(thing)
        left = failed
    return left


def _fails(thing: str, delete: Callable[[str], None]) -> bool:
    try:
        delete(thing)
    except ClientError:
        return True
    return False


def _first_failure_ends(things: list, delete: Callable[[Any], None], rounds: int = 3) -> list:
    for thing in things:
        delete(thing)
    return []


def _what_is_gone_again(things: list, delete: Callable[[Any], None], rounds: int = 3) -> list:
    for _ in range(rounds):
        left = [thing for thing in things if _fails(thing, delete)]
    return left


def _each_at_once(things: list, delete: Callable[[Any], None], rounds: int = 3) -> list:
    return [thing for thing in things if all(_fails(thing, delete) for _ in range(rounds))]


def _without_end(things: list, delete: Callable[[Any], None], rounds: int = 3) -> list:
    left = list(things)
    while left:
        left = [thing for thing in left if _fails(thing, delete)]
    return left


def _catching(kind: type[BaseException]) -> Callable[..., list]:
    """Write the solution so that it catches another kind of error."""

    def answer(things: list, delete: Callable[[Any], None], rounds: int = 3) -> list:
        def quietly(thing: Any) -> None:
            try:
                delete(thing)
            except kind as error:
                raise ClientError({"Error": {"Code": "", "Message": str(error)}}, "Delete") from error

        return delete_all(things, quietly, rounds)

    return answer


def _removed_on_the_way(things: list, delete: Callable[[Any], None], rounds: int = 3) -> list:
    for _ in range(rounds):
        for thing in things:
            if not _fails(thing, delete):
                things.remove(thing)
    return things


def _cleared(answer: Callable[..., list]) -> Result:
    """Let an answer clear shelves, and tell what it returns and what is there afterwards."""
    found: dict[str, Any] = {}
    for case, shelf in SHELVES.items():
        found |= _shelf_cleared(answer, case, shelf)
    return found | {case: _ended_by(error, answer) for case, error in ENDS.items()}


ENDS = {INTERRUPTED: KeyboardInterrupt, MISTAKEN: TypeError}
"""What ends a clean-up at once."""


def _ended_by(error: type[BaseException], answer: Callable[..., list]) -> str:
    def delete(thing: str) -> None:
        raise error

    try:
        answer(["stream", "bucket"], delete)
    except error:
        return "it ends"
    return "it goes on"


def _shelf_cleared(answer: Callable[..., list], case: str, shelf: Shelf) -> Result:
    there, tried = list(shelf.things), Counter()

    def delete(thing: str) -> None:
        tried[thing] += 1
        if tried.total() > MOST_TRIES:
            raise _Endless
        if thing not in there or tried[thing] <= shelf.failures.get(thing, 0) or shelf.held.get(thing) in there:
            raise ClientError({"Error": {"Code": "Refused", "Message": thing}}, "Delete")
        there.remove(thing)

    try:
        told = list(given(answer(list(shelf.things), delete)))
    except _Endless:
        return {case: "it goes on for ever"}
    except ClientError:
        return {case: f"it ends in an error, and these are left: {', '.join(there)}"}
    return {case: f"left: {', '.join(there) or 'nothing'}; you return {told}"}


DELETE_ALL = Exercise(
    solution=delete_all,
    evaluate=_cleared,
    twins=(
        Twin(
            _first_failure_ends,
            "The first failure ends it, and what comes behind stays there and is billed on. `try` the deletion, and "
            "go on after `except ClientError`.",
        ),
        Twin(
            lambda things, delete, rounds=3: delete_all(things, delete, 1),
            "One round: what failed once for a reason that has passed stays. Try what is left again.",
        ),
        Twin(
            _what_is_gone_again,
            "You try everything again, also what is gone: that is refused, and seems to be left. Go on with what "
            "failed in the round before.",
        ),
        Twin(
            _each_at_once,
            "You try each thing again at once. A role that its profile holds is refused three times; in a second round "
            "the profile would be gone. All things once, then all that failed.",
        ),
        Twin(
            _without_end,
            "Something can never be deleted, and your function tries it for ever. After `rounds` rounds, say what is "
            "left.",
        ),
        Twin(
            _removed_on_the_way,
            "A list that gets shorter while you walk through it is not walked through: behind each thing that you "
            "remove, one is passed over. Collect what failed in a new list.",
        ),
        Twin(
            _catching(Exception),
            "You catch more than `ClientError`. A mistake in `delete` itself would be tried three times and never be "
            "told: name the error that you mean, `except ClientError:`.",
        ),
        Twin(
            _catching(BaseException),
            "A bare `except:` also catches Ctrl-C, so that nobody can stop a clean-up. Name the error that you mean: "
            "`except ClientError:`.",
        ),
    ),
    hints=(
        "Two loops: rounds outside, things inside. `try: delete(thing)` and `except ClientError:`.",
        "Collect what failed in a list that is new in each round; the next round goes through that list.",
        "After each round `left = failed`, at the end `return left`.",
    ),
    more="Between two rounds a pause would help. How long, and for whom?",
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

LESSON = Lesson({1: MINE, 2: DEAREST, 3: EMPTY, 4: TAKE_APART, 5: ORDER, 6: DELETE_ALL}, {}, QUIZ)
check, hint, solution, predict = LESSON.check, LESSON.hint, LESSON.solution, LESSON.predict
questions, quiz = LESSON.questions, LESSON.quiz
"""What the notebook calls."""
