"""The JSON Schemas (2020-12) of the documents of a row, for editors, importers and people. They are made of the types
that read the documents, so they say the same.
"""

from functools import cache
from typing import Any

import msgspec

from portway.application.language.auth_config import AuthConfig
from portway.application.language.transform_config import (
    IntegrationTransformConfig,
    RateLimits,
    TransformConfig,
)

_DIALECT = "https://json-schema.org/draft/2020-12/schema"
_DOCUMENTS: dict[str, tuple[Any, str]] = {
    "auth-config": (AuthConfig, "integrations.auth_config"),
    "transform-config": (TransformConfig, "actions.transform_config"),
    "integration-transform-config": (IntegrationTransformConfig, "integrations.transform_config"),
    "rate-limits": (RateLimits, "integrations.rate_limits and actions.rate_limits"),
}
NAMES = tuple(_DOCUMENTS)


@cache
def json_schema(name: str) -> dict[str, Any]:
    """The schema of a document, by its name in NAMES. Raises KeyError."""
    kind, title = _DOCUMENTS[name]
    return {"$schema": _DIALECT, "title": title, **msgspec.json.schema(kind)}
