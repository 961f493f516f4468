import pytest

from portway.application.language.templates import MissingValueError, fill, fill_all, names_in
from portway.domain.json_value import JsonValue

VALUES = {"user": "ada", "empty": "", "braces": "{user}"}


@pytest.mark.parametrize(
    ("template", "text"),
    [
        ("", ""),
        ("plain", "plain"),
        ("{user}", "ada"),
        ("{user}:{user}@x", "ada:ada@x"),
        ("{braces}", "{user}"),
        ('{"name": "{user}"}', '{"name": "ada"}'),
        ("{} { user } {us-er}", "{} { user } {us-er}"),
    ],
)
def test_fills(template: str, text: str) -> None:
    assert fill(template, VALUES) == text


@pytest.mark.parametrize("name", ["missing", "empty"])
def test_a_value_that_is_not_there(name: str) -> None:
    with pytest.raises(MissingValueError) as missing:
        fill(f"{{user}} {{{name}}}", VALUES)
    assert missing.value.name == name


def test_names() -> None:
    assert names_in("{a}-{b_2}-{a}-{}") == {"a", "b_2"}


def test_what_cannot_be_filled_is_left_out_at_any_depth() -> None:
    document: dict[str, JsonValue] = {
        "user": "{user}",
        "password": "{missing}",
        "number": 5,
        "nothing": None,
        "nested": {"who": ["{user}", "{missing}", {"deep": "{missing}", "name": "{user}"}, True]},
    }
    assert fill_all(document, VALUES) == {
        "user": "ada",
        "number": 5,
        "nothing": None,
        "nested": {"who": ["ada", {"name": "ada"}, True]},
    }
    assert fill_all("{missing}", VALUES) is None
    assert document["password"] == "{missing}"
