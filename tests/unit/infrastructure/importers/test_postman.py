"""Postman collections as integrations."""

import json
import time
from typing import Any

import pytest

from portway.application.importing.imported import ImportedAction, ImportedIntegration
from portway.application.importing.preparation import ImportRequest
from portway.catalog.handlers import handlers
from portway.domain.errors import InvalidImportDocument
from portway.infrastructure.importers.kinds import preparation
from portway.infrastructure.importers.postman import PostmanImporter

SCHEMA = "https://schema.getpostman.com/json/collection/v2.1.0/collection.json"
BASE = "https://api.example.com"


def collection(*requests: dict[str, Any], **members: Any) -> dict[str, Any]:
    items = [
        request if "item" in request else {"name": f"R{number}", "request": request}
        for number, request in enumerate(requests)
    ]
    return {"info": {"name": "Example", "schema": SCHEMA}, "item": items, **members}


def request(url: Any = f"{BASE}/things", method: str = "GET", **members: Any) -> dict[str, Any]:
    return {"method": method, "url": url, **members}


def read(document: dict[str, Any]) -> ImportedIntegration:
    """Everything that comes of it works."""
    assert PostmanImporter().recognizes(document)
    prepared = preparation(handlers()).prepare(ImportRequest("x", json.dumps(document).encode(), "x.json"))
    assert [skipped.reason for skipped in prepared.skipped] == [
        skipped.reason for skipped in prepared.integration.skipped
    ]
    return prepared.integration


def only(*requests: dict[str, Any], **members: Any) -> ImportedAction:
    (action,) = read(collection(*requests, **members)).actions
    return action


def names(action: ImportedAction) -> set[str]:
    properties = action.request_schema["properties"]
    assert isinstance(properties, dict)
    return set(properties)


def properties(action: ImportedAction) -> Any:
    return action.request_schema["properties"]


def test_what_is_one() -> None:
    importer = PostmanImporter()
    assert importer.recognizes(collection(request()))
    assert importer.recognizes({"collection": collection(request())})
    others: tuple[Any, ...] = (
        {},
        [],
        "x",
        None,
        {"info": {"title": "x"}, "item": []},
        {"info": {"schema": SCHEMA}},
    )
    for other in others:
        assert not importer.recognizes(other)


def test_folders_names_and_descriptions() -> None:
    inner = {"name": "List things", "request": request(description={"content": "All of <b>them</b>."})}
    found = read(
        collection({"name": "Folder", "item": [{"name": "Deeper", "item": [inner]}]}, info={
            "name": "My API", "description": "What it does.", "schema": SCHEMA,
        })
    )  # fmt: skip
    assert (found.name, found.description, found.base_url) == ("My API", "What it does.", BASE)
    (action,) = found.actions
    assert (action.slug, action.name, action.description) == ("list-things", "List things", "All of them .")
    assert action.operation == "GET /things"


def test_examples_of_one_operation_are_told_apart() -> None:
    found = read(collection(request(), request(), request(f"{BASE}/others")))
    assert [action.operation for action in found.actions] == [
        "GET /things", "GET /things (R1)", "GET /others",
    ]  # fmt: skip
    assert len({action.slug for action in found.actions}) == 3


@pytest.mark.parametrize(
    ("url", "variables", "base_url", "config"),
    [
        ("{{baseUrl}}/things", [("baseUrl", "https://a.example.com/v1/")], "https://a.example.com/v1", []),
        ("{{host}}/things", [("host", "a.example.com")], "https://a.example.com", []),
        (
            "{{baseUrl}}/things",
            [("baseUrl", "{{scheme}}://b.example"), ("scheme", "https")],
            "https://b.example",
            [],
        ),
        ("{{baseUrl}}/things", [], "{baseUrl}", ["baseUrl"]),
        ("https://{{site}}.example.com/things", [("site", "acme")], "https://{site}.example.com", ["site"]),
        ("{{protocol}}a.example.com/things", [("protocol", "http://")], "http://a.example.com", []),
        ("a.example.com/things", [], "https://a.example.com", []),
        ({"host": ["{{baseUrl}}"], "path": ["things"]}, [("baseUrl", BASE)], BASE, []),
        (
            {"protocol": "http", "host": "a.example", "port": "81", "path": "things"},
            [],
            "http://a.example:81",
            [],
        ),
    ],
)
def test_the_address(url: Any, variables: list[tuple[str, str]], base_url: str, config: list[str]) -> None:
    document = collection(request(url), variable=[{"key": key, "value": value} for key, value in variables])
    found = read(document)
    assert found.base_url == base_url
    assert found.actions[0].endpoint_path == "/things"
    schema: Any = found.auth_config.get("config_schema", {"required": []})
    assert schema["required"] == config


