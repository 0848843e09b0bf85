"""The signed webhook: what a receiver gets, and what it cannot do."""

import hashlib
import hmac
import json
import socket
import threading
from contextlib import closing
from typing import TYPE_CHECKING

import pytest
from receivers import Receiver

from failwell._clock import SYSTEM_CLOCK
from failwell.alerts import ChannelError
from failwell.alerts._channel import Message
from failwell.alerts._webhook import Webhook

if TYPE_CHECKING:
    from tests.alerts.conftest import Shop

SECRET = "a-secret-of-the-webhook"
MESSAGE = Message("alert-1", "Title", "Text", '{"title": "Öl"}')


def _webhook(port: int, path: str = "/hook") -> Webhook:
    url = f"webhook+http://{SECRET}@127.0.0.1:{port}{path}"
    return Webhook(url, may_be_private=True)


def test_the_body_is_signed_with_the_time(webhooks: Receiver) -> None:
    """So that a receiver can tell who sent it, and that nobody sends it again."""
    _webhook(webhooks.port, "/hook?for=ada").send(MESSAGE)

    ((path, headers, body),) = webhooks.requests
    timestamp = headers["Failwell-Timestamp"]
    signed = timestamp.encode() + b"." + body
    expected = hmac.new(SECRET.encode(), signed, hashlib.sha256).hexdigest()
    assert path == "/hook?for=ada"
    assert headers["Failwell-Signature"] == f"sha256={expected}"
    assert headers["Failwell-Alert-Id"] == "alert-1"
    assert headers["Content-Type"] == "application/json"
    assert headers["Host"] == f"127.0.0.1:{webhooks.port}"
    assert abs(SYSTEM_CLOCK.now() - int(timestamp)) < 60
    assert json.loads(body) == {"title": "Öl"}
    assert SECRET not in str(headers)


@pytest.mark.parametrize("status", [199, 301, 302, 307, 400, 404, 500, 999])
def test_only_success_takes_it(webhooks: Receiver, status: int) -> None:
    """A redirect is not followed, wherever it leads; the answer is not repeated."""
    webhooks.status = status
    webhooks.headers = {"Location": f"http://127.0.0.1:{webhooks.port}/inside"}
    webhooks.answer = b"what is inside"

    with pytest.raises(ChannelError, match=rf"it answered {status}") as caught:
        _webhook(webhooks.port).send(MESSAGE)

    assert "inside" not in str(caught.value)
    assert [path for path, _, _ in webhooks.requests] == ["/hook"]


def test_a_private_address_is_refused_with_what_to_do(webhooks: Receiver) -> None:
    """Nothing is sent there, and the address is not repeated."""
    url = f"webhook+https://{SECRET}@localhost:{webhooks.port}/hook"

    with pytest.raises(ChannelError, match="FAILWELL_ALERTS_PRIVATE") as caught:
        Webhook(url, may_be_private=False).send(MESSAGE)

    assert "127.0.0.1" not in str(caught.value)
    assert webhooks.requests == []


def test_plain_http_is_for_ones_own_network() -> None:
    """Elsewhere whoever listens would read every error."""
    url = f"webhook+http://{SECRET}@example.org/hook"

    with pytest.raises(ChannelError, match=r"use webhook\+https"):
        Webhook(url, may_be_private=False).send(MESSAGE)


def test_what_a_failure_says_is_without_the_secret() -> None:
    """Nor any other part of the URL."""
    with pytest.raises(ChannelError) as caught:
        _webhook(1, "/tokens/0123456789").send(MESSAGE)

    assert "refused" in str(caught.value)
    assert SECRET not in str(caught.value)
    assert "0123456789" not in str(caught.value)


def test_an_answer_that_never_ends_is_ended() -> None:
    """A byte now and then keeps no sender for ever."""
    with closing(socket.create_server(("127.0.0.1", 0))) as server:
        stop = threading.Event()
        dripping = threading.Thread(target=_drip, args=(server, stop))
        dripping.start()

        url = f"webhook+http://{SECRET}@127.0.0.1:{server.getsockname()[1]}"

        with pytest.raises(ChannelError):
            Webhook(url, may_be_private=True, longest_s=0.2).send(MESSAGE)

        stop.set()
        dripping.join()


def _drip(server: socket.socket, stop: threading.Event) -> None:
    connection, _ = server.accept()
    with connection:
        while not stop.wait(0.02):
            try:
                connection.sendall(b"H")
            except OSError:
                return


def test_it_is_the_alert_itself_that_is_posted(
    shop: "Shop", webhooks: Receiver
) -> None:
    """Every documented field is there."""
    shop.fail()

    shop.turn()

    ((_, _, body),) = webhooks.requests
    assert set(json.loads(body)) == {
        *("id", "at", "application", "environment", "rule", "kind", "title"),
        *("number", "findings", "why", "change", "link"),
    }
