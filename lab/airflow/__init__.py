"""Airflow as the lab runs it: its secrets, its configuration, its web server as a client sees it."""
