"""Which Airflow, and which Databricks provider: the lab's and MWAA's are the same, by one lock file."""

import re

from helpers.config import CHECKOUT

FILE = CHECKOUT / "requirements" / "airflow.txt"

AIRFLOW, PROVIDER = "apache-airflow", "apache-airflow-providers-databricks"


def packages() -> dict[str, str]:
    """Read the lock file: package → version."""
    return dict(re.findall(r"^([\w.-]+)==([^\s;]+)", FILE.read_text(), re.MULTILINE))


def airflow() -> str:
    """Tell the version of Airflow."""
    return packages()[AIRFLOW]


def requirements() -> str:
    """Write what an environment installs; the version is one that the constraints of MWAA's images allow."""
    return f"{PROVIDER}=={packages()[PROVIDER]}\n"
