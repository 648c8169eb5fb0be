"""Airflow: the environment, its REST API, the DAG, its runs, and the work of one day (milestone 8)."""
