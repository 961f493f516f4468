"""What lies in the tables and in a dump: AES-256 with integrity, bound to its row, and no secret anywhere."""

import base64
import hashlib
import os
import subprocess
import uuid
from dataclasses import replace

import psycopg
import pytest
from psycopg import errors

from portway.infrastructure.embedded_postgres.binaries import find_binaries
from portway.infrastructure.postgres.ciphertexts import COLUMNS, CiphertextColumn
from tests.integration.database.ciphertexts import store_every_secret, stored
from tests.integration.database.conftest import Connection, World
from tests.integration.database.executions import open_one
from tests.people import as_app, as_owner, new_connection

AES_256 = 9
SYMMETRIC_KEY_SESSION_KEY, INTEGRITY_PROTECTED_DATA = 3, 18


def packets(message: bytes) -> list[tuple[int, bytes]]:
    """Tag and body of each packet of an OpenPGP message (RFC 9580, section 4.2)."""
    found = []
    while message:
        first, message = message[0], message[1:]
        assert first & 0x80
        if first & 0x40:
            tag, body, message = first & 0x3F, *_new_body(message)
        else:
            tag, size = first >> 2 & 0x0F, 1 << (first & 3)
            length = int.from_bytes(message[:size])
            body, message = message[size : size + length], message[size + length :]
        found.append((tag, body))
    return found


def _new_body(message: bytes) -> tuple[bytes, bytes]:
    body = b""
    while True:
        first = message[0]
        if first < 192:
            start, length = 1, first
        elif first < 224:
            start, length = 2, ((first - 192) << 8) + message[1] + 192
        elif first == 255:
            start, length = 5, int.from_bytes(message[1:5])
        else:
            start, length = 1, 1 << (first & 0x1F)  # a part; the next one follows
        body, message = body + message[start : start + length], message[start + length :]
        if not 224 <= first < 255:
            return body, message


@pytest.fixture(scope="module")
def busy_world(world: World, app: Connection, superuser: Connection) -> World:
    """Every kind of secret is stored once at least; the secrets all contain the word `sesame`."""
    store_every_secret(world, app, superuser)
    return world


@pytest.mark.parametrize("column", COLUMNS, ids=lambda column: column.table)
def test_every_ciphertext_is_aes_256_with_integrity_protection(
    busy_world: World, superuser: Connection, column: CiphertextColumn
) -> None:
    del busy_world
    messages = [message for message, _, _ in stored(superuser, column)]
    assert messages
    for message in messages:
        (tag, session_key), (data_tag, data) = packets(message)
        assert (tag, data_tag) == (SYMMETRIC_KEY_SESSION_KEY, INTEGRITY_PROTECTED_DATA)
        version, cipher, s2k_mode = session_key[:3]
        assert (version, cipher, s2k_mode) == (4, AES_256, 1)
        assert data[0] == 1  # version 1: with a modification detection code


def test_every_encrypted_column_is_known(superuser: Connection) -> None:
    """By its name, and by the key's beside it: whatever is not in the list is forgotten when keys are rotated."""
    schemas = ["public", "app", "keyring"]
    keys = superuser.execute(
        "SELECT table_schema || '.' || table_name FROM information_schema.columns"
        " WHERE column_name = 'key_id' AND table_schema = ANY (%s)",
        [schemas],
    ).fetchall()
    assert sorted(name for (name,) in keys) == sorted(column.table for column in COLUMNS)
    columns = superuser.execute(
        "SELECT table_schema || '.' || table_name, column_name FROM information_schema.columns"
        " WHERE column_name ~ 'encrypted|ciphertext' AND table_schema = ANY (%s)",
        [schemas],
    ).fetchall()
    assert sorted(columns) == sorted((column.table, column.column) for column in COLUMNS)


@pytest.mark.parametrize("column", COLUMNS, ids=lambda column: column.table)
def test_every_ciphertext_is_bound_to_its_row_and_its_kind(
    busy_world: World, superuser: Connection, column: CiphertextColumn
) -> None:
    """`stored` is the control: it opens each as what it is."""
    del busy_world
    assert stored(superuser, column)
    other_row = replace(column, owner="gen_random_uuid()")
    other_kind = replace(column, kind=f"{column.kind} || 's'")
    for elsewhere in (other_row, other_kind):
        with pytest.raises(errors.DataCorrupted):
            stored(superuser, elsewhere)


TEXTS = ["short", "the-secret-token" * 20, "long" * 500]


