from typing import Any

import msgspec
import pytest

from portway.application.language import transform_config
from portway.application.language.transform_config import TransformConfig
from portway.application.responses.checks import check_response_config
from portway.domain.errors import InvalidIntegrationConfig

KINDS: dict[str, dict[str, Any]] = {
    "cursor": {"cursor": "next", "parameter": "cursor", "more": "more", "items": "items"},
    "page": {"parameter": "page", "more": "more", "last": "last", "items": "items"},
    "offset": {"parameter": "offset", "more": "more", "total": "total", "items": "items"},
    "link_header": {"items": "items"},
    "next_url": {"url": "next", "items": "items"},
}
EXPRESSIONS = [
    *(("response", {}, name) for name in ("data", "error", "message")),
    *(("pagination", {"type": kind, **members}, name)
      for kind, members in KINDS.items() for name in members if name != "parameter"),
]  # fmt: skip


def config(**members: Any) -> TransformConfig:
    return msgspec.convert(members, TransformConfig)


@pytest.mark.parametrize(("part", "document", "name"), EXPRESSIONS)
def test_a_broken_expression_is_named(part: str, document: dict[str, Any], name: str) -> None:
    with pytest.raises(InvalidIntegrationConfig) as error:
        check_response_config(config(**{part: {**document, name: "a["}}), "Action 'x'")
    assert error.value.detail == (
        f"Action 'x': transform_config.{part}.{name} is no JMESPath expression: it ends too early."
    )


def test_every_expression_of_the_language_is_checked() -> None:
    """A member that is new in the language must be in EXPRESSIONS."""
    structs = [transform_config.Response, *transform_config.Pagination.__args__]
    found = {
        (getattr(struct.__struct_config__, "tag", None), field.name)
        for struct in structs
        for field in msgspec.structs.fields(struct)
        if "JMESPath" in str(field.type)
    }
    assert found == {(document.get("type"), name) for _, document, name in EXPRESSIONS}


def test_good_ones_pass() -> None:
    check_response_config(config(), "Action 'x'")
    for kind, members in KINDS.items():
        check_response_config(config(pagination={"type": kind, **members}), "Action 'x'")
