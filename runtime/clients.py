"""Whom a limit of requests counts as one client."""

from ipaddress import IPv6Address, IPv6Network, ip_address

NETWORK_BITS = 64
"""What one customer is given of IPv6 at least (RFC 6177): all of it is one client, who could
otherwise be somebody else for every request."""


def client_of(host: str) -> str:
    """Return the name under which the requests of an address are counted."""
    try:
        address = ip_address(host)
    except ValueError:
        return host
    if not isinstance(address, IPv6Address):
        return host
    if address.ipv4_mapped is not None:
        return str(address.ipv4_mapped)
    return str(IPv6Network((address.packed, NETWORK_BITS), strict=False))
