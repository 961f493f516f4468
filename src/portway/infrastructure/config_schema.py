"""A connection's config checked by `jsonschema-rs`; a schema is compiled once for each version of its integration."""

from collections.abc import Mapping
from typing import Any

from portway.application.language.documents import auth_config
from portway.domain.errors import Fault, InvalidIntegrationConfig
from portway.domain.integration import Integration
from portway.domain.json_value import JsonObject
from portway.domain.parameter_pointer import config_pointer
from portway.infrastructure.json_schema import CompiledSchema, KeptSchemas


class JsonSchemaConfig:
    """Implements `ConfigSchema`. Keeps the `max_compiled` schemas used last."""

    def __init__(self, max_compiled: int = 1024) -> None:
        self._kept = KeptSchemas(max_compiled)

    def faults(self, integration: Integration, config: JsonObject) -> list[Fault]:
        schema = auth_config(integration).config_schema
        if schema is None:
            return []
        whole = _of_whole_values(schema)
        try:
            compiled = self._kept.get(
                (integration.id.int, integration.version),
                lambda: CompiledSchema(whole, "auth_config.config_schema"),
            )
            return compiled.faults(config, config_pointer, "value that this integration has")
        except InvalidIntegrationConfig as error:
            raise InvalidIntegrationConfig(f"Integration {integration.slug!r}: {error.detail}") from None


def _of_whole_values(schema: Mapping[str, Any]) -> dict[str, Any]:
    """With the patterns of its members anchored. JSON Schema looks for a pattern anywhere in a text, and these say
    which hosts a secret may be sent to.
    """
    properties = schema.get("properties")
    if not isinstance(properties, dict):
        return dict(schema)
    anchored = {
        name: member | {"pattern": f"^(?:{member['pattern']})$"}
        if isinstance(member, dict) and isinstance(member.get("pattern"), str)
        else member
        for name, member in properties.items()
    }
    return {**schema, "properties": anchored}
