# ---
# jupyter:
#   kernelspec:
#     display_name: Python 3 (ipykernel)
#     language: python
#     name: python3
# ---

# %% [markdown]
# # Milestone 10: clean up, and prove it
#
# You list everything that the workbook has made, read what it costs an hour, delete it in an order that works, and list
# again until nothing is left.
#
# **You will**
#
# 1. list things by name and tag,
# 2. read the bill of what is there,
# 3. empty a bucket and take a role apart, because AWS deletes neither as it is,
# 4. meet the order in which AWS lets things go,
# 5. delete everything of one id whatever fails on the way, and see zero,
# 6. decide whether your own things go too.
#
# **Before you start:** the lab runs (`make lab`, or `python -m lab up`); no earlier notebook is needed. **Time:** ten
# seconds to run, an hour to work through. **Cost on AWS:** next to nothing for the practice below, one shard for a
# minute. What you leave behind costs up to 20 dollars a day (us-east-1, prices of November 2026), so this notebook is
# the one to finish with.

# %% [markdown]
# ## You are here
#
# ```text
#   connector ─► plugin      instance ─► security group      role ─► policy
#   stream       API         bucket ─► objects               stack ─► network, cluster, budget
#   └───────────────── all that carries your id: this notebook ─────────────────────────────┘
# ```
#
# The picture in words: an arrow leads from what uses to what is used, and things go in the direction of the arrows.

# %% tags=["parameters"]
confirm_delete = False  # True deletes all of your own things in the last section; nothing brings them back
practice_id = "deadbeef0010"  # id of things that this notebook makes and deletes

# %% [markdown]
# ## Set up
#
# Two workbooks: your own, and one of another id to practise on. Names hold the id, so neither sees the other's things.

# %%
import dataclasses

from helpers.checks import notebook_10 as lesson
from helpers.config import Workbook

workbook = Workbook.load()
practice = dataclasses.replace(workbook, id=practice_id)
print(practice.bucket, practice.stream("pin"), practice.access_role, sep="\n")

# %% [markdown]
# ## Something to delete
#
# A bucket with two objects, a stream, a role with a policy in an instance profile, a REST API and a log group: each in
# one line, by the functions of the milestones.

# %%
from helpers import iam
from helpers.gateway import rest_api
from helpers.kafka import msk_connect, sink_objects
from helpers.kinesis import streams

_ = sink_objects.create_bucket(practice)
for number in range(2):
    practice.client("s3").put_object(Bucket=practice.bucket, Key=f"topics/{number}.json", Body=b"{}")
streams.create(practice, practice.stream("pin"), shards=1)
_ = iam.create(practice, practice.access_role, iam.trust_policy(iam.ACCESS_SERVICES))
iam.set_policies(practice, practice.access_role, {"bucket": iam.bucket_policy(practice.bucket)})
iam.create_instance_profile(practice, practice.access_role)
_ = rest_api.create_api(practice)
_ = msk_connect.create_log_group(practice)

# %% [markdown]
# ## List
#
# A clean-up that goes by what one remembers forgets something. A list asks every service, and takes what is yours.
#
# ## Exercise 1: what is yours?
#
# By its name, or by its *tag*, a pair of key and value that AWS keeps with a thing? Neither is enough alone: whoever
# renames the instance in the console takes the id out of its name, and not everything carries a tag. Yours comes as AWS
# gives it, `{"Key": "workbook", "Value": "<id>"}`, in a list with others. And what only looks like yours must not go:
# what is deleted here does not come back.
#
# The check has seven things. Expected: three are yours, by the id anywhere in the name, or by exactly this tag.

# %% tags=["exercise-1"]
def is_mine(name: str, tags: list[dict[str, str]], workbook_id: str) -> bool:
    """Tell whether a thing is the workbook's: the id is in its name, or is the value of its tag `workbook`."""
    ...


# %%
lesson.check(1, is_mine)

# %% [markdown]
# Ours asks the same of everything that it finds, and takes tags in both of AWS's forms. `Kind` is all that there is to
# a kind of thing: how to find and how to delete.

# %%
from helpers.account.kinds.kind import Kind, is_own
from helpers.notebook import show_code

show_code.show(Kind, is_own)

# %%
from helpers.account import inventory

there = inventory.take(practice)
print(*inventory.lines(there), sep="\n")

# %% [markdown]
# Tags do more than that: under *Cost allocation tags* in AWS's billing console, `workbook` splits the bill by id. The
# bucket's, for example:

# %%
print(practice.client("s3").get_bucket_tagging(Bucket=practice.bucket)["TagSet"])

# %% [markdown]
# ## What does it cost?
#
# **Predict, then run.** Six things are there. Which of them cost something while nobody uses them?

# %%
from helpers.account import costs

prices = costs.Prices.read()
print(*costs.bill(costs.running(there), prices), sep="\n")

# %% [markdown]
# The stream alone: it is billed by the shard and the hour, whether records come or not. A bucket costs by what is in
# it, an API by its calls. This is the bill of everything that the notebooks make:

# %%
print(*costs.bill(costs.PLAN, prices), sep="\n")

