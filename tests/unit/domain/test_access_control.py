from itertools import product
from uuid import UUID, uuid4

import pytest
from hypothesis import given
from hypothesis import strategies as st

from portway.domain.connection import Connection, ConnectionStatus
from portway.domain.errors import (
    Forbidden,
    InsufficientScope,
    InvalidIntegrationConfig,
    NotFound,
    ReauthorizationRequired,
)
from portway.domain.organization import Role
from portway.domain.principal import Scope
from portway.domain.rules.access_control import check_destination, check_may_execute, check_scopes, origin_of

OWNER, MATE, WORKSPACE, ELSEWHERE = uuid4(), uuid4(), uuid4(), uuid4()
CONNECTION = Connection(
    id=uuid4(),
    user_id=OWNER,
    workspace_id=WORKSPACE,
    organization_id=uuid4(),
    integration_id=uuid4(),
    name="Work",
    status=ConnectionStatus.ACTIVE,
)
HOSTS = st.from_regex(r"[a-z0-9]([a-z0-9-]{0,10}[a-z0-9])?(\.[a-z0-9]{1,8}){0,3}", fullmatch=True)


def expected(
    user_id: UUID, scopes: frozenset[str], role: Role | None, workspace_id: UUID
) -> type[Exception] | None:
    if role is None or workspace_id != WORKSPACE:
        return NotFound
    if Scope.EXECUTE in scopes and role is not Role.VIEWER and user_id == OWNER:
        return None
    return Forbidden


@pytest.mark.parametrize(
    ("user_id", "scopes", "role", "workspace_id"),
    list(
        product(
            (OWNER, MATE),
            (frozenset({Scope.EXECUTE}), frozenset({Scope.ADMIN, Scope.CATALOG_WRITE}), frozenset[str]()),
            (None, *Role),
            (WORKSPACE, ELSEWHERE),
        )
    ),
)
def test_only_the_owner_executes(
    user_id: UUID, scopes: frozenset[str], role: Role | None, workspace_id: UUID
) -> None:
    error = expected(user_id, scopes, role, workspace_id)

    def check() -> None:
        check_may_execute(
            user_id=user_id, scopes=scopes, role=role, workspace_id=workspace_id, connection=CONNECTION
        )

    if error is None:
        check()
    else:
        with pytest.raises(error):
            check()


def test_a_missing_scope_is_named() -> None:
    with pytest.raises(InsufficientScope) as refused:
        check_scopes(["mail.read"], ["mail.read", "mail.send"])
    assert refused.value.missing == ("mail.send",)


def test_scopes_are_not_checked_where_the_grant_is_not_known() -> None:
    check_scopes([], ["mail.send"])


@given(granted=st.sets(st.text(min_size=1)), required=st.lists(st.text(min_size=1)))
def test_what_was_granted_is_enough_for_itself(granted: set[str], required: list[str]) -> None:
    check_scopes(granted | set(required), required)


@pytest.mark.parametrize(
    ("url", "origin"),
    [
        ("https://gmail.googleapis.com/gmail/v1", "https://gmail.googleapis.com:443"),
        ("HTTPS://Gmail.GoogleApis.com", "https://gmail.googleapis.com:443"),
        ("http://127.0.0.1:8080/x?y#z", "http://127.0.0.1:8080"),
        ("https://[2001:DB8::1]/x", "https://[2001:db8::1]:443"),
        ("https://api.example@evil.example/", "https://evil.example:443"),
    ],
)
def test_an_origin_is_scheme_host_and_port(url: str, origin: str) -> None:
    assert origin_of(url) == origin


@pytest.mark.parametrize("url", ["https://host:99999/", "https://host:port/", "https://[::1/"])
def test_what_has_no_origin_is_a_broken_row(url: str) -> None:
    with pytest.raises(InvalidIntegrationConfig):
        origin_of(url)


@given(
    host=HOSTS,
    port=st.integers(1, 65535),
    scheme=st.sampled_from(["http", "https"]),
    path=st.text(max_size=20),
)
def test_the_path_does_not_change_the_origin(host: str, port: int, scheme: str, path: str) -> None:
    base = f"{scheme}://{host}:{port}"
    assert origin_of(f"{base}/{path}") == origin_of(base) == base


@given(host=HOSTS, other=HOSTS)
def test_a_credential_goes_to_its_own_origins_only(host: str, other: str) -> None:
    origins = [origin_of(f"https://{host}")]
    check_destination(f"https://{host}/some/path?q=1", origins)
    elsewhere = [
        f"http://{host}/",
        f"https://{host}:8443/",
        f"https://x.{host}/",
        f"https://{host}.evil.example/",
    ]
    if other != host:
        elsewhere.append(f"https://{other}/")
    for url in elsewhere:
        with pytest.raises(ReauthorizationRequired):
            check_destination(url, origins)
