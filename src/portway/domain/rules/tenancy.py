"""Rule: a workspace's data is its members'; an organization's administration is its owners' and admins'."""

from collections.abc import Iterable

from portway.domain.errors import Forbidden
from portway.domain.organization import Role

STRENGTH = {Role.VIEWER: 0, Role.MEMBER: 1, Role.ADMIN: 2, Role.OWNER: 3}


def at_least(role: Role | None, needed: Role) -> bool:
    """Whether `role` includes what `needed` may do; no role includes nothing."""
    return role is not None and STRENGTH[role] >= STRENGTH[needed]


def check_may_grant(grantor: Role | None, granted: Role) -> None:
    """Raises Forbidden unless the grantor administers and is no weaker than the role that they give."""
    if not at_least(grantor, Role.ADMIN) or not at_least(grantor, granted):
        raise Forbidden(f"Your role does not let you make someone {granted.value}.")


def check_keeps_an_owner(remaining: Iterable[Role]) -> None:
    """Raises Forbidden for a change after which nobody owns the workspace or organization."""
    if Role.OWNER not in remaining:
        raise Forbidden("The last owner cannot be removed or made something less; name another owner first.")
