"""A webhook leads to the public internet, or nowhere: judged when it connects."""

import socket
import subprocess
import sys
from contextlib import closing

import pytest

from failwell.alerts._addresses import PrivateAddressError, connect, is_public

HOSTS = [
    "127.0.0.1",
    "localhost",
    "2130706433",
    "0177.0.0.1",
    "0x7f.1",
    "127.1",
    "0.0.0.0",  # noqa: S104 - refused
    "10.0.0.1",
    "172.16.0.1",
    "192.168.1.1",
    "169.254.169.254",
    "100.64.0.1",
    "224.0.0.1",
    "255.255.255.255",
    "::1",
    "::",
    "::ffff:127.0.0.1",
    "::ffff:169.254.169.254",
    "::127.0.0.1",
    "64:ff9b::7f00:1",
    "64:ff9b:1::a00:1",
    "2002:7f00:1::",
    "2002:101:101::",
    "2001:0:7f00:1::",
    "fe80::1",
    "fc00::1",
    "fec0::1",
    "ff02::1",
]


@pytest.mark.parametrize("host", HOSTS)
def test_an_address_of_ones_own_network_is_refused_before_it_is_connected_to(
    host: str,
) -> None:
    """In every spelling that the resolver understands."""
    with closing(socket.create_server(("127.0.0.1", 0))) as server:
        server.settimeout(0)
        port = server.getsockname()[1]

        with pytest.raises(PrivateAddressError):
            connect(host, port, 1.0, may_be_private=False)

        with pytest.raises(BlockingIOError):
            server.accept()


@pytest.mark.parametrize(
    "address",
    [
        "93.184.215.14",
        "1.1.1.1",
        "2606:4700::1111",
        "64:ff9b::101:101",
    ],
)
def test_an_address_of_the_internet_is_allowed(address: str) -> None:
    """Those too that are translated, when what they are translated to is public."""
    assert is_public(address)


@pytest.mark.parametrize("address", ["fe80::1%eth0", "192.0.2.1", "240.0.0.1"])
def test_no_other_special_address_is_public(address: str) -> None:
    """Those with a zone, of documentation, and of no use yet."""
    assert not is_public(address)


def test_those_who_mean_it_are_led_into_their_own_network() -> None:
    """A setting says so."""
    with closing(socket.create_server(("127.0.0.1", 0))) as server:
        port = server.getsockname()[1]

        with connect("localhost", port, 5.0, may_be_private=True) as connected:
            peer = connected.getpeername()

    assert peer[:2] == ("127.0.0.1", port)


WATCHED = """
import sys
from failwell.alerts._addresses import connect

seen = []
def watch(event, args):
    if event == "socket.getaddrinfo":
        seen.append(("resolved", args[0]))
    elif event == "socket.connect":
        seen.append(("connected", args[1][0]))

sys.addaudithook(watch)
connect("localhost", int(sys.argv[1]), 5.0, may_be_private=True).close()
resolved = [name for what, name in seen if what == "resolved"]
connected = [name for what, name in seen if what == "connected"]
assert resolved.count("localhost") == 1, seen
assert set(resolved) - {"localhost"} <= {"127.0.0.1", "::1"}, seen
assert connected[-1] == "127.0.0.1", seen
"""


def test_a_name_is_resolved_once() -> None:
    """What it means a moment later changes nothing: an address is connected to."""
    with closing(socket.create_server(("127.0.0.1", 0))) as server:
        port = str(server.getsockname()[1])

        watched = subprocess.run(
            [sys.executable, "-c", WATCHED, port],
            check=False,
            capture_output=True,
            text=True,
        )

    assert watched.stderr == ""