def test_another_address_is_skipped() -> None:
    found = read(collection(request(), request(), request("https://other.example/x")))
    assert [(one.operation, one.reason) for one in found.skipped] == [
        ("GET /x", "is at another address, 'https://other.example'")
    ]


def test_places_in_the_path() -> None:
    url = {
        "raw": f"{BASE}/v{{{{version}}}}/users/:user/files/{{{{fileId}}}}:copy",
        "protocol": "https",
        "host": ["api", "example", "com"],
        "path": ["v{{version}}", "users", ":user", "files", "{{fileId}}:copy", "a b"],
        "variable": [{"key": "user", "value": "ada", "description": "Whose."}],
    }
    action = only(request(url), variable=[{"key": "version", "value": "2"}])
    assert action.endpoint_path == "/v{version}/users/{user}/files/{fileId}:copy/a%20b"
    assert action.request_schema["required"] == ["user", "fileId"]
    assert properties(action)["user"]["description"] == "Whose."
    assert action.transform_config["parameters"] == [{"op": "default", "parameter": "version", "value": "2"}]


def test_query_and_headers() -> None:
    url = {
        "host": "{{baseUrl}}",
        "path": ["things"],
        "query": [
            {"key": "limit", "value": "10", "description": "How many."},
            {"key": "page_token", "value": "{{next}}", "disabled": True},
            {"key": "tag", "value": "a"},
            {"key": "tag", "value": "b"},
            {"key": "access_token", "value": "AbCdEf0123456789xyz"},
            {"key": None, "value": "x"},
        ],
    }
    headers = [
        {"key": "X-Version", "value": "2"},
        {"key": "X-Trace", "value": "8f14e45fceea167a5a36"},
        {"key": "X-Off", "value": "1", "disabled": True},
        {"key": "Accept", "value": "application/vnd.example+json"},
        {"key": "X-Api-Key", "value": "AbCdEf0123456789xyz"},
        {"key": "Content-Length", "value": "1"},
    ]
    document = collection(request(url, header=headers), variable=[{"key": "baseUrl", "value": BASE}])
    found = read(document)
    (action,) = found.actions
    assert names(action) == {"limit", "page_token", "tag", "X-Version", "X-Trace", "X-Off"}
    assert properties(action)["limit"]["examples"] == ["10"]
    assert "array" in properties(action)["tag"]["type"]
    assert action.transform_config["headers"] == {"Accept": "application/vnd.example+json"}
    assert action.transform_config["parameters"] == [
        {"op": "default", "parameter": "X-Version", "value": "2"}
    ]
    assert "required" not in action.request_schema
    assert "AbCdEf0123456789xyz" not in repr(found)
    assert "8f14e45fceea167a5a36" not in repr(found)
    assert any("`X-Api-Key`, is not taken over" in note for note in found.notes)


def test_a_json_body() -> None:
    raw = """{
        // a comment
        "title": "Hello", "count": 3, "open": true, "note": null, "any": "{{x}}", "bare": {{number}},
        "tags": ["a", "b"], "owner": {"name": "Ada", "password": "hunter2hunter2hunter2"}
    }"""
    body = {"mode": "raw", "raw": raw, "options": {"raw": {"language": "json"}}}
    action = only(request(method="POST", body=body))
    assert "required" not in action.request_schema
    assert action.request_schema.get("additionalProperties") is None
    found = properties(action)
    assert found["title"] == {"type": "string", "examples": ["Hello"]}
    assert (found["count"], found["open"]) == ({"type": "number"}, {"type": "boolean"})
    assert found["note"] == found["any"] == found["bare"] == {}
    assert found["tags"]["type"] == "array"
    assert found["owner"]["properties"]["password"] == {"type": "string", "writeOnly": True}
    assert "hunter2" not in repr(action)


