"""Config values that are more than one label of a host name, where a pattern of the row allows it."""

from typing import Any

import pytest

from portway.application.destinations import expand_endpoint
from portway.application.requests.url_template import (
    check_base_url,
    expand_base_url,
    integration_base,
    wide_names,
)
from portway.domain.errors import InvalidIntegrationConfig
from tests.fakes.definitions import an_integration

WIDE = frozenset({"instance", "domain"})


def schema(**properties: Any) -> dict[str, Any]:
    return {"config_schema": {"properties": properties}}


@pytest.mark.parametrize(
    ("base_url", "config", "url"),
    [
        ("{instance}", {"instance": "https://acme.my.example"}, "https://acme.my.example"),
        (
            "{instance}/services/v1/",
            {"instance": "https://acme.my.example/"},
            "https://acme.my.example/services/v1",
        ),
        (
            "{instance}/{site}",
            {"instance": "http://127.0.0.1:80/a", "site": "x/y"},
            "http://127.0.0.1:80/a/x%2Fy",
        ),
        ("https://{domain}/api", {"domain": "acme.example"}, "https://acme.example/api"),
        ("https://{domain}/api", {"domain": "acme.example:8443"}, "https://acme.example:8443/api"),
        ("https://api.{domain}", {"domain": "acme.example"}, "https://api.acme.example"),
    ],
)
def test_with_a_pattern(base_url: str, config: dict[str, str], url: str) -> None:
    assert expand_base_url(base_url, config, WIDE) == url
    check_base_url(base_url, WIDE)


@pytest.mark.parametrize("base_url", ["{instance}", "{instance}/x", "https://{domain}"])
def test_not_without(base_url: str) -> None:
    config = {"instance": "https://acme.my.example", "domain": "acme.example"}
    with pytest.raises(InvalidIntegrationConfig):
        expand_base_url(base_url, config)


@pytest.mark.parametrize(
    ("base_url", "value"),
    [
        ("{instance}", "https://user@evil.example"),
        ("{instance}", "https://acme.example?x="),
        ("{instance}", "https://acme.example#"),
        ("{instance}", "https://acme.example\\@evil.example"),
        ("{instance}", "ftp://acme.example"),
        ("{instance}", "//acme.example"),
        ("{instance}", "acme.example"),
        ("{instance}", "https://"),
        ("{instance}", "https://acme.example/../x"),
        ("{instance}", "https://acme.example/%2e%2e/x"),
        ("{instance}", "https://acme.example\n"),
        ("{instance}", ""),
        ("https://{instance}", "a/b"),
        ("https://{instance}", "a@b"),
        ("https://{instance}", "a:b"),
        ("https://{instance}", "a.example?"),
        ("https://{instance}", ".a"),
        ("https://{instance}", "a:99999999"),
    ],
)
def test_still_a_host_and_nothing_else(base_url: str, value: str) -> None:
    with pytest.raises(InvalidIntegrationConfig):
        expand_base_url(base_url, {"instance": value}, WIDE)


@pytest.mark.parametrize(
    "base_url", ["{instance}.evil.example", "{instance}:80", "x{instance}", "{site}/x", "{instance}?a"]
)
def test_a_whole_url_stands_alone(base_url: str) -> None:
    with pytest.raises(InvalidIntegrationConfig):
        check_base_url(base_url, WIDE)


def test_the_names_are_those_with_a_pattern() -> None:
    members = schema(a={"pattern": "x"}, b={"type": "string"}, c={"pattern": 7}, d=True)
    assert wide_names(an_integration(auth_config=members)) == {"a"}
    assert wide_names(an_integration(auth_config={"config_schema": {"properties": []}})) == frozenset()
    assert wide_names(an_integration(auth_config={})) == frozenset()


def test_an_integrations_base_takes_them() -> None:
    integration = an_integration(
        base_url="{instance}/v1", auth_config=schema(instance={"pattern": "https://.*"})
    )
    assert integration_base(integration, {"instance": "https://a.example"}) == "https://a.example/v1"


def test_so_do_its_endpoints_with_their_last_slash_and_query() -> None:
    config = {"instance": "https://a.example"}
    assert expand_endpoint("{instance}/token/?a=1", config, WIDE) == "https://a.example/token/?a=1"
    assert expand_endpoint("{instance}", config, WIDE) == "https://a.example"
