"""Whether what a row says of its responses makes sense, found out when it is written."""

from collections.abc import Iterator

from portway.application.language.expression import compiled
from portway.application.language.transform_config import TransformConfig
from portway.domain.errors import InvalidIntegrationConfig

_RESPONSE = ("data", "error", "message")
_PAGINATION = ("items", "cursor", "more", "last", "total", "url")


def check_response_config(config: TransformConfig, where: str) -> None:
    """Raises InvalidIntegrationConfig for an expression that is none; `where` is the row, as the error names it."""
    for member, expression in _expressions(config):
        try:
            compiled(expression, member)
        except InvalidIntegrationConfig as error:
            raise InvalidIntegrationConfig(f"{where}: {error.detail}") from None


def _expressions(config: TransformConfig) -> Iterator[tuple[str, str]]:
    """What is in the document, by its place."""
    for part, names in (("response", _RESPONSE), ("pagination", _PAGINATION)):
        for name in names:
            expression = getattr(getattr(config, part), name, None)
            if expression is not None:
                yield f"{part}.{name}", expression
