"""A person's own sessions and password."""

from uuid import UUID

from pydantic import AwareDatetime

from portway.api.identity import AdminPrincipal
from portway.api.problems import problem_responses
from portway.api.routing import new_router
from portway.api.services import CurrentServices
from portway.api.wire import Input, NewPassword, Output, Secret

router = new_router("/auth", "Accounts")


class PasswordInput(Input):
    """The password until now, and from now on."""

    current_password: Secret
    new_password: NewPassword


class SessionOutput(Output):
    """`last_used_at` is when it was last refreshed; `user_agent` is what it was begun with, as that calls itself;
    `is_current` that this request came by it.
    """

    id: UUID
    created_at: AwareDatetime
    last_used_at: AwareDatetime
    expires_at: AwareDatetime
    user_agent: str | None
    is_current: bool


class SessionsOutput(Output):
    """This one first, then the others, last used first: 200 at most, and there is no next page."""

    data: list[SessionOutput]
    next_cursor: None = None


@router.post("/password", status_code=204, responses=problem_responses(403, 413, 429))
async def change_password(body: PasswordInput, principal: AdminPrincipal, services: CurrentServices) -> None:
    """Changes the password of who is signed in. Their other sessions end; API keys go on working."""
    await services.accounts.change_password(
        principal,
        current_password=body.current_password,
        new_password=body.new_password,
    )


@router.get("/sessions", responses=problem_responses(403))
async def list_sessions(principal: AdminPrincipal, services: CurrentServices) -> SessionsOutput:
    """Lists where the user is signed in."""
    found = await services.accounts.sessions(principal)
    return SessionsOutput(data=[SessionOutput.model_validate(session) for session in found])


@router.delete("/sessions/{session_id}", status_code=204, responses=problem_responses(403, 404))
async def end_session(session_id: UUID, principal: AdminPrincipal, services: CurrentServices) -> None:
    """Signs the user out there."""
    await services.accounts.end_session(principal, session_id)
