"""Who may do what: instance profiles, roles, policies."""

from typing import Any

from helpers.account.kinds.kind import Kind, Resource, is_own
from helpers.config import Workbook


def _listed(workbook: Workbook, operation: str, member: str, **asked: Any) -> list[dict[str, Any]]:
    pages = workbook.client("iam").get_paginator(operation).paginate(**asked)
    return [one for page in pages for one in page[member]]


def _profiles(workbook: Workbook) -> list[Resource]:
    found = (one["InstanceProfileName"] for one in _listed(workbook, "list_instance_profiles", "InstanceProfiles"))
    return [Resource("instance profiles", name, name) for name in found if is_own(workbook, name)]


def _delete_profile(workbook: Workbook, one: Resource) -> None:
    iam = workbook.client("iam")
    for role in iam.get_instance_profile(InstanceProfileName=one.handle)["InstanceProfile"]["Roles"]:
        iam.remove_role_from_instance_profile(InstanceProfileName=one.handle, RoleName=role["RoleName"])
    iam.delete_instance_profile(InstanceProfileName=one.handle)


def _roles(workbook: Workbook) -> list[Resource]:
    found = (one["RoleName"] for one in _listed(workbook, "list_roles", "Roles"))
    return [Resource("roles", name, name) for name in found if is_own(workbook, name)]


def _delete_role(workbook: Workbook, one: Resource) -> None:
    iam = workbook.client("iam")
    for name in iam.list_role_policies(RoleName=one.handle)["PolicyNames"]:
        iam.delete_role_policy(RoleName=one.handle, PolicyName=name)
    for policy in iam.list_attached_role_policies(RoleName=one.handle)["AttachedPolicies"]:
        iam.detach_role_policy(RoleName=one.handle, PolicyArn=policy["PolicyArn"])
    iam.delete_role(RoleName=one.handle)


def _policies(workbook: Workbook) -> list[Resource]:
    found = _listed(workbook, "list_policies", "Policies", Scope="Local")
    return [
        Resource("policies", one["PolicyName"], one["Arn"]) for one in found if is_own(workbook, one["PolicyName"])
    ]


def _delete_policy(workbook: Workbook, one: Resource) -> None:
    iam = workbook.client("iam")
    holders = iam.list_entities_for_policy(PolicyArn=one.handle)
    for role in holders["PolicyRoles"]:
        iam.detach_role_policy(RoleName=role["RoleName"], PolicyArn=one.handle)
    for user in holders["PolicyUsers"]:
        iam.detach_user_policy(UserName=user["UserName"], PolicyArn=one.handle)
    for group in holders["PolicyGroups"]:
        iam.detach_group_policy(GroupName=group["GroupName"], PolicyArn=one.handle)
    for version in iam.list_policy_versions(PolicyArn=one.handle)["Versions"]:
        if not version["IsDefaultVersion"]:
            iam.delete_policy_version(PolicyArn=one.handle, VersionId=version["VersionId"])
    iam.delete_policy(PolicyArn=one.handle)


PROFILES = Kind("instance profiles", _profiles, _delete_profile)
ROLES = Kind("roles", _roles, _delete_role)
POLICIES = Kind("policies", _policies, _delete_policy)
