"""Small documents that have a bit of everything."""

from typing import Any

COLLECTION: dict[str, Any] = {
    "info": {
        "name": "Everything",
        "description": {"content": "A bit of it."},
        "schema": "https://schema.getpostman.com/json/collection/v2.1.0/collection.json",
    },
    "variable": [
        {"key": "baseUrl", "value": "https://{{site}}.example.com"},
        {"key": "site", "value": "acme"},
    ],
    "auth": {
        "type": "apikey",
        "apikey": [{"key": "key", "value": "X-Key"}, {"key": "in", "value": "header"}],
    },
    "event": [{"listen": "test", "script": {"exec": ["x"]}}],
    "item": [
        {
            "name": "Folder",
            "auth": {
                "type": "oauth2",
                "oauth2": [{"key": "accessTokenUrl", "value": "https://a.example/token"}],
            },
            "item": [
                {
                    "name": "Create",
                    "request": {
                        "method": "POST",
                        "header": [{"key": "X-A", "value": "1"}, {"key": "Accept", "value": "text/plain"}],
                        "url": {
                            "host": ["{{baseUrl}}"],
                            "path": ["a", ":b", "{{c}}"],
                            "query": [{"key": "q", "value": "1", "description": "Q"}],
                            "variable": [{"key": "b", "value": "1"}],
                        },
                        "body": {"mode": "raw", "raw": '{"a": [1], "b": {"c": "d"}}'},
                    },
                }
            ],
        },
        {
            "name": "Form",
            "request": {
                "method": "PUT",
                "url": "{{baseUrl}}/form?x=1",
                "body": {"mode": "urlencoded", "urlencoded": [{"key": "a", "value": "1"}]},
            },
        },
        {
            "name": "Upload",
            "request": {
                "method": "POST",
                "url": "{{baseUrl}}/files",
                "body": {
                    "mode": "formdata",
                    "formdata": [{"key": "f", "type": "file"}, {"key": "t", "value": "x"}],
                },
            },
        },
        {
            "name": "Ask",
            "request": {
                "method": "POST",
                "url": "{{baseUrl}}/graphql",
                "body": {
                    "mode": "graphql",
                    "graphql": {"query": "query A($a: Int) { a }", "variables": "{}"},
                },
            },
        },
        {"name": "Get", "request": "{{baseUrl}}/get"},
    ],
}

_ORDER: dict[str, Any] = {
    "type": "object",
    "required": ["title"],
    "properties": {
        "id": {"type": "string", "readOnly": True},
        "title": {"type": "string", "maxLength": 20, "example": "Tea"},
        "parent": {"$ref": "#/components/schemas/Order"},
        "size": {"oneOf": [{"type": "integer", "minimum": 1}, {"enum": ["small"]}]},
    },
}

OPENAPI: dict[str, Any] = {
    "openapi": "3.0.3",
    "info": {"title": "Everything", "version": "1", "description": "A bit of it."},
    "servers": [{"url": "https://{site}.example.com/v1", "variables": {"site": {"default": "acme"}}}],
    "security": [{"oauth": ["read"]}],
    "components": {
        "schemas": {"Order": _ORDER},
        "parameters": {
            "Limit": {"name": "limit", "in": "query", "schema": {"type": "integer", "default": 10}}
        },
        "securitySchemes": {
            "oauth": {
                "type": "oauth2",
                "flows": {
                    "authorizationCode": {
                        "authorizationUrl": "https://a.example/authorize",
                        "tokenUrl": "https://a.example/token",
                        "scopes": {"read": "Read"},
                    }
                },
            },
            "key": {"type": "apiKey", "in": "header", "name": "X-Key"},
        },
    },
    "paths": {
        "/orders/{id}": {
            "parameters": [{"name": "id", "in": "path", "required": True, "schema": {"type": "string"}}],
            "get": {
                "operationId": "getOrder",
                "parameters": [
                    {"$ref": "#/components/parameters/Limit"},
                    {
                        "name": "tags",
                        "in": "query",
                        "explode": False,
                        "schema": {"type": "array", "items": {}},
                    },
                    {"name": "X-A", "in": "header", "schema": {"type": "string"}},
                    {"name": "c", "in": "cookie", "schema": {"type": "string"}},
                ],
                "responses": {"200": {"description": "x"}},
            },
            "put": {
                "operationId": "putOrder",
                "requestBody": {
                    "required": True,
                    "content": {"application/json": {"schema": {"$ref": "#/components/schemas/Order"}}},
                },
                "responses": {"200": {"description": "x"}},
            },
        },
        "/files": {
            "post": {
                "requestBody": {
                    "content": {
                        "multipart/form-data": {
                            "schema": {
                                "type": "object",
                                "properties": {"file": {"type": "string", "format": "binary"}},
                            },
                            "encoding": {"file": {"contentType": "image/png"}},
                        }
                    }
                },
                "responses": {"200": {"description": "x"}},
            }
        },
    },
}

SWAGGER: dict[str, Any] = {
    "swagger": "2.0",
    "info": {"title": "Everything", "version": "1"},
    "host": "a.example.com",
    "basePath": "/v1",
    "schemes": ["https"],
    "consumes": ["application/json"],
    "securityDefinitions": {"basic": {"type": "basic"}},
    "security": [{"basic": []}],
    "definitions": {"Order": {"type": "object", "properties": {"parent": {"$ref": "#/definitions/Order"}}}},
    "paths": {
        "/orders/{id}": {
            "get": {
                "operationId": "getOrder",
                "parameters": [
                    {"name": "id", "in": "path", "required": True, "type": "string"},
                    {"name": "tags", "in": "query", "type": "array", "items": {"type": "string"},
                     "collectionFormat": "pipes"},
                ],
                "responses": {"200": {"description": "x"}},
            },
            "post": {
                "operationId": "putOrder",
                "parameters": [
                    {"name": "id", "in": "path", "required": True, "type": "string"},
                    {"name": "order", "in": "body", "schema": {"$ref": "#/definitions/Order"}},
                ],
                "responses": {"200": {"description": "x"}},
            },
        },
        "/files": {
            "post": {
                "consumes": ["multipart/form-data"],
                "parameters": [{"name": "file", "in": "formData", "type": "file"}],
                "responses": {"200": {"description": "x"}},
            }
        },
    },
}  # fmt: skip
