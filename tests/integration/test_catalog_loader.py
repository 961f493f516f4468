"""The catalog's definitions in a real database: loaded, loaded again, loaded at once, and beside an operator's own."""

from collections.abc import Sequence
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass, field, replace
from typing import Any, LiteralString

import pytest

from portway.catalog.definitions import load_definitions
from portway.domain.errors import MalformedRequest, Unavailable
from portway.domain.integration import AuthType
from portway.infrastructure.embedded_postgres import DatabaseUrls
from portway.infrastructure.postgres.catalog_loader import CatalogChanges, load_catalog
from tests.people import as_owner, new_connection, new_person

NOTHING = CatalogChanges(0, 0, 0)
MISSION = (
    "INSERT INTO integrations (name, slug, base_url, auth_type)"
    " VALUES ('Gmail', 'gmail', 'https://gmail.googleapis.com', 'oauth2')"
)


@dataclass(frozen=True)
class AnAction:
    slug: str
    name: str = "Action"
    http_method: str = "GET"
    endpoint_path: str = "/"
    description: str = ""
    request_schema: dict[str, Any] = field(
        default_factory=lambda: {"type": "object", "properties": {"n": {"minimum": 1}}}
    )
    transform_config: dict[str, Any] = field(default_factory=dict)
    rate_limits: tuple[dict[str, Any], ...] = ({"requests": 1, "per_seconds": 1},)
    scopes: tuple[str, ...] = ("one", "two")
    handler: str | None = None
    timeout_ms: int = 5000


@dataclass(frozen=True)
class AnIntegration:
    slug: str
    name: str = "Integration"
    base_url: str = "https://api.example.com"
    auth_type: AuthType = AuthType.BEARER
    auth_config: dict[str, Any] = field(default_factory=lambda: {"scheme": "Token"})
    transform_config: dict[str, Any] = field(default_factory=lambda: {"headers": {"x-version": "1"}})
    rate_limits: tuple[dict[str, Any], ...] = ({"requests": 5, "per_seconds": 1},)
    description: str = ""
    category: str = ""
    documentation_url: str | None = None
    website: str | None = None
    actions: Sequence[AnAction] = (AnAction("first"), AnAction("second"))


@pytest.fixture
def urls(fresh_database_urls: DatabaseUrls) -> DatabaseUrls:
    return fresh_database_urls


def slugs(urls: DatabaseUrls) -> dict[str, bool]:
    return dict(as_owner(urls, "SELECT slug, shipped FROM integrations WHERE organization_id IS NULL"))


def test_what_portway_ships_loads_once(urls: DatabaseUrls) -> None:
    definitions = load_definitions()
    actions = sum(len(definition.actions) for definition in definitions)
    assert load_catalog(urls.admin, definitions) == CatalogChanges(len(definitions), actions, 0)
    rows: LiteralString = (
        "SELECT id, version, updated_at FROM integrations UNION SELECT id, version, updated_at FROM actions"
        " ORDER BY id"
    )
    before = as_owner(urls, rows)
    assert load_catalog(urls.admin, definitions) == NOTHING
    assert before == as_owner(urls, rows)
    assert all(version == 1 for _, version, _ in before)


def test_only_what_differs_is_written(urls: DatabaseUrls) -> None:
    old = AnIntegration("one")
    load_catalog(urls.admin, [old, AnIntegration("other")])
    new = replace(
        old, name="New name", actions=(replace(AnAction("first"), scopes=("two",)), AnAction("third"))
    )
    assert load_catalog(urls.admin, [new]) == CatalogChanges(integrations=1, actions=2, removed_actions=1)
    assert as_owner(
        urls,
        "SELECT i.slug, i.version, a.slug, a.version"
        " FROM integrations AS i JOIN actions AS a ON a.integration_id = i.id ORDER BY 1, 3",
    ) == [("one", 2, "first", 2), ("one", 2, "third", 1), ("other", 1, "first", 1), ("other", 1, "second", 1)]


@pytest.mark.parametrize(
    "changed",
    [
        {"transform_config": {}},
        {"rate_limits": ()},
        {"website": "https://www.example.com"},
        {"actions": (replace(AnAction("first"), rate_limits=()), AnAction("second"))},
        {"actions": (replace(AnAction("first"), transform_config={"retry": {}}), AnAction("second"))},
    ],
    ids=str,
)
def test_every_document_counts(urls: DatabaseUrls, changed: dict[str, Any]) -> None:
    load_catalog(urls.admin, [AnIntegration("one")])
    changes = load_catalog(urls.admin, [replace(AnIntegration("one"), **changed)])
    assert changes.integrations + changes.actions == 1
    ((integration,),) = as_owner(urls, "SELECT to_jsonb(i) FROM integrations AS i")
    actions = [row for (row,) in as_owner(urls, "SELECT to_jsonb(a) FROM actions AS a ORDER BY slug")]
    wanted = replace(AnIntegration("one"), **changed)
    assert (integration["transform_config"], integration["rate_limits"]) == (
        wanted.transform_config,
        [*wanted.rate_limits],
    )
    assert [(row["transform_config"], row["rate_limits"]) for row in actions] == [
        (action.transform_config, [*action.rate_limits]) for action in wanted.actions
    ]