# %% [markdown]
# ## Exercise 2: what to delete tonight?
#
# You stop for the day and come back next week. Put things in the order in which they are worth deleting: by what they
# cost an hour, the dearest first, and without those that idle for free. A thing has a `name`, says by what it is billed
# (`price`, a name in `prices`; empty if it costs nothing), and how many of that it is (`units`). So
# `{"name": "six shards", "price": "shard", "units": 6}` costs six times `prices["shard"]`. Expected, with two of those
# and an Airflow at 49 cents: `["Airflow", "six shards"]`.

# %% tags=["exercise-2"]
def dearest_first(things: list[dict], prices: dict[str, float]) -> list[str]:
    """Name what costs something while nobody uses it, the dearest first."""
    ...


# %%
lesson.check(2, dearest_first)

# %% [markdown]
# Use it on the plan of the whole workbook:

# %%
plan = [{"name": line.what, "price": line.price, "units": line.units} for line in costs.PLAN]
print(*dearest_first(plan, prices.dollars), sep=" > ")

# %% [markdown]
# ## Break it on purpose
#
# **The wrong order.** Try the bucket first, then the role, as somebody would who clicks through the console.

# %%
from botocore.exceptions import ClientError

s3, roles = practice.client("s3"), practice.client("iam")
try:
    s3.delete_bucket(Bucket=practice.bucket)
except ClientError as error:
    print(error.response["Error"]["Code"])
try:
    roles.delete_role(RoleName=practice.access_role)
except ClientError as error:
    print(error.response["Error"]["Code"])

# %% [markdown]
# A bucket goes when it is empty, and a role when nothing holds it. You write both, with boto3 itself.
#
# ## Exercise 3: empty a bucket
#
# S3 lists objects in *pages* of a thousand at most. A *paginator* asks for one page after the other:
# `s3.get_paginator("list_objects_v2").paginate(Bucket=bucket)` gives pages, and each page has a list `Contents` of
# objects, each with its `Key`. A page without objects has no `Contents` at all.
#
# One call deletes a whole page: `s3.delete_objects(Bucket=bucket, Delete={"Objects": [{"Key": "a"}, {"Key": "b"}]})`.
# The list must not be empty. The call succeeds also where an object stays, because a policy protects it, for example:
# then its answer has a list `Errors`, each with a `Message`. Raise an error in that case, for a clean-up that passes
# over it claims what is not so. With `"Quiet": True` beside `Objects`, the answer holds nothing but the errors.
#
# The check gives you a bucket of eight objects, and pages of three.

# %% tags=["exercise-3"]
def empty(s3, bucket: str) -> None:
    """Delete every object of a bucket, page by page; the bucket itself stays. Raise if an object cannot be deleted."""
    ...


# %%
lesson.check(3, empty, practice)

# %%
empty(s3, practice.bucket)
s3.delete_bucket(Bucket=practice.bucket)
print(*inventory.lines(inventory.take(practice)), sep="\n")

# %% [markdown]
# Now use ours: it also deletes old versions. A bucket whose versioning was switched on (Airflow's, milestone 8) keeps
# each object that was deleted or replaced, and is not empty before those are gone as well.

# %%
from helpers.account.kinds import storage

show_code.show(storage._objects)

# %% [markdown]
# ## Exercise 4: take a role apart
#
# Three kinds of things hold a role: an *instance profile*, which gives it to a machine; a policy that is *attached*,
# and may be attached to other roles too; and an *inline* policy, which is a part of this role. Each has a call of `iam`
# that lists it, and one that takes it away; all of them want `RoleName=role`.
#
# | what holds it | list, and its part of the answer | take away |
# |---|---|---|
# | an instance profile | `list_instance_profiles_for_role`, `InstanceProfiles` | `remove_role_from_instance_profile` |
# | a policy that is attached | `list_attached_role_policies`, `AttachedPolicies` | `detach_role_policy` |
# | an inline policy | `list_role_policies`, `PolicyNames` | `delete_role_policy` |
#
# A profile has an `InstanceProfileName`, an attached policy a `PolicyArn`, and the call beside it wants that too, under
# the same name. Inline policies are listed by name alone; the call wants it as `PolicyName`. At the end the role goes:
# `iam.delete_role(RoleName=role)`. Profile and attached policy stay, as others may use them. The check makes a role
# that all three hold. Expected: it is gone, and profile and attached policy are there.

# %% tags=["exercise-4"]
def take_apart(iam, role: str) -> None:
    """Take a role out of its instance profiles and away from its policies, and delete it."""
    ...


# %%
lesson.check(4, take_apart, practice)

# %%
take_apart(roles, practice.access_role)
print(*inventory.lines(inventory.take(practice)), sep="\n")

