# Databricks notebook source
# ruff: noqa

# COMMAND ----------

# MAGIC %md
# MAGIC # Clean the pins and ask a question

# COMMAND ----------

# MAGIC %run "./shared functions" $suffix="_from_course"

# COMMAND ----------

dbutils.widgets.text("bucket", "user-0a1b2c3d4e5f-bucket")
from pyspark.sql import SparkSession
from pyspark.sql.functions import col, regexp_replace, when
import urllib

session = SparkSession.builder.appName("course").getOrCreate()
keys = session.read.format("delta").load("dbfs:/user/hive/warehouse/authentication_credentials")
ACCESS_KEY = keys.where(col("User name") == "databricks-user").select("Access key ID").collect()[0]["Access key ID"]
SECRET_KEY = keys.where(col("User name") == "databricks-user").select("Secret access key").collect()[0]["Secret access key"]
ENCODED_SECRET_KEY = urllib.parse.quote(string=SECRET_KEY, safe="")

# COMMAND ----------

# MAGIC %sql
# MAGIC -- disable format checks during the reading of Delta tables
# MAGIC SET spark.databricks.delta.formatCheck.enabled=false;
# MAGIC SELECT 'a;b' AS text

# COMMAND ----------

AWS_S3_BUCKET = dbutils.widgets.get("bucket")
MOUNT_NAME = "/mnt/course" + suffix
if any(mount.mountPoint == MOUNT_NAME for mount in dbutils.fs.mounts()):
    dbutils.fs.unmount(MOUNT_NAME)
dbutils.fs.mount("s3n://{0}:{1}@{2}".format(ACCESS_KEY, ENCODED_SECRET_KEY, AWS_S3_BUCKET), MOUNT_NAME)
display(dbutils.fs.ls(MOUNT_NAME + "/topics"))

# COMMAND ----------

df_pin = spark.read.format("json").option("inferSchema", "true").load(MOUNT_NAME + "/topics/course.pin/partition=0/*.json")
df_pin = clean_followers(df_pin).withColumnRenamed("index", "ind").drop("index")
df_pin.createOrReplaceGlobalTempView("course_pin")
df_pin.display()

# COMMAND ----------

# MAGIC %sql
# MAGIC CREATE OR REPLACE TEMPORARY VIEW answers AS
# MAGIC SELECT category, sum(follower_count) AS followers FROM global_temp.course_pin GROUP BY category;
# MAGIC SELECT * FROM answers ORDER BY category

# COMMAND ----------

dbutils.notebook.exit(str([tuple(row) for row in _sqldf.collect()]))
