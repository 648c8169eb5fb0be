# Databricks notebook source
# MAGIC %md
# MAGIC # Clean the three tables
# MAGIC
# MAGIC Run by the DAG. Reads everything that has landed and replaces the clean tables: a second run changes nothing.

# COMMAND ----------

dbutils.widgets.text("workbook_id", "")
dbutils.widgets.text("raw", "")

# COMMAND ----------

from helpers.airflow import daily

rows = daily.clean(spark, dbutils.widgets.get("raw"), dbutils.widgets.get("workbook_id"))
print(rows)

# COMMAND ----------

dbutils.notebook.exit(str(rows))
