"""Whether an integration's or an action's row makes sense, found out when it is written and not when it is used."""

import re
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import replace
from uuid import uuid4

from portway.application.handlers.registry import HandlerRegistry
from portway.application.language.auth_checks import check_auth_config
from portway.application.language.documents import (
    read_action_config,
    read_integration_config,
    read_rate_limits,
)
from portway.application.ports.schema import ConfigSchema, ParameterSchema
from portway.application.requests.request_builder import check_request_building
from portway.application.responses.checks import check_response_config
from portway.application.retries import check_retry
from portway.application.verification import verification_action
from portway.domain.action import Action
from portway.domain.errors import Fault, InvalidIntegrationConfig
from portway.domain.integration import Integration
from portway.domain.rules.parameter_transform import check_operations

# As all checks begin what they say.
_MEMBER = re.compile(
    r"^(?:(?P<row>Action|Integration) '[^']*':? )?"
    r"(?P<member>base_url|auth_config|transform_config|rate_limits|request_schema|endpoint_path|handler)"
    r"(?P<place>(?:\.[\w-]+|\[\d+\]|/[^\s:]+)*)"
)
_HANDLER = "There is no handler "


class AnyMember(dict[str, str]):
    """Stands in for a connection's values: whatever a row names is there. What its `base_url` begins with is a URL."""

    def __init__(self, base_url: str = "") -> None:
        super().__init__()
        self._url = base_url.partition("}")[0].removeprefix("{") if base_url.startswith("{") else None

    def get(self, key: str, default: object = None) -> str:
        return "https://example.com" if key == self._url else "example"

    def __getitem__(self, key: str) -> str:
        return self.get(key)


@contextmanager
def pointing_into(body: str, row: str) -> Iterator[None]:
    """What is said of this kind of row (`Action`, `Integration`) points into the request that has it at `body`."""
    try:
        yield
    except InvalidIntegrationConfig as error:
        pointer = _pointer(error.detail, row)
        if pointer is None or error.faults:
            raise
        raise InvalidIntegrationConfig(error.detail, [Fault(body + pointer, error.detail)]) from None


def _pointer(detail: str, row: str) -> str | None:
    if detail.startswith(_HANDLER):
        return "/handler"
    found = _MEMBER.match(detail)
    if found is None or found["row"] not in (None, row):
        return None
    return f"/{found['member']}" + re.sub(r"[.\[]", "/", found["place"]).replace("]", "")


def check_integration(integration: Integration, config_schema: ConfigSchema) -> None:
    """Raises InvalidIntegrationConfig, which says where. Members that are absent may come later."""
    # What was read of a row is kept by its id and version, and this one may never be stored.
    integration = replace(integration, id=uuid4())
    check_auth_config(integration, config_schema)
    read_integration_config(integration)
    read_rate_limits(integration)
    _check_documents(integration, _any_action(integration), f"Integration {integration.slug!r}")
    verification = verification_action(integration)
    if verification is not None:
        where = f"Integration {integration.slug!r}: auth_config.verification"
        _check_documents(integration, verification, where)


def check_action(
    integration: Integration, action: Action, schema: ParameterSchema, handlers: HandlerRegistry
) -> None:
    """Raises InvalidIntegrationConfig, which says where."""
    integration, action = replace(integration, id=uuid4()), replace(action, id=uuid4())
    if action.handler is not None:
        handlers.get(action.handler)
    schema.faults(action, {})
    read_rate_limits(action)
    _check_documents(integration, action, f"Action {action.slug!r}")


def _check_documents(integration: Integration, action: Action, where: str) -> None:
    config = read_action_config(integration, action)
    check_operations(config.parameters)
    check_request_building(integration, action)
    check_response_config(config, where)
    check_retry(config.retry, where)


def _any_action(integration: Integration) -> Action:
    """One that says nothing by itself."""
    return Action(
        id=uuid4(),
        integration_id=integration.id,
        slug="any",
        name="Any",
        http_method="GET",
        endpoint_path="/",
    )
