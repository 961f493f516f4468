"""Where a document is not as its version of OpenAPI wants it. The meta-schemas are those of openapi-spec-validator, the
validator our own: theirs takes minutes for a large document.
"""

import json
from functools import cache
from importlib.util import find_spec
from itertools import islice
from pathlib import Path

import jsonschema_rs

from portway.domain.json_value import JsonObject
from portway.infrastructure.importers.notes import Notes

_VERSIONS = ("3.2", "3.1", "3.0", "2.0")
_MAX_FAULTS = 1000
_MAX_PLACE = 200


def note_faults(document: JsonObject, notes: Notes) -> None:
    """Says how many faults there are, and where the first is. None of them keeps a document from being read."""
    version = str(document.get("openapi") or document.get("swagger"))
    schema = next((known for known in _VERSIONS if version.startswith(known)), None)
    if schema is None:
        notes.add(f"OpenAPI {version[:20]} is read as if it were 3.1")
        return
    try:
        found = list(islice(_validator(schema).iter_errors(dict(document)), _MAX_FAULTS))
    except ValueError:  # nested more deeply than the validator goes
        return
    if found:
        place = "".join(f"/{part}" for part in found[0].instance_path)[:_MAX_PLACE] or "/"
        count = f"{_MAX_FAULTS} or more" if len(found) == _MAX_FAULTS else str(len(found))
        places = "place is" if len(found) == 1 else "places are"
        notes.add(f"{count} {places} not as OpenAPI {schema} wants them, the first at {place}")


@cache
def _validator(version: str) -> jsonschema_rs.Validator:
    spec = find_spec("openapi_spec_validator")  # not imported: it brings a whole validator along
    assert spec is not None  # noqa: S101
    assert spec.submodule_search_locations is not None  # noqa: S101
    folder = Path(spec.submodule_search_locations[0]) / "resources" / "schemas" / f"v{version}"
    schema = json.loads((folder / "schema.json").read_bytes())
    return jsonschema_rs.validator_for(schema, mask="value", offline=True)