@pytest.mark.parametrize("text", TEXTS, ids=len)
def test_no_flipped_bit_and_no_cut_gives_another_plaintext(superuser: Connection, text: str) -> None:
    """Bits of the octets that only say how long the message is may not matter; every other one does."""
    owner = uuid.uuid4()
    message, key_id = superuser.execute(
        "SELECT * FROM keyring.encrypt(%s, %s, 't')", [text, owner]
    ).fetchall()[0]
    flipped = [
        message[:place] + bytes([message[place] ^ 1 << bit]) + message[place + 1 :]
        for place in range(len(message))
        for bit in range(8)
    ]
    cut = [message[:place] for place in range(len(message))]
    altered = [*flipped, *cut, message + message, message + b"\0", message[::-1]]
    opened = superuser.execute(
        "SELECT keyring.decrypt_all(%s, array_fill(%s::integer, ARRAY[%s]), array_fill(%s, ARRAY[%s]),"
        " array_fill('t'::text, ARRAY[%s]))",
        [altered, key_id, len(altered), owner, len(altered), len(altered)],
    ).fetchall()[0][0]
    assert len(opened) == len(altered)
    assert set(opened) == {None, text} or set(opened) == {None}
    # The length of the second packet follows upon its tag, in at most five octets.
    length = 2 + len(packets(message)[0][1]) + 1
    unharmed = {number // 8 for number, plaintext in enumerate(opened) if plaintext is not None}
    assert unharmed <= set(range(length, length + 5))


class TestCiphertextsElsewhere:
    """portway_owner may write what it likes, and gains nothing by it."""

    def credential(self, world: World, owner: Connection, change: str, name: str = "ann") -> str:
        """What becomes of somebody's connection; their credentials are put back afterwards."""
        connection_id = world.connections[name]
        saved = owner.execute(
            "SELECT connection_id, workspace_id, credential_type, encrypted_value, key_id"
            " FROM encrypted_credentials WHERE connection_id = %s",
            [connection_id],
        ).fetchall()
        changed = owner.execute(change.encode(), {key: str(id_) for key, id_ in world.connections.items()})
        assert changed.rowcount > 0
        try:
            with psycopg.connect(world.urls.app, autocommit=True) as connection:
                opened = open_one(connection, world.asked(name))
        finally:
            owner.execute("DELETE FROM encrypted_credentials WHERE connection_id = %s", [connection_id])
            owner.cursor().executemany(
                "INSERT INTO encrypted_credentials (connection_id, workspace_id, credential_type, encrypted_value,"
                " key_id) VALUES (%s, %s, %s, %s, %s)",
                saved,
            )
        assert opened.credential is None or opened.outcome == "granted"
        return opened.outcome

    def test_the_control_opens(self, world: World, owner: Connection) -> None:
        assert self.credential(world, owner, "SELECT 1") == "granted"

    def test_of_another_row_does_not_open(self, world: World, owner: Connection) -> None:
        change = (
            "UPDATE encrypted_credentials SET encrypted_value = (SELECT encrypted_value FROM encrypted_credentials"
            " WHERE connection_id = %(own)s) WHERE connection_id = %(ann)s"
        )
        assert self.credential(world, owner, change) == "reauthorization_required"

    def test_of_another_tenant_does_not_open(self, world: World, owner: Connection) -> None:
        change = (
            "UPDATE encrypted_credentials SET encrypted_value = (SELECT encrypted_value FROM encrypted_credentials"
            " WHERE connection_id = %(bob)s) WHERE connection_id = %(ann)s"
        )
        assert self.credential(world, owner, change) == "reauthorization_required"

    def test_of_another_type_does_not_open(self, world: World, owner: Connection) -> None:
        change = "UPDATE encrypted_credentials SET credential_type = 'other' WHERE connection_id = %(ann)s"
        assert self.credential(world, owner, change) == "reauthorization_required"

    @pytest.mark.parametrize(
        "altered",
        [
            "set_byte(encrypted_value, length(encrypted_value) - 1, 0)",
            "set_byte(encrypted_value, 5, get_byte(encrypted_value, 5) # 1)",
            "set_byte(encrypted_value, 40, get_byte(encrypted_value, 40) # 1)",
            "substring(encrypted_value FROM 1 FOR length(encrypted_value) - 1)",
            "encrypted_value || encrypted_value",
            "''::bytea",
            "'\\xffff'::bytea",
        ],
    )
    def test_altered_does_not_open(self, world: World, owner: Connection, altered: str) -> None:
        change = f"UPDATE encrypted_credentials SET encrypted_value = {altered} WHERE connection_id = %(ann)s"
        assert self.credential(world, owner, change) == "reauthorization_required"

    def test_of_a_connection_of_the_same_person_and_name_does_not_open(
        self, world: World, owner: Connection
    ) -> None:
        """Only the row counts, not who could read it anyway."""
        twin = new_connection(world.urls, world.ann, world.service, "Ann's secret name")
        change = (
            "UPDATE encrypted_credentials AS e SET encrypted_value = t.encrypted_value FROM encrypted_credentials AS t"
            f" WHERE t.connection_id = '{twin}' AND e.connection_id = %(ann)s"
        )
        assert self.credential(world, owner, change) == "reauthorization_required"

    def test_of_another_type_of_the_same_row_does_not_open(self, world: World, owner: Connection) -> None:
        """A refresh token in the place of the access token would be sent to the service."""
        change = (
            "UPDATE encrypted_credentials AS e SET encrypted_value = t.encrypted_value FROM encrypted_credentials AS t"
            " WHERE t.connection_id = %(mia)s AND t.credential_type = 'refresh_token'"
            " AND e.connection_id = %(mia)s AND e.credential_type = 'token'"
        )
        assert self.credential(world, owner, change, "mia") == "reauthorization_required"

    def test_of_an_unknown_key_does_not_open(self, world: World, owner: Connection) -> None:
        change = "UPDATE encrypted_credentials SET key_id = 999 WHERE connection_id = %(ann)s"
        assert self.credential(world, owner, change) == "reauthorization_required"

    def test_with_the_key_of_another_purpose_does_not_open(self, world: World, owner: Connection) -> None:
        change = (
            "UPDATE encrypted_credentials SET key_id = (SELECT id FROM keyring.keys WHERE purpose = 'jwt')"
            " WHERE connection_id = %(ann)s"
        )
        assert self.credential(world, owner, change) == "reauthorization_required"


def test_what_an_old_key_encrypted_opens_after_a_rotation(fresh_world: World) -> None:
    world = fresh_world
    with (
        psycopg.connect(world.urls.app, autocommit=True) as app,
        psycopg.connect(world.urls.superuser, autocommit=True) as superuser,
    ):
        for purpose in ("data", "seal", "jwt"):
            superuser.execute("SELECT keyring.add_key(%s)", [purpose])
        assert open_one(app, world.asked()).credential == '{"token": "the-secret-token"}'
        as_app(
            world.urls,
            "SELECT app.replace_secret(%s, %s, %s, '{}', NULL)",
            world.ann.sealed_pass,
            world.connections["ann"],
            '{"token": "a-newer-token"}',
        )
        assert open_one(app, world.asked()).credential == '{"token": "a-newer-token"}'
        keys = as_owner(world.urls, "SELECT count(DISTINCT key_id) FROM encrypted_credentials")
        assert keys == [(2,)]
        # A day later the old seal is worth nothing.
        superuser.execute(
            "UPDATE keyring.keys SET retired_at = now() - interval '25 hours' WHERE retired_at IS NOT NULL"
        )
        assert open_one(app, world.asked()).outcome == "unauthenticated"
        sealed = as_app(
            world.urls, "SELECT sealed_pass FROM app.authenticate(%s, 'closed')", world.ann.api_key
        )
        assert open_one(app, world.asked(sealed_pass=sealed[0][0])).outcome == "granted"


def encodings(secret: bytes) -> list[bytes]:
    """A secret as it might stand in a text: itself, in hexadecimal, and in base64 at each of the three offsets."""
    found = [secret, secret.hex().encode(), secret.hex().upper().encode()]
    for offset in range(3):
        encoded = base64.b64encode(b"\0" * offset + secret)
        # Leave out the characters that also depend on what stands before and after.
        found.append(encoded[4 if offset else 0 : len(encoded) // 4 * 4 - 4])
    return found + [each.replace(b"+", b"-").replace(b"/", b"_") for each in found[3:]]


def test_a_dump_by_the_owner_holds_no_secret(
    busy_world: World, app: Connection, superuser: Connection
) -> None:
    world, urls = busy_world, busy_world.urls
    proof = b"argon2id of a password sesame"
    as_app(
        urls,
        "SELECT app.sign_up('dump@example.com', 'D', %s, 'm', %s, NULL, 'open', false)",
        b"0123456789abcdef",
        hashlib.sha256(proof).digest(),
    )
    session = as_app(
        urls, "SELECT access_token, refresh_token FROM app.sign_in('dump@example.com', %s)", proof
    )
    (reset,) = as_owner(urls, "SELECT app.create_email_token('dump@example.com', 'reset_password')")
    invitation = as_app(
        urls,
        "SELECT token FROM app.create_invitation(%s, %s, 'i@example.com', 'member', true)",
        world.ann.sealed_pass,
        world.ann.workspace_id,
    )
    keys = superuser.execute("SELECT keyring.unwrap(id, purpose) FROM keyring.keys").fetchall()
    secrets = [
        b"sesame", b"the-secret-token", b"mias-secret-token", b"mias-refresh-token", proof,
        urls.master_key_file.read_bytes(), *(key for (key,) in keys), world.ann.api_key.encode(),
        world.ann.sealed_pass[:64].encode(), *(token.encode() for token in session[0]), reset[0].encode(),
        invitation[0][0].encode(),
    ]  # fmt: skip
    program = find_binaries().directory / "pg_dump"
    done = subprocess.run(
        [program, "--dbname", urls.admin, "--enable-row-security"],
        capture_output=True,
        check=False,
        env={"PATH": os.environ["PATH"]},
    )
    assert done.returncode == 0, done.stderr.decode()
    assert str(world.ann.workspace_id).encode() in done.stdout
    assert world.ann.email.encode() in done.stdout
    assert b"COPY public.encrypted_credentials" in done.stdout
    dump = done.stdout.replace(b"\\\\x", b"")
    for secret in secrets:
        assert not any(encoded in dump for encoded in encodings(secret)), secret
    control = superuser.execute("SELECT wrapped_key FROM keyring.keys ORDER BY id LIMIT 1").fetchone()
    assert control is not None
    assert any(encoded in dump for encoded in encodings(control[0]))
