"""What the sign-in page offers, and signing in at an outside issuer."""

import logging
from base64 import urlsafe_b64decode, urlsafe_b64encode
from typing import Annotated, Final
from urllib.parse import urlencode

import msgspec
from fastapi import Path, Query, Request, Response

from portway.api.auth import client_of
from portway.api.problems import problem_responses
from portway.api.routing import new_router
from portway.api.services import CurrentServices, Services
from portway.api.session_cookie import has_session, set_session
from portway.api.wire import Output
from portway.application.outside_sign_in import SignInRefused, is_own_path
from portway.application.ports.accounts import SignUpPolicy
from portway.application.ports.identity_provider import SignInAttempt

_SECONDS: Final = 600
"""How long somebody may take at the issuer."""

_SIGN_IN_PAGE = "/sign-in"

router = new_router("/auth", "Accounts")
_log = logging.getLogger(__name__)


class ProviderOutput(Output):
    """An issuer at which people sign in: send the browser to `start_url`, with `return_to` as a path of the console."""

    id: str
    name: str
    start_url: str


class OptionsOutput(Output):
    """What the sign-in page can offer. `set_up_required`: there is no account yet, and the next one is the first; it
    needs the link that `portway up` prints where `set_up_link_required`. `mail`: links to confirm an address or to
    choose a new password can be sent. `signed_in`: the browser keeps a session; whether that goes on, `GET /auth/me`
    says.
    """

    signed_in: bool
    sign_up: SignUpPolicy
    set_up_required: bool
    set_up_link_required: bool
    mail: bool
    providers: list[ProviderOutput]


ProviderId = Annotated[str, Path(max_length=50)]


@router.get("/options")
async def auth_options(services: CurrentServices, request: Request) -> OptionsOutput:
    """Says who may make an account, and how one signs in. For everybody."""
    needs_set_up = not await services.accounts.is_set_up()
    return OptionsOutput(
        signed_in=has_session(request.cookies),
        sign_up=services.accounts.sign_up_policy,
        set_up_required=needs_set_up,
        set_up_link_required=needs_set_up and services.accounts.first_needs_link,
        mail=services.accounts.sends_mail,
        providers=[
            ProviderOutput(
                id=provider.id, name=provider.name, start_url=f"/api/v2/auth/providers/{provider.id}/start"
            )
            for provider in services.outside_sign_in.providers
        ],
    )


@router.get(
    "/providers/{provider_id}/start",
    response_class=Response,
    status_code=303,
    responses=problem_responses(404) | {303: {"description": "To the issuer's own sign-in page"}},
)
async def start_outside_sign_in(
    provider_id: ProviderId,
    services: CurrentServices,
    return_to: Annotated[str, Query(max_length=2000)] = "/",
) -> Response:
    """Begins to sign in at an outside issuer: for a browser to be sent to."""
    try:
        address, attempt = await services.outside_sign_in.begin(provider_id, return_to)
    except SignInRefused as refused:
        return _refused(refused, return_to)
    response = _to(address)
    value = urlsafe_b64encode(msgspec.json.encode(attempt)).decode()
    _set_attempt(response, value, _SECONDS, services)
    return response


@router.get(
    "/providers/{provider_id}/callback",
    response_class=Response,
    status_code=303,
    responses=problem_responses(404)
    | {303: {"description": "Signed in, to `return_to`; or to the sign-in page, with `error`"}},
    openapi_extra={
        "parameters": [
            {"name": name, "in": "query", "required": False, "schema": {"type": "string"}}
            for name in ("state", "code", "error", "error_description", "iss")
        ]
    },
)
async def outside_sign_in_callback(
    provider_id: ProviderId, services: CurrentServices, request: Request
) -> Response:
    """Ends it: the redirect URI to register with the issuer."""
    attempt = _kept_attempt(request, services)
    try:
        done = await services.outside_sign_in.complete(
            provider_id,
            attempt,
            dict(request.query_params),
            client=client_of(request),
            user_agent=request.headers.get("user-agent"),
        )
    except SignInRefused as refused:
        response = _refused(refused, attempt.return_to if attempt else "/")
    else:
        response = _to(attempt.return_to if attempt else "/")
        set_session(response, done.session, public_url=services.public_url)
    _set_attempt(response, "", 0, services)
    return response


def _refused(refused: SignInRefused, return_to: str) -> Response:
    _log.warning("somebody could not sign in at the outside issuer: %s", refused.detail)
    query = {"error": refused.refusal.value, "return_to": return_to if is_own_path(return_to) else "/"}
    return _to(f"{_SIGN_IN_PAGE}?{urlencode(query)}")


def _to(address: str) -> Response:
    return Response(None, 303, {"Location": address})


def _cookie_name(services: Services) -> str:
    # With this prefix no sibling domain can set it (RFC 6265bis, section 4.1.3.2), and so choose who signs in here.
    return "__Host-portway_sign_in" if services.public_url.startswith("https:") else "portway_sign_in"


def _set_attempt(response: Response, value: str, max_age: int, services: Services) -> None:
    response.set_cookie(
        _cookie_name(services),
        value,
        max_age=max_age,
        path="/",
        secure=services.public_url.startswith("https:"),
        httponly=True,
        # The issuer's page sends the browser back here.
        samesite="lax",
    )


def _kept_attempt(request: Request, services: Services) -> SignInAttempt | None:
    """What this browser began; None for one that did not, or too long ago."""
    value = request.cookies.get(_cookie_name(services), "")
    try:
        return msgspec.json.decode(urlsafe_b64decode(value), type=SignInAttempt)
    except ValueError:
        return None
