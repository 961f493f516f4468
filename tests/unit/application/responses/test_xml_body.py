import time
import tracemalloc
from contextlib import suppress

import pytest
from hypothesis import given
from hypothesis import strategies as st

from portway.application.responses.xml_body import MAX_DEPTH, parse_xml
from portway.domain.errors import UpstreamInvalidResponse
from portway.domain.json_value import JsonValue


@pytest.mark.parametrize(
    ("text", "value"),
    [
        ("<a/>", {"a": None}),
        ("<a>1</a>", {"a": "1"}),
        ("<a b='1'>2</a>", {"a": {"@b": "1", "#text": "2"}}),
        ("<a><b>1</b><b>2</b></a>", {"a": {"b": ["1", "2"]}}),
        ("<a>\n  <b> 1 </b>\n</a>", {"a": {"b": "1"}}),
        ("<x:a xmlns:x='urn:x'><x:b/></x:a>", {"x:a": {"@xmlns:x": "urn:x", "x:b": None}}),
        ("<a xmlns='urn:x'/>", {"a": {"@xmlns": "urn:x"}}),
        ("<a>&lt;&amp;&#233;<![CDATA[<b>]]></a>", {"a": "<&é<b>"}),
        ("<!-- c --><?p i?><!DOCTYPE a><a/>", {"a": None}),
        ("<?xml version='1.0' encoding='ISO-8859-1'?><a>ü€</a>", {"a": "ü€"}),
    ],
)
def test_elements_become_members(text: str, value: JsonValue) -> None:
    assert parse_xml(text) == value


@pytest.mark.parametrize(
    "text", ["", "x", "<a", "<a>", "<a/><b/>", "<a>\x00</a>", "<a>&none;</a>", "{}", "<a>\ud800</a>"]
)
def test_what_is_no_xml_is_refused(text: str) -> None:
    with pytest.raises(UpstreamInvalidResponse, match="is not the XML"):
        parse_xml(text)


@pytest.mark.parametrize(
    "declaration",
    [
        "<!ENTITY x 'ha'>",
        "<!ENTITY x SYSTEM 'file:///etc/passwd'>",
        "<!ENTITY % x SYSTEM 'http://127.0.0.1/'> %x;",
    ],
)
def test_no_entity_is_expanded_or_fetched(declaration: str) -> None:
    with pytest.raises(UpstreamInvalidResponse, match="entities of its own"):
        parse_xml(f"<!DOCTYPE a [{declaration}]><a>&x;</a>")


def test_an_external_document_type_is_not_fetched() -> None:
    assert parse_xml("<!DOCTYPE a SYSTEM 'file:///etc/passwd'><a/>") == {"a": None}


def test_nesting_ends_before_it_takes_memory() -> None:
    assert parse_xml("<a>" * MAX_DEPTH + "</a>" * MAX_DEPTH)
    text = "<a>" * 1_000_000
    tracemalloc.start()
    started = time.perf_counter()
    with pytest.raises(UpstreamInvalidResponse, match=f"more than {MAX_DEPTH} deep"):
        parse_xml(text)
    assert time.perf_counter() - started < 1
    assert tracemalloc.get_traced_memory()[1] < 10 * len(text)
    tracemalloc.stop()


PIECES = st.lists(
    st.sampled_from(["<a>", "</a>", "<a/>", "<a b='c'>", "x", " ", "&amp;", "<!--", "-->", "<![CDATA[", "]]>", "<?x?>",
                     "<!DOCTYPE a [", "]>", "<!ENTITY x 'y'>", "&x;", "é", "\ud800"]),
    max_size=12,
)  # fmt: skip


@given(st.one_of(st.text(max_size=30), PIECES.map("".join)))
def test_any_text_is_xml_or_refused(text: str) -> None:
    with suppress(UpstreamInvalidResponse):
        assert isinstance(parse_xml(text), dict)


def test_defaults_of_attributes_multiply_nothing() -> None:
    bomb = f'<!DOCTYPE r [<!ATTLIST a x CDATA "{"A" * 1000}">]><r>{"<a/>" * 1000}</r>'
    with pytest.raises(UpstreamInvalidResponse, match="defaults for attributes"):
        parse_xml(bomb)


def test_a_document_type_that_declares_nothing_is_fine() -> None:
    assert parse_xml('<!DOCTYPE plist PUBLIC "-//X//Y" "http://a.example/p.dtd"><plist>1</plist>') == {
        "plist": "1"
    }
