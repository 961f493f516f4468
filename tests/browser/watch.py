"""What must not happen in a browser while a test goes on."""

import re
from collections.abc import Iterable
from urllib.parse import urlsplit

from playwright.async_api import BrowserContext, ConsoleMessage, Page, Request, Response, WebError

from tests.browser.recorder import Exchange

# Runs before any script of a page, under every policy.
_REPORT_VIOLATIONS = """
document.addEventListener('securitypolicyviolation', (event) => console.error(
  `policy violation: ${event.effectiveDirective} blocked ${event.blockedURI} at ${event.sourceFile}:${event.lineNumber}`
))
"""
_INLINE_SCRIPT = re.compile(
    r"<script(?![^>]*\bsrc=)(?![^>]*type=\"(?:application/json|speculationrules)\")[^>]*>"
)
_HANDLER = re.compile(r"<[a-z][^>]*\son[a-z]+\s*=", re.IGNORECASE)
_HARMLESS = ("net::ERR_ABORTED",)
"""A page that moves on, or no longer needs the answer."""


class Watch:
    """Collects what goes wrong on our own pages; other sites' (an OAuth server's) are not watched.

    `expect(status, path)` declares an answer that a test provokes; `path` is a whole path or a prefix that ends
    in `*`. `expect_message(text)` declares a message in the console.
    """

    def __init__(self) -> None:
        self.faults: list[str] = []
        self._origins: set[str] = set()
        self._expected: list[tuple[int, str]] = []
        self._messages: list[str] = []

    def expect(self, status: int, path: str) -> None:
        self._expected.append((status, path))

    def expect_message(self, text: str) -> None:
        self._messages.append(text)

    async def attach(self, context: BrowserContext, origin: str) -> None:
        """To every page that the context opens; `origin` is where ours come from."""
        self._origins.add(origin)
        await context.add_init_script(_REPORT_VIOLATIONS)
        context.on("console", self._on_console)
        context.on("weberror", self._on_error)
        context.on("response", self._on_response)
        context.on("requestfailed", self._on_failure)

    def check(self) -> None:
        """Fails with all that went wrong."""
        faults = [f for f in self.faults if not any(text in f for text in self._messages)]
        assert not faults, "the browser complained:\n" + "\n".join(faults)

    def _on_console(self, message: ConsoleMessage) -> None:
        if message.type not in ("error", "warning") or not self._is_ours(message.page):
            return
        # The browser's own word for an answer of 400 or more, which `_on_response` judges.
        if message.text.startswith("Failed to load resource"):
            return
        where = message.location
        self.faults.append(f"console {message.type}: {message.text} ({where['url']}:{where['lineNumber']})")

    def _on_error(self, error: WebError) -> None:
        if self._is_ours(error.page):
            self.faults.append(f"uncaught: {error.error.message}\n{error.error.stack}")

    def _on_response(self, response: Response) -> None:
        path = urlsplit(response.url).path
        if response.status < 400 or not self._is_of_ours(response.url):
            return
        if not any(
            response.status == status and _fits(path, expected) for status, expected in self._expected
        ):
            self.faults.append(f"{response.request.method} {path} answered {response.status}")

    def _on_failure(self, request: Request) -> None:
        if self._is_of_ours(request.url) and request.failure not in _HARMLESS:
            self.faults.append(f"{request.method} {urlsplit(request.url).path} failed: {request.failure}")

    def _is_ours(self, page: Page | None) -> bool:
        return page is None or page.url == "about:blank" or self._is_of_ours(page.url)

    def _is_of_ours(self, url: str) -> bool:
        parts = urlsplit(url)
        return f"{parts.scheme}://{parts.netloc}" in self._origins


def check_documents(exchanges: Iterable[Exchange]) -> None:
    """Every page that was served: no script in it, and a policy that forbids what a page could be made to run."""
    for exchange in exchanges:
        if not exchange.header("content-type").startswith("text/html"):
            continue
        text, where = exchange.body.decode(), f"{exchange.path} ({exchange.status})"
        assert not _INLINE_SCRIPT.search(text), f"an inline script in {where}"
        assert not _HANDLER.search(text), f"an inline handler in {where}"
        policy = exchange.header("content-security-policy")
        assert "default-src" in policy, f"no policy on {where}"
        script = next((part for part in policy.split(";") if part.strip().startswith("script-src")), "")
        assert "unsafe" not in script, f"{script} on {where}"
        assert "frame-ancestors 'none'" in policy, f"{where} may be framed"
        assert exchange.header("x-content-type-options") == "nosniff", f"no nosniff on {where}"
        assert exchange.header("referrer-policy"), f"no referrer policy on {where}"


def _fits(path: str, expected: str) -> bool:
    return path.startswith(expected[:-1]) if expected.endswith("*") else path == expected
