"""Keep what the AWS endpoint knows on disk: one file a service, written at most a second after a change."""

import io
from collections import defaultdict
from functools import cache
from pathlib import Path
from typing import Any

import dill
import moto
from moto.backends import get_backend
from moto.iam.models import AWSManagedPolicy, iam_backends

from helpers.lab.files import write_private_bytes
from helpers.lab.iam import ACCOUNT
from helpers.lab.layout import LabError

OWN = "lab"
"""File of the services that are ours."""

KEPT_BY_MOTO = ("iam", "sts", "ec2", "ssm", "secretsmanager", "apigateway", "kinesis")

FORM = f"1, moto {moto.__version__}"
"""Goes with every file: another version's objects may not fit."""


class State:
    """Everything worth keeping.

    Attributes
    ----------
    own : dict
        What the services that are ours keep, by service.
    """

    def __init__(self, folder: Path):
        self._folder = folder
        self._changed: set[str] = set()
        self.own: defaultdict[str, dict[str, Any]] = defaultdict(dict)

    def touch(self, service: str) -> None:
        """Note that a service has changed."""
        self._changed.add(service if service in KEPT_BY_MOTO else OWN)

    def save(self) -> None:
        """Write what has changed; on moto's thread, so that nothing changes meanwhile."""
        changed, self._changed = self._changed, set()
        for service in changed:
            content = dict(self.own) if service == OWN else _backends(service)
            stream = io.BytesIO()
            _Pickler(stream, recurse=False).dump((FORM, content))
            write_private_bytes(self._folder / f"{service}.state", stream.getvalue())

    def load(self) -> None:
        """Read what an earlier process left.

        Raises
        ------
        LabError
            If a file is damaged or of another version.
        """
        for service in (*KEPT_BY_MOTO, OWN):
            file = self._folder / f"{service}.state"
            if file.exists():
                content = _read(file)
                if service == OWN:
                    self.own.update(content)
                else:
                    _restore(service, content)


def _read(file: Path) -> Any:
    try:
        with file.open("rb") as stream:
            form, content = _Unpickler(stream).load()
    except Exception as error:  # a damaged pickle may raise anything
        raise LabError(f"{file} is damaged ({error}). `python -m helpers.lab reset` makes a new lab.") from error
    if form != FORM:
        raise LabError(
            f"{file} was written by another version ({form}; this is {FORM}). `python -m helpers.lab reset` makes a "
            "new lab."
        )
    return content


def _backends(service: str) -> dict[str, dict[str, Any]]:
    # moto has an IAM for China and others as well, which nobody here can reach
    return {
        account: {region: backend for region, backend in regions.items() if not region.startswith("aws-")}
        for account, regions in get_backend(service).items()
    }


def _restore(service: str, accounts: dict[str, dict[str, Any]]) -> None:
    backends = get_backend(service)
    for account, regions in accounts.items():
        for region, backend in regions.items():
            backends[account][region]  # makes the mapping that the kept backend goes into
            dict.__setitem__(backends[account], region, backend)


class _Pickler(dill.Pickler):
    """Leaves out AWS's own 1,300 policies, 24 MB that never change."""

    def persistent_id(self, thing: object) -> str | None:
        return thing.arn if isinstance(thing, AWSManagedPolicy) else None


class _Unpickler(dill.Unpickler):
    def persistent_load(self, arn: str) -> object:
        return _aws_policies()[arn]


@cache
def _aws_policies() -> dict[str, object]:
    fresh = iam_backends[ACCOUNT]["aws"].managed_policies
    return {arn: policy for arn, policy in fresh.items() if isinstance(policy, AWSManagedPolicy)}
