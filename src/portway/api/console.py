"""The console: the files that `make console` built, and one page for all of its addresses."""

import gzip
import re
import secrets
from collections.abc import Mapping
from dataclasses import dataclass
from functools import lru_cache
from pathlib import Path
from typing import Final

from starlette.exceptions import HTTPException
from starlette.requests import Request
from starlette.responses import HTMLResponse, Response
from starlette.routing import Route

BUILT: Final = Path(__file__).parent.parent / "console"
"""Where the front end's build leaves its files; not there on a machine that has not built it."""

PAGES: Final = (
    "/",
    "/w",
    "/w/{rest:path}",
    "/sign-in",
    "/sign-up",
    "/set-up",
    "/invitation",
    "/verify-email",
    "/reset-password",
)
"""Addresses that the console's own router shows."""

NONCE: Final = "__NONCE__"
"""Stands in the built page where each answer has a fresh value (Vite's `html.cspNonce`)."""

_INDEX = "index.html"
_HASHED = "assets/"
_YEAR = "public, max-age=31536000, immutable"
_HOUR = "public, max-age=3600"

_TYPES: Final[Mapping[str, str]] = {
    ".css": "text/css; charset=utf-8",
    ".ico": "image/x-icon",
    ".js": "text/javascript; charset=utf-8",
    ".json": "application/json",
    ".png": "image/png",
    ".svg": "image/svg+xml",
    ".txt": "text/plain; charset=utf-8",
    ".webmanifest": "application/manifest+json",
    ".woff2": "font/woff2",
}
_COMPRESSIBLE = frozenset({".css", ".js", ".json", ".svg", ".txt", ".webmanifest"})
_ENCODINGS: Final = (("br", ".br"), ("gzip", ".gz"))
_REFUSED = re.compile(r";\s*q=0(\.0*)?$")

_POLICY = (
    "default-src 'self'; script-src 'self'; style-src 'self' 'nonce-{nonce}'; img-src 'self' data:; font-src 'self'; "
    "connect-src 'self'; object-src 'none'; base-uri 'none'; form-action 'self'; frame-ancestors 'none'"
)
_NOT_BUILT = """<!doctype html>
<html lang="en"><head><meta charset="utf-8"><meta name="viewport" content="width=device-width,initial-scale=1">
<title>Portway</title></head>
<body><h1>The console is not built</h1>
<p>Run <code>make console</code> where Portway is checked out, and start Portway again. Packages of Portway bring the
console along.</p>
<p>The API works without it: <a href="/docs">its reference</a>.</p></body></html>
"""


@dataclass(frozen=True, slots=True)
class Asset:
    """A file as it is sent. `encoded` has its content by content coding (RFC 9110, section 8.4.1)."""

    content: bytes
    media_type: str
    encoded: Mapping[str, bytes]
    cache_control: str

    def response(self, accept_encoding: str) -> Response:
        """The best that the client takes."""
        accepted = _accepted(accept_encoding)
        coding = next((name for name in self.encoded if name in accepted), None)
        headers = {"Cache-Control": self.cache_control}
        if self.encoded:
            headers["Vary"] = "Accept-Encoding"
        if coding is not None:
            headers["Content-Encoding"] = coding
        content = self.content if coding is None else self.encoded[coding]
        return Response(content, headers=headers, media_type=self.media_type)


@dataclass(frozen=True, slots=True)
class Console:
    """What was built: the page, cut where the nonce goes, and each other file by its path. No page if nothing was."""

    page: tuple[str, ...] | None
    assets: Mapping[str, Asset]

    async def show_page(self, _request: Request) -> Response:
        """The page, under a policy that lets it load its own files and nothing else."""
        if self.page is None:
            return HTMLResponse(_NOT_BUILT, 503)
        nonce = secrets.token_urlsafe(18)
        headers = {
            "Cache-Control": "no-store",
            "Content-Security-Policy": _POLICY.format(nonce=nonce),
            # A popup in which somebody connects a service tells the page that opened it how it went.
            "Cross-Origin-Opener-Policy": "same-origin-allow-popups",
        }
        return HTMLResponse(nonce.join(self.page), headers=headers)

    async def show_asset(self, request: Request) -> Response:
        """A file; what was not built is not there, however its path is written."""
        asset = self.assets.get(request.url.path.removeprefix("/"))
        if asset is None:
            raise HTTPException(404)
        return asset.response(request.headers.get("accept-encoding", ""))

    def routes(self) -> list[Route]:
        """GET and HEAD for all of it."""
        files = [f"/{path}" for path in self.assets if not path.startswith(_HASHED)]
        return [
            *(Route(path, self.show_page, include_in_schema=False) for path in PAGES),
            *(Route(path, self.show_asset, include_in_schema=False) for path in files),
            Route(f"/{_HASHED}{{rest:path}}", self.show_asset, include_in_schema=False),
        ]


@lru_cache(maxsize=4)
def load(directory: Path) -> Console:
    """Reads everything that was built there, once."""
    index = directory / _INDEX
    if not index.is_file():
        return Console(None, {})
    files = {path.relative_to(directory).as_posix(): path for path in directory.rglob("*") if path.is_file()}
    assets = {name: _asset(name, path) for name, path in sorted(files.items()) if _is_asset(name)}
    return Console(tuple(index.read_text(encoding="utf-8").split(NONCE)), assets)


def _is_asset(name: str) -> bool:
    """Not the page, nor what the build left for itself, nor another file's compressed form."""
    is_hidden = any(part.startswith(".") for part in name.split("/"))
    return not is_hidden and not name.endswith((".html", *(suffix for _, suffix in _ENCODINGS)))


def _asset(name: str, path: Path) -> Asset:
    content = path.read_bytes()
    encoded = {
        coding: built.read_bytes()
        for coding, suffix in _ENCODINGS
        if (built := path.with_name(path.name + suffix)).is_file()
    }
    if not encoded and path.suffix in _COMPRESSIBLE:
        encoded = {"gzip": gzip.compress(content, mtime=0)}
    return Asset(
        content,
        _TYPES.get(path.suffix, "application/octet-stream"),
        encoded,
        _YEAR if name.startswith(_HASHED) else _HOUR,
    )


def _accepted(accept_encoding: str) -> frozenset[str]:
    """The codings that an Accept-Encoding field names and does not refuse (RFC 9110, section 12.5.3)."""
    offered = (entry.strip().lower() for entry in accept_encoding.split(","))
    return frozenset(entry.partition(";")[0].strip() for entry in offered if not _REFUSED.search(entry))
