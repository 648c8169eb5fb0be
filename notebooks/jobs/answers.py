# Databricks notebook source
# MAGIC %md
# MAGIC # Answer one group of questions
# MAGIC
# MAGIC Run by the DAG. Writes each answer into a table of its own, under the day it is for: a second run for the same
# MAGIC day replaces that day's rows and no others.

# COMMAND ----------

dbutils.widgets.text("workbook_id", "")
dbutils.widgets.text("subject", "")
dbutils.widgets.text("day", "")

# COMMAND ----------

from helpers.airflow import daily

workbook_id, day = dbutils.widgets.get("workbook_id"), dbutils.widgets.get("day")
tables = daily.answer(spark, workbook_id, dbutils.widgets.get("subject"), day)

# COMMAND ----------

for table in tables:
    display(spark.table(table).where(f"day = '{day}'").limit(5))

# COMMAND ----------

dbutils.notebook.exit(" ".join(tables))
