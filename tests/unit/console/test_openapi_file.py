"""The console's client is generated from a document that says what the API does."""

from scripts.write_openapi import FILE, document


def test_the_document_is_current() -> None:
    assert FILE.read_text(encoding="utf-8") == document(), "run `make openapi`"
