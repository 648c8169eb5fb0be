"""What stands in for Databricks' own `dbutils` and `display` where a notebook runs outside of Databricks."""
