"""Notebooks as Databricks writes them: their file formats, their magics, what they have ready."""
