"""Every exercise: its solution is right, each typical mistake is told apart, and nothing else is taken for either."""

import contextlib
import hashlib
import inspect
import json
import os
import time
from datetime import UTC

import pytest
import requests
import stream_proxy
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
from helpers.cleaning import CLEANERS, deduplicate
from helpers.databricks.laptop.dbutils import DBUtils, ExecutionError
from helpers.kafka import sink_objects
from helpers.raw import GEO_SCHEMA, read_raw
from helpers.streaming import queries as stream_queries

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
    ("05", 1): lambda spark, file: ("AKIA", "secret"),
    ("05", 3): lambda dbutils, address, point: notebook_05.remount(dbutils, address, point) + "?",
    ("05", 4): lambda spark, folder, topics: {"pin": notebook_05.mounted_frames(spark, folder, topics)["pin"]},
    ("05", 5): lambda read: -notebook_05.seconds(read),
    ("05", 7): lambda spark, frame, folder, numbers: notebook_05.by_objects(spark, frame.limit(3), folder, numbers),
    ("05", 8): lambda spark, workbook: {"pin": notebook_05.read_frames(spark, workbook)["pin"]},
    ("06", 4): lambda clean, raw: -notebook_06.seconds_to_clean(clean, raw),
    ("06", 7): lambda frame: {"ind": 7},
    ("06", 8): lambda raw, cleaned, key: (7, 7),
    ("06", 11): lambda frame, table: notebook_06.keep(frame.limit(2), table),
    ("09a", 1): lambda kinesis, names, shards, tags: notebook_09a.create_streams(kinesis, names, 2, tags),
    ("09a", 2): lambda: notebook_09a.record_template().replace("$.Data", "$.Data.title"),
    ("09a", 3): notebook_09a._answers({"200": "", "404": r"4\d{2}"}),
    ("09a", 4): lambda url, stream, row, key: notebook_09a.put(url, stream, row | {"ind": 1}, key),
    ("09a", 5): lambda key, shards: shards[-1]["ShardId"],
    ("09b", 1): lambda *given: notebook_09b.read_stream(*given).limit(2),
    ("09b", 5): lambda frame, table, checkpoint: notebook_09b.store(frame.limit(1), table, checkpoint),
    ("09b", 6): lambda spark, frames, workbook, trigger: notebook_09b.start_all(
        spark, {"pin": frames["pin"]}, workbook, trigger
    ),
    ("09b", 7): lambda reports: (7.0, 7.0),
    ("09b", 8): lambda spark, dbutils, table, checkpoint: table.upper(),
    ("09b", 9): lambda dbutils, frame, table, checkpoint: [7, 7, 7],
    ("09c", 1): lambda query: "is a query",
    ("09c", 3): lambda records: notebook_09c.first_of_each(records).where("false"),
    ("09c", 4): lambda moment: "latest",
    ("09c", 5): lambda batch, table: notebook_09c.insert_new(batch.limit(3), table),
    ("09c", 8): lambda questions, tables: {1: notebook_09c.answers(questions, tables)[1]},
    ("09c", 9): lambda by_batch, by_stream: [*by_batch],
    ("10", 1): lambda name, tags, workbook_id: True,
    ("10", 3): lambda s3, bucket: s3.delete_object(Bucket=bucket, Key=notebook_10.KEYS[0]),
    ("10", 4): lambda iam, role: iam.delete_role_policy(RoleName=role, PolicyName="bucket"),
}
"""A mistake that no twin makes, where it is more than another result."""


@pytest.fixture(scope="module")
def invoke_url(workbook):
    """Streams and API, and something in the stream that an answer may take for its own."""
    with stream_proxy.deployed(workbook) as built:
        built.kinesis.put_record(StreamName=workbook.stream("geo"), Data=b"{}", PartitionKey="1")
        yield built.invoke_url


@pytest.fixture(scope="module")
def landed(workbook):
    """An object of each topic, as the connector would have stored it."""
    sink_objects.create_bucket(workbook)
    for topic in workbook.topics:
        key = f"topics/{topic}/partition=0/{topic}+0+0000000000.json"
        workbook.client("s3").put_object(Bucket=workbook.bucket, Key=key, Body=b"{}\n")


@pytest.fixture(scope="module")
def dbutils(workbook):
    """The workspace's, as a notebook has it."""
    return DBUtils()


