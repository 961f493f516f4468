"""Built-in users: sign up, in and out, tokens, verified addresses, forgotten passwords."""

from datetime import UTC, datetime
from typing import Annotated, Literal
from uuid import UUID

from fastapi import Cookie, Depends, Header, Request, Response
from pydantic import AwareDatetime, StrictBool

from portway.api.identity import AdminPrincipal, CurrentPrincipal, bearer_of, bearer_scheme
from portway.api.problems import problem_responses
from portway.api.routing import PREFIX, new_router
from portway.api.services import CurrentServices, Services
from portway.api.wire import EmailAddress, Input, Name, NewPassword, Output, Secret
from portway.application.account_service import SignedIn, SignedUp
from portway.application.ports.accounts import Session
from portway.domain.errors import Forbidden, MalformedRequest, Unauthenticated
from portway.domain.organization import User
from portway.domain.principal import Principal

COOKIE = "portway_refresh"
COOKIE_PATH = f"{PREFIX}/auth"

router = new_router("/auth", "Accounts")


class UserOutput(Output):
    """A person. `email` is null for an identity of an outside issuer that brought no address."""

    id: UUID
    email: str | None
    name: str | None
    email_verified: bool
    created_at: AwareDatetime


class SignUpInput(Input):
    """`invitation_token` is the one in an invitation's link; `set_up_token`, the first account's."""

    email: EmailAddress
    password: NewPassword
    name: Name | None = None
    invitation_token: Secret | None = None
    set_up_token: Secret | None = None
    cookie: StrictBool = False


class SignInInput(Input):
    """With `cookie`, the refresh token comes in an HttpOnly cookie instead of the body: for browsers."""

    email: EmailAddress
    password: Secret
    cookie: StrictBool = False


class RefreshInput(Input):
    """Without `refresh_token`, the cookie's is used."""

    refresh_token: Secret | None = None


class EmailInput(Input):
    """An account's address."""

    email: EmailAddress


class TokenInput(Input):
    """The token in a mailed link."""

    token: Secret


class NewPasswordInput(Input):
    """The token in a mailed link, and the password from now on."""

    token: Secret
    password: NewPassword


class ProfileInput(Input):
    """What a user may change of themselves."""

    name: Name | None


class TokensOutput(Output):
    """`expires_in` is in seconds. `refresh_token` works once, and is null where it is in the cookie."""

    access_token: str
    token_type: Literal["Bearer"] = "Bearer"  # noqa: S105 - a word of RFC 6749
    expires_in: int
    refresh_token: str | None
    user: UserOutput


class SignUpOutput(TokensOutput):
    """Also where the new user belongs: an organization of their own, or the one that invited them."""

    organization_id: UUID
    workspace_id: UUID


class MeOutput(UserOutput):
    """Also what the bearer may do; `workspace_id` is set for an API key that is limited to one."""

    scopes: list[str]
    workspace_id: UUID | None


class AcceptedOutput(Output):
    """Mail is on its way, if there is such an account."""

    status: Literal["accepted"] = "accepted"


RefreshCookie = Annotated[str | None, Cookie(alias=COOKIE, max_length=1000)]
FetchSite = Annotated[str | None, Header(alias="Sec-Fetch-Site", include_in_schema=False)]


@router.post("/sign-up", status_code=201, responses=problem_responses(403, 409, 413, 429))
async def sign_up(
    body: SignUpInput, services: CurrentServices, request: Request, response: Response
) -> SignUpOutput:
    """Makes an account, as far as PORTWAY_SIGN_UP lets one, and signs it in."""
    if body.invitation_token and body.set_up_token:
        raise MalformedRequest("Send an invitation's token or the set-up token, not both.")
    done = await services.accounts.sign_up(
        email=body.email,
        password=body.password,
        name=body.name,
        token=body.invitation_token or body.set_up_token,
        client=client_of(request),
    )
    tokens = _tokens(done, services, response, cookie=body.cookie)
    return SignUpOutput(
        **tokens.model_dump(), organization_id=done.organization_id, workspace_id=done.workspace_id
    )


@router.post("/sign-in", responses=problem_responses(413, 429))
async def sign_in(
    body: SignInInput, services: CurrentServices, request: Request, response: Response
) -> TokensOutput:
    """Exchanges address and password for tokens."""
    done = await services.accounts.sign_in(
        email=body.email, password=body.password, client=client_of(request)
    )
    return _tokens(done, services, response, cookie=body.cookie)


@router.post("/refresh", responses=problem_responses(403, 413))
async def refresh(
    *,
    services: CurrentServices,
    response: Response,
    body: RefreshInput | None = None,
    cookie: RefreshCookie = None,
    fetch_site: FetchSite = None,
) -> TokensOutput:
    """Exchanges a refresh token for the next pair. One that comes a second time ends the session."""
    given = body.refresh_token if body else None
    token = given or _cookie_of_our_own(cookie, fetch_site)
    if token is None:
        raise Unauthenticated("There is no refresh token, neither in the body nor as a cookie.")
    return _tokens(await services.accounts.refresh(token), services, response, cookie=given is None)


