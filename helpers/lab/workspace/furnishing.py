"""What a learner finds in a new workspace: the keys for the bucket, in the places where the course keeps them."""

import json

from helpers.lab.files import write_private
from helpers.lab.services.base import Runtime

USER_NAME = "databricks-user"
CREDENTIALS_CSV = "FileStore/tables/authentication_credentials.csv"
SECRET_SCOPE = "aws"


def credentials(runtime: Runtime) -> None:
    """Put the keys into a CSV file of DBFS and into the secret scope ``aws``, as they are now."""
    keys = runtime.credentials
    table = f"User name,Access key ID,Secret access key\n{USER_NAME},{keys.access_key_id},{keys.secret_access_key}\n"
    write_private(runtime.lab.data("cluster") / "dbfs" / CREDENTIALS_CSV, table)
    secrets = runtime.lab.home / "workspace" / "secrets.json"
    if not secrets.exists():
        scope = {"access_key_id": keys.access_key_id, "secret_access_key": keys.secret_access_key}
        write_private(secrets, json.dumps({SECRET_SCOPE: scope}))
