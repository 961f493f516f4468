"""What an OpenAPI or Swagger document says, said by an integration and its actions."""

from typing import Any

import pytest

from portway.application.importing.imported import ImportedAction, ImportedIntegration
from portway.domain.errors import InvalidImportDocument
from portway.domain.integration import AuthType
from portway.infrastructure.importers.openapi import OpenApiImporter

Json = dict[str, Any]
IMPORTER = OpenApiImporter()
SERVER = "https://api.example.com/v1"


def document(
    operation: Json | None = None, *, method: str = "post", path: str = "/pets", **more: Any
) -> Json:
    return {
        "openapi": "3.1.0",
        "info": {"title": "Pets", "version": "1"},
        "servers": [{"url": SERVER}],
        "paths": {path: {method: operation or {"responses": {}}}},
        **more,
    }


def read(*given: Any, **more: Any) -> ImportedIntegration:
    return IMPORTER.read(document(*given, **more))


def only(integration: ImportedIntegration) -> ImportedAction:
    assert integration.skipped == ()
    (action,) = integration.actions
    return action


def body(kind: str, schema: Json, **media: Any) -> Json:
    return {"requestBody": {"required": True, "content": {kind: {"schema": schema, **media}}}}


def fields(properties: Json, *required: str) -> Json:
    return {"type": "object", "properties": properties, "required": list(required)}


def test_what_is_recognized() -> None:
    assert IMPORTER.recognizes(document())
    assert IMPORTER.recognizes({"swagger": "2.0"})
    assert not IMPORTER.recognizes({"openapi": "2.0"})
    assert not IMPORTER.recognizes([])


def test_a_document_without_paths_is_refused() -> None:
    with pytest.raises(InvalidImportDocument, match="/paths"):
        IMPORTER.read({"openapi": "3.0.0"})


class TestServers:
    def test_a_variable_becomes_a_value_of_the_connection(self) -> None:
        server = {
            "url": "https://{tenant}.example.com/{version}",
            "variables": {
                "tenant": {"default": "demo", "description": "Your tenant"},
                "version": {"default": "v2", "enum": ["v1", "v2"]},
            },
        }
        integration = read(servers=[server])
        assert integration.base_url == "https://{tenant}.example.com/{version}"
        assert integration.auth_config["config_schema"] == {
            "type": "object",
            "properties": {
                "tenant": {
                    "type": "string",
                    "title": "Tenant",
                    "description": "Your tenant",
                    "default": "demo",
                },
                "version": {
                    "type": "string",
                    "title": "Version",
                    "enum": ["v1", "v2"],
                    "default": "v2",
                },
            },
        }

    def test_a_whole_host_needs_a_pattern(self) -> None:
        server = {"url": "https://{host}/api", "variables": {"host": {"default": "eu.example.com"}}}
        schema = read(servers=[server]).auth_config["config_schema"]
        assert isinstance(schema, dict)
        assert "pattern" in schema["properties"]["host"]  # type: ignore[index,call-overload,operator]

    @pytest.mark.parametrize(
        ("url", "base_url"),
        [
            ("/v2", "https://docs.example.com/v2"),
            ("//api.example.com/x/", "https://api.example.com/x"),
            ("https://api.example.com:{port}/", "https://api.example.com:8443"),
        ],
    )
    def test_other_urls(self, url: str, base_url: str) -> None:
        server = {"url": url, "variables": {"port": {"default": "8443"}}}
        found = IMPORTER.read(document(servers=[server]), source_url="https://docs.example.com/openapi.json")
        assert found.base_url == base_url

    def test_https_goes_before_http(self) -> None:
        servers = [
            {"url": "http://a.example.com"},
            {"url": "http://b.example.com"},
            {"url": "https://a.example.com"},
        ]
        assert read(servers=servers).base_url == "https://a.example.com"

    def test_an_operation_at_the_same_server_without_https_is_there(self) -> None:
        integration = read({"servers": [{"url": SERVER.replace("https", "http")}]})
        assert len(integration.actions) == 1

    def test_none_is_told(self) -> None:
        integration = read(servers=[])
        assert integration.base_url == "https://server.invalid"
        assert any("base_url" in note for note in integration.notes)

    def test_an_operation_elsewhere_is_listed(self) -> None:
        integration = read({"servers": [{"url": "https://uploads.example.com"}]})
        assert integration.actions == ()
        assert integration.skipped[0].reason == "is at another server than the rest"


