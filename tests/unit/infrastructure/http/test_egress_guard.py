from ipaddress import IPv4Address, IPv4Network, IPv6Address, IPv6Network, ip_network

import pytest
from hypothesis import given
from hypothesis import strategies as st
from yarl import URL

from portway.domain.errors import EgressBlocked
from portway.infrastructure.http.egress_guard import EVERY_NETWORK, EgressGuard

PRIVATE_V4 = [
    IPv4Network(network)
    for network in (
        "0.0.0.0/8",
        "10.0.0.0/8",
        "100.64.0.0/10",
        "127.0.0.0/8",
        "169.254.0.0/16",
        "172.16.0.0/12",
        "192.168.0.0/16",
        "224.0.0.0/3",
    )
]
private_v4 = st.sampled_from(PRIVATE_V4).flatmap(lambda network: st.ip_addresses(network=network))


def embedded(prefix: str, address: IPv4Address, shift: int = 0) -> IPv6Address:
    return IPv6Address(int(IPv6Address(prefix)) | (int(address) << shift))


@pytest.mark.parametrize(
    "address",
    [
        "0.0.0.0",
        "10.0.0.1",
        "100.100.100.200",
        "127.0.0.1",
        "127.255.255.254",
        "168.63.129.16",
        "169.254.169.254",
        "169.254.170.2",
        "172.16.0.1",
        "172.31.255.255",
        "192.0.0.192",
        "192.0.2.1",
        "192.88.99.1",
        "192.168.1.1",
        "198.18.0.1",
        "198.51.100.1",
        "203.0.113.1",
        "224.0.0.1",
        "240.0.0.1",
        "255.255.255.255",
        "::",
        "::1",
        "::7f00:1",
        "::ffff:127.0.0.1",
        "::ffff:8.8.8.8",
        "::ffff:0:127.0.0.1",
        "64:ff9b::7f00:1",
        "64:ff9b::a9fe:a9fe",
        "64:ff9b:1::808:808",
        "100::1",
        "2001::1",
        "2001:0:4136:e378:8000:63bf:3fff:fdd2",
        "2001:2::1",
        "2001:10::1",
        "2001:db8::1",
        "2002:7f00:1::",
        "2002:808:808::",
        "3fff::1",
        "5f00::1",
        "fc00::1",
        "fd00:ec2::254",
        "fe80::1",
        "fe80::1%eth0",
        "2606:4700::1111%eth0",
        "fec0::1",
        "ff02::1",
        "localhost",
        "2130706433",
        "0177.0.0.1",
        "0x7f.1",
        "127.1",
        "",
    ],
)
def test_refuses(address: str) -> None:
    assert not EgressGuard().allows(address)


@pytest.mark.parametrize(
    "address",
    [
        "1.1.1.1",
        "8.8.8.8",
        "100.63.255.255",
        "100.128.0.0",
        "172.32.0.1",
        "192.0.1.1",
        "223.255.255.255",
        "2606:4700::1111",
        "2a00:1450:4001::200e",
        "64:ff9b::808:808",
        "2001:4860:4860::8888",
    ],
)
def test_allows_global_unicast(address: str) -> None:
    assert EgressGuard().allows(address)


@given(private_v4)
def test_no_private_ipv4_address_passes_in_any_embedding(address: IPv4Address) -> None:
    guard = EgressGuard()
    spellings = [
        address,
        embedded("::", address),
        embedded("::ffff:0:0", address),
        embedded("::ffff:0:0:0", address),
        embedded("64:ff9b::", address),
        embedded("64:ff9b:1::", address),
        embedded("2002::", address, shift=80),
        embedded("2001::", IPv4Address(int(address) ^ 0xFFFF_FFFF)),
        embedded("2001::", address, shift=64),
    ]
    for spelling in spellings:
        assert not guard.allows(str(spelling))
        if isinstance(spelling, IPv6Address):
            assert not guard.allows(spelling.exploded)
            assert not guard.allows(spelling.exploded.upper())


@given(st.ip_addresses(v=6).filter(lambda address: address not in IPv6Network("2000::/3")))
def test_outside_of_ipv6_unicast_only_translated_global_ipv4_passes(address: IPv6Address) -> None:
    assert not EgressGuard().allows(str(address)) or address in IPv6Network("64:ff9b::/96")


@given(st.ip_addresses())
def test_what_passes_is_not_what_the_standard_library_calls_local(address: IPv4Address | IPv6Address) -> None:
    if EgressGuard().allows(str(address)) and address not in IPv6Network("64:ff9b::/96"):
        assert not any(
            (
                address.is_loopback,
                address.is_link_local,
                address.is_multicast,
                address.is_reserved,
                address.is_private,
            )
        )


def test_allowed_networks_are_exactly_those() -> None:
    guard = EgressGuard([ip_network("127.0.0.0/8"), ip_network("fd12::/16")])
    assert guard.allows("127.0.0.1")
    assert guard.allows("fd12::1")
    assert guard.allows("8.8.8.8")
    for address in ("10.0.0.1", "::1", "::ffff:127.0.0.1", "64:ff9b::7f00:1", "fd13::1", "fd12::1%eth0"):
        assert not guard.allows(address)


def test_every_network_is_for_the_operators_own_addresses() -> None:
    guard = EgressGuard(EVERY_NETWORK)
    assert guard.allows("10.0.0.1")
    assert guard.allows("::1")


@pytest.mark.parametrize(
    "url",
    [
        "ftp://example.com/",
        "file:///etc/passwd",
        "gopher://example.com/",
        "unix:///var/run/docker.sock",
        "http:///path",
        "http:path",
        "http://user@example.com/",
        "http://user:password@example.com/",
        "http://@example.com/",
        "http://:@example.com/",
        "http://[fe80::1%25eth0]/",
        "http://exa%6dple.com/",
        "http://2130706433/",
        "http://127.1/",
        "http://127.0.0.1./",
        "http://0177.0.0.1/",
        "http://127.0.0.1.1/",
    ],
)
def test_refuses_urls(url: str) -> None:
    with pytest.raises(EgressBlocked):
        EgressGuard(EVERY_NETWORK).check_url(URL(url, encoded=True))


@pytest.mark.parametrize(
    "url", ["http://example.com", "https://example.com:8443/a@b?c=@", "http://[::1]:80/", "http://127.0.0.1/"]
)
def test_leaves_other_urls_to_the_connection(url: str) -> None:
    EgressGuard().check_url(URL(url, encoded=True))