def test_an_operators_own_rows_are_left_alone(urls: DatabaseUrls) -> None:
    load_catalog(urls.admin, [AnIntegration("one")])
    as_owner(
        urls,
        "INSERT INTO actions (integration_id, name, slug) SELECT id, 'Own', unnest(ARRAY['own', 'third'])"
        " FROM integrations WHERE slug = 'one'",
    )
    more = AnIntegration("one", actions=(AnAction("first"), AnAction("third")))
    assert load_catalog(urls.admin, [more]) == CatalogChanges(0, 0, 1)
    assert as_owner(urls, "SELECT slug, name, shipped FROM actions ORDER BY slug") == [
        ("first", "Action", True),
        ("own", "Own", False),
        ("third", "Own", False),
    ]


def test_the_missions_own_statement_works_beside_the_catalog(urls: DatabaseUrls) -> None:
    definitions = load_definitions()
    load_catalog(urls.admin, definitions)
    ann = new_person(urls, "ann")
    (shipped_id,) = as_owner(urls, "SELECT id FROM integrations WHERE slug = 'gmail'")[0]
    connection = new_connection(urls, ann, shipped_id)
    as_owner(urls, MISSION)
    # Which row the slug means now is not in doubt.
    as_owner(
        urls,
        "INSERT INTO actions (integration_id, name, slug, http_method, endpoint_path) VALUES"
        " ((SELECT id FROM integrations WHERE slug = 'gmail'), 'Mine', 'mine', 'GET', '/gmail/v1/users/me/labels')",
    )
    assert as_owner(urls, "SELECT name, auth_config, shipped FROM integrations WHERE slug = 'gmail'") == [
        ("Gmail", {}, False)
    ]
    for _ in range(2):
        assert load_catalog(urls.admin, definitions) == NOTHING
        found = slugs(urls)
        assert (found["gmail"], found["gmail-shipped"]) == (False, True)
    assert as_owner(urls, "SELECT integration_id FROM connections WHERE id = %s", connection) == [
        (shipped_id,)
    ]
    assert as_owner(
        urls,
        "SELECT a.slug FROM actions AS a JOIN integrations AS i ON i.id = a.integration_id WHERE i.slug = 'gmail'",
    ) == [("mine",)]

    as_owner(urls, "DELETE FROM integrations WHERE slug = 'gmail'")
    load_catalog(urls.admin, definitions)
    assert as_owner(urls, "SELECT id FROM integrations WHERE slug = 'gmail'") == [(shipped_id,)]
    assert "gmail-shipped" not in slugs(urls)


def test_the_missions_own_statement_works_before_the_catalog(urls: DatabaseUrls) -> None:
    as_owner(urls, MISSION)
    definitions = load_definitions()
    load_catalog(urls.admin, definitions)
    found = slugs(urls)
    assert (found["gmail"], found["gmail-shipped"]) == (False, True)
    assert as_owner(
        urls,
        "SELECT count(*) > 0 FROM actions AS a JOIN integrations AS i ON i.id = a.integration_id"
        " WHERE i.slug = 'gmail-shipped' AND a.slug = 'send-email' AND a.shipped",
    ) == [(True,)]
    assert load_catalog(urls.admin, definitions) == NOTHING


def test_definitions_of_the_operators_own(urls: DatabaseUrls) -> None:
    load_catalog(urls.admin, [AnIntegration("one"), AnIntegration("two")])
    own = AnIntegration("one", name="Mine", actions=(AnAction("first", name="Mine"),))
    assert load_catalog(urls.admin, [own], shipped=False) == CatalogChanges(1, 1, 0)
    assert load_catalog(urls.admin, [own], shipped=False) == NOTHING
    assert load_catalog(urls.admin, [replace(own, name="Mine too")], shipped=False) == CatalogChanges(1, 0, 0)
    assert load_catalog(urls.admin, [AnIntegration("one"), AnIntegration("two")]) == NOTHING
    assert as_owner(urls, "SELECT slug, name, shipped FROM integrations ORDER BY slug") == [
        ("one", "Mine too", False),
        ("one-shipped", "Integration", True),
        ("two", "Integration", True),
    ]


def test_an_organizations_own_integration_does_not_matter(urls: DatabaseUrls) -> None:
    ann = new_person(urls, "ann")
    as_owner(
        urls,
        "INSERT INTO integrations (name, slug, base_url, auth_type, organization_id)"
        " VALUES ('Ours', 'one', 'https://x.example', 'none', %s)",
        ann.organization_id,
    )
    assert load_catalog(urls.admin, [AnIntegration("one")]) == CatalogChanges(1, 2, 0)
    assert slugs(urls) == {"one": True}


def test_many_nodes_at_once(urls: DatabaseUrls) -> None:
    definitions = [AnIntegration(f"number-{number}") for number in range(20)]
    with ThreadPoolExecutor(6) as nodes:
        changes = list(nodes.map(lambda _: load_catalog(urls.admin, definitions), range(6)))
    assert sorted(changes, key=lambda change: change.actions) == [NOTHING] * 5 + [CatalogChanges(20, 40, 0)]


def test_all_or_nothing(urls: DatabaseUrls) -> None:
    with pytest.raises(MalformedRequest):
        load_catalog(urls.admin, [AnIntegration("good"), AnIntegration("Not a slug")])
    assert slugs(urls) == {}
    with pytest.raises(Unavailable):
        load_catalog("postgresql://nobody@127.0.0.1:1/none", [])
