"""The lab: what stands in for AWS and Databricks on a laptop. The pipeline never imports it."""
