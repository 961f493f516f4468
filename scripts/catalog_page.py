"""The reference page of one integration of the catalog, in Markdown, from its definition alone."""

import re
from collections.abc import Iterator, Mapping, Sequence
from typing import Any
from uuid import uuid4

from portway.application.language.credential_fields import credential_fields
from portway.catalog.definitions import ActionDefinition, IntegrationDefinition
from portway.catalog.facts import checked_facts, own_actions, stated_facts
from portway.domain.integration import AuthType

REDIRECT_PATH = "/api/v2/oauth/callback"

_AUTH = {
    AuthType.NONE: "The service needs no credential.",
    AuthType.API_KEY: "With an API key.",
    AuthType.BASIC: "With a user name and a password.",
    AuthType.BEARER: "With a token.",
    AuthType.OAUTH2: "By OAuth 2.0: the user agrees on a page of the service's.",
    AuthType.OAUTH2_CLIENT_CREDENTIALS: "By OAuth 2.0 client credentials: the application's own, without a user.",
    AuthType.OAUTH1: "By OAuth 1.0a: the user agrees on a page of the service's; each request is signed.",
    AuthType.JWT_BEARER: "With a service account's key, which signs a JWT for each token.",
    AuthType.AWS_SIGV4: "With an AWS access key, which signs each request.",
    AuthType.CUSTOM: "With the service's own kind of credential.",
}
_PER = {1: "second", 60: "minute", 3600: "hour", 86400: "day"}


def page(definition: IntegrationDefinition) -> str:
    """The whole page."""
    sections = (
        _head(definition),
        _connecting(definition),
        _scopes(definition),
        _limits(definition),
        _actions(definition),
        _facts(definition),
    )
    return "\n".join(line for section in sections for line in section).rstrip() + "\n"


def cell(text: object) -> str:
    """Text for a cell of a table: on one line, its bars escaped."""
    return re.sub(r"\s+", " ", str(text)).replace("|", "\\|").strip()


def _head(definition: IntegrationDefinition) -> Iterator[str]:
    yield from (f"# {definition.name}", "", definition.description, "")
    yield from ("| | |", "| --- | --- |")
    yield f"| slug | `{definition.slug}` |"
    yield f"| category | {definition.category} |"
    yield f"| base URL | `{definition.base_url}` |"
    if definition.website:
        yield f"| website | <{definition.website}> |"
    if definition.documentation_url:
        yield f"| the API's documentation | <{definition.documentation_url}> |"
    yield ""


def _connecting(definition: IntegrationDefinition) -> Iterator[str]:
    auth = definition.auth_config
    yield from ("## Connect", "", _AUTH[definition.auth_type], "")
    if definition.auth_type in (AuthType.OAUTH2, AuthType.OAUTH1):
        yield f"- Redirect URI of the OAuth client: `{REDIRECT_PATH}` under `PORTWAY_PUBLIC_URL`"
    if auth.get("clientIdEnv"):
        secret = f" and `{auth['clientSecretEnv']}`" if auth.get("clientSecretEnv") else ""
        yield f"- The OAuth client, unless an organization has set its own: `{auth['clientIdEnv']}`{secret}"
        if auth.get("pkce") is False:
            yield "- Without a code challenge (PKCE)"
    if auth.get("revocation_url"):
        yield "- A connection that is deleted is revoked at the service"
    if auth.get("verification"):
        verification = auth["verification"]
        yield f"- Verified by `{verification.get('method', 'GET')} {verification['path']}`"
    yield ""
    by_redirect = definition.auth_type in (AuthType.OAUTH2, AuthType.OAUTH1)
    if not by_redirect:
        yield from _credential(definition)
    yield from _config(auth.get("config_schema") or {})


def _credential(definition: IntegrationDefinition) -> Iterator[str]:
    # What is read of a row is kept by its id.
    fields = credential_fields(definition.integration(uuid4()))
    if fields:
        yield from ("| member of `credentials` | required | what it is |", "| --- | --- | --- |")
    for field in fields:
        words = ". ".join(part.rstrip(".") for part in (field.title, field.description) if part)
        yield f"| `{field.name}` | {_yes(field.required)} | {cell(words)} |"
    if fields:
        yield ""


def _config(schema: Mapping[str, Any]) -> Iterator[str]:
    properties: Mapping[str, Any] = schema.get("properties", {})
    if not properties:
        return
    yield from ("| member of `config` | required | default | what it is |", "| --- | --- | --- | --- |")
    for name, member in properties.items():
        words = ". ".join(
            part.rstrip(".") for part in (member.get("title", ""), member.get("description", "")) if part
        )
        default = f"`{member['default']}`" if "default" in member else ""
        yield f"| `{name}` | {_yes(name in schema.get('required', ()))} | {default} | {cell(words)} |"
    yield ""


