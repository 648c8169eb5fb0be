"""Polars reads the bucket's JSON and the cluster's Delta tables."""

import polars
import pytest
from client_rows import ROWS


def test_objects_of_a_topic_are_read_one_by_one_and_all_at_once(objects, storage):
    one = polars.read_ndjson(f"{objects}/clients.geo+0+0000000010.json", storage_options=storage)
    assert one.to_dicts() == ROWS[10:]
    every = polars.scan_ndjson(f"{objects}/*.json", storage_options=storage).sort("ind").collect()
    assert every.to_dicts() == ROWS


def test_a_query_over_objects_and_a_parquet_file_of_the_learners(objects, storage, workbook):
    target = f"s3://{workbook.bucket}/clients/means.parquet"
    rows = polars.scan_ndjson(f"{objects}/*.json", storage_options=storage)
    rows.group_by("country").agg(polars.col("latitude").mean()).collect().write_parquet(target, storage_options=storage)
    assert polars.read_parquet(target, storage_options=storage).row(0) == ("Côte d'Ivoire", 4.75)


def test_a_delta_table_of_the_clusters(spark, objects, storage, workbook):
    place = f"{workbook.bucket}/clients/polars"
    spark.createDataFrame(ROWS).write.format("delta").mode("overwrite").save(f"s3a://{place}")
    found = polars.read_delta(f"s3://{place}", storage_options=storage).sort("ind")
    assert found.select("ind", "country", "latitude").to_dicts() == ROWS


def test_a_wrong_key_is_refused(objects, storage):
    with pytest.raises(OSError, match=r"SignatureDoesNotMatch|403|Forbidden|permission"):
        polars.read_ndjson(
            f"{objects}/clients.geo+0+0000000010.json",
            storage_options=storage | {"aws_secret_access_key": "wrong"},
        )
