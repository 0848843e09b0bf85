"""Our own channel: a signed POST of the alert as JSON, to an address that was judged.

Owns the signature, and that nothing a receiver answers can do harm: redirects are not
followed, little is read of the answer and nothing of it shown, and all of it has its time.
"""

import contextlib
import hashlib
import hmac
import http.client
import socket
import ssl
import threading
from collections.abc import Iterator
from urllib.parse import SplitResult, unquote, urlsplit

from failwell._clock import SYSTEM_CLOCK, Clock
from failwell._version import __version__
from failwell.alerts._addresses import PrivateAddressError, connect
from failwell.alerts._channel import ChannelError, Message, without_secrets

_WAIT_S = 10.0
_LARGEST_ANSWER = 64 * 1024
_TAKEN, _ELSEWHERE = range(200, 300), range(300, 400)
_HTTP, _HTTPS = 80, 443


class Webhook:
    """A URL that takes alerts.

    Each request has the headers `Failwell-Alert-Id`, the same in each try;
    `Failwell-Timestamp`, whole seconds since 1970; and `Failwell-Signature`, `sha256=`
    and in hexadecimal the HMAC-SHA256, by the secret, over the timestamp, a dot and the
    body.

    Args:
        url: `webhook+https://SECRET@host/path`.
        may_be_private: Whether it may lead into one's own network, and be plain http.
        longest_s: How long it may take in all, however slowly it answers.
        clock: Gives the timestamp.
    """

    def __init__(
        self,
        url: str,
        *,
        may_be_private: bool,
        longest_s: float = 20.0,
        clock: Clock = SYSTEM_CLOCK,
    ) -> None:
        self._url = url
        self._may_be_private = may_be_private
        self._longest_s = longest_s
        self._clock = clock

    def send(self, message: Message) -> None:
        """Post one; any status from 200 to 299 takes it.

        Raises:
            ChannelError: It was not taken.
        """
        try:
            parts = urlsplit(self._url.partition("+")[2])
            status = self._post(parts, message)
        except PrivateAddressError:
            reason = (
                "its host leads to an address that is none of the public internet; for"
                " one of your own network set FAILWELL_ALERTS_PRIVATE_WEBHOOKS"
            )
            raise ChannelError(reason) from None
        except (OSError, http.client.HTTPException, ValueError) as error:
            reason = f"{type(error).__name__}: {error}"
            raise ChannelError(without_secrets(reason, self._url)) from None
        if status not in _TAKEN:
            follows = ", and redirects are not followed" if status in _ELSEWHERE else ""
            reason = f"it answered {status}{follows}"
            raise ChannelError(reason)

    def _post(self, parts: SplitResult, message: Message) -> int:
        is_plain = parts.scheme == "http"
        if is_plain and not self._may_be_private:
            reason = (
                "plain http would show alerts to whoever listens: use webhook+https://,"
                " or set FAILWELL_ALERTS_PRIVATE_WEBHOOKS"
            )
            raise ChannelError(reason)
        host, body = parts.hostname or "", message.body.encode()
        default = _HTTP if is_plain else _HTTPS
        port = parts.port or default
        with self._connected(host, port) as plain:
            # The name is what the certificate has to be for, not the address.
            used = plain if is_plain else _encrypted(plain, host)
            connection = http.client.HTTPConnection(host, port)
            connection.default_port, connection.sock = default, used
            path = (parts.path or "/") + (f"?{parts.query}" if parts.query else "")
            with contextlib.closing(connection):
                headers = self._headers(parts, message.id, body)
                connection.request("POST", path, body, headers)
                response = connection.getresponse()
                response.read(_LARGEST_ANSWER)
                return response.status

    @contextlib.contextmanager
    def _connected(self, host: str, port: int) -> Iterator[socket.socket]:
        """Give a connection that ends after its time."""
        private = self._may_be_private
        plain = connect(host, port, _WAIT_S, may_be_private=private)
        # A second handle, for encryption takes the first.
        with plain, plain.dup() as handle:
            # Each byte that comes would begin the wait anew.
            end = threading.Timer(self._longest_s, _end, (handle,))
            end.daemon = True
            end.start()
            try:
                yield plain
            finally:
                end.cancel()

    def _headers(
        self, parts: SplitResult, alert_id: str, body: bytes
    ) -> dict[str, str]:
        secret = unquote(parts.password or parts.username or "").encode()
        timestamp = str(int(self._clock.now()))
        signed = timestamp.encode() + b"." + body
        signature = hmac.new(secret, signed, hashlib.sha256).hexdigest()
        return {
            "Content-Type": "application/json",
            "User-Agent": f"failwell/{__version__}",
            "Failwell-Alert-Id": alert_id,
            "Failwell-Timestamp": timestamp,
            "Failwell-Signature": f"sha256={signature}",
        }


def _end(connection: socket.socket) -> None:
    with contextlib.suppress(OSError):
        connection.shutdown(socket.SHUT_RDWR)


def _encrypted(plain: socket.socket, host: str) -> ssl.SSLSocket:
    return ssl.create_default_context().wrap_socket(plain, server_hostname=host)
