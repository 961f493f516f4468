"""A browser with a person in front of it, as far as an OAuth redirect needs one."""

import urllib.parse
import urllib.request
from dataclasses import dataclass, field
from email.message import Message
from html.parser import HTMLParser
from http.client import HTTPResponse
from http.cookiejar import CookieJar

MAX_STEPS = 20
"""Pages and redirects between a service's first page and its redirect back; oidc-provider takes six."""


class BrowserError(RuntimeError):
    """The service showed something other than a way on; the message quotes the page."""


@dataclass(frozen=True, slots=True)
class Page:
    """One answer, redirects not followed."""

    url: str
    status: int
    headers: Message
    text: str

    @property
    def location(self) -> str | None:
        """Where a redirect leads, made absolute; None where this is none."""
        target = self.headers.get("Location")
        return urllib.parse.urljoin(self.url, target) if target and 300 <= self.status < 400 else None


@dataclass(slots=True)
class Form:
    """An HTML form: its fields as the page filled them in, and the text that a person sees in it."""

    action: str
    fields: dict[str, str] = field(default_factory=dict)
    text: str = ""


class _Reader(HTMLParser):
    def __init__(self) -> None:
        super().__init__()
        self.forms: list[Form] = []
        self.links: list[str] = []
        self._inside = False

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        attributes = dict(attrs)
        if tag == "form":
            self.forms.append(Form(attributes.get("action") or ""))
            self._inside = True
        elif tag == "a" and attributes.get("href"):
            self.links.append(str(attributes["href"]))
        elif tag == "input" and self._inside and attributes.get("name"):
            self.forms[-1].fields[str(attributes["name"])] = attributes.get("value") or ""

    def handle_endtag(self, tag: str) -> None:
        if tag == "form":
            self._inside = False

    def handle_data(self, data: str) -> None:
        if self._inside:
            self.forms[-1].text += data


class _AsItIs(urllib.request.HTTPErrorProcessor):
    """Hands every answer over: neither an error status nor a redirect is dealt with behind our back."""

    def http_response(self, request: urllib.request.Request, response: HTTPResponse) -> HTTPResponse:
        return response

    https_response = http_response


class Browser:
    """Keeps cookies between requests. Blocking: in an event loop, use it through `asyncio.to_thread`."""

    def __init__(self) -> None:
        self.cookies = CookieJar()
        self._opener = urllib.request.build_opener(
            urllib.request.ProxyHandler({}), urllib.request.HTTPCookieProcessor(self.cookies), _AsItIs()
        )

    def open(self, url: str, form: dict[str, str] | None = None) -> Page:
        """GET `url`, or POST `form` to it."""
        data = None if form is None else urllib.parse.urlencode(form).encode()
        request = urllib.request.Request(url, data=data, headers={"Accept": "text/html, */*"})
        with self._opener.open(request, timeout=30) as response:
            return Page(url, response.status, response.headers, response.read().decode(errors="replace"))

    def authorize(self, authorization_url: str, account: str = "", *, deny: bool = False) -> str:
        """Sign in as `account` and consent (or not); the URL that the service sends the browser back to.

        That URL, on another origin and with the code or the error in it, is not opened: `open` does.
        """
        origin = _origin(authorization_url)
        page = self.open(authorization_url)
        for _ in range(MAX_STEPS):
            target = page.location
            if target is None:
                page = self._answer(page, account, deny=deny)
            elif _origin(target) == origin:
                page = self.open(target)
            else:
                return target
        raise BrowserError(f"no redirect back after {MAX_STEPS} steps; the last page was {page.url}")

    def _answer(self, page: Page, account: str, *, deny: bool) -> Page:
        reader = _Reader()
        reader.feed(page.text)
        form = next((form for form in reader.forms if account in form.text), next(iter(reader.forms), None))
        if page.status != 200 or form is None:
            raise BrowserError(f"{page.url} answered {page.status}: {page.text[-2000:]}")
        sign_in = "login" in form.fields
        if deny and not sign_in:
            abort = next((link for link in reader.links if link.endswith("/abort")), None)
            if abort is None:
                raise BrowserError(f"{page.url} offers no way to deny")
            return self.open(urllib.parse.urljoin(page.url, abort))
        if sign_in:
            form.fields |= {"login": account, "password": "any"}
        return self.open(urllib.parse.urljoin(page.url, form.action), form.fields)


def _origin(url: str) -> tuple[str, str]:
    parts = urllib.parse.urlsplit(url)
    return parts.scheme, parts.netloc
