import json

import pytest
from hypothesis import given

from portway.application.responses.error_message import MAX_LENGTH, PLACES, error_message
from portway.domain.json_value import JsonValue
from tests.unit.domain.json_values import VALUES

SOAP_11 = """<soap:Envelope xmlns:soap="http://schemas.xmlsoap.org/soap/envelope/"><soap:Header/><soap:Body><soap:Fault>
<faultcode>soap:Client</faultcode><faultstring>No such order</faultstring></soap:Fault></soap:Body></soap:Envelope>"""
SOAP_12 = """<e:Envelope xmlns:e="http://www.w3.org/2003/05/soap-envelope"><e:Header/><e:Body><e:Fault>
<e:Code><e:Value>e:Sender</e:Value></e:Code><e:Reason><e:Text xml:lang="en">No such order</e:Text></e:Reason>
</e:Fault></e:Body></e:Envelope>"""


@pytest.mark.parametrize(
    ("body", "words"),
    [
        ({"error": {"code": 404, "message": "Not found."}}, "Not found."),
        ({"error": "invalid_request", "error_description": "No such client"}, "No such client"),
        ({"error": "channel_not_found", "ok": False}, "channel_not_found"),
        ({"error": {"code": "badtoken", "info": "Invalid CSRF token."}}, "Invalid CSRF token."),
        ({"error": {"code": "X", "message": {"lang": "en", "value": "No such row"}}}, "No such row"),
        ({"type": "about:blank", "title": "Gone", "detail": "It was deleted"}, "It was deleted"),
        ({"title": "Gone", "status": 410}, "Gone"),
        ({"errors": [{"title": "Bad", "detail": "Name is too long"}]}, "Name is too long"),
        ({"errors": [{"message": "no such field", "path": ["a"]}], "data": None}, "no such field"),
        ({"message": "Validation failed", "errors": [{"field": "a", "code": "b"}]}, "Validation failed"),
        ({"errors": ["name is taken"]}, "name is taken"),
        ({"errorMessages": ["No project"], "errors": {}}, "No project"),
        ([{"errorCode": "X", "message": "No such field"}], "No such field"),
        ({"Message": "No", "Code": 1}, "No"),
        ({"fault": {"faultstring": "Quota", "detail": {"errorcode": "q"}}}, "Quota"),
        ({"response": {"error": {"message": "deep"}}}, "deep"),
        ("Rate limit exceeded\n", "Rate limit exceeded"),
        ("<Error><Code>NoSuchKey</Code><Message>No such key</Message></Error>", "No such key"),
        ("<E><Error><Message>Sign it</Message></Error><RequestId>1</RequestId></E>", "Sign it"),
        ('<a:error xmlns:a="urn:a"><a:message xml:lang="en">No row</a:message></a:error>', "No row"),
        (SOAP_11, "No such order"),
        (SOAP_12, "No such order"),
        # What a later place has counts where the earlier ones have no text.
        ({"error": {"message": ""}, "message": None, "detail": [], "title": "Oops"}, "Oops"),
    ],
)
def test_the_usual_places(body: JsonValue, words: str) -> None:
    assert error_message(body) == words


@pytest.mark.parametrize(
    "body",
    [None, True, 404, "", " \n", [], {}, [[]], {"message": {"a": 1}}, {"message": 1}, {"error": True}, {"errors": [1]},
     "<html><title>Bad Gateway</title></html>", "<html><body><p>message</p>", "<!DOCTYPE html><p>x",
     "<!DOCTYPE e [<!ENTITY x 'ha'>]><e><message>&x;</message></e>",
     {str(number): {"message": "x"} for number in range(1000)}],
)  # fmt: skip
def test_no_words(body: JsonValue) -> None:
    assert error_message(body) is None


def test_every_place_is_one() -> None:
    for place in PLACES:
        body: JsonValue = "found"
        for name in reversed(place.split(".")):
            body = {name: body, "another": 1}
        assert error_message(body) == "found", place


def test_the_rows_own_place_comes_first() -> None:
    body: JsonValue = {"message": "usual", "why": {"a": "own"}, "number": 7, "yes": True}
    assert error_message(body, "why.a") == "own"
    assert error_message(body, "number") == "7"
    assert error_message(body, "yes") == "usual"
    assert error_message(body, "nowhere") == "usual"
    assert error_message(body, "length(number)") == "usual"


@pytest.mark.parametrize("text", ["a\nb", "a\r\nb\tcé", "a\u2028b", 'say "a"\nb', "\x1b[31mred"])
def test_words_stay_on_one_line_and_can_be_read_back(text: str) -> None:
    words = error_message({"message": text})
    assert words is not None
    assert len(words.splitlines()) == 1
    assert words.isprintable()
    assert text.strip() in (words, json.loads(words) if words.startswith('"') else words)


def test_long_words_are_left_out_whole() -> None:
    assert error_message({"message": "x" * MAX_LENGTH}) == "x" * MAX_LENGTH
    assert error_message({"message": "x" * (MAX_LENGTH + 1), "title": "Short"}) == "Short"
    assert error_message("x" * 10_000_000) is None


@given(VALUES)
def test_any_body_has_words_or_none(body: JsonValue) -> None:
    for expression in (None, "@", "to_string(@)", "a.b"):
        words = error_message(body, expression)
        assert words is None or (words and len(words.splitlines()) == 1)
