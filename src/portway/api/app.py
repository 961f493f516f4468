"""The application: routers, and what stands around all of them."""

from collections.abc import Awaitable, Mapping
from functools import partial
from pathlib import Path

from fastapi import APIRouter, FastAPI
from starlette.types import ASGIApp, Receive, Scope, Send

from portway import __version__
from portway.api import (
    action_search,
    actions,
    api_keys,
    auth,
    connect_links,
    connections,
    console,
    health,
    imports,
    integrations,
    invitations,
    log_stream,
    logs,
    oauth_callback,
    oauth_clients,
    organizations,
    outside_sign_in,
    problems,
    reference,
    schemas,
    sessions,
    usage,
    webhooks,
    workspaces,
)
from portway.api.body_limit import BodyLimitMiddleware
from portway.api.connect_page import routes as connect_page
from portway.api.frame import Frame
from portway.api.metrics import RequestMetrics
from portway.api.openapi import OPENAPI_PATH, RawRoute, openapi_document
from portway.api.services import Services

ROUTERS: tuple[APIRouter, ...] = (
    imports.router,
    integrations.router,
    actions.router,
    action_search.router,
    oauth_clients.router,
    schemas.router,
    connections.router,
    connect_links.router,
    oauth_callback.router,
    log_stream.router,
    logs.router,
    usage.router,
    webhooks.router,
    webhooks.events_router,
    auth.router,
    sessions.router,
    outside_sign_in.router,
    organizations.router,
    workspaces.router,
    invitations.router,
    api_keys.router,
    health.router,
    connect_page.router,
)
"""One for each resource, in the order in which the reference shows them."""


def create_app(
    services: Services,
    raw_routes: Mapping[str, RawRoute] | None = None,
    *,
    lifespan: ASGIApp | None = None,
    console_directory: Path = console.BUILT,
) -> ASGIApp:
    """The gateway as one ASGI application, with the console that was built into `console_directory`. `lifespan` answers
    the server that starts and stops it (ASGI, "Lifespan Protocol").

    `raw_routes`, by exact path, stand in front of the framework, whose own cost they are spared; request ids, headers,
    metrics and the size limit hold for them too.
    """
    raw = dict(raw_routes or {})
    behind = create_control_plane(services, raw)
    behind.router.routes.extend(console.load(console_directory).routes())
    app: ASGIApp = _InFront(raw, behind, lifespan or behind)
    uploads = {path: route.max_upload_bytes for path, route in raw.items()}
    uploads[imports.PATH] = imports.MAX_UPLOAD_BYTES
    return Frame(
        BodyLimitMiddleware(app, max_upload_bytes=uploads),
        RequestMetrics(services.registry, frozenset(raw)),
        https=services.public_url.startswith("https://"),
    )


def create_control_plane(services: Services, raw_routes: Mapping[str, RawRoute]) -> FastAPI:
    """All routes of the API but the raw ones."""
    app = FastAPI(
        title="Portway",
        version=__version__,
        openapi_url=OPENAPI_PATH,
        docs_url=None,
        redoc_url=None,
        redirect_slashes=False,
        generate_unique_id_function=lambda route: route.name,
    )
    app.state.services = services
    problems.install(app)
    for router in ROUTERS:
        app.include_router(router)
    document = partial(openapi_document, app, raw_routes)
    app.openapi = document  # type: ignore[method-assign]
    app.add_route("/docs", reference.page_of(document), include_in_schema=False)
    return app


class _InFront:
    """Sends a request to the raw route of its path, else to the application behind."""

    def __init__(self, raw: Mapping[str, RawRoute], behind: ASGIApp, lifespan: ASGIApp) -> None:
        self._raw = {path: route.app for path, route in raw.items()}
        self._behind = behind
        self._lifespan = lifespan

    def __call__(self, scope: Scope, receive: Receive, send: Send) -> Awaitable[None]:
        if scope["type"] == "lifespan":
            return self._lifespan(scope, receive, send)
        return self._raw.get(scope["path"], self._behind)(scope, receive, send)
