"""Each integration with a `vendor.yaml` agrees with the vendor's own document, but for the deviations it names."""

from pathlib import Path

import msgspec
import pytest

from portway.catalog.definitions import SHIPPED, ActionDefinition, load_definitions
from portway.catalog.vendor import VendorCheck, load_vendor_check
from portway.domain.errors import InvalidIntegrationConfig
from tests.catalog.vendor import Case, case_of, complaints, document_of, faults, folders

CASES = {folder.name: case_of(folder) for folder in folders()}


def compared() -> list[tuple[str, ActionDefinition]]:
    return [(name, action) for name, case in CASES.items() for action in case.actions()]


@pytest.mark.parametrize(("folder", "action"), compared(), ids=lambda value: getattr(value, "slug", value))
async def test_each_action_agrees(folder: str, action: ActionDefinition) -> None:
    assert await complaints(CASES[folder], action) == []


# The gate itself


def changed(folder: str, slug: str, **members: object) -> tuple[Case, ActionDefinition]:
    """A case in which one action is another."""
    case = CASES[folder]
    action = next(action for action in case.integration.actions if action.slug == slug)
    return case._replace(fixtures=()), msgspec.structs.replace(action, **members)


async def test_what_is_no_operation_is_found() -> None:
    case, action = changed("google_tasks", "list-tasks", endpoint_path="/tasks/v2/lists/{task_list_id}/tasks")
    assert any(fault.endswith(" is no operation") for fault in await faults(case, action))


@pytest.mark.parametrize("folder", ["google_tasks", "trello"])
async def test_what_has_neither_example_nor_fixture_is_found(folder: str) -> None:
    first = CASES[folder].integration.actions[0]
    case, action = changed(folder, first.slug, request_schema={})
    assert await faults(case, action) == {"there is no example and no fixture"}


@pytest.mark.parametrize(
    ("scopes", "fault"),
    [
        (("https://mail.google.com/",), "scopes: `https://mail.google.com/` is not listed for it"),
        ((), "scopes: none of those that are listed for it"),
    ],
)
async def test_a_scope_that_is_wrong_or_missing_is_found(scopes: tuple[str, ...], fault: str) -> None:
    case, action = changed("google_tasks", "list-tasks", scopes=scopes)
    assert await faults(case, action) == {fault}


async def test_a_deviation_that_does_not_occur_is_stale() -> None:
    case = CASES["google_tasks"]
    action = case.integration.actions[0]
    check = msgspec.structs.replace(case.check, deviations={action.slug: {"query: `x` is unknown": "none"}})
    found = await complaints(case._replace(check=check), action)
    assert found == ["stale deviation, it does not occur: query: `x` is unknown"]


def test_a_document_is_parsed_once() -> None:
    check = VendorCheck("google:tasks.v1")
    assert document_of(check) is document_of(VendorCheck("google:tasks.v1"))


# The file


@pytest.mark.parametrize(
    ("text", "message"),
    [
        ("document: google:tasks.v1\nurl: x", "unknown field `url`"),
        ("base_url: https://x.example", "`document`"),
        ("document: ../../secrets.json", "`$.document`"),
        ("document: google:tasks", "`$.document`"),
        ("document: google:tasks.v1\nunchecked: {no-action: x}", "unchecked: there is no action 'no-action'"),
        ("document: google:tasks.v1\ndeviations: {no-action: {x: y}}", "deviations: there is no action"),
        (
            "document: google:tasks.v1\ndeviations: {list-tasks: {x: y}}\nunchecked: {list-tasks: z}",
            "under deviations and under unchecked",
        ),
        ("document: google:tasks.v1\nunchecked: {list-tasks: ''}", "`str` of length >= 1"),
    ],
)
def test_a_file_that_is_wrong_says_where(tmp_path: Path, text: str, message: str) -> None:
    (tmp_path / "vendor.yaml").write_text(text)
    integration = load_definitions(SHIPPED / "google_tasks")[0]
    with pytest.raises(InvalidIntegrationConfig) as caught:
        load_vendor_check(tmp_path, integration)
    assert message in caught.value.detail
    assert "vendor.yaml" in caught.value.detail


def test_a_folder_may_have_none(tmp_path: Path) -> None:
    assert load_vendor_check(tmp_path, load_definitions(SHIPPED / "google_tasks")[0]) is None
