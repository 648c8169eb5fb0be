"""MWAA: the environment, and the bucket folder that is Airflow's DAG folder."""
