"""The signed webhook over TLS: the name counts, whatever address it is connected to."""

import shutil
import ssl
import subprocess
from pathlib import Path

import pytest
from receivers import Receiver, receiving_webhooks

from failwell.alerts import ChannelError
from failwell.alerts._channel import Message
from failwell.alerts._webhook import Webhook

MESSAGE = Message("alert-1", "Title", "Text", "{}")
OPENSSL = shutil.which("openssl")


@pytest.fixture
def certificate(
    request: pytest.FixtureRequest, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> Path:
    """A certificate, with its key, that this process trusts for the name given."""
    if OPENSSL is None:
        pytest.skip("openssl is not installed")
    file = tmp_path / "certificate.pem"
    subprocess.run(
        [
            *(OPENSSL, "req", "-x509", "-newkey", "rsa:2048", "-nodes", "-days", "2"),
            *("-subj", "/CN=tests", "-addext", f"subjectAltName=DNS:{request.param}"),
            *("-keyout", str(file), "-out", str(tmp_path / "only.pem")),
        ],
        check=True,
        capture_output=True,
    )
    file.write_text(file.read_text() + (tmp_path / "only.pem").read_text())
    monkeypatch.setenv("SSL_CERT_FILE", str(tmp_path / "only.pem"))
    return file


def _send(receiver: Receiver) -> None:
    url = f"webhook+https://a-secret-of-the-webhook@localhost:{receiver.port}/hook"
    Webhook(url, may_be_private=True).send(MESSAGE)


@pytest.mark.parametrize("certificate", ["localhost"], indirect=True)
def test_a_receiver_with_its_own_certificate_takes_it(certificate: Path) -> None:
    """It is asked for by name, though the connection was made to an address."""
    asked: list[str | None] = []
    context = ssl.create_default_context(ssl.Purpose.CLIENT_AUTH)
    context.load_cert_chain(certificate)
    context.sni_callback = lambda _socket, name, _context: asked.append(name)

    with receiving_webhooks(context=context) as receiver:
        _send(receiver)

    ((_, headers, _),) = receiver.requests
    assert asked == ["localhost"]
    assert headers["Host"] == f"localhost:{receiver.port}"


@pytest.mark.parametrize("certificate", ["elsewhere.example.org"], indirect=True)
def test_another_certificate_is_refused(certificate: Path) -> None:
    """Whoever got hold of the address gets no alert."""
    context = ssl.create_default_context(ssl.Purpose.CLIENT_AUTH)
    context.load_cert_chain(certificate)

    with (
        receiving_webhooks(context=context) as receiver,
        pytest.raises(ChannelError, match="SSLCertVerificationError"),
    ):
        _send(receiver)

    assert receiver.requests == []
