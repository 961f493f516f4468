"""The JSON Schemas of what rows may say."""

from typing import Any

from portway.api.problems import problem_responses
from portway.api.routing import new_router
from portway.application.language.schemas import NAMES, json_schema
from portway.domain.errors import NotFound

router = new_router("/schemas", "Integrations")


@router.get("/{name}", responses=problem_responses(404))
async def get_schema(name: str) -> dict[str, Any]:
    """The JSON Schema of a document: `transform-config`, `integration-transform-config` or `rate-limits`.

    Everybody may read it, editors too.
    """
    if name not in NAMES:
        raise NotFound(f"There are the schemas {', '.join(NAMES)}.")
    return json_schema(name)
