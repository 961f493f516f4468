"""The ASGI application, made from the environment: `uvicorn --factory portway.asgi:create_app`."""

from contextlib import AsyncExitStack

from starlette.types import ASGIApp, Receive, Scope, Send

from portway.api.open_streams import BEFORE_STOPPING
from portway.bootstrap import Gateway
from portway.settings import load_settings


def create_app() -> ASGIApp:
    """The gateway with its life cycle. Raises SettingsError."""
    gateway = Gateway(load_settings())
    app = gateway.app()

    async def with_lifespan(scope: Scope, receive: Receive, send: Send) -> None:
        if scope["type"] == "lifespan":
            # Whoever serves calls it when it is about to stop: it waits for answers, and streams have no end.
            scope.get("state", {})[BEFORE_STOPPING] = gateway.end_streams
            await _live(gateway, receive, send)
        else:
            await app(scope, receive, send)

    return with_lifespan


async def _live(gateway: Gateway, receive: Receive, send: Send) -> None:
    async with AsyncExitStack() as stack:
        await receive()
        await stack.enter_async_context(gateway.running())
        await send({"type": "lifespan.startup.complete"})
        await receive()
    await send({"type": "lifespan.shutdown.complete"})
