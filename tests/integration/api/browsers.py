"""A browser as far as cookies go: it keeps them, and says whose page sends a request."""

from collections.abc import Mapping
from dataclasses import dataclass, field
from http.cookies import Morsel, SimpleCookie
from typing import Any

from tests.serving import Answer, ApiClient

SAME_ORIGIN = {"Sec-Fetch-Site": "same-origin"}


def cookies_of(answer: Answer) -> dict[str, "Morsel[str]"]:
    """The cookies that an answer sets, by name."""
    found: SimpleCookie = SimpleCookie()
    for line in answer.headers.getall("Set-Cookie", []):
        found.load(line)
    return dict(found)


@dataclass
class Browser:
    """Sends its cookies where their paths lead; those that an answer clears are gone."""

    api: ApiClient
    jar: dict[str, "Morsel[str]"] = field(default_factory=dict)

    async def request(
        self,
        method: str,
        path: str,
        body: object = None,
        headers: Mapping[str, str] = SAME_ORIGIN,
        **options: Any,
    ) -> Answer:
        """As a page of Portway's own sends it, unless `headers` say otherwise."""
        sent = dict(headers)
        cookies = "; ".join(
            f"{name}={morsel.value}" for name, morsel in self.jar.items() if path.startswith(morsel["path"])
        )
        if cookies:
            sent.setdefault("Cookie", cookies)
        answer = await self.api.request(method, path, body, headers=sent, **options)
        for name, morsel in cookies_of(answer).items():
            if morsel["max-age"] == "0":
                self.jar.pop(name, None)
            else:
                self.jar[name] = morsel
        return answer

    async def get(self, path: str, **options: Any) -> Answer:
        return await self.request("GET", path, **options)

    async def post(self, path: str, body: object = None, **options: Any) -> Answer:
        return await self.request("POST", path, body, **options)

    def header(self, *names: str) -> dict[str, str]:
        """A Cookie field with these alone."""
        return {"Cookie": "; ".join(f"{name}={self.jar[name].value}" for name in names)}
