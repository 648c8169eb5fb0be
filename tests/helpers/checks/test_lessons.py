"""Every exercise: its solution is right, each typical mistake is told apart, and nothing else is taken for either."""

import contextlib
import hashlib
import inspect
import os
import time

import pytest
import requests
from botocore.exceptions import ClientError
from pyspark.sql import DataFrame
from pyspark.sql import functions as F

from helpers import iam
from helpers.checks import (
    notebook_05,
    notebook_06,
    notebook_07,
    notebook_09a,
    notebook_09b,
    notebook_09c,
    notebook_10,
)
from helpers.kafka import sink_objects
from helpers.notebook import catch_up

MODULES = (
    notebook_05, notebook_06, notebook_07, notebook_09a, notebook_09b, notebook_09c, notebook_10,
)  # fmt: skip

LESSONS = {module.__name__.rpartition("_")[2]: module.LESSON for module in MODULES}

EXERCISES = [(name, number) for name, lesson in LESSONS.items() for number in lesson.exercises]

TWINS = [
    pytest.param(name, number, place, id=f"{name}-{number}-{place}")
    for name, number in EXERCISES
    for place, _ in enumerate(LESSONS[name].exercises[number].twins)
]


UNFORESEEN = {
    ("05", 3): lambda spark, workbook: {"pin": notebook_05.read_frames(spark, workbook)["pin"]},
    ("09a", 1): lambda kinesis, names, shards, tags: notebook_09a.create_streams(kinesis, names, 2, tags),
    ("09a", 2): lambda: notebook_09a.record_template().replace("$.Data", "$.Data.title"),
    ("09a", 3): notebook_09a._answers({"200": "", "404": r"4\d{2}"}),
    ("09a", 4): lambda url, stream, row, key: notebook_09a.put(url, stream, row | {"ind": 1}, key),
    ("09a", 5): lambda key, shards: shards[-1]["ShardId"],
    ("09b", 1): lambda *given: notebook_09b.read_stream(*given).limit(2),
    ("09b", 3): lambda frame, table, checkpoint: notebook_09b.store(frame.limit(1), table, checkpoint),
    ("09c", 1): lambda records: notebook_09c.first_of_each(records).where("false"),
    ("09c", 2): lambda batch, table: notebook_09c.insert_new(batch.limit(3), table),
    ("10", 1): lambda name, tags, workbook_id: True,
    ("10", 3): lambda s3, bucket: s3.delete_object(Bucket=bucket, Key=notebook_10.KEYS[0]),
    ("10", 4): lambda iam, role: iam.delete_role_policy(RoleName=role, PolicyName="bucket"),
}
"""A mistake that no twin makes, where it is more than another result."""


@pytest.fixture(scope="module")
def invoke_url(workbook):
    """Streams and API, and something in the stream that an answer may take for its own."""
    url = catch_up.streams(workbook)
    workbook.client("kinesis").put_record(StreamName=workbook.stream("geo"), Data=b"{}", PartitionKey="1")
    return url


@pytest.fixture(scope="module")
def landed(workbook):
    """An object of each topic, as the connector would have stored it."""
    sink_objects.create_bucket(workbook)
    for topic in workbook.topics:
        key = f"topics/{topic}/partition=0/{topic}+0+0000000000.json"
        workbook.client("s3").put_object(Bucket=workbook.bucket, Key=key, Body=b"{}\n")


@pytest.fixture
def context(workbook, spark, raw, clean, invoke_url, landed):
    """What the notebook gives to each check."""
    pin, geo, user = clean["pin"], clean["geo"], clean["user"]
    counts = pin.join(geo, "ind").dropna(subset=["country", "category"]).groupBy("country", "category")
    counts = counts.agg(F.countDistinct("ind").alias("category_count"))
    role = iam.arn(workbook, workbook.kinesis_role)
    keys = {"awsAccessKey": os.environ["AWS_ACCESS_KEY_ID"], "awsSecretKey": os.environ["AWS_SECRET_ACCESS_KEY"]}
    return {
        ("05", 1): (), ("05", 2): (spark,), ("05", 3): (spark, workbook),
        ("06", 1): (raw["pin"],), ("06", 2): (spark,), ("06", 3): (spark,), ("06", 4): (spark,), ("06", 5): (spark,),
        ("07", 1): (counts,), ("07", 2): (pin, geo), ("07", 3): (pin, geo), ("07", 4): (pin, user), ("07", 5): (user,),
        ("07", 6): (pin, user), ("07", 7): (pin, user),
        ("09a", 1): (workbook,), ("09a", 2): (workbook, role), ("09a", 3): (workbook, role),
        ("09a", 4): (workbook, invoke_url), ("09a", 5): (workbook,), ("09a", 6): (), ("09a", 7): (),
        ("09b", 1): (spark, workbook, keys), ("09b", 2): (spark,), ("09b", 3): (spark,),
        ("09c", 1): (spark,), ("09c", 2): (spark,), ("09c", 3): (spark,),
        ("10", 1): (), ("10", 2): (), ("10", 3): (workbook,), ("10", 4): (workbook,), ("10", 5): (), ("10", 6): (),
    }  # fmt: skip


