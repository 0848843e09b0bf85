"""To which addresses a webhook may lead: those of the public internet alone (CWE-918).

Owns that a name is resolved once, every address it has is judged, and the connection goes
to one that was judged: a name that means something else a moment later changes nothing.
Numbers in any spelling, such as `2130706433` and `0177.0.0.1`, are resolved first.
"""

import socket
from collections.abc import Iterator
from ipaddress import IPv4Address, IPv6Address, IPv6Network, ip_address

_Address = IPv4Address | IPv6Address

_NAT64 = IPv6Network("64:ff9b::/96")
_LOCAL_NAT64 = IPv6Network("64:ff9b:1::/48")
_COMPATIBLE = IPv6Network("::/96")
_LOW_32 = 0xFFFFFFFF


class PrivateAddressError(Exception):
    """A name leads to an address that is none of the public internet."""


def connect(
    host: str, port: int, timeout_s: float, *, may_be_private: bool
) -> socket.socket:
    """Return a connection to a host, through an address that was judged.

    Args:
        host: A name or an address.
        port: Its port.
        timeout_s: Of connecting, and of each wait for an answer later.
        may_be_private: Whether addresses of one's own network are allowed.

    Raises:
        PrivateAddressError: One of its addresses is not allowed; none was connected to.
        OSError: It cannot be resolved or reached.
    """
    found = socket.getaddrinfo(host, port, type=socket.SOCK_STREAM)
    addresses = [str(entry[4][0]) for entry in found]
    if not may_be_private:
        for address in addresses:
            if not is_public(address):
                raise PrivateAddressError(address)
    failure: OSError = OSError("it has no address")
    for address in dict.fromkeys(addresses):
        try:
            return socket.create_connection((address, port), timeout_s)
        except OSError as error:
            failure = error
    raise failure


def is_public(address: str) -> bool:
    """Return whether an address, as the resolver spells it, is one of the internet."""
    # A zone says through which interface: such addresses are of one's own network.
    found = ip_address(address.partition("%")[0])
    return all(_is_global(meant) for meant in _meant(found))


def _meant(address: _Address) -> Iterator[_Address]:
    """Yield an address, and those that it stands for or is translated to."""
    yield address
    if isinstance(address, IPv4Address):
        return
    if address.ipv4_mapped is not None:
        yield address.ipv4_mapped
    if address.teredo is not None:
        yield from address.teredo
    if address in _NAT64 or address in _COMPATIBLE:
        yield IPv4Address(int(address) & _LOW_32)


def _is_global(address: _Address) -> bool:
    if address.is_multicast or address.is_reserved or address.is_unspecified:
        # 64:ff9b::/96 is reserved and leads outside; the address in it is judged.
        return isinstance(address, IPv6Address) and address in _NAT64
    if isinstance(address, IPv6Address):
        # Relays of 6to4 are gone (RFC 7526), and Pythons differ in what they call it.
        if address in _LOCAL_NAT64 or address.is_site_local or address.sixtofour:
            return False
        if address.ipv4_mapped is not None:
            return True  # as far as the address in it is
    return address.is_global
