"""GitHub's lists go on as GitHub's OpenAPI document says."""

import pytest

from portway.application.responses.pagination import Page
from portway.catalog.definitions import ActionDefinition
from portway.domain.json_value import JsonValue
from tests.catalog.pages import page_of
from tests.catalog.specifications import Specification, definition

DEFINITION = definition("github")
SPECIFICATION = Specification.read("@octokit/openapi/generated/api.github.com.json")

LISTS = [action for action in DEFINITION.actions if action.slug.startswith(("list-", "search-"))]


@pytest.mark.parametrize("action", LISTS, ids=lambda action: action.slug)
def test_lists_go_on_by_their_link_header(action: ActionDefinition) -> None:
    operation = SPECIFICATION.document["paths"][action.endpoint_path]["get"]
    answer = operation["responses"]["200"]
    # For the search it is in the guide: https://docs.github.com/guides/traversing-with-pagination
    assert "Link" in answer.get("headers", {}) or action.slug == "search-issues"
    is_list = answer["content"]["application/json"]["schema"]["type"] == "array"
    body: JsonValue = [{"id": 1}] if is_list else {"total_count": 2, "items": [{"id": 1}]}
    following = "https://api.github.com/somewhere?page=2"

    page = page_of(DEFINITION, action, body, f'<{following}>; rel="next", <{following}>; rel="last"')

    assert page == Page([{"id": 1}], next_url=following)
    assert page_of(DEFINITION, action, body, f'<{following}>; rel="prev"') == Page([{"id": 1}])