@pytest.mark.parametrize(
    ("body", "expected", "parameters"),
    [
        ({"mode": "raw", "raw": "[1, 2]"}, {"encoding": "json", "parameter": "body"}, {"body"}),
        ({"mode": "raw", "raw": "{broken", "options": {"raw": {"language": "json"}}},
         {"encoding": "json", "parameter": "body"}, {"body"}),
        ({"mode": "raw", "raw": "<a/>", "options": {"raw": {"language": "xml"}}},
         {"encoding": "raw", "file": "body", "content_type": "application/xml"}, {"body"}),
        ({"mode": "urlencoded", "urlencoded": [{"key": "a", "value": "1"}, {"key": "b[]", "value": ""}]},
         {"encoding": "form"}, {"a", "b[]"}),
        ({"mode": "formdata", "formdata": [{"key": "f", "type": "file", "src": "/x"}, {"key": "t", "value": "1"}]},
         {"encoding": "multipart", "files": ["f"]}, {"f", "t"}),
        ({"mode": "file", "file": {"src": "/x"}}, {"encoding": "raw", "file": "body"}, {"body"}),
        ({"mode": "graphql", "graphql": {"query": "query A($id: ID!) { a(id: $id) }", "variables": "{\"id\": \"1\"}"}},
         {"encoding": "graphql", "query": "query A($id: ID!) { a(id: $id) }"}, {"id"}),
        ({"mode": "raw", "raw": "  "}, {"encoding": "none"}, set()),
        ({"mode": "urlencoded", "urlencoded": []}, {"encoding": "none"}, set()),
        (None, {"encoding": "none"}, set()),
    ],
)  # fmt: skip
def test_bodies(body: Any, expected: dict[str, Any], parameters: set[str]) -> None:
    action = only(request(method="POST", body=body))
    assert action.transform_config["body"] == expected
    assert names(action) == parameters


def test_the_bodys_own_type() -> None:
    header = [{"key": "Content-Type", "value": "application/merge-patch+json"}]
    action = only(request(method="PATCH", header=header, body={"mode": "raw", "raw": '{"a": 1}'}))
    assert action.transform_config["body"] == {
        "encoding": "json",
        "content_type": "application/merge-patch+json",
    }


def test_a_body_of_a_get() -> None:
    action = only(request(body={"mode": "raw", "raw": '{"query": {"match": "x"}}'}))
    assert action.transform_config["locations"] == {"query": "body"}


@pytest.mark.parametrize(
    ("found", "reason"),
    [
        (request(method="COPY"), "has a method that is none of ours, 'COPY'"),
        (request(method="POST", body={"mode": "graphql", "graphql": {"query": "{{query}}"}}),
         "has variables of Postman's in its GraphQL query"),
    ],
)  # fmt: skip
def test_what_is_skipped(found: dict[str, Any], reason: str) -> None:
    integration = read(collection(request(), found))
    assert [one.reason for one in integration.skipped] == [reason]
    assert len(integration.actions) == 1


def auth(kind: str, **values: str) -> dict[str, Any]:
    return {"type": kind, kind: [{"key": key, "value": value} for key, value in values.items()]}


@pytest.mark.parametrize(
    ("said", "auth_type", "config"),
    [
        (auth("bearer", token="t0p-s3cret-t0p-s3cret"), "bearer", {}),
        (auth("basic", username="ada", password="t0p-s3cret-t0p-s3cret"), "basic", {}),
        ({"type": "basic", "basic": {"username": "ada"}}, "basic", {}),
        (auth("apikey", key="X-Key", value="t0p-s3cret-t0p-s3cret", **{"in": "header"}), "api_key",
         {"credential_placement": [{"in": "header", "name": "X-Key", "value": "{api_key}"}]}),
        (auth("apikey", key="key", value="{{apiKey}}", **{"in": "query"}), "api_key",
         {"credential_placement": [{"in": "query", "name": "key", "value": "{api_key}"}]}),
        (auth("oauth2", authUrl=f"{BASE}/authorize", accessTokenUrl=f"{BASE}/token", scope="a b", clientId="me",
              clientSecret="t0p-s3cret-t0p-s3cret", accessToken="t0p-s3cret-t0p-s3cret"), "oauth2",
         {"authorization_url": f"{BASE}/authorize", "token_url": f"{BASE}/token", "scopes": ["a", "b"]}),
        (auth("oauth2", grant_type="client_credentials", accessTokenUrl=f"{BASE}/token",
              client_authentication="header"), "oauth2_client_credentials",
         {"token_url": f"{BASE}/token", "token_endpoint_auth_method": "client_secret_basic"}),
        (auth("awsv4", service="s3", region="eu-central-1", secretKey="t0p-s3cret-t0p-s3cret"), "aws_sigv4",
         {"aws_sigv4": {"service": "s3", "region": "eu-central-1"}}),
        (auth("oauth1", signatureMethod="HMAC-SHA256", consumerSecret="t0p-s3cret-t0p-s3cret"), "oauth1",
         {"oauth1": {"signature_method": "HMAC-SHA256"}}),
        (auth("noauth"), "none", {}),
        (auth("digest", password="t0p-s3cret-t0p-s3cret"), "none", {}),
    ],
)  # fmt: skip
def test_authentication(said: dict[str, Any], auth_type: str, config: dict[str, Any]) -> None:
    found = read(collection(request(), auth=said))
    assert found.auth_type == auth_type
    assert found.auth_config == config
    assert "t0p-s3cret" not in repr(found)