class TestSecurity:
    @pytest.mark.parametrize(
        ("scheme", "auth_type", "config"),
        [
            ({"type": "http", "scheme": "bearer"}, AuthType.BEARER, {}),
            ({"type": "http", "scheme": "Basic"}, AuthType.BASIC, {}),
            (
                {"type": "apiKey", "in": "query", "name": "key"},
                AuthType.API_KEY,
                {"credential_placement": [{"in": "query", "name": "key", "value": "{api_key}"}]},
            ),
            (
                {"type": "http", "scheme": "Token"},
                AuthType.BEARER,
                {
                    "credential_placement": [
                        {"in": "header", "name": "Authorization", "scheme": "token", "value": "{token}"}
                    ]
                },
            ),
        ],
    )
    def test_schemes(self, scheme: Json, auth_type: AuthType, config: Json) -> None:
        integration = read(security=[{"a": []}], components={"securitySchemes": {"a": scheme}})
        assert (integration.auth_type, integration.auth_config) == (auth_type, config)

    def test_oauth_with_the_scopes_of_each_action(self) -> None:
        flow = {
            "authorizationUrl": "https://id.example.com/authorize",
            "tokenUrl": "/token",
            "scopes": {"pets:write": "Change pets", "pets:read": "See pets"},
        }
        schemes = {"o": {"type": "oauth2", "flows": {"authorizationCode": flow}}}
        integration = read({"security": [{"o": ["pets:write"]}]}, components={"securitySchemes": schemes})
        assert integration.auth_type is AuthType.OAUTH2
        assert integration.auth_config == {
            "authorization_url": "https://id.example.com/authorize",
            "token_url": "https://api.example.com/token",
            "scope_descriptions": {"pets:write": "Change pets", "pets:read": "See pets"},
            "scopes": ["pets:write"],
        }
        assert only(integration).scopes == ("pets:write",)

    def test_scopes_of_which_one_will_do_are_not_all_needed(self) -> None:
        flow = {
            "authorizationUrl": "https://id.example.com/authorize",
            "tokenUrl": "https://id.example.com/t",
        }
        schemes = {"o": {"type": "oauth2", "flows": {"authorizationCode": flow}}}
        security = [{"o": ["pets", "email"]}, {"o": ["email", "pets.readonly", "none"]}]
        integration = read({"security": security}, components={"securitySchemes": schemes})
        assert only(integration).scopes == ("email",)
        assert integration.auth_config["scopes"] == ["email", "pets"]

    @pytest.mark.parametrize(
        ("url", "aws_sigv4"),
        [
            ("https://sqs.{region}.amazonaws.com", {"service": "sqs"}),
            ("https://route53.amazonaws.com", {"service": "route53", "region": "us-east-1"}),
        ],
    )
    def test_the_signature_of_aws(self, url: str, aws_sigv4: Json) -> None:
        scheme = {
            "type": "apiKey",
            "in": "header",
            "name": "Authorization",
            "x-amazon-apigateway-authtype": "awsSigv4",
        }
        operation = {"parameters": [{"in": "header", "name": "X-Amz-Date"}]}
        integration = read(
            operation,
            servers=[{"url": url, "variables": {"region": {"default": "eu-central-1"}}}],
            security=[{"hmac": []}],
            components={"securitySchemes": {"hmac": scheme}},
        )
        assert integration.auth_type is AuthType.AWS_SIGV4
        assert integration.auth_config["aws_sigv4"] == aws_sigv4
        assert only(integration).request_schema["properties"] == {}

    def test_two_keys_at_once(self) -> None:
        schemes = {
            "App-Id": {"type": "apiKey", "in": "header", "name": "X-App"},
            "AppKey": {"type": "apiKey", "in": "header", "name": "X-Key"},
        }
        config = read(security=[{"App-Id": [], "AppKey": []}], components={"securitySchemes": schemes})
        assert config.auth_config["credential_fields"] == ["app_id", "appkey"]

    def test_the_parameter_of_the_credential_is_none_of_the_action(self) -> None:
        schemes = {"k": {"type": "apiKey", "in": "query", "name": "key"}}
        operation = {
            "parameters": [{"in": "query", "name": "key", "required": True}],
            "security": [{"k": []}],
        }
        action = only(read(operation, method="get", components={"securitySchemes": schemes}))
        assert action.request_schema["properties"] == {}

    def test_none_is_told(self) -> None:
        integration = read()
        assert integration.auth_type is AuthType.NONE
        assert "The document names no credential." in integration.notes


TOKEN: Json = {
    "in": "query",
    "name": "token",
    "required": True,
    "description": "Authentication token.",
    "schema": {"type": "string"},
}


