"""Whether what a row says of its responses makes sense, found out when it is written."""

from collections.abc import Iterator

from portway.application.language.expression import compiled
from portway.application.language.transform_config import TransformConfig
from portway.domain.errors import InvalidIntegrationConfig

_EXPRESSIONS = ("items", "cursor", "more", "last", "total", "url")


def check_response_config(config: TransformConfig, where: str) -> None:
    """Raises InvalidIntegrationConfig, which names the member, for an expression that is none."""
    for member, expression in _expressions(config):
        try:
            compiled(expression, member)
        except InvalidIntegrationConfig as error:
            raise InvalidIntegrationConfig(f"{where}: {error.detail}") from None


def _expressions(config: TransformConfig) -> Iterator[tuple[str, str]]:
    for name in ("data", "error", "message"):
        if (expression := getattr(config.response, name)) is not None:
            yield f"response.{name}", expression
    for name in _EXPRESSIONS:
        if (expression := getattr(config.pagination, name, None)) is not None:
            yield f"pagination.{name}", expression
