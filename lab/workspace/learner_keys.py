"""What a learner finds in a new workspace: the keys for the bucket, in the places where the course keeps them."""

from typing import TYPE_CHECKING

from lab.core.credentials import Credentials
from lab.core.files import write_private
from lab.core.runtime import Runtime
from lab.workspace.secrets import Secrets

if TYPE_CHECKING:
    from pyspark.sql import SparkSession

USER_NAME = "databricks-user"
COLUMNS = ("User name", "Access key ID", "Secret access key")
CREDENTIALS_NAME = "authentication_credentials"
CREDENTIALS_CSV = f"FileStore/tables/{CREDENTIALS_NAME}.csv"
SECRET_SCOPE = "aws"


def _row(keys: Credentials) -> tuple[str, str, str]:
    return USER_NAME, keys.access_key_id, keys.secret_access_key


def credentials(runtime: Runtime) -> None:
    """Put the keys into a CSV file of DBFS and into the secret scope ``aws``, as they are now."""
    keys = runtime.credentials
    table = f"{','.join(COLUMNS)}\n{','.join(_row(keys))}\n"
    write_private(runtime.lab.data("cluster") / "dbfs" / CREDENTIALS_CSV, table)
    file = runtime.lab.home / "workspace" / "secrets.json"
    if not file.exists():
        secrets = Secrets(file)
        secrets.create_scope(SECRET_SCOPE)
        secrets.put(SECRET_SCOPE, "access_key_id", keys.access_key_id.encode())
        secrets.put(SECRET_SCOPE, "secret_access_key", keys.secret_access_key.encode())


def credentials_table(spark: "SparkSession", warehouse: str, keys: Credentials) -> None:
    """Put the keys into a Delta table; its columns have blanks, so it needs column mapping.

    Parameters
    ----------
    spark : SparkSession
        The cluster's own.
    warehouse : str
        Folder of the tables, as an address of DBFS.
    keys : Credentials
        What goes into it.
    """
    from pyspark.sql import functions as F

    values = (F.lit(value).alias(column) for column, value in zip(COLUMNS, _row(keys), strict=True))
    (
        # createDataFrame would start a Python worker before anybody can connect
        spark.range(1)
        .select(*values)
        .write.format("delta")
        .option("delta.columnMapping.mode", "name")
        .save(f"{warehouse}/{CREDENTIALS_NAME}")
    )
