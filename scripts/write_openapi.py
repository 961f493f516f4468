"""Write the API's OpenAPI document to web/openapi.json, from which the console's client is generated."""

import json
import sys
from pathlib import Path
from typing import cast

from starlette.responses import Response

from portway.api.app import create_control_plane
from portway.api.execute import PATH as EXECUTE_PATH
from portway.api.execute_document import PATH_ITEM, SCHEMAS
from portway.api.openapi import RawRoute
from portway.api.services import Services

FILE = Path(__file__).resolve().parent.parent / "web" / "openapi.json"


def document() -> str:
    """The document as the file has it. Only routes are looked at: no service, database or setting is needed."""
    routes = {EXECUTE_PATH: RawRoute(Response(), PATH_ITEM, SCHEMAS)}
    app = create_control_plane(cast("Services", None), routes)
    return json.dumps(app.openapi(), indent=1, ensure_ascii=False) + "\n"


def main() -> int:
    """Write the file, unless it is as it should be: what is made from it need not be made anew then."""
    text = document()
    if not FILE.exists() or FILE.read_text(encoding="utf-8") != text:
        FILE.write_text(text, encoding="utf-8")
    return 0


if __name__ == "__main__":
    sys.exit(main())
