"""The page that an action finds in an answer of its service."""

from uuid import UUID

from portway.application.language.documents import read_action_config
from portway.application.ports.http import UpstreamResponse
from portway.application.responses.pagination import Page, read_page
from portway.catalog.definitions import ActionDefinition, IntegrationDefinition
from portway.domain.json_value import JsonValue


def page_of(
    integration: IntegrationDefinition, action: ActionDefinition, body: JsonValue, link: str | None = None
) -> Page:
    """The first page, of `body` and the Link header."""
    made = integration.integration(UUID(int=1))
    pagination = read_action_config(made, action.action(UUID(int=2), made.id)).pagination
    assert pagination is not None, f"{action.slug} has no pages"
    response = UpstreamResponse(200, {} if link is None else {"link": link}, b"")
    url = f"{integration.base_url}{action.endpoint_path}"
    return read_page(pagination, response, body, parameters={}, url=url)