@pytest.mark.parametrize(("name", "number"), EXERCISES)
def test_the_solution_is_right(context, name, number):
    lesson = LESSONS[name]
    exercise = lesson.exercises[number]
    verdict = lesson.judge(number, exercise.solution, *context[name, number])
    assert str(verdict) == f"Right. {exercise.more}"


@pytest.mark.parametrize(("name", "number", "place"), TWINS)
def test_a_typical_mistake_is_told_in_its_own_sentence(context, name, number, place):
    lesson = LESSONS[name]
    twin = lesson.exercises[number].twins[place]
    verdict = lesson.judge(number, twin.answer, *context[name, number])
    assert str(verdict) == f"A known mistake. {twin.sentence}"


@pytest.mark.parametrize(("name", "number"), EXERCISES)
def test_a_gap_is_no_answer(context, name, number):
    exercise = LESSONS[name].exercises[number]
    gap = eval(f"lambda {', '.join(inspect.signature(exercise.solution).parameters)}: None")
    assert LESSONS[name].judge(number, gap, *context[name, number]).outcome == "not attempted"


ALL_FORESEEN = {("09a", 6)}
"""Exercises in which every wrong answer is one of the twins."""


@pytest.mark.parametrize(("name", "number"), [one for one in EXERCISES if one not in ALL_FORESEEN])
def test_a_mistake_that_nobody_has_foreseen_is_shown_at_a_case(context, name, number):
    exercise = LESSONS[name].exercises[number]

    def only_one(*tables):
        found = exercise.solution(*tables)
        others = {int: 7, str: "ind int", list: ["a"]}
        return found.limit(1) if isinstance(found, DataFrame) else others.get(type(found), F.lit(7))

    verdict = LESSONS[name].judge(number, UNFORESEEN.get((name, number), only_one), *context[name, number])
    assert verdict.outcome == "not yet"
    assert "cases differ:" in verdict.text
    assert "missing" in verdict.text or "your answer gives" in verdict.text


def test_an_error_of_the_answer_is_a_sentence_and_not_a_stack_trace(context, clean):
    verdict = LESSONS["07"].judge(5, lambda user: user.select("nickname"), clean["user"])
    assert verdict.outcome == "not yet"
    assert verdict.text.startswith("Your answer stopped with UNRESOLVED_COLUMN")
    assert "\n" not in verdict.text


def test_other_names_for_the_columns_are_pointed_out(context, clean):
    verdict = LESSONS["07"].judge(
        5, lambda user: notebook_07.task_9(user).withColumnRenamed("post_year", "year"), clean["user"]
    )
    assert "'the columns': your answer gives 'year, number_users_joined'" in verdict.text


def test_a_whole_number_may_be_as_long_as_spark_would_find_out(context):
    text = "country string, ind bigint, latitude double, longitude double, timestamp string"
    assert LESSONS["05"].judge(2, lambda: text, *context["05", 2]).outcome == "right"


def test_a_count_may_be_as_long_as_it_likes_and_is_no_fraction(context):
    def longer(raw: DataFrame) -> DataFrame:
        return notebook_06.clean_pin(raw).withColumn("follower_count", F.col("follower_count").cast("bigint"))

    def count(kind: str):
        return lambda text: notebook_06.follower_count(text).cast(kind)

    assert LESSONS["06"].judge(1, count("bigint"), *context["06", 1]).outcome == "right"
    assert LESSONS["06"].judge(2, longer, *context["06", 2]).outcome == "right"
    verdict = LESSONS["06"].judge(1, count("double"), *context["06", 1])
    assert verdict.text.endswith("'its type': your answer gives 'double', expected 'int'.")


