"""The migrations together make what schema.sql shows."""

from portway.infrastructure.embedded_postgres import DatabaseUrls
from scripts.dump_schema import SCHEMA_FILE, schema_of


def test_the_checked_in_schema_is_that_of_an_empty_database_with_all_migrations(
    fresh_database_urls: DatabaseUrls,
) -> None:
    made, shown = schema_of(fresh_database_urls).splitlines(), SCHEMA_FILE.read_text().splitlines()
    difference = [line for line in made if line not in shown] + [line for line in shown if line not in made]
    assert made == shown, f"run `make schema`; it changes {difference[:20]}"