@pytest.fixture(scope="module")
def counts(clean):
    """As milestone 7 has them; one frame for all, so that what is known of it need not be found out again."""
    posts = clean["pin"].join(clean["geo"], "ind").dropna(subset=["country", "category"])
    return posts.groupBy("country", "category").agg(F.countDistinct("ind").alias("category_count"))


@pytest.fixture
def context(workbook, spark, dbutils, raw, clean, counts, invoke_url, landed):
    """What the notebook gives to each check."""
    key, secret = (dbutils.secrets.get("aws", name) for name in ("access_key_id", "secret_access_key"))
    address = notebook_05.source_url(key, secret, workbook.bucket)
    pin, geo, user = clean["pin"], clean["geo"], clean["user"]
    role = iam.arn(workbook, workbook.kinesis_role)
    keys = {"awsAccessKey": os.environ["AWS_ACCESS_KEY_ID"], "awsSecretKey": os.environ["AWS_SECRET_ACCESS_KEY"]}
    return {
        ("05", 1): (spark, dbutils), ("05", 2): (), ("05", 3): (dbutils, address), ("05", 4): (spark, dbutils),
        ("05", 5): (spark,), ("05", 6): (spark,), ("05", 7): (spark, dbutils), ("05", 8): (spark, workbook),
        ("06", 1): (spark,), ("06", 2): (raw["pin"],), **{("06", number): (spark,) for number in range(3, 12)},
        ("07", 1): (counts,), ("07", 2): (pin, geo), ("07", 3): (pin, geo), ("07", 4): (pin, user), ("07", 5): (user,),
        ("07", 6): (pin, user), ("07", 7): (pin, user),
        ("09a", 1): (workbook,), ("09a", 2): (workbook, role), ("09a", 3): (workbook, role),
        ("09a", 4): (workbook, invoke_url), ("09a", 5): (workbook,), ("09a", 6): (), ("09a", 7): (),
        ("09b", 1): (spark, workbook, keys), ("09b", 7): (),
        **{("09b", number): (spark,) for number in (2, 3, 4, 5, 6)},
        **{("09b", number): (spark, dbutils) for number in (8, 9)},
        **{("09c", number): (spark,) for number in (1, 2, 3, 5, 6, 8)},
        ("09c", 4): (), ("09c", 7): (spark, dbutils), ("09c", 9): (),
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
    assert LESSONS["05"].judge(6, lambda: text, *context["05", 6]).outcome == "right"


def test_a_count_may_be_as_long_as_it_likes_and_is_no_fraction(context):
    def longer(raw: DataFrame) -> DataFrame:
        return notebook_06.clean_pin(raw).withColumn("follower_count", F.col("follower_count").cast("bigint"))

    def count(kind: str):
        return lambda text: notebook_06.follower_count(text).cast(kind)

    assert LESSONS["06"].judge(2, count("bigint"), *context["06", 2]).outcome == "right"
    assert LESSONS["06"].judge(3, longer, *context["06", 3]).outcome == "right"
    verdict = LESSONS["06"].judge(2, count("double"), *context["06", 2])
    assert verdict.text.endswith("'its type': your answer gives 'double', expected 'int'.")


def test_whoever_raises_an_error_of_another_kind_is_right_too(context):
    def put(invoke_url: str, stream: str, row: dict, key: str) -> dict:
        try:
            return notebook_09a.put(invoke_url, stream, row, key)
        except requests.HTTPError as error:
            raise RuntimeError(error.response.text) from error

    assert LESSONS["09a"].judge(4, put, *context["09a", 4]).outcome == "right"


def test_a_moment_may_be_written_with_a_t(context):
    def put(invoke_url: str, stream: str, row: dict, key: str) -> dict:
        return notebook_09a.put(invoke_url, stream, row | {"timestamp": row["timestamp"].isoformat()}, key)

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
        """#set($data = $input.json('$.Data'))
{"PartitionKey": "$input.path('$').PartitionKey", "Data": "$util.base64Encode($data)",
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


def test_a_role_may_be_taken_apart_in_another_order(workbook):
    def answer(iam, role):
        for page in iam.get_paginator("list_role_policies").paginate(RoleName=role):
            for name in page["PolicyNames"]:
                iam.delete_role_policy(RoleName=role, PolicyName=name)
        for page in iam.get_paginator("list_attached_role_policies").paginate(RoleName=role):
            for policy in page["AttachedPolicies"]:
                iam.detach_role_policy(RoleName=role, PolicyArn=policy["PolicyArn"])
        for profile in iam.list_instance_profiles_for_role(RoleName=role)["InstanceProfiles"]:
            iam.remove_role_from_instance_profile(InstanceProfileName=profile["InstanceProfileName"], RoleName=role)
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
        except ClientError:
            failed.append(thing)
    return _again_by_itself(failed, delete, rounds - 1) if failed and rounds > 1 else failed


@pytest.mark.parametrize("answer", [_in_turn, _again_by_itself])
def test_what_failed_may_be_tried_again_in_another_way(answer):
    assert LESSONS["10"].judge(6, answer).outcome == "right"


def _unmounted_in_any_case(dbutils, address: str, mount_point: str) -> str:
    with contextlib.suppress(ExecutionError):
        dbutils.fs.unmount(mount_point)
    dbutils.fs.mount(address, mount_point)
    (mount,) = (one for one in dbutils.fs.mounts() if one.mountPoint == mount_point)
    return mount.source


def _brought_here(clean, raw: DataFrame) -> float:
    began = time.perf_counter()
    clean(raw).toPandas()
    return time.perf_counter() - began


def _by_position(frame: DataFrame, column: str) -> DataFrame:
    rows = frame.withColumn("shape", F.regexp_replace(F.col(column), r"\d+", "9"))
    return rows.groupBy("shape").agg(F.count("*").alias("count")).sort(F.col("count").desc(), "shape")


def _from_the_raw_side(raw: DataFrame, cleaned: DataFrame, key: str, column: str) -> DataFrame:
    before = raw.selectExpr(f"{key} AS ind", f"{column} AS text")
    after = before.join(cleaned, before.ind == cleaned.ind).where(cleaned[column].isNull())
    return after.groupBy("text").agg(F.count(F.lit(1)).alias("count")).orderBy(F.desc("count"), "text")


def _started_by_hand(spark, frames: dict, workbook, trigger=None) -> dict:
    def start(table: str):
        writer = frames[table].writeStream.option("checkpointLocation", workbook.checkpoint(table))
        return (writer.trigger(**trigger) if trigger else writer).toTable(workbook.stream_table(table))

    return {table: start(table) for table in frames}


def _counted_by_hand(frame: DataFrame) -> dict[str, int]:
    return {name: frame.where(F.col(name).isNull()).count() for name in frame.columns}


OTHER_WAYS = {
    "a row is a pair": (
        "05", 1,
        lambda spark, file: spark.read.csv(file, header=True).where(F.col("User name") == "databricks-user")
        .select("Access key ID", "Secret access key").first(),
    ),
    "whatever unmount says": ("05", 3, _unmounted_in_any_case),
    "the folder without a glob": (
        "05", 4,
        lambda spark, mount, topics: {
            table: spark.read.json(f"{mount}/topics/{topic}/partition=0/") for table, topic in topics.items()
        },
    ),
    "all rows brought here": ("05", 5, lambda read: _brought_here(lambda frame: frame, read()) + 0.2),
    "a new column, another pattern": ("06", 1, _by_position),
    "all columns brought here": ("06", 4, _brought_here),
    "one question a column": ("06", 7, _counted_by_hand),
    "from the other side": ("06", 9, _from_the_raw_side),
    "another writer": ("06", 11, lambda frame, table: (
        frame.writeTo(table).using("delta").createOrReplace() or frame.sparkSession.table(table).count()
    )),
    "all columns and one": ("09b", 3, lambda records: records.select(
        F.col("data").cast("string").alias("text"), "*"
    ).where(f"from_json(text, '{GEO_SCHEMA.simpleString()}').ind IS NULL")),
    "ours sets aside": ("09b", 4, lambda records, table: stream_queries.cleaned(records, table)),
    "queries started by hand": ("09b", 6, _started_by_hand),
    "the checkpoint first": ("09b", 8, lambda spark, dbutils, table, checkpoint: (
        dbutils.fs.rm(checkpoint, recurse=True), spark.sql(f"DROP TABLE IF EXISTS {table}")
    )),
    "a moment that ends in Z": ("09c", 4, lambda moment: json.dumps(
        {"at_timestamp": f"{moment.astimezone(UTC):%Y-%m-%dT%H:%M:%S.%f}Z"}
    )),
    "a moment in seconds": ("09c", 4, lambda moment: json.dumps({"at_timestamp": f"{moment.timestamp():.3f}"})),
    "a moment in a format": ("09c", 4, lambda moment: json.dumps({
        "at_timestamp": f"{moment.astimezone(UTC):%d/%m/%Y %H:%M:%S.%f}"[:-3], "format": "dd/MM/yyyy HH:mm:ss.SSS",
    })),
    "ours reads": ("09c", 7, lambda spark, path, table: deduplicate(CLEANERS[table](read_raw(spark, path, table)))),
    "pandas compares": ("09c", 9, lambda batch, stream: [one for one in batch if not batch[one].equals(stream[one])]),
}  # fmt: skip
"""What is special → notebook, exercise and a right answer that is not the solution."""


@pytest.mark.parametrize("way", OTHER_WAYS)
def test_a_right_answer_written_in_another_way_is_right(context, way):
    name, number, answer = OTHER_WAYS[way]
    assert str(LESSONS[name].judge(number, answer, *context[name, number])).startswith("Right. ")


def test_a_query_that_goes_on_is_told_of_in_seconds(context):
    began = time.monotonic()
    verdict = LESSONS["09b"].judge(
        5,
        lambda frame, table, checkpoint: (
            frame.writeStream.option("checkpointLocation", checkpoint).trigger(processingTime="1 hour").toTable(table)
        ),
        *context["09b", 5],
    )
    assert verdict.text.startswith("Your query goes on and on")
    assert time.monotonic() - began < 30


def test_a_memory_without_any_end_is_told_with_a_watermark_and_without(context):
    verdict = LESSONS["09c"].judge(3, lambda records: records.dropDuplicates(["data"]), *context["09c", 3])
    assert verdict.text.startswith("It finds every repetition, and remembers every record for ever")


def test_a_checkpoint_that_queries_share_is_told_of_whoever_waits_for_whom(context):
    in_turn = notebook_09b._queries(checkpoint=lambda ours, _: ours.checkpoint("pin"), in_turn=True)
    verdict = LESSONS["09b"].judge(6, in_turn, *context["09b", 6])
    assert verdict.text.startswith("The queries share a checkpoint")


def test_queries_that_write_into_one_table_at_once_are_told_of(context):
    at_once = notebook_09b._queries(name=lambda ours, _: ours.stream_table("pin"))
    verdict = LESSONS["09b"].judge(6, at_once, *context["09b", 6])
    assert verdict.text.startswith("All rows went into one table")


def test_a_column_under_its_raw_name_is_pointed_out(context):
    def raw_name(raw_pin: DataFrame, cleaned: DataFrame) -> DataFrame:
        return notebook_06.lost(raw_pin, cleaned).withColumnRenamed("ind", "index")

    verdict = LESSONS["06"].judge(10, raw_name, *context["06", 10])
    assert verdict.text.endswith("'the columns': your answer gives 'index', expected 'ind'.")


@pytest.mark.parametrize(
    ("number", "answer"),
    [
        (1, lambda frame, column: frame.groupBy(F.regexp_replace(column, "[0-9]+", "9").alias("shape")).count()),
        (9, lambda raw, cleaned, key, column: (
            raw.select(F.col(key).alias("ind"), F.col(column).alias("text"))
            .join(cleaned.where(F.col(column).isNull()).select("ind"), "ind").groupBy("text").count()
        )),
    ],
)  # fmt: skip
def test_rows_in_no_order_are_told(context, number, answer):
    verdict = LESSONS["06"].judge(number, answer, *context["06", number])
    assert f"'{notebook_06.IN_ORDER}': your answer gives '" in verdict.text


@pytest.mark.parametrize("end", ["", "/partition=0", "/partition=0/*.json"])
def test_the_way_through_the_mount_is_known_however_it_ends(context, end):
    def through_the_mount(spark, workbook):
        folder = f"/mnt/{workbook.id}/topics"
        return {table: spark.read.json(f"{folder}/{workbook.topic(table)}{end}") for table in ("user", "pin", "geo")}

    verdict = LESSONS["05"].judge(8, through_the_mount, *context["05", 8])
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