@router.post(
    "/sign-out",
    status_code=204,
    dependencies=[Depends(bearer_scheme)],
    responses=problem_responses(403, 413),
    # A refresh token will do as well.
    openapi_extra={"security": [{}]},
)
async def sign_out(
    *,
    services: CurrentServices,
    request: Request,
    response: Response,
    body: RefreshInput | None = None,
    cookie: RefreshCookie = None,
    fetch_site: FetchSite = None,
) -> None:
    """Ends the session of the refresh token, or of the access token; an API key goes on working."""
    token = (body.refresh_token if body else None) or _cookie_of_our_own(cookie, fetch_site)
    authorization = request.headers.get("authorization")
    if token is not None:
        await services.accounts.sign_out_by_refresh_token(token)
    if authorization is not None or token is None:
        await _sign_out_bearer(services, authorization, required=token is None)
    if cookie is not None:
        _clear_cookie(response, services)


@router.get("/me", responses=problem_responses())
async def me(principal: CurrentPrincipal, services: CurrentServices) -> MeOutput:
    """Who the bearer is, and what it may do."""
    return _me(await services.accounts.user(principal), principal)


@router.patch("/me", responses=problem_responses(403, 413))
async def change_me(body: ProfileInput, principal: AdminPrincipal, services: CurrentServices) -> MeOutput:
    """Changes what the user is called."""
    if principal.workspace_id is not None:
        raise Forbidden("An API key that is limited to a workspace does not change its user.")
    return _me(await services.accounts.rename(principal, body.name), principal)


@router.post("/verify-email", status_code=202, responses=problem_responses(413, 429))
async def request_email_verification(
    body: EmailInput, services: CurrentServices, request: Request
) -> AcceptedOutput:
    """Mails a link that confirms the address. The answer is the same whether there is such an account or not."""
    await services.accounts.request_email_verification(email=body.email, client=client_of(request))
    return AcceptedOutput()


@router.post("/verify-email/confirm", status_code=204, responses=problem_responses(404, 413, 429))
async def verify_email(body: TokenInput, services: CurrentServices, request: Request) -> None:
    """Redeems the link."""
    await services.accounts.verify_email(token=body.token, client=client_of(request))


@router.post("/password-reset", status_code=202, responses=problem_responses(413, 429))
async def request_password_reset(
    body: EmailInput, services: CurrentServices, request: Request
) -> AcceptedOutput:
    """Mails a link to choose a new password. The answer is the same whether there is such an account or not."""
    await services.accounts.request_password_reset(email=body.email, client=client_of(request))
    return AcceptedOutput()


@router.post("/password-reset/confirm", status_code=204, responses=problem_responses(404, 413, 429))
async def reset_password(body: NewPasswordInput, services: CurrentServices, request: Request) -> None:
    """Redeems the link. All sessions of the user end; API keys go on working."""
    await services.accounts.reset_password(
        token=body.token, password=body.password, client=client_of(request)
    )


def client_of(request: Request) -> str:
    """The network address that the request came from, as the server in front tells it."""
    return request.client.host if request.client else "unknown"


def _tokens(
    done: SignedIn | SignedUp, services: Services, response: Response, *, cookie: bool
) -> TokensOutput:
    session = done.session
    if cookie:
        _set_cookie(response, services, session)
    return TokensOutput(
        access_token=session.access_token,
        expires_in=_seconds_until(session.access_expires_at),
        refresh_token=None if cookie else session.refresh_token,
        user=UserOutput.model_validate(done.user),
    )


def _set_cookie(response: Response, services: Services, session: Session) -> None:
    response.set_cookie(
        COOKIE,
        session.refresh_token,
        max_age=_seconds_until(session.refresh_expires_at),
        path=COOKIE_PATH,
        secure=services.public_url.startswith("https://"),
        httponly=True,
        samesite="strict",
    )


def _clear_cookie(response: Response, services: Services) -> None:
    response.delete_cookie(
        COOKIE,
        path=COOKIE_PATH,
        secure=services.public_url.startswith("https://"),
        httponly=True,
        samesite="strict",
    )


def _cookie_of_our_own(cookie: str | None, fetch_site: str | None) -> str | None:
    """The cookie, unless a page of somebody else had the browser send it (a sibling domain can, despite SameSite)."""
    if cookie is not None and fetch_site not in (None, "same-origin", "none"):
        raise Forbidden("The refresh cookie is for Portway's own pages.")
    return cookie


async def _sign_out_bearer(services: Services, authorization: str | None, *, required: bool) -> None:
    try:
        bearer = bearer_of(authorization)
        principal = await services.authenticator.authenticate(bearer)
    except Unauthenticated:
        if required:
            raise
        return  # an access token that has expired meanwhile has nothing left to end
    await services.accounts.sign_out(principal)
    services.authenticator.forget(bearer)


def _me(user: User, principal: Principal) -> MeOutput:
    return MeOutput(
        **UserOutput.model_validate(user).model_dump(),
        scopes=sorted(principal.scopes),
        workspace_id=principal.workspace_id,
    )


def _seconds_until(moment: datetime) -> int:
    return max(0, int((moment - datetime.now(UTC)).total_seconds()))
