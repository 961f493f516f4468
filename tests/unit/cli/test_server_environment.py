"""What server processes are told."""

from portway.cli.database import DatabaseInUse
from portway.cli.server.environment import server_environment

DATABASE = DatabaseInUse(
    app="postgresql://portway_app@db/x",
    admin="postgresql://portway_owner:hush@db/x",
    sign_in="postgresql://portway_sign_in@db/x",
    worker="postgresql://portway_worker@db/x",
    master_key_file=None,
    public_url="http://127.0.0.1:8000",
    embedded=True,
)


def test_no_server_learns_what_is_not_for_it() -> None:
    environment = {
        "PATH": "/bin",
        "GMAIL_CLIENT_SECRET": "for outgoing calls",
        "PORTWAY_SIGN_UP": "open",
        "PORTWAY_ADMIN_DATABASE_URL": "hush",
        "portway_admin_database_url": "hush",
        "PORTWAY_JWT_SECRET": "hush",
        "PORTWAY_MASTER_KEY_FILE": "hush",
        "PORTWAY_API_KEY": "hush",
    }
    told = server_environment(DATABASE, "https://portway.example", on_loopback=True, environment=environment)
    assert told == {
        "PATH": "/bin",
        "GMAIL_CLIENT_SECRET": "for outgoing calls",
        "PORTWAY_SIGN_UP": "open",
        "PORTWAY_DATABASE_URL": "postgresql://portway_app@db/x",
        "PORTWAY_SIGN_IN_DATABASE_URL": "postgresql://portway_sign_in@db/x",
        "PORTWAY_WORKER_DATABASE_URL": "postgresql://portway_worker@db/x",
        "PORTWAY_PUBLIC_URL": "https://portway.example",
    }


def test_from_the_network_the_first_account_needs_the_link() -> None:
    def told(environment: dict[str, str]) -> str:
        environment = server_environment(DATABASE, "http://x", on_loopback=False, environment=environment)
        return environment["PORTWAY_SET_UP_LINK_REQUIRED"]

    assert told({}) == "true"
    assert told({"PORTWAY_SET_UP_LINK_REQUIRED": "false"}) == "false"
