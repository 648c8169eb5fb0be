"""The pipeline: what the notebooks call. It runs against the lab on a laptop and against AWS and Databricks."""
