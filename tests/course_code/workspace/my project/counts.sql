-- Databricks notebook source
SELECT count(*) AS pins FROM global_temp.course_pin

-- COMMAND ----------

-- MAGIC %python
-- MAGIC dbutils.notebook.exit(str(_sqldf.first()["pins"]))
