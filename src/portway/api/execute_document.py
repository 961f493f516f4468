"""The part of the OpenAPI document that is about executing."""

from typing import Any

from portway.api.problems import problem_responses
from portway.api.upload import REQUEST_PART
from portway.domain.action import MAX_TIMEOUT_MS
from portway.domain.json_value import JsonValue

_UUID: dict[str, JsonValue] = {"type": "string", "format": "uuid"}
SCHEMAS: dict[str, Any] = {
    "ExecuteInput": {
        "type": "object",
        "additionalProperties": False,
        "required": ["workspace_id", "connection_id", "action"],
        "properties": {
            "workspace_id": _UUID,
            "connection_id": _UUID,
            "action": {
                "type": "string",
                "description": "The action's slug within the connection's integration",
            },
            "parameters": {"type": "object", "description": "What the action's `request_schema` asks for"},
            "timeout_ms": {"type": ["integer", "null"], "minimum": 1, "maximum": MAX_TIMEOUT_MS},
            "paginate": {
                "type": ["object", "null"],
                "additionalProperties": False,
                "required": ["max_pages"],
                "properties": {"max_pages": {"type": "integer", "minimum": 1, "maximum": 1000}},
            },
        },
        "example": {
            "workspace_id": "0190f3e2-7c1a-7d7e-9a53-0f4c1b2d3e4f",
            "connection_id": "0190f3e2-8d2b-7e8f-8b64-1a5d2c3e4f50",
            "action": "send-email",
            "parameters": {"to": ["ada@example.com"], "subject": "Hello", "text": "It works."},
        },
    },
    "ExecuteUpload": {
        "type": "object",
        "description": "First the part `request`, then one part for each file. Its name is that of a parameter, or, "
        "where it begins with `/`, points to its place in `parameters` (RFC 6901); files of the same name are a list",
        "required": [REQUEST_PART],
        "properties": {REQUEST_PART: {"$ref": "#/components/schemas/ExecuteInput"}},
        "additionalProperties": {"type": "string", "contentMediaType": "application/octet-stream"},
    },
    "ExecuteOutput": {
        "type": "object",
        "required": ["execution_id", "status", "status_code", "data", "duration_ms", "meta"],
        "properties": {
            "execution_id": _UUID,
            "status": {"const": "success"},
            "status_code": {"type": "integer", "description": "The service's own status"},
            "data": {
                "description": "The service's body: JSON as it is, text as a string, a file as an object"
            },
            "duration_ms": {"type": "number"},
            "meta": {
                "type": "object",
                "properties": {
                    "attempts": {"type": "integer", "description": "Requests to the service"},
                    "refreshed": {"type": "boolean", "description": "Whether the token was refreshed"},
                    "pages": {"type": "integer", "description": "How many were read"},
                    "truncated": {"type": "boolean", "description": "Whether there are more"},
                    "next": {
                        "type": "object",
                        "description": "The `parameters` of the page after the last one that was read",
                    },
                    "rate_limit": {
                        "type": "object",
                        "description": "The tightest of the limits that count for this; empty where there is none",
                        "properties": {
                            "limit": {"type": "integer"},
                            "remaining": {"type": "integer"},
                            "reset_seconds": {"type": "number"},
                        },
                    },
                },
            },
        },
    },
}
PATH_ITEM: dict[str, Any] = {
    "post": {
        "operationId": "execute",
        "tags": ["Execute"],
        "summary": "Execute",
        "description": "Runs one action with one connection. With `Accept: application/octet-stream` the service's "
        "body comes as it is, and the execution's id in `X-Execution-Id`; where the service breaks off, so does the "
        "answer. Files are sent as `multipart/form-data`, after the JSON.",
        "security": [{"bearer": []}],
        "parameters": [
            {
                "name": "Idempotency-Key",
                "in": "header",
                "required": False,
                "description": "The same key with the same body within 24 hours repeats the first answer",
                "schema": {"type": "string", "pattern": "^[\\x21-\\x7e]{1,255}$"},
            },
            {
                "name": "Prefer",
                "in": "header",
                "required": False,
                "description": "`server-timing` asks for the field Server-Timing (RFC 7240)",
                "schema": {"type": "string"},
            },
        ],
        "requestBody": {
            "required": True,
            "content": {
                "application/json": {"schema": {"$ref": "#/components/schemas/ExecuteInput"}},
                "multipart/form-data": {
                    "schema": {"$ref": "#/components/schemas/ExecuteUpload"},
                    "encoding": {REQUEST_PART: {"contentType": "application/json"}},
                },
            },
        },
        "responses": {
            "200": {
                "description": "The action was executed",
                "headers": {
                    "X-Execution-Id": {
                        "description": "With bytes: the execution's id",
                        "schema": {"type": "string", "format": "uuid"},
                    },
                    "Content-Disposition": {
                        "description": "With bytes: the file's name, where the service tells it",
                        "schema": {"type": "string"},
                    },
                    "Server-Timing": {
                        "description": "Milliseconds, where they were asked for: `open` and `close` in the database, "
                        "`service` at the service, `portway` for the rest, `total`",
                        "schema": {"type": "string"},
                    },
                    "RateLimit-Limit": {
                        "description": "The tightest of the limits that count for this",
                        "schema": {"type": "integer"},
                    },
                    "RateLimit-Remaining": {
                        "description": "What is left of it",
                        "schema": {"type": "integer"},
                    },
                    "RateLimit-Reset": {
                        "description": "In so many seconds, all of it is there again",
                        "schema": {"type": "integer"},
                    },
                },
                "content": {
                    "application/json": {"schema": {"$ref": "#/components/schemas/ExecuteOutput"}},
                    "application/octet-stream": {"schema": {"type": "string", "format": "binary"}},
                },
            },
            **{
                str(status): response
                for status, response in problem_responses(
                    400, 401, 403, 404, 409, 413, 422, 429, 500, 502, 503, 504
                ).items()
            },
        },
    }
}
