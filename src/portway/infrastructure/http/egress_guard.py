"""Which addresses outgoing calls may reach.

Where integrations point is user input, so a call could be aimed at Portway's own network (server-side request
forgery). The guard judges addresses, never names: a name says nothing about where it leads, and may lead
elsewhere a moment later. `guarded_connection` asks it about every address at the moment a socket is made for
it.
"""

from collections.abc import Sequence
from functools import lru_cache
from ipaddress import IPv4Address, IPv4Network, IPv6Address, IPv6Network, ip_address

from yarl import URL

from portway.domain.errors import EgressBlocked

Network = IPv4Network | IPv6Network

# IANA's special-purpose registry for IPv4, as far as it is not ordinary unicast. Written out, because what
# `is_global` of the standard library means changed between the patch releases of Python 3.11.
_REFUSED_V4 = tuple(
    IPv4Network(network)
    for network in (
        "0.0.0.0/8",  # this network
        "10.0.0.0/8",
        "100.64.0.0/10",  # carrier-grade NAT; also the metadata service of Alibaba Cloud
        "127.0.0.0/8",
        "168.63.129.16/32",  # Azure's host node: public by number, local by nature
        "169.254.0.0/16",  # link-local; the metadata service of most clouds
        "172.16.0.0/12",
        "192.0.0.0/24",  # IETF protocol assignments; also the metadata service of Oracle Cloud
        "192.0.2.0/24",  # documentation
        "192.88.99.0/24",  # 6to4 relays
        "192.168.0.0/16",
        "198.18.0.0/15",  # benchmarking
        "198.51.100.0/24",  # documentation
        "203.0.113.0/24",  # documentation
        "224.0.0.0/4",  # multicast
        "240.0.0.0/4",  # reserved, and broadcast
    )
)

# Everything outside of 2000::/3 is refused: loopback, unique local (fd00:ec2::254 among them), link-local,
# multicast, IPv4-mapped and IPv4-compatible addresses, and what is not assigned yet.
_UNICAST_V6 = IPv6Network("2000::/3")
_REFUSED_V6 = tuple(
    IPv6Network(network)
    for network in (
        "2001::/23",  # IETF protocol assignments: Teredo, benchmarking, ORCHID
        "2001:db8::/32",  # documentation
        "2002::/16",  # 6to4
        "3fff::/20",  # documentation
    )
)

# A network without IPv4 reaches the IPv4 internet through these, so it is the address inside that counts.
# Private ones are not allowed inside (RFC 6052, section 3.1), and stay refused here whatever the operator
# allows.
_NAT64 = IPv6Network("64:ff9b::/96")

EVERY_NETWORK: tuple[Network, ...] = (IPv4Network("0.0.0.0/0"), IPv6Network("::/0"))
"""For calls whose address the operator chose, not a user."""


class EgressGuard:
    """Allows global unicast addresses, and the networks that the operator allows beside them."""

    def __init__(self, allowed_networks: Sequence[Network] = ()) -> None:
        self._allowed_networks = tuple(allowed_networks)
        # A method's own lru_cache would keep the guard alive; there are far fewer hosts than calls.
        self.allows = lru_cache(maxsize=4096)(self._judge)
        """Whether an address (in text, as a resolver gives it) may be reached."""

    def _judge(self, address: str) -> bool:
        try:
            parsed = ip_address(address)
        except ValueError:
            return False
        if isinstance(parsed, IPv6Address) and parsed.scope_id is not None:
            return False
        if any(parsed in network for network in self._allowed_networks):
            return True
        return _is_global_v4(parsed) if isinstance(parsed, IPv4Address) else _is_global_v6(parsed)

    def check_url(self, url: URL) -> None:
        """Raises EgressBlocked for another scheme than http and https, and for an ambiguous host.

        Where the host leads is judged when it is connected to.
        """
        if url.scheme not in {"http", "https"}:
            raise EgressBlocked("Outgoing calls use http or https only.")
        host = url.raw_host
        if not host or "%" in host:
            raise EgressBlocked("The URL names no host, or one with a zone or an escape in it.")
        if "@" in url.raw_authority:
            raise EgressBlocked("A URL with a user name or password in it is not called.")
        if not _is_name_or_canonical(host):
            raise EgressBlocked(f"{host} is not an IPv4 address in its usual form.")


@lru_cache(maxsize=4096)
def _is_name_or_canonical(host: str) -> bool:
    """False for a number, or numbers, that only a lenient parser takes for an IPv4 address."""
    if not host.replace(".", "").isdigit():
        return True
    try:
        IPv4Address(host)
    except ValueError:
        return False
    return True


def _is_global_v4(address: IPv4Address) -> bool:
    return not any(address in network for network in _REFUSED_V4)


def _is_global_v6(address: IPv6Address) -> bool:
    if address in _NAT64:
        return _is_global_v4(IPv4Address(int(address) & 0xFFFF_FFFF))
    return address in _UNICAST_V6 and not any(address in network for network in _REFUSED_V6)
