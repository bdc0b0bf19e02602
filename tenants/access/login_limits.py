"""Limits of failed log-ins, by e-mail address and network.

The failures are the rows of LoginFailure, of all processes. LIMITS count the failures of the last
seconds. A limit that is reached refuses all its log-ins, with right passwords too, until its oldest
failure is older than these seconds. Refused log-ins do not count as failures, so they do not extend
the wait. The setting LOGIN_LIMITS replaces entries. Concurrent requests can pass together, before
the first of them has failed.
"""

from collections.abc import Mapping
from ipaddress import IPv4Address, IPv6Address, ip_address, ip_network

from django.conf import settings

from tenants.access.limits import Limit

LONGEST_EMAIL = 255

LIMITS: Mapping[str, Limit] = {
    "address and network": Limit(10, 900),
    "address": Limit(50, 900),
    "network": Limit(100, 900),
}
"""The failures of an address from one network, of an address, and from one network."""

PREFIXES = {4: 24, 6: 64}
"""The bits of an IP address that identify the network; a customer can own all addresses in it."""


def limit_of(name: str) -> Limit:
    """The limit in force."""
    return Limit(*{**LIMITS, **getattr(settings, "LOGIN_LIMITS", {})}[name])


def typed_address(email: object) -> str:
    """The e-mail address in the form that failures store."""
    return str(email).replace("\0", "").strip().lower()[:LONGEST_EMAIL]


def plain_ip(ip: str) -> IPv4Address | IPv6Address:
    """The IP address; an IPv4 address written as IPv6 is IPv4."""
    address = ip_address(ip)
    return getattr(address, "ipv4_mapped", None) or address


def network_of(ip: str) -> tuple[str, str]:
    """The first and the last address of the network of an IP address."""
    address = plain_ip(ip)
    network = ip_network(f"{address}/{PREFIXES[address.version]}", strict=False)
    return str(network[0]), str(network[-1])
