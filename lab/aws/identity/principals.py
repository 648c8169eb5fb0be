"""Whom IAM and STS know at one moment: keys, roles, policies. A picture that is taken anew after every change."""

import json
from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import UTC, datetime
from typing import Any
from urllib.parse import unquote

from moto.iam.models import iam_backends
from moto.sts.models import sts_backends

from lab.core.iam_file import ACCOUNT

Document = dict[str, Any]


@dataclass(frozen=True)
class Key:
    """An access key that may sign.

    Attributes
    ----------
    id, secret : str
        The two halves.
    owner : str
        ARN of the user or role whose policies decide.
    session : str
        ARN that AWS shows for the caller: the user, or the session of the role.
    token : str or None
        Session token of a temporary key.
    expires : datetime or None
        End of a temporary key.
    """

    id: str
    secret: str = field(repr=False)
    owner: str
    session: str
    token: str | None = field(default=None, repr=False)
    expires: datetime | None = None


@dataclass(frozen=True)
class Directory:
    """Everybody IAM knows.

    Attributes
    ----------
    keys : mapping of str to Key
        By access key id; active ones only.
    policies : mapping of str to tuple of dict
        ARN of a user or role → its policy documents, those of its groups included.
    trust : mapping of str to dict
        ARN of a role → its trust policy.
    profiles : mapping of str to str
        Name and ARN of an instance profile → ARN of its role.
    """

    keys: Mapping[str, Key]
    policies: Mapping[str, tuple[Document, ...]]
    trust: Mapping[str, Document]
    profiles: Mapping[str, str]


def read() -> Directory:
    """Take the picture. Call it where no other thread changes IAM or STS."""
    iam = iam_backends[ACCOUNT]["aws"]
    keys: dict[str, Key] = {}
    policies: dict[str, tuple[Document, ...]] = {}
    for user in iam.users.values():
        for key in user.access_keys:
            if key.status == "Active":
                keys[key.access_key_id] = Key(key.access_key_id, key.secret_access_key, user.arn, user.arn)
        groups = [group for group in iam.groups.values() if user in group.users]
        policies[user.arn] = tuple(document for holder in [user, *groups] for document in _documents(holder))
    for role in iam.roles.values():
        policies[role.arn] = tuple(_documents(role))
    keys |= _sessions(policies)
    trust = {role.arn: _loaded(role.assume_role_policy_document) for role in iam.roles.values()}
    held = [profile for profile in iam.instance_profiles.values() if profile.roles]
    profiles = {name: profile.roles[0].arn for profile in held for name in (profile.name, profile.arn)}
    return Directory(keys, policies, trust, profiles)


def _sessions(known: Mapping[str, object]) -> dict[str, Key]:
    sts = sts_backends[ACCOUNT]["aws"]
    now = datetime.now(UTC)
    # a role that was deleted takes its sessions along, for good: one made anew under its name is another role
    sts.assumed_roles = [one for one in sts.assumed_roles if _utc(one.expiration) > now and one.role_arn in known]
    alive = {one.access_key_id for one in sts.assumed_roles}
    iam = iam_backends[ACCOUNT]["aws"]
    iam.access_keys = {name: key for name, key in iam.access_keys.items() if not key.role_arn or name in alive}
    return {
        session.access_key_id: Key(
            session.access_key_id, session.secret_access_key, session.role_arn, session.arn,
            session.session_token, _utc(session.expiration),
        )
        for session in sts.assumed_roles
    }  # fmt: skip


def _utc(moment: datetime) -> datetime:
    return moment if moment.tzinfo else moment.replace(tzinfo=UTC)


def _documents(holder: Any) -> list[Document]:
    inline = holder.policies.values()
    managed = (
        version.document
        for policy in holder.managed_policies.values()
        for version in policy.versions
        if version.version_id == policy.default_version_id
    )
    return [_loaded(document) for document in (*inline, *managed)]


def _loaded(document: str | Document) -> Document:
    return json.loads(unquote(document)) if isinstance(document, str) else document
