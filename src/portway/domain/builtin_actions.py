"""Actions that integrations have without a row. The database has the same ones, in `app.builtin_action`.

A row with the slug of one takes its place.
"""

from collections.abc import Mapping
from hashlib import md5
from typing import Any
from uuid import UUID

from portway.domain.action import Action
from portway.domain.integration import Integration

HTTP_REQUEST = "http-request"
VERIFY_CONNECTION = "verify-connection"

HTTP_REQUEST_HANDLER = "portway.http_request"

_HTTP_REQUEST_SCHEMA: Mapping[str, Any] = {
    "type": "object",
    "required": ["path"],
    "additionalProperties": False,
    "properties": {
        "method": {
            "description": "The request's method.",
            "enum": ["GET", "HEAD", "POST", "PUT", "PATCH", "DELETE", "OPTIONS"],
            "default": "GET",
        },
        "path": {
            "description": "A path under the integration's base_url, percent-encoded, without a query.",
            "type": "string",
            "pattern": "^/[^?#]*$",
            "maxLength": 8000,
        },
        "query": {
            "description": "Query parameters. A list repeats its name, null is left out.",
            "type": "object",
            "additionalProperties": {
                "type": ["string", "number", "boolean", "null", "array"],
                "items": {"type": ["string", "number", "boolean", "null"]},
            },
        },
        "headers": {
            "description": "Header fields. The connection's credential is added by itself.",
            "type": "object",
            "additionalProperties": {"type": "string"},
        },
        "body": {"description": "Sent as JSON."},
        "body_base64": {
            "description": "Bytes to send instead of a JSON body, in base64. Name their content-type in headers.",
            "type": "string",
            "contentEncoding": "base64",
        },
    },
}


def builtin_actions(integration: Integration) -> tuple[Action, ...]:
    """Those that the integration has, sorted by slug, whether or not rows take their places."""
    found = (_http_request(integration), _verify_connection(integration))
    return tuple(action for action in found if action is not None)


def builtin_action(integration: Integration, slug: str) -> Action | None:
    """The one of this slug, if the integration has it."""
    return next((action for action in builtin_actions(integration) if action.slug == slug), None)


def is_builtin(integration: Integration, action: Action) -> bool:
    """Whether it is one of these, and no row."""
    return action.id == _id(integration, action.slug)


def _http_request(integration: Integration) -> Action:
    """Any request under the integration's `base_url`."""
    return Action(
        id=_id(integration, HTTP_REQUEST),
        integration_id=integration.id,
        slug=HTTP_REQUEST,
        name="HTTP request",
        description="Any request to the service, under the integration's base_url, with the connection's credential.",
        http_method="GET",
        endpoint_path="/",
        request_schema=dict(_HTTP_REQUEST_SCHEMA),
        handler=HTTP_REQUEST_HANDLER,
        timeout_ms=60_000,
        version=integration.version,
        updated_at=integration.updated_at,
    )


def _verify_connection(integration: Integration) -> Action | None:
    """The cheap request that proves a credential, `auth_config.verification`: {method, path, response}."""
    verification = integration.auth_config.get("verification")
    if not isinstance(verification, dict) or not isinstance(verification.get("path"), str):
        return None
    response = verification.get("response")
    return Action(
        id=_id(integration, VERIFY_CONNECTION),
        integration_id=integration.id,
        slug=VERIFY_CONNECTION,
        name="Verify connection",
        description="The request that proves the connection's credential.",
        http_method=str(verification.get("method") or "GET"),
        endpoint_path=str(verification["path"]),
        request_schema={"type": "object", "additionalProperties": False},
        transform_config={} if response is None else {"response": response},
        timeout_ms=15_000,
        version=integration.version,
        updated_at=integration.updated_at,
    )


def _id(integration: Integration, slug: str) -> UUID:
    """Always the same, and another one than that of any row."""
    return UUID(md5(f"{integration.id} {slug}".encode(), usedforsecurity=False).hexdigest())
