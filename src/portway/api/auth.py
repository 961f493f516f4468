"""Built-in users: sign up, in and out, tokens, verified addresses, forgotten passwords."""

from typing import Annotated, Literal
from uuid import UUID

from fastapi import Cookie, Depends, Request, Response
from pydantic import AwareDatetime, StrictBool

from portway.api.cross_origin import check_not_foreign, check_own_page
from portway.api.identity import AdminPrincipal, CurrentPrincipal, bearer_of_caller, bearer_scheme
from portway.api.problems import problem_responses
from portway.api.routing import new_router
from portway.api.services import CurrentServices, Services
from portway.api.session_cookie import REFRESH_COOKIE, clear_session, seconds_until, set_session
from portway.api.wire import EmailAddress, Input, Name, NewPassword, Output, Secret
from portway.application.account_service import SignedIn, SignedUp
from portway.domain.errors import Forbidden, MalformedRequest, Unauthenticated
from portway.domain.organization import User
from portway.domain.principal import Principal

router = new_router("/auth", "Accounts")


class UserOutput(Output):
    """A person. `email` is null for an identity of an outside issuer that brought no address. Without a password, they
    sign in at that issuer alone.
    """

    id: UUID
    email: str | None
    name: str | None
    email_verified: bool
    created_at: AwareDatetime
    has_password: bool


class SignUpInput(Input):
    """`invitation_token` is the one in an invitation's link; `set_up_token`, the first account's. `cookie` as for
    signing in.
    """

    email: EmailAddress
    password: NewPassword
    name: Name | None = None
    invitation_token: Secret | None = None
    set_up_token: Secret | None = None
    cookie: StrictBool = False


class SignInInput(Input):
    """With `cookie`, the tokens come in HttpOnly cookies instead of the body: for browsers."""

    email: EmailAddress
    password: Secret
    cookie: StrictBool = False


class RefreshInput(Input):
    """Without `refresh_token`, the cookie's is used, and the next tokens are cookies too; `cookie` asks for them."""

    refresh_token: Secret | None = None
    cookie: StrictBool = False


class SignOutInput(Input):
    """Without `refresh_token`, the cookies' session or the bearer's is ended."""

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
    """`expires_in` is in seconds. `refresh_token` works once. Both tokens are null where they are in cookies."""

    access_token: str | None
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


RefreshCookie = Annotated[str | None, Cookie(alias=REFRESH_COOKIE, max_length=1000)]


@router.post("/sign-up", status_code=201, responses=problem_responses(403, 409, 413, 429))
async def sign_up(
    body: SignUpInput, services: CurrentServices, request: Request, response: Response
) -> SignUpOutput:
    """Makes an account, as far as PORTWAY_SIGN_UP lets one, and signs it in."""
    if body.invitation_token and body.set_up_token:
        raise MalformedRequest("Send an invitation's token or the set-up token, not both.")
    _check_may_set(request, services, cookie=body.cookie)
    done = await services.accounts.sign_up(
        email=body.email,
        password=body.password,
        name=body.name,
        token=body.invitation_token or body.set_up_token,
        client=client_of(request),
        user_agent=request.headers.get("user-agent"),
    )
    tokens = _tokens(done, services, response, cookie=body.cookie)
    return SignUpOutput(
        **tokens.model_dump(), organization_id=done.organization_id, workspace_id=done.workspace_id
    )


@router.post("/sign-in", responses=problem_responses(403, 413, 429))
async def sign_in(
    body: SignInInput, services: CurrentServices, request: Request, response: Response
) -> TokensOutput:
    """Exchanges address and password for tokens."""
    _check_may_set(request, services, cookie=body.cookie)
    done = await services.accounts.sign_in(
        email=body.email,
        password=body.password,
        client=client_of(request),
        user_agent=request.headers.get("user-agent"),
    )
    return _tokens(done, services, response, cookie=body.cookie)


@router.post("/refresh", responses=problem_responses(403, 413))
async def refresh(
    *,
    services: CurrentServices,
    request: Request,
    response: Response,
    body: RefreshInput | None = None,
    cookie: RefreshCookie = None,
) -> TokensOutput:
    """Exchanges a refresh token for the next pair. One that comes a second time ends the session, unless it does so
    within ten seconds: then it is refused and nothing else, and no cookie is touched.
    """
    given = body.refresh_token if body else None
    wants_cookie = given is None or (body is not None and body.cookie)
    if given is None and cookie is not None:
        check_own_page(request.method, _fields(request), services.public_url)
    else:
        _check_may_set(request, services, cookie=wants_cookie)
    token = given or cookie
    if token is None:
        raise Unauthenticated("There is no refresh token, neither in the body nor as a cookie.")
    return _tokens(await services.accounts.refresh(token), services, response, cookie=wants_cookie)


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
    body: SignOutInput | None = None,
    cookie: RefreshCookie = None,
) -> None:
    """Ends the session of the refresh token, of the access token, or of the cookies, which are cleared; an API key goes
    on working.
    """
    token = body.refresh_token if body else None
    if token is None and cookie is not None:
        check_own_page(request.method, _fields(request), services.public_url)
        token = cookie
    if token is not None:
        await services.accounts.sign_out_by_refresh_token(token)
    await _sign_out_bearer(services, request, required=token is None)
    if "cookie" in request.headers:
        clear_session(response, public_url=services.public_url)


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
        set_session(response, session, public_url=services.public_url)
    return TokensOutput(
        access_token=None if cookie else session.access_token,
        expires_in=seconds_until(session.access_expires_at),
        refresh_token=None if cookie else session.refresh_token,
        user=UserOutput.model_validate(done.user),
    )


def _check_may_set(request: Request, services: Services, *, cookie: bool) -> None:
    if cookie:
        check_not_foreign(_fields(request), services.public_url)


def _fields(request: Request) -> dict[bytes, bytes]:
    return dict(request.scope["headers"])


async def _sign_out_bearer(services: Services, request: Request, *, required: bool) -> None:
    try:
        bearer = bearer_of_caller(request.scope, services.public_url)
        principal = await services.authenticator.authenticate(bearer)
    except Unauthenticated:
        if required:
            raise
        return  # there is none, or it has expired meanwhile and has nothing left to end
    await services.accounts.sign_out(principal)
    services.authenticator.forget(bearer)


def _me(user: User, principal: Principal) -> MeOutput:
    return MeOutput(
        **UserOutput.model_validate(user).model_dump(),
        scopes=sorted(principal.scopes),
        workspace_id=principal.workspace_id,
    )
