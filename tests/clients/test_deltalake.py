"""delta-rs and the cluster read and write each other's Delta tables over the lab's S3."""

import pyarrow
import pytest
from client_rows import ROWS
from deltalake import DeltaTable, write_deltalake


@pytest.fixture
def place(workbook, objects):
    return f"{workbook.bucket}/clients/deltalake"


def test_a_table_of_the_clusters_is_read_with_its_history(spark, place, storage):
    frame = spark.createDataFrame(ROWS)
    frame.write.format("delta").mode("overwrite").save(f"s3a://{place}")
    frame.where("ind < 5").write.format("delta").mode("append").save(f"s3a://{place}")
    table = DeltaTable(f"s3://{place}", storage_options=storage)
    assert pyarrow.table(table.to_pyarrow_table()).num_rows == len(ROWS) + 5
    last = table.version()
    assert [one["operation"] for one in table.history(2)] == ["WRITE", "WRITE"]
    table.load_as_version(last - 1)
    assert table.to_pyarrow_table().num_rows == len(ROWS)


def test_a_table_of_delta_rs_is_read_by_the_cluster_and_appended_to(spark, place, storage):
    rows = pyarrow.Table.from_pylist(ROWS)
    write_deltalake(f"s3://{place}_rs", rows, mode="overwrite", storage_options=storage)
    write_deltalake(f"s3://{place}_rs", rows, mode="append", storage_options=storage)
    assert spark.read.format("delta").load(f"s3a://{place}_rs").count() == 2 * len(ROWS)
    spark.createDataFrame(ROWS).write.format("delta").mode("append").save(f"s3a://{place}_rs")
    assert DeltaTable(f"s3://{place}_rs", storage_options=storage).to_pyarrow_table().num_rows == 3 * len(ROWS)
