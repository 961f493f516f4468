"""Where the master key is, and what lies under which key. Every check takes a connection in autocommit."""

from collections import Counter
from collections.abc import Iterator
from pathlib import Path

from portway.cli.database import Connection, become_owner
from portway.cli.doctor.finding import Finding, broken, fine, warning
from portway.infrastructure.postgres.ciphertexts import ciphertexts_by_key

_OLD_DAYS = 365


def keyring(connection: Connection) -> Iterator[Finding]:
    """Where the master key is, what that means, and whether the keyring works."""
    with connection.transaction():
        become_owner(connection)
        row = connection.execute("SELECT source, location FROM keyring.master_key").fetchone()
        if row is None:
            yield broken("keyring", "there is none", "run `portway migrate`")
            return
        connection.execute("SELECT app.operator_pass('00000000-0000-0000-0000-000000000000')")
    source, location = row
    if source == "file":
        yield from _key_in_file(Path(str(location)))
    elif source == "vault":
        yield fine(
            "keyring",
            f"the master key is the secret {location!r} of Supabase Vault: a dump of the database does not hold it",
        )
    else:
        yield warning(
            "keyring",
            "the master key is in a table: whoever has a dump of the whole database can decrypt the credentials",
            "guard dumps like the credentials themselves; a new database can keep the key in a file"
            " (PORTWAY_MASTER_KEY_FILE)",
        )


def keys(connection: Connection) -> Iterator[Finding]:
    """How old the current keys are, and how many ciphertexts are under each."""
    with connection.transaction():
        become_owner(connection)
        current = connection.execute(
            "SELECT id, purpose, created_at::date, extract(day FROM now() - created_at)::integer FROM keyring.keys"
            " WHERE retired_at IS NULL ORDER BY purpose"
        ).fetchall()
        known = {key for (key,) in connection.execute("SELECT id FROM keyring.keys WHERE purpose = 'data'")}
        numbers = ciphertexts_by_key(connection)
    for key_id, purpose, made, days in current:
        message = f"key {key_id} ({purpose}) is of {made}"
        if purpose == "data":
            message += f"; {numbers.pop(int(str(key_id)), 0)} ciphertext(s) under it"
        if int(str(days)) > _OLD_DAYS:
            yield warning("keys", message, "`portway keyring rotate` makes new keys while everything goes on")
        else:
            yield fine("keys", message)
    yield from _leftovers(numbers, known)


def _leftovers(numbers: Counter[int], known: set[object]) -> Iterator[Finding]:
    """What is under other keys than the current one."""
    for key_id, number in sorted(numbers.items()):
        if key_id in known:
            yield warning(
                "keys",
                f"{number} ciphertext(s) under the old key {key_id}",
                "`portway keyring rotate --resume` brings them under the current one, and names those that do not"
                " decrypt",
            )
        else:
            yield broken(
                "keys",
                f"{number} ciphertext(s) under key {key_id}, which is not in the keyring: nothing opens them",
                "restore the keyring from the backup that they come from, or connect those accounts again;"
                " `portway keyring rotate --resume` names them",
            )


def _key_in_file(path: Path) -> Iterator[Finding]:
    meaning = f"the master key is in {path} on the database host: a dump of the database does not hold it"
    try:
        mode = path.stat().st_mode & 0o077
    except OSError:
        mode = 0  # another machine's file, or one that we may not see
    if mode:
        yield broken("keyring", f"everybody on this machine can reach {path}", f"chmod 400 {path}")
    else:
        yield fine("keyring", f"{meaning}; keep a copy of it, without it no credential can be decrypted")


def without_owner() -> Iterator[Finding]:
    """What is said where only the servers' URL is known."""
    yield warning(
        "keyring",
        "not checked, as that takes the database's owner",
        "set PORTWAY_ADMIN_DATABASE_URL for this command",
    )


AS_OWNER = (keyring, keys)