class TestUndeclaredCredentials:
    def paths(self) -> Json:
        form = fields({"token": {"type": "string"}, "text": {"type": "string"}}, "token", "text")
        posted = body("application/x-www-form-urlencoded", form)
        listed: Json = {"get": {"parameters": [TOKEN], "responses": {}}}
        return {"/a": listed, "/b": listed, "/c": {"post": posted}}

    def test_a_token_of_most_operations_is_the_credential(self) -> None:
        integration = IMPORTER.read({**document(), "paths": self.paths()})
        assert integration.auth_type is AuthType.API_KEY
        assert integration.auth_config == {
            "credential_placement": [{"in": "query", "name": "token", "value": "{api_key}"}]
        }
        assert [list(action.request_schema["properties"]) for action in integration.actions] == [  # type: ignore[arg-type]
            [],
            [],
            ["text"],
        ]

    def test_one_that_is_declared_goes_before(self) -> None:
        schemes = {"b": {"type": "http", "scheme": "bearer"}}
        integration = IMPORTER.read(
            {**document(security=[{"b": []}], components={"securitySchemes": schemes}), "paths": self.paths()}
        )
        assert integration.auth_type is AuthType.BEARER
        assert integration.actions[0].request_schema["properties"] == {}

    def test_a_token_of_one_operation_is_a_parameter(self) -> None:
        action = only(read({"parameters": [TOKEN]}, method="get"))
        assert action.request_schema["required"] == ["token"]

    def test_who_answers_401_wants_a_token(self) -> None:
        integration = read({"responses": {"401": {"description": "Who are you?"}}})
        assert integration.auth_type is AuthType.BEARER
        assert any("401" in note for note in integration.notes)


class TestParameters:
    def test_what_the_path_itself_asks_for_is_not_asked_for_again(self) -> None:
        operation = {"parameters": [{"in": "query", "name": "view"}, {"in": "query", "name": "page"}]}
        action = only(read(operation, method="get", path="/files?view=info&page={page}"))
        assert action.endpoint_path == "/files?view=info&page={page}"
        assert list(action.request_schema["properties"]) == ["page"]  # type: ignore[arg-type]

    def test_examples_and_defaults_are_of_the_type(self) -> None:
        schema = {"type": "integer", "default": "20", "example": "many"}
        action = only(read({"parameters": [{"in": "query", "name": "n", "schema": schema}]}, method="get"))
        assert action.request_schema["properties"] == {"n": {"type": "integer", "default": 20}}


