"""What a person is asked for where a service is connected: values of the connection's config, and credentials."""

from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from typing import Any

from portway.application.language.auth_config import AuthConfig, CredentialField, Scalar
from portway.application.language.credential_fields import credential_fields
from portway.application.language.documents import auth_config
from portway.application.language.templates import names_in
from portway.domain.errors import Fault, MalformedRequest
from portway.domain.integration import AuthType, Integration
from portway.domain.json_value import JsonObject, JsonValue
from portway.domain.parameter_pointer import config_pointer

_MISSING = "Please fill this in."
_NUMBER = "Please enter a number."
_LIFETIME = "expires_in"  # of an OAuth 2 token that is brought along: a number


@dataclass(frozen=True, slots=True)
class ConfigField:
    """One value of the connection's config, from a property of `config_schema`.

    `kind` is that property's type; `choices` are all that it may be, where the schema lists them.
    """

    name: str
    title: str
    description: str = ""
    required: bool = True
    kind: str = "string"
    choices: tuple[Scalar, ...] = ()
    pattern: str | None = None
    example: str = ""
    default: str = ""


@dataclass(frozen=True, slots=True)
class ConnectForm:
    """The fields in the order in which to ask. With `by_redirect`, the service asks for the credentials itself."""

    by_redirect: bool
    config: tuple[ConfigField, ...]
    credentials: tuple[CredentialField, ...]


def connects_by_redirect(integration: Integration) -> bool:
    """Whether a person signs in at the service, instead of entering what they have from it."""
    config = auth_config(integration)
    if config.authorization_url is None:
        return False
    if integration.auth_type is AuthType.OAUTH1:
        return config.oauth1.temporary_credentials_url is not None
    return integration.auth_type is AuthType.OAUTH2


def connect_form(integration: Integration, known: JsonObject) -> ConnectForm:
    """What is left to ask where the config values `known` are settled. Raises InvalidIntegrationConfig."""
    by_redirect = connects_by_redirect(integration)
    return ConnectForm(
        by_redirect,
        tuple(field for field in config_fields(integration) if field.name not in known),
        () if by_redirect else credential_fields(integration),
    )


def read_form(
    form: ConnectForm, config: Mapping[str, str], credentials: Mapping[str, str]
) -> tuple[dict[str, JsonValue], dict[str, JsonValue]]:
    """The entered texts as config and credentials; what was left empty is left out, and so is white space around them.

    Raises MalformedRequest with a fault at `/config/NAME` or `/credentials/NAME` for each that is missing, or not of
    its kind.
    """
    faults: list[Fault] = []
    values: dict[str, JsonValue] = {}
    for field in form.config:
        try:
            value = _value(field, config.get(field.name, "").strip())
        except ValueError as error:
            faults.append(Fault(config_pointer(field.name), str(error)))
        else:
            values |= {} if value is None else {field.name: value}
    secrets: dict[str, JsonValue] = {}
    for member in form.credentials:
        text = credentials.get(member.name, "").strip()
        if text:
            secrets[member.name] = int(text) if _is_lifetime(member.name, text) else text
        elif member.required:
            faults.append(Fault(f"/credentials/{member.name}", _MISSING))
    if faults:
        raise MalformedRequest(faults=faults)
    return values, secrets


def _is_lifetime(name: str, text: str) -> bool:
    return name == _LIFETIME and text.isdecimal()


def _value(field: ConfigField, text: str) -> JsonValue:
    if field.kind == "boolean":
        return text != ""
    if not text:
        if field.required:
            raise ValueError(_MISSING)
        return None
    if field.choices:
        chosen = next((choice for choice in field.choices if str(choice) == text), None)
        if chosen is None:
            raise ValueError("Please choose one of these.")
        return chosen
    if field.kind not in ("integer", "number"):
        return text
    try:
        return int(text) if field.kind == "integer" else float(text)
    except ValueError:
        raise ValueError(_NUMBER) from None


def config_fields(integration: Integration) -> Iterator[ConfigField]:
    """What a person is asked of the connection's config, in the order in which to ask."""
    config = auth_config(integration)
    schema = config.config_schema
    if schema is None:
        captured = config.capture.keys()
        yield from (_plain(name) for name in _names_in_urls(integration, config) if name not in captured)
        return
    properties, required = schema.get("properties"), schema.get("required")
    properties = properties if isinstance(properties, dict) else {}
    listed = required if isinstance(required, list) else []
    needed = [name for name in listed if isinstance(name, str) and name in properties]
    # In a stored row, jsonb has put the properties with the shortest names first; a list keeps its order.
    for name in dict.fromkeys((*needed, *properties)):
        # What the service's answer tells is not asked of a person.
        if name not in config.capture and isinstance(properties[name], dict):
            yield _from_schema(name, properties[name], name in needed)


def _from_schema(name: str, member: Mapping[str, Any], required: bool) -> ConfigField:
    examples, choices, kind = member.get("examples"), member.get("enum"), member.get("type")
    return ConfigField(
        name=name,
        title=_text(member.get("title")) or _titled(name),
        description=_text(member.get("description")),
        required=required,
        kind=kind if isinstance(kind, str) else "string",
        choices=tuple(choice for choice in choices if isinstance(choice, str | int | float))
        if isinstance(choices, list)
        else (),
        pattern=_text(member.get("pattern")) or None,
        example=_text(examples[0]) if isinstance(examples, list) and examples else "",
        default=_text(member.get("default")),
    )


def _plain(name: str) -> ConfigField:
    return ConfigField(name, _titled(name))


def _names_in_urls(integration: Integration, config: AuthConfig) -> list[str]:
    urls = [integration.base_url, config.authorization_url, config.token_url, config.refresh_url]
    urls += [config.login.url] if config.login else []
    members = {field.name for field in credential_fields(integration)} if config.login else set()
    names = {name: None for url in urls if url for name in sorted(names_in(url))}
    return [name for name in names if name not in members]


def _titled(name: str) -> str:
    return name.replace("_", " ").strip().capitalize() or name


def _text(value: object) -> str:
    return str(value) if isinstance(value, str | int | float) and not isinstance(value, bool) else ""
