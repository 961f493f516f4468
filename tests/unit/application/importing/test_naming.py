"""What imported operations are called."""

import pytest

from portway.application.importing.naming import (
    MAX_SLUG,
    OperationNames,
    one_line,
    shortened,
    slug,
    slugs,
    words,
)


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("repos/get-content", "repos-get-content"),
        ("listPets", "list-pets"),
        ("getUserByID", "get-user-by-id"),
        ("Users_GetAll", "users-get-all"),
        ("listSSHKeys", "list-ssh-keys"),
        ("getURLs", "get-urls"),
        ("GET /users/{id}/repos", "get-users-id-repos"),
        ("Übersicht öffnen", "ubersicht-offnen"),
        ("名前", ""),
    ],
)
def test_slugs_are_words(text: str, expected: str) -> None:
    assert slug(text) == expected


def test_long_slugs_are_cut_and_stay_apart() -> None:
    one, other = slug("a" * 150), slug("a" * 151)
    assert len(one) == len(other) == MAX_SLUG
    assert one != other


def test_several_of_one_name_are_called_by_method_and_path_in_any_order() -> None:
    operations = [
        OperationNames("list", "GET /pets"),
        OperationNames("list", "GET /cats"),
        OperationNames("getOwner", "GET /owner"),
        OperationNames("", "GET /dogs"),
        OperationNames("http-request", "POST /http"),
    ]
    expected = ["get-pets", "get-cats", "get-owner", "get-dogs", "post-http"]
    assert slugs(operations) == expected
    assert slugs(operations[::-1]) == expected[::-1]


def test_what_method_and_path_do_not_tell_apart_has_a_digest() -> None:
    found = slugs(
        [OperationNames("", "GET /a/b"), OperationNames("", "GET /a-b"), OperationNames("", "名前")]
    )
    assert len(set(found)) == 3
    assert found[0].startswith("get-a-b-")
    assert found[2].startswith("operation-")


def test_words_of_an_identifier() -> None:
    assert words("listSSHKeys") == "List ssh keys"


def test_descriptions_are_one_paragraph_of_text() -> None:
    text = 'Lists <b>all</b> pets,\n\nsee [the docs](https://example.com "Docs") &amp; more. <!-- x -->'
    assert shortened(text) == "Lists all pets, see the docs & more."
    assert one_line("Lists pets.\n") == "Lists pets"


def test_long_descriptions_end_with_a_sentence_or_a_word() -> None:
    assert shortened("First one. Second one. " + "x" * 100, 30) == "First one. Second one."
    assert shortened("some words without an end at all", 20) == "some words without…"