def test_authentication_of_folders_and_requests_goes_first() -> None:
    folder = {
        "name": "F",
        "auth": auth("bearer"),
        "item": [{"name": "A", "request": request()}, {"name": "B", "request": request(f"{BASE}/b")}],
    }
    found = read(collection(folder, request(f"{BASE}/c", auth=auth("basic")), auth=auth("apikey", key="X")))
    assert found.auth_type == "bearer"
    assert (
        "Requests with authentication by 'basic' get the integration's credential all the same."
        in found.notes
    )


@pytest.mark.parametrize(
    ("header", "auth_type"),
    [
        ({"key": "Authorization", "value": "Bearer {{token}}"}, "bearer"),
        ({"key": "Authorization", "value": "Basic {{login}}"}, "basic"),
        ({"key": "X-API-Key", "value": "{{key}}"}, "api_key"),
    ],
)
def test_authentication_that_only_headers_tell_is_a_guess(header: dict[str, str], auth_type: str) -> None:
    found = read(collection(request(header=[header])))
    assert found.auth_type == auth_type
    assert any("is a guess" in note for note in found.notes)


def test_secrets_in_variables_are_not_taken_over() -> None:
    variables = [
        {"key": "token", "value": "abc"},
        {"key": "account", "value": "AbCdEf0123456789xyz"},
        {"key": "place", "value": "hidden", "type": "secret"},
    ]
    found = read(
        collection(request(f"{BASE}/{{{{token}}}}/{{{{account}}}}/{{{{place}}}}"), variable=variables)
    )
    (action,) = found.actions
    assert action.request_schema["required"] == ["token", "account", "place"]
    assert not any(value in repr(action) for value in ("abc", "AbCdEf0123456789xyz", "hidden"))
    assert "account, place, token" in found.notes[0]


def test_scripts_are_ignored_and_told() -> None:
    event = [{"listen": "prerequest", "script": {"exec": ["pm.environment.set('x', 1);"]}}]
    found = read(collection({"name": "A", "request": request(), "event": event, "item": None}, event=event))
    assert any("A script is ignored: 2 times" in note for note in found.notes)


@pytest.mark.parametrize(
    "document",
    [
        collection(),
        collection({"name": "Empty", "item": []}),
        {"info": {"schema": SCHEMA}, "item": [None, 1, {"request": None}, {"request": {"url": 7}}]},
    ],
)
def test_a_collection_without_requests_is_refused(document: dict[str, Any]) -> None:
    with pytest.raises(InvalidImportDocument, match="no request with a URL"):
        PostmanImporter().read(document)


def test_long_texts_take_no_time() -> None:
    blanks = "{{" + " " * 200_000
    document = collection(
        request(f"{BASE}/{{{{ id }}}}"),
        request(f"{BASE}/things/{blanks}", "POST", header=[{"key": "X-A", "value": blanks}]),
        request(method="POST", body={"mode": "raw", "raw": '{"a":' + blanks}),
        variable=[{"key": "a", "value": blanks}],
    )
    begun = time.monotonic()
    found = PostmanImporter().read(document)
    assert time.monotonic() - begun < 5
    assert found.actions[0].endpoint_path == "/{id}"
