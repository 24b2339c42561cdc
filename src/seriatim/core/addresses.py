"""Which addresses the server may dial for somebody: a table of our own, whatever the standard library calls global.

`ipaddress.is_global` is no measure: on Python 3.11 it lets 192.88.99.1, 168.63.129.16 and fec0::1 through, and its data
changes with the version. Sources: the IANA special-purpose registries (RFC 6890 and updates), RFC 6052 (NAT64).
"""

from collections.abc import Iterable
from ipaddress import IPv4Address, IPv4Network, IPv6Address, IPv6Network, ip_network
from typing import Final

Address = IPv4Address | IPv6Address
Network = IPv4Network | IPv6Network

_SPECIAL_4 = """
0.0.0.0/8 10.0.0.0/8 100.64.0.0/10 127.0.0.0/8 168.63.129.16/32 169.254.0.0/16 172.16.0.0/12 192.0.0.0/24 192.0.2.0/24
192.31.196.0/24 192.52.193.0/24 192.88.99.0/24 192.168.0.0/16 192.175.48.0/24 198.18.0.0/15 198.51.100.0/24
203.0.113.0/24 224.0.0.0/4 240.0.0.0/4"""
_SPECIAL_6 = "2001::/23 2001:db8::/32 2002::/16 3fff::/20"

DENIED_4: Final = tuple(map(IPv4Network, _SPECIAL_4.split()))
"""Private, shared, loopback, link-local, documentation, benchmarks, relays, multicast, reserved; 168.63.129.16 is a
cloud's service inside of every machine there."""
UNICAST_6: Final = IPv6Network("2000::/3")
"""All global unicast; so IPv4 in any disguise outside of it, ULA, link-local and multicast are refused."""
DENIED_6: Final = tuple(map(IPv6Network, _SPECIAL_6.split()))
"""Within it: protocol assignments (Teredo, ORCHID), documentation twice, and 6to4, which holds an IPv4 address."""


def is_public(address: Address) -> bool:
    """Say whether anybody's address on the open internet may be this one."""
    if isinstance(address, IPv4Address):
        return not any(address in network for network in DENIED_4)
    return address.scope_id is None and address in UNICAST_6 and not any(address in network for network in DENIED_6)


def networks(texts: Iterable[str]) -> tuple[Network, ...]:
    """Read networks in CIDR notation; a single address is a network of one.

    Raises:
        ValueError: one of them is none; the message names it.
    """
    return tuple(map(ip_network, texts))


def is_within(address: Address, opened: Iterable[Network]) -> bool:
    """Say whether the address lies in one of the networks."""
    return any(address in network for network in opened)
