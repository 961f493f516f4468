"""Reads the documents of a row."""

from collections.abc import Sequence
from typing import TypeVar

import msgspec

from portway.application.language.auth_config import AuthConfig
from portway.application.language.transform_config import (
    IntegrationTransformConfig,
    RateLimit,
    RateLimits,
    TransformConfig,
)
from portway.application.per_version import PerVersion
from portway.application.responses.checks import check_response_config
from portway.application.retries import check_retry
from portway.domain.action import Action
from portway.domain.errors import InvalidIntegrationConfig
from portway.domain.integration import Integration
from portway.domain.json_value import JsonObject, JsonValue

T = TypeVar("T")

_MERGED = ("query", "headers", "body", "response", "retry")
_AUTH: PerVersion[AuthConfig] = PerVersion()
_ACTIONS: PerVersion[TransformConfig] = PerVersion()


def auth_config(integration: Integration) -> AuthConfig:
    """How a stored integration's service recognizes its caller, read once for each version of the row.

    Raises InvalidIntegrationConfig, which names row and member.
    """
    return _AUTH.get((integration.id.int, integration.version), lambda: read_auth_config(integration))


def read_auth_config(integration: Integration) -> AuthConfig:
    """The same for one that is not stored, or not as it is."""
    return _read(integration.auth_config, AuthConfig, f"Integration {integration.slug!r}: auth_config")


def action_config(integration: Integration, action: Action) -> TransformConfig:
    """What holds for a stored action: its own document over its integration's, read once for each version of the two.

    Raises InvalidIntegrationConfig, which names row and member.
    """
    key = (integration.id.int, integration.version, action.id.int, action.version)
    return _ACTIONS.get(key, lambda: _checked_config(integration, action))


def _checked_config(integration: Integration, action: Action) -> TransformConfig:
    found = read_action_config(integration, action)
    check_response_config(found, f"Action {action.slug!r}")
    check_retry(found.retry, f"Action {action.slug!r}")
    return found


def read_action_config(integration: Integration, action: Action) -> TransformConfig:
    """The same for one that is not stored, or not as it is."""
    document = action.transform_config
    if integration.transform_config:
        # By itself first, so that what is wrong is said of the row that has it.
        read_integration_config(integration)
        document = _merged(integration.transform_config, document)
    return _read(document, TransformConfig, f"Action {action.slug!r}: transform_config")


def read_integration_config(integration: Integration) -> IntegrationTransformConfig:
    """What an integration says for all of its actions. Raises InvalidIntegrationConfig."""
    where = f"Integration {integration.slug!r}: transform_config"
    return _read(integration.transform_config, IntegrationTransformConfig, where)


def read_rate_limits(row: Integration | Action) -> tuple[RateLimit, ...]:
    """The limits of a row. Raises InvalidIntegrationConfig."""
    if not row.rate_limits:
        return ()
    return _read(row.rate_limits, RateLimits, f"{type(row).__name__} {row.slug!r}: rate_limits")


def _merged(inherited: JsonObject, own: JsonObject) -> JsonObject:
    merged = {**inherited, **own}
    for name in _MERGED:
        below, above = inherited.get(name), own.get(name)
        if isinstance(below, dict) and isinstance(above, dict) and not _is_other_body(name, below, above):
            merged[name] = {**below, **above}
    return merged


def _is_other_body(name: str, below: JsonObject, above: JsonObject) -> bool:
    return name == "body" and "encoding" in above and above["encoding"] != below.get("encoding")


def _read(document: JsonObject | Sequence[JsonValue], kind: type[T], where: str) -> T:
    try:
        return msgspec.convert(document, kind)
    except msgspec.ValidationError as error:
        reason, _, place = str(error).partition(" - at `$")
        member = _named(place.rstrip("`"), document, kind)
        raise InvalidIntegrationConfig(f"{where}{member}: {reason}.") from None
    except RecursionError:
        raise InvalidIntegrationConfig(f"{where} is nested too deeply.") from None
    except UnicodeEncodeError:
        raise InvalidIntegrationConfig(f"{where} is not valid Unicode.") from None


def _named(place: str, document: object, kind: type) -> str:
    """The place with the name of the member that msgspec writes as `[...]`, found by reading each alone."""
    before, unnamed, after = place.partition("[...]")
    name = before.lstrip(".")
    members = document.get(name) if unnamed and isinstance(document, dict) else None
    for key, value in members.items() if isinstance(members, dict) else ():
        try:
            msgspec.convert({name: {key: value}}, kind)
        except msgspec.ValidationError:
            return f"{before}.{key}{after}"
    return place