def test_whoever_raises_an_error_of_another_kind_is_right_too(context):
    def put(invoke_url: str, stream: str, row: dict, key: str) -> dict:
        try:
            return notebook_09a.put(invoke_url, stream, row, key)
        except requests.HTTPError as error:
            raise RuntimeError(error.response.text) from error

    assert LESSONS["09a"].judge(4, put, *context["09a", 4]).outcome == "right"


def _whichever_is_missing(kinesis, names, shards, tags):
    for name in names:
        try:
            kinesis.describe_stream(StreamName=name)
        except kinesis.exceptions.ResourceNotFoundException:
            kinesis.create_stream(StreamName=name, ShardCount=shards, Tags=tags)
            while kinesis.describe_stream(StreamName=name)["StreamDescription"]["StreamStatus"] != "ACTIVE":
                time.sleep(0.1)


def _refused_if_there(kinesis, names, shards, tags):
    for name in names:
        with contextlib.suppress(ClientError):
            kinesis.create_stream(StreamName=name, ShardCount=shards)
            kinesis.add_tags_to_stream(StreamName=name, Tags=tags)
    while any(
        kinesis.describe_stream_summary(StreamName=name)["StreamDescriptionSummary"]["StreamStatus"] == "CREATING"
        for name in names
    ):
        time.sleep(0.1)


def _by_the_long_list(kinesis, names, shards, tags):
    there = {one for page in kinesis.get_paginator("list_streams").paginate() for one in page["StreamNames"]}
    for name in set(names) - there:
        kinesis.create_stream(StreamName=name, ShardCount=shards, Tags=tags)
    while not all(one["StreamStatus"] == "ACTIVE" for one in kinesis.list_streams()["StreamSummaries"]):
        time.sleep(0.1)


@pytest.mark.parametrize("answer", [_whichever_is_missing, _refused_if_there, _by_the_long_list])
def test_streams_may_be_made_in_another_way(workbook, answer):
    assert LESSONS["09a"].judge(1, answer, workbook).outcome == "right"


@pytest.mark.parametrize(
    "template",
    [
        """#set($key = 1)
{"PartitionKey": "$input.path('$').PartitionKey", "Data": "$util.base64Encode($input.path('$.Data'))",
 "StreamName": "$input.params().path.get('stream-name')"}""",
        """#set($all = $input.path('$'))
{"StreamName": "$input.params("stream-name")", "Data": "$util.base64Encode($input.json("$.Data"))",
 "PartitionKey": $input.json('$.PartitionKey')}""",
    ],
)
def test_a_template_may_be_written_in_another_way(context, template):
    assert LESSONS["09a"].judge(2, lambda: template, *context["09a", 2]).outcome == "right"


def test_statuses_may_be_matched_in_another_way(context):
    def answer(client, method):
        for status, pattern in (("200", r"2\d\d"), ("400", "4.."), ("500", r"5\d+")):
            client.put_method_response(**method, statusCode=status)
            client.put_integration_response(**method, statusCode=status, selectionPattern=pattern)

    assert LESSONS["09a"].judge(3, answer, *context["09a", 3]).outcome == "right"


def test_a_keys_shard_may_be_found_from_its_end(context):
    def answer(key, shards):
        number = int.from_bytes(hashlib.md5(key.encode(), usedforsecurity=False).digest(), "big")
        ends = {int(shard["HashKeyRange"]["EndingHashKey"]): shard["ShardId"] for shard in shards}
        return ends[min(end for end in ends if end >= number)]

    assert LESSONS["09a"].judge(5, answer, *context["09a", 5]).outcome == "right"


def _one_by_one(s3, bucket):
    while found := s3.list_objects_v2(Bucket=bucket).get("Contents"):
        for one in found:
            s3.delete_object(Bucket=bucket, Key=one["Key"])


def _all_pages_first(s3, bucket):
    keys, more = [], {}
    while True:
        page = s3.list_objects_v2(Bucket=bucket, **more)
        keys += [{"Key": one["Key"]} for one in page.get("Contents", [])]
        if not page["IsTruncated"]:
            break
        more = {"ContinuationToken": page["NextContinuationToken"]}
    for begun in range(0, len(keys), 1000):
        told = s3.delete_objects(Bucket=bucket, Delete={"Objects": keys[begun : begun + 1000]})
        assert not told.get("Errors"), told["Errors"]


def _by_an_older_list(s3, bucket):
    for page in s3.get_paginator("list_objects").paginate(Bucket=bucket, PaginationConfig={"PageSize": 1000}):
        for one in page.get("Contents") or []:
            s3.delete_object(Bucket=bucket, Key=one["Key"])


