"""Keep what the AWS endpoint knows on disk: one file a service; Kinesis alone has a database of its own."""

import io
import pickle
from collections import defaultdict
from collections.abc import Iterable, Mapping
from functools import cache
from pathlib import Path
from typing import Any

import dill
import moto
from moto.backends import get_backend
from moto.iam.models import AWSManagedPolicy, iam_backends

from lab.core.iam_file import ACCOUNT
from lab.core.layout import LabError

OWN = "lab"
"""File of the services that are ours."""

SUFFIX = ".state"

KEPT_BY_MOTO = ("iam", "sts", "ec2", "ssm", "secretsmanager", "apigateway")

FORM = f"2, moto {moto.__version__}"
"""Goes with every file: another version's objects may not fit."""


class State:
    """Everything worth keeping.

    Attributes
    ----------
    own : dict
        What the services that are ours keep, by service.
    generation : int
        Rises whenever something was taken back: what was done in an earlier one may be undone.
    """

    def __init__(self, folder: Path):
        self._folder = folder
        self._changed: set[str] = set()
        self.own: defaultdict[str, dict[str, Any]] = defaultdict(dict)
        self.generation = 0
        self._last: dict[Path, bytes] = {}

    def touch(self, service: str) -> None:
        """Note that a service has changed."""
        self._changed.add(service if service in KEPT_BY_MOTO else OWN)

    def collect(self) -> dict[Path, bytes]:
        """Gather the files that are to be written; on moto's thread, so that nothing changes meanwhile."""
        content = {}
        for service in list(self._changed):  # other threads add to it
            self._changed.discard(service)
            content[self._file(service)] = self._pickled(service)
        return content

    def written(self, content: Mapping[Path, bytes]) -> None:
        """Remember what the files hold now."""
        self._last.update({file: content[file] for file in content if file.suffix == SUFFIX})

    def touch_again(self, content: Iterable[Path]) -> None:
        """Note that files which were gathered could not be written."""
        self._changed |= {file.stem for file in content if file.suffix == SUFFIX}

    def take_back(self) -> None:
        """Let moto's services be again as they were written last, where they have changed since; on moto's thread."""
        self.generation += 1
        for service in self._changed & set(KEPT_BY_MOTO):
            _, content = _Unpickler(io.BytesIO(self._last[self._file(service)])).load()
            get_backend(service).clear()
            _restore(service, content)
        self._changed &= {OWN}

    def _pickled(self, service: str) -> bytes:
        return _pickled((FORM, dict(self.own) if service == OWN else _backends(service)))

    def _file(self, service: str) -> Path:
        return self._folder / f"{service}{SUFFIX}"

    def load(self) -> None:
        """Read what an earlier process left.

        Raises
        ------
        LabError
            If a file is damaged or of another version.
        """
        for service in (*KEPT_BY_MOTO, OWN):
            file = self._file(service)
            if file.exists():
                content = _read(file)
                if service == OWN:
                    self.own.update(content)
                else:
                    _restore(service, content)
            self._last[file] = file.read_bytes() if file.exists() else self._pickled(service)


def _read(file: Path) -> Any:
    try:
        with file.open("rb") as stream:
            form, content = _Unpickler(stream).load()
    except Exception as error:  # a damaged pickle may raise anything
        raise LabError(f"{file} is damaged ({error}). `python -m lab reset` makes a new lab.") from error
    if form != FORM:
        raise LabError(
            f"{file} was written by another version ({form}; this is {FORM}). `python -m lab reset` makes a "
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


def _pickled(content: Any) -> bytes:
    """Pickle with Python's own pickler, which is ten times as quick; what it cannot, dill can: SSM holds lambdas."""
    stream = io.BytesIO()
    try:
        _Pickler(stream, pickle.HIGHEST_PROTOCOL).dump(content)
    except (pickle.PicklingError, AttributeError, TypeError):
        stream = io.BytesIO()
        _PatientPickler(stream, recurse=False).dump(content)
    return stream.getvalue()


class _OurWay:
    """What both picklers do in our way."""

    def persistent_id(self, thing: object) -> str | None:
        """Leave out AWS's own 1,300 policies, 24 MB that never change."""
        return thing.arn if isinstance(thing, AWSManagedPolicy) else None

    def reducer_override(self, thing: object) -> Any:
        """Take care of mappings like SSM's, which want to be made with an account and a region."""
        if isinstance(thing, defaultdict) and type(thing) is not defaultdict:
            return _bare, (type(thing), thing.default_factory), vars(thing), None, iter(thing.items())
        return NotImplemented


class _Pickler(_OurWay, pickle.Pickler):
    pass


class _PatientPickler(_OurWay, dill.Pickler):
    pass


def _bare(kind: type[defaultdict], factory: Any) -> defaultdict:
    made = kind.__new__(kind)
    made.default_factory = factory
    return made


class _Unpickler(pickle.Unpickler):
    def persistent_load(self, arn: str) -> object:
        return _aws_policies()[arn]


@cache
def _aws_policies() -> dict[str, object]:
    fresh = iam_backends[ACCOUNT]["aws"].managed_policies
    return {arn: policy for arn, policy in fresh.items() if isinstance(policy, AWSManagedPolicy)}
