"""What Databricks has and the lab's workspace has not, and what to do instead."""

import re

_INSTEAD = (
    (r"/api/\d\.\d/unity-catalog/", "There is no Unity Catalog: databases and tables are made by spark.sql."),
    (r"/api/\d\.\d/repos", "There are no repos: workspace/import, or `python -m lab import`, brings notebooks."),
    (r"/api/\d\.\d/sql/", "There is no SQL warehouse: use spark.sql, or a %sql cell."),
    (r"/api/\d\.\d/fs/", "There is no Files API: dbfs/put, and dbfs/create, add-block and close, bring files."),
    (r"/api/\d\.\d/jobs/runs/repair", "No run is repaired: run-now runs the whole job again."),
    (r"/api/\d\.\d/clusters/", "There is one cluster: `python -m lab up` starts it, `python -m lab down` stops it."),
    (r"/api/\d\.\d/libraries/", "No library is installed: all notebooks have what requirements/workbook.txt lists."),
    (r"/api/\d\.\d/(permissions|secrets/acls|preview/scim|token)", "There is one user, who may do everything."),
)
_THERE = "It answers dbfs, workspace, secrets, clusters/list and clusters/get, and jobs whose tasks are notebooks."


def words(method: str, path: str) -> str:
    """Say that there is no such address, and what to do.

    Parameters
    ----------
    method, path : str
        Of the request.
    """
    instead = next((words for pattern, words in _INSTEAD if re.match(pattern, path)), _THERE)
    return f"No API found for '{method} {path[:200]}': the lab's workspace lacks it, whatever Databricks has. {instead}"