@pytest.mark.parametrize("answer", [_one_by_one, _all_pages_first, _by_an_older_list])
def test_a_bucket_may_be_emptied_in_another_way(workbook, answer):
    assert LESSONS["10"].judge(3, answer, workbook).outcome == "right"


def test_whoever_would_try_an_object_that_stays_for_ever_is_told(workbook):
    def without_errors(s3, bucket):
        while found := s3.list_objects_v2(Bucket=bucket).get("Contents"):
            s3.delete_objects(Bucket=bucket, Delete={"Objects": [{"Key": one["Key"]} for one in found]})

    verdict = LESSONS["10"].judge(3, without_errors, workbook)
    assert "'an object that AWS will not delete': your answer gives 'tried for ever'" in verdict.text


def test_a_role_may_be_taken_apart_in_another_order_and_with_its_profile(workbook):
    def answer(iam, role):
        for page in iam.get_paginator("list_role_policies").paginate(RoleName=role):
            for name in page["PolicyNames"]:
                iam.delete_role_policy(RoleName=role, PolicyName=name)
        for page in iam.get_paginator("list_attached_role_policies").paginate(RoleName=role):
            for policy in page["AttachedPolicies"]:
                iam.detach_role_policy(RoleName=role, PolicyArn=policy["PolicyArn"])
        for profile in iam.list_instance_profiles_for_role(RoleName=role)["InstanceProfiles"]:
            name = profile["InstanceProfileName"]
            iam.remove_role_from_instance_profile(InstanceProfileName=name, RoleName=role)
            iam.delete_instance_profile(InstanceProfileName=name)
        iam.delete_role(RoleName=role)

    assert LESSONS["10"].judge(4, answer, workbook).outcome == "right"


def _in_turn(things, delete, rounds=3):
    tries = {thing: 0 for thing in things}
    waiting = list(things)
    while waiting:
        thing = waiting.pop(0)
        tries[thing] += 1
        try:
            delete(thing)
        except ClientError:
            if tries[thing] < rounds:
                waiting.append(thing)
            else:
                tries[thing] = -1
    return [thing for thing, tried in tries.items() if tried < 0]


def _again_by_itself(things, delete, rounds=3):
    failed = []
    for thing in things:
        try:
            delete(thing)
        except Exception:
            failed.append(thing)
    return _again_by_itself(failed, delete, rounds - 1) if failed and rounds > 1 else failed


@pytest.mark.parametrize("answer", [_in_turn, _again_by_itself])
def test_what_failed_may_be_tried_again_in_another_way(answer):
    assert LESSONS["10"].judge(6, answer).outcome == "right"


def test_a_column_under_its_raw_name_is_pointed_out(context):
    def raw_name(raw_pin: DataFrame, cleaned: DataFrame) -> DataFrame:
        return notebook_06.lost(raw_pin, cleaned).withColumnRenamed("ind", "index")

    verdict = LESSONS["06"].judge(5, raw_name, *context["06", 5])
    assert verdict.text.endswith("'the columns': your answer gives 'index', expected 'ind'.")


@pytest.mark.parametrize("end", ["", "/partition=0", "/partition=0/*.json"])
def test_the_way_through_the_mount_is_known_however_it_ends(context, end):
    def through_the_mount(spark, workbook):
        folder = f"/mnt/{workbook.id}/topics"
        return {table: spark.read.json(f"{folder}/{workbook.topic(table)}{end}") for table in ("user", "pin", "geo")}

    verdict = LESSONS["05"].judge(3, through_the_mount, *context["05", 3])
    assert verdict.text.startswith("That is the way through the mount")


def test_a_key_that_is_null_is_named_and_rows_with_nulls_are_told(context, clean):
    def all_posters(pin: DataFrame, geo: DataFrame) -> DataFrame:
        posts = pin.join(geo, "ind").groupBy("country", "poster_name")
        return posts.agg(F.max("follower_count").alias("follower_count"))

    verdict = LESSONS["07"].judge(3, all_posters, clean["pin"], clean["geo"])
    assert "'a row in which country is null' should not be there." in verdict.text
    assert len(verdict.text) < 3000


def test_the_figures_are_those_of_the_workbooks_data(clean):
    rows = {row.post_year: row.number_users_joined for row in notebook_07.task_9(clean["user"]).collect()}
    assert rows == {2015: 838, 2016: 2838, 2017: 1558, 2018: 7, 2019: 15, 2020: 9}
