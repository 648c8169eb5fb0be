"""Airflow's configuration file: everything on loopback, small, with the lab's own secrets."""

import shutil
import string
from pathlib import Path

from lab.airflow import keys
from lab.core import browsers
from lab.core.files import TEMPLATES, write_private
from lab.core.layout import Lab


def file(lab: Lab) -> Path:
    """Where the configuration is."""
    return lab.config / "airflow.cfg"


def dags_folder(lab: Lab) -> Path:
    """Folder whose files are the DAGs; MWAA keeps it in step with the bucket."""
    return lab.data("airflow") / "dags"


def plugins_folder(lab: Lab) -> Path:
    """Folder of what the lab adds to Airflow."""
    return lab.config / "airflow-plugins"


def environment(lab: Lab) -> dict[str, str]:
    """Variables with which every command of Airflow finds this lab's."""
    return {
        "AIRFLOW_HOME": str(lab.data("airflow")),
        "AIRFLOW_CONFIG": str(file(lab)),
        # its allocator otherwise keeps what every thread has ever used
        "MALLOC_ARENA_MAX": "2",
        # its processes show what they do in their titles, which would overwrite the marks by which the lab finds them
        "SPT_NOENV": "1",
    }


def write(lab: Lab) -> None:
    """Write the configuration, readable by the owner alone, and make the folders that it names."""
    secrets = keys.load_or_create(lab)
    dags_folder(lab).mkdir(parents=True, exist_ok=True)
    plugins_folder(lab).mkdir(parents=True, exist_ok=True)
    shutil.copy(browsers.__file__, plugins_folder(lab) / "lab_browsers.py")
    shutil.copy(TEMPLATES / "airflow_door.py", plugins_folder(lab) / "lab_door.py")
    values = {
        "dags": dags_folder(lab),
        "plugins": plugins_folder(lab),
        "database": lab.data("airflow") / "airflow.db",
        "logs": lab.data("airflow") / "logs",
        "login": keys.login_file(lab),
        "port": lab.ports["airflow"],
        "user": keys.USER,
        "fernet_key": secrets.fernet_key,
        "jwt_secret": secrets.jwt_secret,
        "secret_key": secrets.secret_key,
    }
    template = string.Template((TEMPLATES / "airflow.cfg").read_text())
    # a per cent sign begins a reference in such a file
    text = template.substitute({name: str(value).replace("%", "%%") for name, value in values.items()})
    write_private(file(lab), text)