# %% [markdown]
# Bucket and role are gone. The instance profile is there, without a role in it.
#
# ## Exercise 5: what goes first?
#
# Given what each thing uses, list all of them in an order in which AWS refuses nothing. In
# `{"instance profile": ["role"], "role": ["policy"]}` the profile uses the role, so the role cannot go before it. What
# uses nothing may have no entry of its own, as the policy here, and is to be in your list all the same.
#
# Python has a class for that: `TopologicalSorter(uses).static_order()` gives all things one by one, each after what it
# uses. `list(…)` makes a list of what comes one by one, and `a_list[::-1]` turns a list round. Expected here:
# `["instance profile", "role", "policy"]`. The check has three such mappings, and deletes in your order, as AWS would
# let it: nothing is refused, and nothing is left.

# %%
from graphlib import TopologicalSorter


# %% tags=["exercise-5"]
def deletion_order(uses: dict[str, list[str]]) -> list[str]:
    """List everything in an order in which nothing that is still used is deleted: thing → what it uses."""
    ...


# %%
lesson.check(5, deletion_order)

# %% [markdown]
# The order of our clean-up is that of the arrows in the picture:

# %%
print(*(kind.title for kind in inventory.KINDS), sep=", ")

# %% [markdown]
# **A failure in the middle.** Networks fail, and people close their laptops. What must not happen is that the rest
# stays because of one thing.
#
# ## Exercise 6: whatever fails
#
# Delete a list of things with a function that you are given: `delete(thing)`. Where AWS refuses, it raises a
# `ClientError`, and you go on with the next thing. When you are through, try again what failed: the reason may have
# passed, or what stood in its way is gone now. After `rounds` rounds, three unless somebody says otherwise, give up,
# and return the things that are left, in a list. `try:` and `except ClientError:` catch this one error: catch no other,
# for whoever presses Ctrl-C wants to stop. The check has five lists of things, some of which fail once, or always, or
# as long as another one is there. Expected, if nothing fails: all are gone, and `[]`.

# %% tags=["exercise-6"]
def delete_all(things: list, delete, rounds: int = 3) -> list:
    """Delete things, and try again what failed, in so many rounds; return what is left. `delete` raises ClientError."""
    ...


# %%
lesson.check(6, delete_all)

# %% [markdown]
# Use it on what is there. In these three rounds every deletion of a stream fails, as if Kinesis were down:

# %%
kinds = {kind.title: kind for kind in inventory.KINDS}


def delete(thing):
    """Delete a thing of the practice; streams stand for a service that is down."""
    if thing.kind == "streams":
        raise ClientError({"Error": {"Code": "InternalFailure", "Message": "try again later"}}, "DeleteStream")
    kinds[thing.kind].delete(practice, thing)


left = delete_all(inventory.take(practice).found, delete)
print(*(f"left: {thing.name}" for thing in left), sep="\n")

# %% [markdown]
# Everything else is gone. Now use ours: it also tells what it does, and lists again afterwards, as the list is what
# counts. Kinesis is back, so it ends what the first run could not:

# %%
from helpers.account.clean_up import clean_up

told = []
outcome = clean_up(practice, told.append)
print(*told, *inventory.lines(outcome.left), sep="\n")

# %% [markdown]
# ## Check your work
#
# "Deleted" is a claim; the list after it is the proof. It counts only if every service could be asked:

# %%
print("certain that nothing is there:", outcome.left.is_empty)

# %% [markdown]
# ## Your own things
#
# And now those of your id, with what they cost an hour on AWS:

# %% tags=["nbval-ignore-output"]
# Output not compared: it depends on which notebooks you ran before.
own = inventory.take(workbook)
print(*inventory.lines(own), sep="\n")
print(f"{costs.hourly(costs.running(own), prices):.2f} dollars an hour on AWS")

# %% [markdown]
# With `confirm_delete = True` in the cell of parameters, this deletes them. On the laptop that is rarely what you want:
# `python -m lab reset` empties the whole lab. On your own account it is the last thing you do. In a terminal,
# `python -m helpers.account clean-up` does the same.

# %%
if confirm_delete:
    outcome = clean_up(workbook)
    print(*inventory.lines(outcome.left), sep="\n")
else:
    print("Nothing of yours was deleted: confirm_delete is False.")

# %% [markdown]
# ## What you did
#
# 1. You listed things by name and tag, in every service.
# 2. You read the bill, and saw which things cost while they idle.
# 3. You emptied a bucket page by page, and took a role apart.
# 4. You found the order in which nothing is refused.
# 5. You deleted all of one id through a failure, and proved that nothing is left.
# 6. You decided about your own things.
#
# **Quiz.** Put in a letter for each question. Whoever reads this on a web page finds the answers folded below.

# %%
lesson.questions()

# %%
lesson.quiz("a", "c", "b")

# %% [markdown]
# <details><summary>The answers</summary>
#
# 1. Then "0 things" would mean "none that I was allowed to see". A shard that nobody sees is billed all the same.
# 2. AWS refuses to delete what is in use: a plugin that a connector runs, a group that an instance wears.
# 3. By the hour, whether or not anything passes through it: whoever stops posting has not stopped paying.
#
# </details>
#
# **Clean up.** That was it. What the template made (`python -m helpers.account create`) is in the list as a stack, and
# goes with it: network, cluster, budget.
#
# previous: [streams that fail](09c_streams_that_fail.ipynb) · index: [README](../README.md)
