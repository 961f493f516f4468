import pytest

from portway.application.handlers.action_handler import ActionContext
from portway.application.handlers.registry import HandlerRegistry
from portway.application.ports.http import UpstreamResponse
from portway.domain.errors import InvalidIntegrationConfig
from portway.domain.json_value import JsonObject


async def handler(_context: ActionContext, _parameters: JsonObject) -> UpstreamResponse:
    return UpstreamResponse(200, {}, b"")


def test_a_handler_is_found_by_its_name() -> None:
    registry = HandlerRegistry({"b.two": handler, "a.one": handler})
    assert registry.get("a.one") is handler
    assert registry.names == ("a.one", "b.two")


@pytest.mark.parametrize("name", ["", "os.system", "__class__", "A.ONE"])
def test_a_row_names_what_is_registered_and_nothing_else(name: str) -> None:
    with pytest.raises(InvalidIntegrationConfig, match=r"a\.one"):
        HandlerRegistry({"a.one": handler}).get(name)
