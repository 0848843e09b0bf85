"""What people read: our template or theirs, and nothing that acts upon them."""

import logging
from datetime import UTC, datetime
from pathlib import Path
from typing import TYPE_CHECKING

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from receivers import Receiver

from failwell.alerts import Alert, Finding
from failwell.alerts._rendering import Renderer

if TYPE_CHECKING:
    from tests.alerts.conftest import OpenShop

RENDERER = Renderer(None)
AT = datetime.fromtimestamp(1_800_000_000, UTC)
HOSTILE = (
    "x\r\nBcc: eve@example.org\r\n\r\n\x1b[2J\u202e @everyone <!channel> {{ 7*7 }}"
)


def _alert(text: str, *, number: int = 1) -> Alert:
    finding = Finding(subject=text, title=text, said=text, at=AT, code=text, link=text)
    return Alert(
        id="alert-1",
        at=AT,
        application=text,
        environment="production",
        rule="new-errors",
        kind="new",
        title=text,
        number=number,
        findings=(finding,),
        why=text,
        change=text,
        link=text,
    )


def test_the_template_says_what_why_and_how_to_change_it() -> None:
    """A number, where there are more than it lists."""
    title, text = Renderer(None).render(_alert("Boom", number=31))

    assert title == "[Boom production] Boom"
    assert "and 30 more." in text
    assert "Why you get this: Boom" in text
    assert "To change it: Boom" in text
    assert "alert-1, 2027-01-15 08:00:00 UTC" in text


@settings(deadline=None)
@given(st.text())
def test_whatever_an_error_says_adds_no_line(said: str) -> None:
    """Title and text have the lines of the template, and no others."""
    title, text = RENDERER.render(_alert(f"a{said}b"))
    expected = RENDERER.render(_alert("a"))[1]

    assert len(title.splitlines()) == 1
    assert len(text.splitlines()) == len(expected.splitlines())


def test_hostile_text_stays_inert() -> None:
    """No header, no escape sequence, no mention of everybody, no template."""
    title, text = Renderer(None).render(_alert(HOSTILE))

    assert title.isprintable() or "\u200b" in title
    for said in (title, text):
        assert "@everyone" not in said
        assert "<!channel>" not in said
        assert "\x1b" not in said
        assert "\u202e" not in said
        assert "{{ 7*7 }}" in said


def test_an_application_has_templates_of_its_own(tmp_path: Path) -> None:
    """For one kind of rule; the first line is the title, what it prints is inert."""
    (tmp_path / "new.txt").write_text("{{ alert.number }} new\nSee {{ alert.title }}\n")

    title, text = Renderer(tmp_path).render(_alert("a\nb"))

    assert (title, text) == ("1 new", "See a\\nb")


def test_a_template_that_fails_is_passed_over(
    tmp_path: Path, caplog: pytest.LogCaptureFixture
) -> None:
    """The alert is sent all the same, and the log says so once."""
    (tmp_path / "alert.txt").write_text("{{ alert.nothing_of_that_name }}")
    renderer = Renderer(tmp_path)

    titles = {renderer.render(_alert("Boom"))[0] for _ in range(2)}

    assert titles == {"[Boom production] Boom"}
    assert len(caplog.records) == 1
    assert "nothing_of_that_name" in caplog.text


def test_mail_comes_with_title_text_and_id(
    open_shop: "OpenShop", mail: Receiver
) -> None:
    """Through apprise, to a real server."""
    shop = open_shop(
        alerts_to=f"mailto://127.0.0.1:{mail.port}?from=shop@example.org&to=ada@example.org"
    )
    shop.fail(message=HOSTILE, type="shop.Ö\nBcc: eve@example.org")

    shop.turn()

    (entry,) = shop.alerts.outbox()
    (text,) = mail.mails
    headers, _, _ = text.partition("\r\n\r\n")
    assert entry.state == "sent"
    assert "\nBcc:" not in headers
    assert "ada@example.org" in headers


CANARY = "canary-0815-password"


@pytest.mark.parametrize(
    "url",
    [
        f"mailto://ada:{CANARY}@127.0.0.1:1?from=a@example.org&to=b@example.org",
        f"json://ada:{CANARY}@127.0.0.1:1/{CANARY}",
        f"json://ada:{CANARY}@127.0.0.1:PORT/{CANARY}?+token={CANARY}",
        f"slack://{CANARY}",
        f"unheard-of://{CANARY}@127.0.0.1/",
    ],
)
def test_no_secret_of_a_channel_is_shown(
    open_shop: "OpenShop",
    webhooks: Receiver,
    caplog: pytest.LogCaptureFixture,
    capfd: pytest.CaptureFixture[str],
    url: str,
) -> None:
    """In no log, of libraries either and however much they say; nor in the outbox."""
    caplog.set_level(logging.DEBUG)
    webhooks.status = 500
    shop = open_shop(alerts_to=url.replace("PORT", str(webhooks.port)))
    shop.fail()

    shop.turn()
    (outcome,) = shop.alerts.test()

    (entry,) = shop.alerts.outbox()
    audit, shown = list(shop.store.audit()), capfd.readouterr()
    assert entry.state == "waiting"
    assert outcome.error
    assert CANARY not in f"{entry} {outcome} {audit} {shop.settings} {shown}"
    assert CANARY not in caplog.text
