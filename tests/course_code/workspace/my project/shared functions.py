# Databricks notebook source
# ruff: noqa
from pyspark.sql.functions import col, regexp_replace

suffix = dbutils.widgets.get("suffix")

# COMMAND ----------


def clean_followers(frame):
    """Turn 5k into 5000."""
    frame = frame.withColumn("follower_count", regexp_replace("follower_count", "k", "000"))
    return frame.withColumn("follower_count", col("follower_count").cast("int"))
