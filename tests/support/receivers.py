"""Real receivers of alerts on this machine: one takes webhooks, one takes mail."""

import socketserver
import ssl
import threading
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from typing import Any

import pytest


@dataclass
class Receiver:
    """What was received, and what is answered.

    Args:
        port: Of 127.0.0.1.
    """

    port: int
    status: int = 204
    """What the next requests are answered with."""
    answer: bytes = b""
    headers: dict[str, str] = field(default_factory=dict)
    """Sent with the answer."""
    requests: list[tuple[str, dict[str, str], bytes]] = field(default_factory=list)
    """Path, headers and body of each."""
    mails: list[str] = field(default_factory=list)


@contextmanager
def receiving_webhooks(*, context: ssl.SSLContext | None = None) -> Iterator[Receiver]:
    """Run a server that takes any POST, with TLS where a context is given."""

    class Handler(BaseHTTPRequestHandler):
        def do_POST(self) -> None:
            length = int(self.headers.get("Content-Length", 0))
            body = self.rfile.read(length)
            receiver.requests.append((self.path, dict(self.headers), body))
            self.send_response(receiver.status)
            for name, value in receiver.headers.items():
                self.send_header(name, value)
            self.send_header("Content-Length", str(len(receiver.answer)))
            self.end_headers()
            self.wfile.write(receiver.answer)

        def log_message(self, *_: object) -> None:
            """Stay silent."""

    server = ThreadingHTTPServer(("127.0.0.1", 0), Handler)
    if context is not None:
        server.socket = context.wrap_socket(
            server.socket, server_side=True, do_handshake_on_connect=False
        )
    receiver = Receiver(server.server_port)
    with _serving(server):
        yield receiver


@contextmanager
def receiving_mail() -> Iterator[Receiver]:
    """Run a server that takes any mail."""

    class Handler(socketserver.StreamRequestHandler):
        def handle(self) -> None:
            self._say("220 tests")
            while line := self.rfile.readline():
                word = line.split()[0].upper() if line.split() else b""
                if word == b"DATA":
                    self._say("354 go on")
                    receiver.mails.append(self._read())
                    self._say("250 taken")
                elif word == b"QUIT":
                    self._say("221 bye")
                    return
                else:
                    self._say("250 yes")

        def _read(self) -> str:
            lines = []
            while (line := self.rfile.readline()) not in (b".\r\n", b""):
                lines.append(line.decode())
            return "".join(lines)

        def _say(self, text: str) -> None:
            self.wfile.write(f"{text}\r\n".encode())

    server = socketserver.ThreadingTCPServer(("127.0.0.1", 0), Handler)
    server.daemon_threads = True
    receiver = Receiver(server.server_address[1])
    with _serving(server):
        yield receiver


@contextmanager
def _serving(server: Any) -> Iterator[None]:  # noqa: ANN401 - either of two
    thread = threading.Thread(target=server.serve_forever, args=(0.01,), daemon=True)
    thread.start()
    try:
        yield
    finally:
        server.shutdown()
        server.server_close()
        thread.join()


@pytest.fixture
def webhooks() -> Iterator[Receiver]:
    """A receiver of webhooks."""
    with receiving_webhooks() as receiver:
        yield receiver


@pytest.fixture
def mail() -> Iterator[Receiver]:
    """A receiver of mail."""
    with receiving_mail() as receiver:
        yield receiver
