"""The catalog's pages are those that its definitions make."""

from pathlib import Path

import msgspec
import pytest

from portway.catalog.definitions import load_definitions
from scripts.write_catalog_docs import DIRECTORY, pages, write

DEFINITIONS = {definition.slug: definition for definition in load_definitions()}


def test_they_are_current(tmp_path: Path) -> None:
    write(tmp_path, pages(list(DEFINITIONS.values())))
    made = {file.name: file.read_text("utf-8") for file in tmp_path.iterdir()}
    kept = {file.name: file.read_text("utf-8") for file in DIRECTORY.iterdir()}
    assert made.keys() == kept.keys(), "run `make catalog-docs`"
    changed = [name for name, text in made.items() if kept[name] != text]
    assert changed == [], "run `make catalog-docs`"


def test_a_page_of_what_is_no_more_goes(tmp_path: Path) -> None:
    (tmp_path / "gone.md").write_text("# Gone\n")
    write(tmp_path, {"README.md": "# Here\n"})
    assert [file.name for file in tmp_path.iterdir()] == ["README.md"]


@pytest.mark.parametrize(
    ("slug", "said"),
    [
        ("gmail", "By OAuth 2.0: the user agrees on a page of the service's."),
        ("gmail", "`/api/v2/oauth/callback` under `PORTWAY_PUBLIC_URL`"),
        ("gmail", "`GMAIL_CLIENT_ID` and `GMAIL_CLIENT_SECRET`"),
        ("slack", "### send-message"),
        ("slack", "| `channel` | string | yes | The channel's id, or its name with `#`. |"),
        ("slack", "- Scopes: `chat:write`"),
        ("stripe", "With an API key."),
        ("onedrive", "| `tenant` |  | `common` |"),
        ("smtp", "| `password` | yes | Password |"),
    ],
)
def test_what_a_page_says(slug: str, said: str) -> None:
    assert said in pages([DEFINITIONS[slug]])[f"{slug}.md"]


def test_a_page_says_what_is_not_checked() -> None:
    definition = msgspec.structs.replace(DEFINITIONS["slack"], unverified=("website", "account"))
    text = pages([definition])["slack.md"]
    assert "- Not found in the vendor's own words yet: account, website" in text
    assert "- <https://docs.slack.dev/reference/methods/chat.postMessage>" in text
