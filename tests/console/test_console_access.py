"""Tokens and sessions: what is forged, foreign, old or altered opens nothing."""

from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from failwell._settings import read_settings
from failwell.console import signin_link
from failwell.console._access import Access
from failwell.console._roles import Role
from failwell.testing import ManualClock

KEY = "0123456789abcdef0123456789abcdef"


def _access(key: str, clock: ManualClock) -> Access:
    return Access({Role.ADMIN: key}, clock)


def test_a_link_token_is_good_for_fifteen_minutes() -> None:
    """A token is read until its time is over, and not from then on."""
    clock = ManualClock()
    access = _access(KEY, clock)
    token = access.issue_link_token()

    clock.advance(15 * 60 - 1)
    before = access.read_link_token(token)
    clock.advance(1)
    after = access.read_link_token(token)

    assert before is not None
    assert after is None


def test_a_session_is_good_for_twelve_hours() -> None:
    """A session is read until its time is over, and not from then on."""
    clock = ManualClock()
    access = _access(KEY, clock)
    session = access.issue_session(Role.ADMIN, "key")

    clock.advance(12 * 3600 - 1)
    before = access.read_session(session)
    clock.advance(1)
    after = access.read_session(session)

    assert before is not None
    assert after is None


def test_a_token_of_one_purpose_does_not_serve_another() -> None:
    """A link's token is no session, and a session no link's token."""
    access = _access(KEY, ManualClock())

    assert access.read_session(access.issue_link_token()) is None
    assert access.read_link_token(access.issue_session(Role.ADMIN, "key")) is None


def test_a_new_key_ends_every_session_and_link() -> None:
    """What one key signed, another does not read."""
    clock = ManualClock()
    old, new = _access(KEY, clock), _access(f"{KEY}!", clock)

    assert new.read_session(old.issue_session(Role.ADMIN, "key")) is None
    assert new.read_link_token(old.issue_link_token()) is None


def test_tokens_differ_and_do_not_hold_the_key() -> None:
    """Two tokens of one moment have ids of their own; none shows the key."""
    access = _access(KEY, ManualClock())
    one, two = access.issue_link_token(), access.issue_link_token()

    tickets = access.read_link_token(one), access.read_link_token(two)

    assert tickets[0] is not None
    assert tickets[1] is not None
    assert tickets[0].id != tickets[1].id
    assert KEY not in one


@given(st.data())
def test_an_altered_session_is_refused(data: st.DataObject) -> None:
    """No single changed character leaves a session valid."""
    access = _access(KEY, ManualClock())
    session = access.issue_session(Role.ADMIN, "key")
    at = data.draw(st.integers(0, len(session) - 1))
    put = data.draw(st.characters(codec="utf-8").filter(lambda c: c != session[at]))
    # The last character of base64 has bits that are not part of the signature.
    altered = session[:at] + put + session[at + 1 :]

    ticket = access.read_session(altered)

    assert ticket is None or at == len(session) - 1


@given(st.text())
def test_any_other_text_is_refused(text: str) -> None:
    """Whatever a client sends, it is an answer, not an exception, and it is no."""
    access = _access(KEY, ManualClock())
    session = access.read_session(access.issue_session(Role.ADMIN, "key"))

    assert access.read_session(text) is None
    assert access.read_link_token(text) is None
    assert session is not None
    assert not access.is_form_token(session, text)
    assert access.role_of(text) == (Role.ADMIN if text == KEY else None)


def test_a_session_has_the_role_of_the_key_that_opened_it() -> None:
    """Name and role are read back, and a key that is exchanged ends its sessions alone."""
    clock = ManualClock()
    keys = {Role.ADMIN: KEY, Role.VIEWER: f"{KEY}-viewer"}
    before = Access(keys, clock)
    after = Access({**keys, Role.VIEWER: f"{KEY}-other"}, clock)
    sessions = [before.issue_session(role, role.word) for role in keys]

    read = [before.read_session(session) for session in sessions]
    left = [after.read_session(session) for session in sessions]

    assert [visitor and (visitor.name, visitor.role) for visitor in read] == [
        ("admin", Role.ADMIN),
        ("viewer", Role.VIEWER),
    ]
    assert [visitor is not None for visitor in left] == [True, False]


def test_a_lesser_key_signs_nothing() -> None:
    """Who knows the key of a viewer cannot make a session, not even a viewer's."""
    clock = ManualClock()
    access = Access({Role.ADMIN: KEY, Role.VIEWER: f"{KEY}-viewer"}, clock)
    forger = Access({Role.ADMIN: f"{KEY}-viewer", Role.VIEWER: f"{KEY}-viewer"}, clock)

    forged = [forger.issue_session(role, "ada") for role in (Role.ADMIN, Role.VIEWER)]

    assert [access.read_session(session) for session in forged] == [None, None]


def test_a_form_token_belongs_to_its_session() -> None:
    """The form token of one session is refused in another."""
    access = _access(KEY, ManualClock())
    mine = access.read_session(access.issue_session(Role.ADMIN, "key"))
    other = access.read_session(access.issue_session(Role.ADMIN, "key"))

    assert mine is not None
    assert other is not None
    assert access.is_form_token(mine, access.form_token(mine))
    assert not access.is_form_token(mine, access.form_token(other))


def test_no_link_without_a_console(tmp_path: Path) -> None:
    """Without a key there is nothing to sign in to, and the error says what to set."""
    settings = read_settings({}, import_name="shop", instance_path=tmp_path, environ={})

    with pytest.raises(ValueError, match="set FAILWELL_CONSOLE_KEY"):
        signin_link(settings, "http://127.0.0.1:5000")
