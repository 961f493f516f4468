"""Where the links lead that Portway prints and mails: the first account, an invitation, an address, a password.

One static page; its script shows what the address asks for and redeems the token through the API.
"""

from importlib import resources

from fastapi import APIRouter, Response

PATHS = ("/set-up", "/invitation", "/verify-email", "/reset-password")

_FILES = resources.files("portway.api").joinpath("link_page")
_PAGE = _FILES.joinpath("page.html").read_text(encoding="utf-8")
_PARTS = {
    "page.css": (_FILES.joinpath("page.css").read_text(encoding="utf-8"), "text/css"),
    "page.js": (_FILES.joinpath("page.js").read_text(encoding="utf-8"), "text/javascript"),
}
_POLICY = (
    "default-src 'none'; script-src 'self'; style-src 'self'; connect-src 'self'; form-action 'none'; "
    "frame-ancestors 'none'; base-uri 'none'"
)

router = APIRouter(include_in_schema=False)


async def link_page() -> Response:
    """The page, the same for every path."""
    return Response(_PAGE, media_type="text/html", headers={"Content-Security-Policy": _POLICY})


for _path in PATHS:
    router.add_api_route(_path, link_page, name=f"page {_path}")


@router.get("/link-page/{name}")
async def part(name: str) -> Response:
    """The page's script and style."""
    if name not in _PARTS:
        return Response(status_code=404)
    text, media_type = _PARTS[name]
    return Response(text, media_type=media_type, headers={"Cache-Control": "public, max-age=3600"})
