"""The parts of the Spark source `kinesis`, one idea a module; `helpers.kinesis_source` puts them together.

They need boto3 and PySpark and nothing else of this project, so they run on Databricks as they are.
"""
