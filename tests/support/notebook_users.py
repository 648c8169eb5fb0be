"""Users who may do what one notebook does and nothing more: a policy of `aws/policies`, with an id filled in."""

import contextlib
import json
from collections.abc import Callable, Iterator
from dataclasses import replace
from pathlib import Path
from typing import Any

from botocore.config import Config
from callers import Caller

from lab.core import addresses
from lab.core.files import write_private
from lab.core.layout import Lab
from lab.core.runtime import existing_runtime
from tools.policies import FOLDER

Document = dict[str, Any]


PRACTICE = "deadbeef0010"
"""Id of what notebook 10 makes and deletes, to be added to its policy (`docs/own_account.md`)."""


def policy(notebook: str, workbook_id: str) -> Document:
    """Read what a notebook needs, for a workbook's things."""
    text = (FOLDER / f"{notebook}.json").read_text()
    ids = (workbook_id, PRACTICE) if notebook.startswith("10_") else (workbook_id,)
    documents = [json.loads(text.replace("WORKBOOK_ID", one)) for one in ids]
    return {**documents[0], "Statement": [one for document in documents for one in document["Statement"]]}


@contextlib.contextmanager
def lab_of_user(
    lab: Lab, notebook: str, folder: Path, change: Callable[[Document], Document] = lambda document: document
) -> Iterator[Lab]:
    """Give a lab as a user of its account sees it, who has a notebook's policy; the user is gone afterwards.

    Parameters
    ----------
    lab : Lab
        It runs.
    notebook : str
        Stem of the notebook's file.
    folder : Path
        Where the user's addresses and key are written; kernels find them as those of a lab.
    change : callable
        Makes another policy of the notebook's.
    """
    runtime = existing_runtime(lab)
    iam = administrator(lab, "iam")
    iam.create_user(UserName=notebook)
    iam.put_user_policy(
        UserName=notebook, PolicyName="notebook", PolicyDocument=json.dumps(change(policy(notebook, lab.workbook_id)))
    )
    key = iam.create_access_key(UserName=notebook)["AccessKey"]
    seen = replace(lab, home=folder.resolve())
    own = {"AWS_ACCESS_KEY_ID": key["AccessKeyId"], "AWS_SECRET_ACCESS_KEY": key["SecretAccessKey"]}
    lines = (f"{name}='{value}'\n" for name, value in (addresses.variables(runtime) | own).items())
    folder.mkdir(exist_ok=True)
    write_private(seen.workbook_env, "".join(lines))
    try:
        yield seen
    finally:
        iam.delete_access_key(UserName=notebook, AccessKeyId=key["AccessKeyId"])
        iam.delete_user_policy(UserName=notebook, PolicyName="notebook")
        iam.delete_user(UserName=notebook)


def administrator(lab: Lab, service: str) -> Any:
    """Make a client of the account's administrator, who tries again when a strict lab throttles."""
    own = existing_runtime(lab).credentials
    key = {"AccessKeyId": own.access_key_id, "SecretAccessKey": own.secret_access_key}
    return Caller(lab, key).client(service, config=Config(inject_host_prefix=False))


def without(action: str) -> Callable[[Document], Document]:
    """Take an action away from a policy."""

    def change(document: Document) -> Document:
        kept = [
            {**one, "Action": [named for named in one["Action"] if named != action]} for one in document["Statement"]
        ]
        return {**document, "Statement": [one for one in kept if one["Action"]]}

    return change