class TestBodies:
    def test_members_are_parameters(self) -> None:
        pet = fields({"id": {"type": "string", "readOnly": True}, "name": {"type": "string"}}, "id", "name")
        action = only(read(body("application/json", pet)))
        assert action.request_schema == {
            "type": "object",
            "properties": {"name": {"type": "string"}},
            "required": ["name"],
            "additionalProperties": False,
        }
        assert action.transform_config == {}

    def test_a_list_is_one_parameter(self) -> None:
        action = only(read(body("application/vnd.api+json", {"type": "array", "items": {"type": "string"}})))
        assert action.request_schema["required"] == ["body"]
        assert action.transform_config["body"] == {
            "encoding": "json",
            "content_type": "application/vnd.api+json",
            "parameter": "body",
        }

    def test_json_goes_before_forms(self) -> None:
        schema = fields({"a": {"type": "string"}})
        content = {
            "application/x-www-form-urlencoded": {"schema": schema},
            "application/json": {"schema": schema},
        }
        assert only(read({"requestBody": {"content": content}})).transform_config == {}

    def test_a_form(self) -> None:
        schema = fields({"tags": {"type": "array", "items": {"type": "string"}}, "meta": {"type": "object"}})
        action = only(read(body("application/x-www-form-urlencoded", schema)))
        assert action.transform_config == {
            "body": {"encoding": "form"},
            "locations": {"meta": {"in": "body", "style": "deepObject"}},
        }

    def test_files(self) -> None:
        schema = fields(
            {"photo": {"type": "string", "format": "binary"}, "title": {"type": "string"}}, "photo"
        )
        action = only(read(body("multipart/form-data", schema)))
        assert action.transform_config["body"] == {"encoding": "multipart", "files": ["photo"]}
        assert action.request_schema["properties"]["photo"]["type"] == ["string", "object"]  # type: ignore[index,call-overload]
        raw = only(read(body("image/png", {})))
        assert raw.transform_config["body"] == {
            "encoding": "raw",
            "file": "body",
            "content_type": "image/png",
        }

    def test_a_text_is_sent_as_it_is(self) -> None:
        action = only(read(body("text/markdown", {"type": "string"})))
        assert action.request_schema["properties"]["body"]["type"] == "string"  # type: ignore[index,call-overload]
        assert action.transform_config == {
            "parameters": [{"op": "move", "parameter": "body", "to": "/body/text"}],
            "body": {"encoding": "raw", "file": "body", "content_type": "text/markdown"},
        }

    def test_xml(self) -> None:
        schema = {
            **fields({"id": {"type": "string", "xml": {"attribute": True}}, "name": {"type": "string"}}),
            "xml": {"name": "pet"},
        }
        action = only(read(body("application/xml", schema)))
        assert action.transform_config == {
            "body": {"encoding": "xml", "root": "pet"},
            "locations": {"id": {"in": "body", "name": "@id"}},
        }

    def test_the_only_member_is_the_root_of_xml_without_one(self) -> None:
        schema = fields({"Tagging": fields({"Tag": {"type": "string"}})}, "Tagging")
        action = only(read(body("text/xml", schema)))
        assert action.request_schema["properties"] == {"Tag": {"type": "string"}}
        assert action.transform_config["body"] == {
            "encoding": "xml",
            "root": "Tagging",
            "content_type": "text/xml",
        }

    @pytest.mark.parametrize(
        "schema",
        [
            {"type": "string"},
            fields({"a": {"type": "string"}, "b": {"type": "string"}}),  # without a root
            {**fields({"a": {"type": "string", "xml": {"namespace": "urn:a"}}}), "xml": {"name": "pet"}},
            {
                **fields({"a": {"type": "array", "items": {"type": "string", "xml": {"name": "b"}}}}),
                "xml": {"name": "pet"},
            },
            {
                **fields({"a": fields({"b": {"type": "string", "xml": {"attribute": True}}})}),
                "xml": {"name": "pet"},
            },
        ],
    )
    def test_xml_that_parameters_do_not_say_is_a_text(self, schema: Json) -> None:
        action = only(read(body("application/xml", schema)))
        assert action.request_schema["required"] == ["body"]
        assert action.transform_config == {
            "parameters": [{"op": "move", "parameter": "body", "to": "/body/text"}],
            "body": {"encoding": "raw", "file": "body", "content_type": "application/xml"},
        }

    def test_a_post_without_a_body_has_none(self) -> None:
        action = only(read({"parameters": [{"in": "query", "name": "q"}]}))
        assert action.transform_config == {"body": {"encoding": "none"}}

    def test_the_same_name_in_two_places(self) -> None:
        operation = {
            "parameters": [{"in": "path", "name": "id", "required": True, "schema": {"type": "string"}}],
            **body("application/json", fields({"id": {"type": "integer"}})),
        }
        action = only(read(operation, path="/pets/{id}"))
        assert action.transform_config["locations"] == {"body_id": {"in": "body", "name": "id"}}

    def test_what_cannot_be_said_is_listed(self) -> None:
        integration = read(body("multipart/form-data", {"type": "string"}))
        (skipped,) = integration.skipped
        assert (skipped.operation, skipped.reason) == (
            "POST /pets",
            "has a multipart body whose fields are not listed",
        )


class TestAnswers:
    @pytest.mark.parametrize(
        ("kinds", "transform_config"),
        [
            (["text/html", "application/json; charset=utf-8"], {}),
            (["application/vnd.api+json"], {"headers": {"Accept": "application/vnd.api+json"}}),
            (["application/pdf"], {"headers": {"Accept": "application/pdf"}}),
            (["text/xml"], {"response": {"format": "xml"}}),
            ([], {}),
        ],
    )
    def test_are_asked_for(self, kinds: list[str], transform_config: Json) -> None:
        responses: Json = {
            "404": {"content": {"text/plain": {}}},
            "200": {"content": {kind: {} for kind in kinds}},
        }
        assert only(read({"responses": responses}, method="get")).transform_config == transform_config

    def test_json_of_a_request_in_xml(self) -> None:
        schema = {**fields({"name": {"type": "string"}}), "xml": {"name": "pet"}}
        responses: Json = {"200": {"content": {"application/json": {}}}}
        action = only(read({**body("application/xml", schema), "responses": responses}))
        assert action.transform_config["headers"] == {"Accept": "application/json"}


