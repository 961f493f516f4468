from itertools import product

import pytest
from hypothesis import given
from hypothesis import strategies as st

from portway.domain.errors import Forbidden
from portway.domain.organization import Role
from portway.domain.rules.tenancy import at_least, check_keeps_an_owner, check_may_grant

WEAKEST_FIRST = [Role.VIEWER, Role.MEMBER, Role.ADMIN, Role.OWNER]


@pytest.mark.parametrize(("role", "needed"), list(product(Role, Role)))
def test_a_role_includes_the_weaker_ones(role: Role, needed: Role) -> None:
    assert at_least(role, needed) is (WEAKEST_FIRST.index(role) >= WEAKEST_FIRST.index(needed))


@pytest.mark.parametrize("needed", list(Role))
def test_a_stranger_has_no_role(needed: Role) -> None:
    assert not at_least(None, needed)


MAY_GRANT = {
    Role.OWNER: set(Role),
    Role.ADMIN: {Role.ADMIN, Role.MEMBER, Role.VIEWER},
    Role.MEMBER: set[Role](),
    Role.VIEWER: set[Role](),
    None: set[Role](),
}


@pytest.mark.parametrize(("grantor", "granted"), list(product(MAY_GRANT, Role)))
def test_nobody_gives_more_than_they_have(grantor: Role | None, granted: Role) -> None:
    if granted in MAY_GRANT[grantor]:
        check_may_grant(grantor, granted)
    else:
        with pytest.raises(Forbidden):
            check_may_grant(grantor, granted)


@given(roles=st.lists(st.sampled_from(list(Role))))
def test_somebody_stays_the_owner(roles: list[Role]) -> None:
    if Role.OWNER in roles:
        check_keeps_an_owner(roles)
    else:
        with pytest.raises(Forbidden):
            check_keeps_an_owner(roles)
