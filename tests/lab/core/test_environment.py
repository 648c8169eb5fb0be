from lab.core.environment import inherited


def test_services_take_over_what_stands_on_the_list_and_nothing_else():
    needed = {"PATH": "/bin", "JAVA_HOME": "/jdk", "LC_CTYPE": "C", "UV_CACHE_DIR": "/c", "SSL_CERT_FILE": "/ca.pem"}
    others = (
        "AWS_PROFILE", "AWS_SECRET_ACCESS_KEY", "DATABRICKS_TOKEN", "SPARK_REMOTE", "_JAVA_OPTIONS", "GITHUB_TOKEN",
        "PYTHONDONTWRITEBYTECODE", "PYTHONPATH", "PYTHONSTARTUP", "LD_PRELOAD", "KAFKA_OPTS", "LAB_HOME",
        "JUPYTER_TOKEN", "AIRFLOW__CORE__FERNET_KEY", "BASH_ENV",
    )  # fmt: skip
    assert inherited(needed | dict.fromkeys(others, "mine")) == needed | {"NO_PROXY": "127.0.0.1,localhost"}


def test_a_proxy_is_never_asked_for_the_labs_own_ports():
    assert inherited({"no_proxy": "mirror"}) == {"NO_PROXY": "127.0.0.1,localhost,mirror"}
