"""The console's files over HTTP, as a build leaves them; no build is needed."""

import gzip
import re
from collections.abc import AsyncIterator
from pathlib import Path

import aiohttp
import pytest

from portway.api.console import BUILT
from portway.application.mails import INVITATION_PATH, RESET_PASSWORD_PATH, SET_UP_PATH, VERIFY_EMAIL_PATH
from portway.infrastructure.embedded_postgres import DatabaseUrls
from tests.integration.api.gateways import Arrangement, RunningGateway, running

PAGE = (
    '<!doctype html><meta property="csp-nonce" nonce="__NONCE__"><title>Console</title>'
    '<script type="module" nonce="__NONCE__" src="/assets/main-1a2b.js"></script>'
)
SCRIPT = b"export const answer = 42;\n" * 100
PAGES = ["/", "/w", "/w/018f/home", "/w/018f/integrations/gmail?tab=actions", "/sign-in?error=x", "/sign-up"]
LINKED = [SET_UP_PATH, INVITATION_PATH, VERIFY_EMAIL_PATH, RESET_PASSWORD_PATH]


@pytest.fixture(scope="module")
def built(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """What a build leaves behind."""
    directory = tmp_path_factory.mktemp("console")
    for name, content in {
        "index.html": PAGE.encode(),
        ".vite/manifest.json": b"{}",
        "assets/main-1a2b.js": SCRIPT,
        "assets/main-1a2b.js.br": b"as brotli",
        "assets/other-3c4d.js": SCRIPT,
        "assets/main-5e6f.css": b"body { color: red }",
        "assets/inter-7a8b.woff2": b"wOF2",
        "favicon.svg": b"<svg/>",
    }.items():
        path = directory / name
        path.parent.mkdir(exist_ok=True)
        path.write_bytes(content)
    (directory.parent / "secret.txt").write_text("secret")
    return directory


@pytest.fixture(scope="module")
async def console(database_urls: DatabaseUrls, built: Path) -> AsyncIterator[RunningGateway]:
    async with running(database_urls, Arrangement(console_directory=built)) as found:
        yield found


@pytest.mark.parametrize("path", [*PAGES, *LINKED])
async def test_every_address_of_the_console_has_its_page(console: RunningGateway, path: str) -> None:
    first, second = await console.api.get(path), await console.api.get(path)

    nonces = [set(re.findall(r'nonce="([^"]+)"', answer.content.decode())) for answer in (first, second)]
    assert first.status == 200
    assert first.headers["Content-Type"] == "text/html; charset=utf-8"
    assert first.headers["Cache-Control"] == "no-store"
    assert b"__NONCE__" not in first.content
    assert first.content.count(b"nonce=") == 2
    assert len(nonces[0] | nonces[1]) == 2  # one for each answer
    for answer, (nonce,) in ((first, nonces[0]), (second, nonces[1])):
        assert len(nonce) >= 22  # 128 bits
        assert f"'nonce-{nonce}'" in answer.headers["Content-Security-Policy"]


async def test_the_policy_lets_a_page_load_its_own_files_alone(console: RunningGateway) -> None:
    policy = (await console.api.get("/")).headers["Content-Security-Policy"]

    directives = dict(part.split(" ", 1) for part in policy.split("; "))
    assert directives["script-src"] == "'self'"
    assert directives["default-src"] == directives["connect-src"] == directives["form-action"] == "'self'"
    assert directives["object-src"] == directives["base-uri"] == directives["frame-ancestors"] == "'none'"
    assert "unsafe" not in policy


@pytest.mark.parametrize(
    ("path", "media_type"),
    [
        ("/assets/main-1a2b.js", "text/javascript; charset=utf-8"),
        ("/assets/main-5e6f.css", "text/css; charset=utf-8"),
        ("/assets/inter-7a8b.woff2", "font/woff2"),
    ],
)
async def test_files_with_a_hash_are_kept_for_a_year(
    console: RunningGateway, path: str, media_type: str
) -> None:
    answer = await console.api.get(path)

    assert answer.status == 200
    assert answer.headers["Content-Type"] == media_type
    assert answer.headers["Cache-Control"] == "public, max-age=31536000, immutable"
    assert answer.headers["X-Content-Type-Options"] == "nosniff"


async def test_other_files_are_looked_at_again(console: RunningGateway) -> None:
    answer = await console.api.get("/favicon.svg")

    assert (answer.status, answer.headers["Content-Type"]) == (200, "image/svg+xml")
    assert answer.headers["Cache-Control"] == "public, max-age=3600"


@pytest.mark.parametrize(
    ("path", "accepted", "coding", "content"),
    [
        ("main-1a2b.js", "gzip, deflate, br", "br", b"as brotli"),
        ("main-1a2b.js", "gzip, br;q=0", None, SCRIPT),
        ("other-3c4d.js", "gzip, deflate, br", "gzip", gzip.compress(SCRIPT, mtime=0)),
        ("other-3c4d.js", "GZIP;q=0.5", "gzip", gzip.compress(SCRIPT, mtime=0)),
        ("other-3c4d.js", "gzip; q=0.0", None, SCRIPT),
        ("other-3c4d.js", "", None, SCRIPT),
        ("inter-7a8b.woff2", "gzip, br", None, b"wOF2"),
    ],
)
async def test_files_are_sent_as_the_client_takes_them(
    console: RunningGateway, path: str, accepted: str, coding: str | None, content: bytes
) -> None:
    url = f"{console.api.base_url}/assets/{path}"
    async with (
        aiohttp.ClientSession(auto_decompress=False) as session,
        session.get(url, headers={"Accept-Encoding": accepted}) as answer,
    ):
        assert await answer.read() == content
        assert answer.headers.get("Content-Encoding") == coding
        assert answer.headers.get("Vary") == (None if path.endswith(".woff2") else "Accept-Encoding")
        assert answer.headers["Content-Length"] == str(len(content))


@pytest.mark.parametrize("path", ["/", "/w/018f/logs", "/assets/main-1a2b.js", "/favicon.svg"])
async def test_a_head_is_the_same_without_the_content(console: RunningGateway, path: str) -> None:
    whole, head = await console.api.get(path), await console.api.request("HEAD", path)

    assert (head.status, head.content) == (200, b"")
    for name in ("Content-Type", "Content-Length", "Cache-Control"):
        assert head.headers[name] == whole.headers[name]


@pytest.mark.parametrize(
    "path",
    [
        "/assets/",
        "/assets/none-0000.js",
        "/assets/main-1a2b.js.br",
        "/assets/..%2Findex.html",
        "/assets/..%2F..%2Fsecret.txt",
        "/assets/%2e%2e/%2e%2e/secret.txt",
        "/assets/%2Fetc%2Fpasswd",
        "/assets/main-1a2b.js%00",
        "/index.html",
        "/.vite/manifest.json",
        "/elsewhere",
        "/api/v2/elsewhere",
        "/sign-in/more",
    ],
)
async def test_nothing_else_is_there(console: RunningGateway, path: str) -> None:
    answer = await console.api.get(path)

    assert (answer.status, answer.code) == (404, "not_found")


async def test_pages_are_not_written_to(console: RunningGateway) -> None:
    answer = await console.api.post("/sign-in", {})

    assert answer.status == 405
    assert answer.code == "method_not_allowed"


@pytest.mark.parametrize("path", [*PAGES, *LINKED])
async def test_without_a_build_the_page_says_what_to_do(gateway: RunningGateway, path: str) -> None:
    answer = await gateway.api.get(path)

    assert answer.status == 503
    assert b"make console" in answer.content
    assert (await gateway.api.get("/assets/main-1a2b.js")).status == 404


@pytest.mark.skipif(not BUILT.is_dir(), reason="the console is not built: `make console` does it")
async def test_what_is_built_runs_under_the_policy(database_urls: DatabaseUrls) -> None:
    async with running(database_urls, Arrangement(console_directory=BUILT)) as real:
        page = (await real.api.get("/")).content.decode()
        loaded = [
            tag for tag in re.findall(r"<(?:script|link)\b[^>]*>", page) if "src=" in tag or "href=" in tag
        ]
        files = [re.search(r'(?:src|href)="([^"]+)"', tag) for tag in loaded]

        assert len(loaded) >= 2
        assert re.findall(r"<script\b[^>]*>\s*[^<\s]", page) == []
        assert re.findall(r"\s(?:on\w+|style)=", page) == []
        for found in files:
            assert found is not None
            assert (await real.api.get(found[1])).status == 200
