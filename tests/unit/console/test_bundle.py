"""What `make console` built, a part of `make install`: small enough, and within the policy that it is served under."""

import gzip
import json
import re
from pathlib import Path
from typing import Any

from portway import __file__ as package

CONSOLE = Path(package).parent / "console"
MAX_SIGN_IN_BYTES = 300_000


def test_the_sign_in_page_loads_few_scripts() -> None:
    scripts = _scripts_of("index.html", prefix="src/features/auth/")

    size = sum(len(gzip.compress((CONSOLE / name).read_bytes())) for name in scripts)

    assert scripts
    assert size < MAX_SIGN_IN_BYTES, f"{size} bytes in {sorted(scripts)}"


def test_heavy_parts_wait_until_they_are_shown() -> None:
    shell = _scripts_of("index.html", prefix="src/app/shell/shell")
    heavy = ("code-editor", "plot", "schema-form/form", "service-mark")

    for part in heavy:
        keys = [key for key in _manifest() if key.startswith("src/components/") and part in key]
        assert keys, f"nothing is called {part} any more"
        assert not {_manifest()[key]["file"] for key in keys} & shell, f"{part} comes with every page"


def test_the_page_has_no_inline_script_and_a_place_for_the_nonce_in_each_tag() -> None:
    page = (CONSOLE / "index.html").read_text(encoding="utf-8")

    scripts = re.findall(r"<script\b([^>]*)>(.*?)</script>", page, re.DOTALL)
    assert scripts
    for attributes, text in scripts:
        assert "src=" in attributes
        assert 'nonce="__NONCE__"' in attributes
        assert not text.strip()
    assert "<style" not in page
    assert " style=" not in page
    assert not re.search(r"\son[a-z]+=", page)


def test_all_that_the_page_loads_is_there_and_of_its_own_origin() -> None:
    page = (CONSOLE / "index.html").read_text(encoding="utf-8")

    addresses = re.findall(r'(?:src|href)="([^"]+)"', page)

    assert addresses
    for address in addresses:
        assert address.startswith("/assets/")
        assert (CONSOLE / address.removeprefix("/")).is_file()


def test_nothing_is_inlined_as_a_data_url_or_compiled_at_run_time() -> None:
    for sheet in CONSOLE.glob("assets/*.css"):
        assert "url(data:" not in sheet.read_text(encoding="utf-8"), sheet.name
    for script in CONSOLE.glob("assets/*.js"):
        assert not re.search(r"\bnew Function\(", script.read_text(encoding="utf-8")), script.name


def _manifest() -> dict[str, dict[str, Any]]:
    manifest: dict[str, dict[str, Any]] = json.loads(
        (CONSOLE / ".vite" / "manifest.json").read_text(encoding="utf-8")
    )
    return manifest


def _scripts_of(*entries: str, prefix: str) -> set[str]:
    """The script files that a page loads: of these entries and of all whose name begins so, with what they import."""
    manifest = _manifest()
    todo = [key for key in manifest if key in entries or key.startswith(prefix)]
    seen: set[str] = set()
    while todo:
        key = todo.pop()
        if key not in seen:
            seen.add(key)
            todo += manifest[key].get("imports", ())
    return {manifest[key]["file"] for key in seen if manifest[key]["file"].endswith(".js")}