def _scopes(definition: IntegrationDefinition) -> Iterator[str]:
    scopes: Sequence[str] = definition.auth_config.get("scopes", ())
    if not scopes:
        return
    meanings: Mapping[str, str] = definition.auth_config.get("scope_descriptions", {})
    yield from ("## Scopes", "", "| asked for | what it allows |", "| --- | --- |")
    yield from (f"| `{scope}` | {cell(meanings.get(scope, ''))} |" for scope in scopes)
    yield ""


def _limits(definition: IntegrationDefinition) -> Iterator[str]:
    lines = [f"- {_limit(limit)}" for limit in definition.rate_limits]
    for action in definition.actions:
        lines += [f"- `{action.slug}`: {_limit(limit)}" for limit in action.rate_limits]
    retry = definition.transform_config.get("retry")
    if retry:
        lines += [f"- Requests are sent again: {_retry(retry)}"]
    if lines:
        yield from ("## Limits", "", *lines, "")


def _limit(limit: Mapping[str, Any]) -> str:
    seconds = limit["per_seconds"]
    unit = _PER.get(seconds, f"{seconds} seconds")
    each = "connection" if limit.get("per", "connection") == "connection" else "organization"
    return f"{limit['requests']} requests per {unit}, for each {each}"


def _retry(retry: Mapping[str, Any]) -> str:
    said = [f"{name.replace('_', ' ')} {_listed(value)}" for name, value in retry.items()]
    return "; ".join(said)


def _listed(value: object) -> str:
    return ", ".join(map(str, value)) if isinstance(value, list) else f"`{value}`"


def _actions(definition: IntegrationDefinition) -> Iterator[str]:
    yield from ("## Actions", "")
    general = "`http-request`, as every integration has"
    if not own_actions(definition):
        yield from (f"{general}: any request under the base URL, with the connection's credential.", "")
        return
    yield from (f"Beside {general}:", "", "| action | what it does |", "| --- | --- |")
    for action in definition.actions:
        yield f"| [`{action.slug}`](#{action.slug}) | {cell(action.description)} |"
    yield ""
    for action in definition.actions:
        yield from _action(action)


def _action(action: ActionDefinition) -> Iterator[str]:
    yield from (f"### {action.slug}", "", action.description, "")
    yield f"- Request: `{action.http_method} {action.endpoint_path}`"
    if action.scopes:
        yield f"- Scopes: {', '.join(f'`{scope}`' for scope in action.scopes)}"
    if "pagination" in action.transform_config:
        yield "- Goes on page by page with `paginate`"
    if action.handler:
        yield f"- Made by code, the handler `{action.handler}`"
    yield ""
    properties: Mapping[str, Any] = action.request_schema.get("properties", {})
    if not properties:
        yield from ("No parameters.", "")
        return
    required = action.request_schema.get("required", ())
    yield from ("| parameter | type | required | what it is |", "| --- | --- | --- | --- |")
    for name, schema in properties.items():
        words = schema.get("description", "") if isinstance(schema, dict) else ""
        yield f"| `{name}` | {cell(_type(schema))} | {_yes(name in required)} | {cell(words)} |"
    yield ""


def _type(schema: object) -> str:
    """A parameter's type in short: `integer`, `list of string`, or its choices."""
    if not isinstance(schema, dict):
        return ""
    if "enum" in schema:
        return ", ".join(f"`{choice}`" for choice in schema["enum"])
    if "const" in schema:
        return f"`{schema['const']}`"
    kind = schema.get("type")
    if kind == "array":
        return f"list of {_type(schema.get('items', {})) or 'anything'}"
    if kind is not None:
        return " or ".join(kind) if isinstance(kind, list) else str(kind)
    kinds = [_type(branch) for branch in (*schema.get("anyOf", ()), *schema.get("oneOf", ()))]
    return " or ".join(dict.fromkeys(kind for kind in kinds if kind))


def _facts(definition: IntegrationDefinition) -> Iterator[str]:
    checked = checked_facts(definition)
    open_ones = [fact for fact in stated_facts(definition) if fact not in checked]
    yield from ("## Where this is from", "")
    if checked:
        yield f"- Checked on {definition.checked['date']}: {_facts_in_words(checked)}"
    if open_ones:
        yield f"- Not found in the vendor's own words yet: {_facts_in_words(open_ones)}"
    yield from (f"- {_source(source)}" for source in definition.checked.get("sources", ()))


def _facts_in_words(facts: Sequence[str]) -> str:
    return ", ".join(fact.replace("_", " ") for fact in facts)


def _source(source: str) -> str:
    return f"<{source}>" if source.startswith("https://") and " " not in source else source


def _yes(required: object) -> str:
    return "yes" if required else ""
