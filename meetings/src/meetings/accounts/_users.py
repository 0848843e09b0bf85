"""Users: registering, signing in, being recognised by a token."""

from sqlalchemy import select
from sqlalchemy.orm import Session

from failwell import AuthenticationError, InvalidTokenError
from meetings._clock import utc_now
from meetings.accounts._passwords import Passwords
from meetings.accounts._roles import Caller
from meetings.accounts._tokens import Tokens
from meetings.storage import Role, User


def register(
    session: Session, *, email: str, name: str, password_hash: str, role: Role
) -> User:
    """Add a user to the running transaction and return it with its id.

    Raises:
        sqlalchemy.exc.IntegrityError: The e-mail address is taken.
    """
    user = User(
        email=email,
        name=name,
        password_hash=password_hash,
        role=role.value,
        created_at=utc_now(),
    )
    session.add(user)
    session.flush()
    return user


def authenticate(
    session: Session, passwords: Passwords, email: str, password: str
) -> User:
    """Return the user with these credentials.

    Raises:
        AuthenticationError: There is none; the same for an unknown address and for a
            wrong password, after the same time.
    """
    user = session.scalar(select(User).where(User.email == email))
    if (
        not passwords.matches(user.password_hash if user else None, password)
        or not user
    ):
        message = "Wrong e-mail address or password"
        raise AuthenticationError(message)
    return user


def recognise(session: Session, tokens: Tokens, token: str) -> Caller:
    """Return who this access token belongs to.

    Raises:
        InvalidTokenError: Nobody any more.
        jwt.PyJWTError: The token is not valid.
    """
    user_id = tokens.user_id(token)
    role = session.scalar(select(User.role).where(User.id == user_id))
    if role is None:
        raise InvalidTokenError
    return Caller(user_id, Role(role))
