"""API keys of the caller."""

from dataclasses import asdict
from datetime import UTC, datetime
from typing import Annotated, Literal
from uuid import UUID

from pydantic import AwareDatetime, Field

from portway.api.identity import AdminPrincipal
from portway.api.pagination import DEFAULT_LIMIT, Cursor, Limit, after_id, page_of
from portway.api.problems import problem_responses
from portway.api.routing import new_router
from portway.api.services import CurrentServices
from portway.api.wire import Input, Name, Output, Page, Time
from portway.domain.errors import Fault, MalformedRequest
from portway.domain.principal import ApiKey, Scope
from portway.domain.rate_limit import RequestLimit

router = new_router("/api-keys", "API keys")


KeyStatus = Literal["active", "expired", "revoked"]


class RequestLimitInput(Input):
    """At most `requests` executions in any `per_seconds` seconds."""

    requests: Annotated[int, Field(strict=True, ge=1, le=1_000_000)]
    per_seconds: Annotated[int, Field(strict=True, ge=1, le=86_400)]


class RequestLimitOutput(Output):
    """At most `requests` executions in any `per_seconds` seconds."""

    requests: int
    per_seconds: int


class ApiKeyInput(Input):
    """A key to make. `workspace_id` limits it to one workspace."""

    name: Name
    scopes: Annotated[list[Scope], Field(min_length=1, max_length=len(Scope))] | None = Field(
        None, description="What it may do; without it, all that the user's role allows"
    )
    workspace_id: UUID | None = None
    expires_at: Time | None = None
    rate_limits: Annotated[tuple[RequestLimitInput, ...], Field(max_length=10)] = Field(
        (), description="How often its holder may execute actions, of whatever connections"
    )


class ApiKeyOutput(Output):
    """A key as it is listed; `prefix` is its first characters."""

    id: UUID
    name: str
    prefix: str
    status: KeyStatus
    scopes: list[Scope]
    workspace_id: UUID | None
    created_at: AwareDatetime
    expires_at: AwareDatetime | None
    last_used_at: AwareDatetime | None = Field(description="To the minute")
    revoked_at: AwareDatetime | None
    rate_limits: list[RequestLimitOutput]


class CreatedApiKeyOutput(ApiKeyOutput):
    """A new key. `api_key` is shown only now."""

    api_key: str


@router.get("", responses=problem_responses(403))
async def list_api_keys(
    principal: AdminPrincipal,
    services: CurrentServices,
    *,
    include_revoked: bool = True,
    limit: Limit = DEFAULT_LIMIT,
    cursor: Cursor = None,
) -> Page[ApiKeyOutput]:
    """The caller's own keys, revoked ones too unless told otherwise."""
    async with services.unit_of_work(principal.sealed_pass) as work:
        found = await work.api_keys.list(
            after=after_id(cursor), limit=limit + 1, include_revoked=include_revoked
        )
    return page_of(found, limit, _shown, lambda row: (str(row.id),))


@router.post("", status_code=201, responses=problem_responses(403, 404, 413))
async def create_api_key(
    body: ApiKeyInput, principal: AdminPrincipal, services: CurrentServices
) -> CreatedApiKeyOutput:
    """Makes a key. It acts as the caller, within its scopes. One that a key makes has that key's rate limits too."""
    if body.expires_at is not None and body.expires_at <= datetime.now(UTC):
        raise MalformedRequest(faults=[Fault("/expires_at", "must be in the future.")])
    scopes = None if body.scopes is None else list(dict.fromkeys(scope.value for scope in body.scopes))
    async with services.unit_of_work(principal.sealed_pass) as work:
        created = await work.api_keys.create(
            body.name,
            scopes=scopes,
            workspace_id=body.workspace_id,
            expires_at=body.expires_at,
            rate_limits=[RequestLimit(limit.requests, limit.per_seconds) for limit in body.rate_limits],
        )
    shown = _shown(created.api_key)
    return CreatedApiKeyOutput(**shown.model_dump(), api_key=created.secret)


@router.get("/{api_key_id}", responses=problem_responses(403, 404))
async def get_api_key(api_key_id: UUID, principal: AdminPrincipal, services: CurrentServices) -> ApiKeyOutput:
    """One key."""
    async with services.unit_of_work(principal.sealed_pass) as work:
        return _shown(await work.api_keys.get(api_key_id))


@router.delete("/{api_key_id}", status_code=204, responses=problem_responses(403, 404))
async def revoke_api_key(api_key_id: UUID, principal: AdminPrincipal, services: CurrentServices) -> None:
    """Revokes it, with effect on the next call; it stays in the list."""
    async with services.unit_of_work(principal.sealed_pass) as work:
        await work.api_keys.revoke(api_key_id)


def _shown(key: ApiKey) -> ApiKeyOutput:
    return ApiKeyOutput.model_validate(asdict(key) | {"status": _status(key)})


def _status(key: ApiKey) -> KeyStatus:
    if key.revoked_at is not None:
        return "revoked"
    return "expired" if key.expires_at is not None and key.expires_at <= datetime.now(UTC) else "active"