class TestFaults:
    def test_are_noted(self) -> None:
        parameters = [{"in": "query", "name": "q"}]  # without a schema
        operation = {"parameters": parameters, "responses": {"200": {"description": "OK"}}}
        integration = read(operation)
        assert only(integration).slug == "post-pets"
        assert "1 place is not as OpenAPI 3.1 wants" in integration.notes[0]
        assert read({**operation, "parameters": []}).notes == ("The document names no credential.",)

    def test_a_version_that_is_not_known(self) -> None:
        integration = IMPORTER.read({**document(), "openapi": "3.7.0"})
        assert integration.notes[0] == "OpenAPI 3.7.0 is read as if it were 3.1."


class TestPages:
    LIST = fields({"data": {"type": "array", "items": {}}, "next_cursor": {"type": "string"}})

    @pytest.mark.parametrize(
        ("query", "schema", "pagination"),
        [
            (
                ["cursor", "limit"],
                LIST,
                {"type": "cursor", "cursor": "next_cursor", "parameter": "cursor", "items": "data"},
            ),
            (
                ["page", "per_page"],
                {"type": "array", "items": {}},
                {"type": "page", "parameter": "page", "size_parameter": "per_page"},
            ),
            (
                ["offset", "limit"],
                fields({"items": {"type": "array"}}),
                {"type": "offset", "parameter": "offset", "size_parameter": "limit", "items": "items"},
            ),
            (
                [],
                fields({"value": {"type": "array"}, "@odata.nextLink": {"type": "string"}}),
                {"type": "next_url", "url": '"@odata.nextLink"', "items": "value"},
            ),
        ],
    )
    def test_are_guessed_and_marked(self, query: list[str], schema: Json, pagination: Json) -> None:
        operation = {
            "parameters": [{"in": "query", "name": name, "schema": {"type": "string"}} for name in query],
            "responses": {"200": {"content": {"application/json": {"schema": schema}}}},
        }
        action = only(read(operation, method="get"))
        assert action.transform_config["pagination"] == pagination
        assert [pointer for pointer, _ in action.guesses] == ["/transform_config/pagination"]

    def test_one_thing_has_no_pages(self) -> None:
        schema = fields({"name": {"type": "string"}})
        operation = {"responses": {"200": {"content": {"application/json": {"schema": schema}}}}}
        assert "pagination" not in only(read(operation, method="get")).transform_config


class TestReferences:
    def test_cycles_end(self) -> None:
        node = fields({"children": {"type": "array", "items": {"$ref": "#/components/schemas/Node"}}})
        action = only(
            read(
                body("application/json", {"$ref": "#/components/schemas/Node"}),
                components={"schemas": {"Node": node}},
            )
        )
        assert action.request_schema["properties"] == {
            "children": {"type": "array", "items": {"$ref": "#/$defs/Node"}}
        }
        assert list(action.request_schema["$defs"]) == ["Node"]  # type: ignore[arg-type]

    def test_another_document_is_none(self) -> None:
        integration = read(body("application/json", {"$ref": "other.yaml#/Pet"}))
        assert "refers to another document" in integration.skipped[0].reason


SWAGGER: Json = {
    "swagger": "2.0",
    "info": {"title": "Old"},
    "host": "api.example.com",
    "basePath": "/v1/",
    "schemes": ["http", "https"],
    "consumes": ["application/json"],
    "securityDefinitions": {"k": {"type": "apiKey", "in": "header", "name": "X-Key"}},
    "security": [{"k": []}],
    "definitions": {"Pet": fields({"name": {"type": "string"}}, "name")},
    "paths": {
        "/pets": {
            "post": {
                "operationId": "addPet",
                "parameters": [
                    {
                        "in": "body",
                        "name": "pet",
                        "required": True,
                        "schema": {"$ref": "#/definitions/Pet"},
                    },
                    {"in": "query", "name": "tags", "type": "array", "items": {"type": "string"}},
                ],
            }
        },
        "/photos": {
            "post": {
                "consumes": ["multipart/form-data"],
                "parameters": [{"in": "formData", "name": "file", "type": "file", "required": True}],
            }
        },
    },
}


class TestSwagger:
    def test_says_the_same_in_other_words(self) -> None:
        integration = IMPORTER.read(SWAGGER)
        pet, photo = integration.actions
        assert (integration.base_url, integration.auth_type) == (
            "https://api.example.com/v1",
            AuthType.API_KEY,
        )
        assert pet.slug == "add-pet"
        assert pet.request_schema["required"] == ["name"]
        assert pet.transform_config["locations"] == {
            "tags": {"in": "query", "style": "form", "explode": False}
        }
        assert photo.transform_config["body"] == {"encoding": "multipart", "files": ["file"]}
