"""Who may ask: a program shows a token, a browser the session that it got for one."""

import hmac
import time
from collections.abc import Sequence
from hashlib import sha256

from starlette.requests import HTTPConnection

COOKIE = "hashtag_session"
LIFETIME = 30 * 24 * 3600  # seconds of a session

_SCHEME = "bearer"


def find_token(connection: HTTPConnection, tokens: Sequence[str]) -> str | None:
    """The token by which a request may pass, of its header `Authorization` or of its session; None if by none."""
    scheme, _, shown = connection.headers.get("authorization", "").partition(" ")
    if scheme.lower() == _SCHEME:
        return known_token(shown.strip(), tokens)
    session = connection.cookies.get(COOKIE)
    return None if session is None else _token_of(session, tokens)


def known_token(shown: str, tokens: Sequence[str]) -> str | None:
    """The token that somebody shows; None if it is not known.

    All are compared, each in constant time, so that time tells nothing of them.
    """
    equal = [token for token in tokens if hmac.compare_digest(shown.encode(errors="replace"), token.encode())]
    return equal[0] if equal else None


def open_session(token: str) -> str:
    """The value of a cookie that stands for a token until it expires. The token cannot be read from it."""
    expires = str(int(time.time()) + LIFETIME)
    return f"{expires}.{_seal(token, expires)}"


def _token_of(session: str, tokens: Sequence[str]) -> str | None:
    expires, _, seal = session.partition(".")
    if not (expires.isascii() and expires.isdigit()) or len(expires) > 12 or int(expires) < time.time():
        return None
    sealed = [
        token for token in tokens if hmac.compare_digest(seal.encode(errors="replace"), _seal(token, expires).encode())
    ]
    return sealed[0] if sealed else None


def _seal(token: str, expires: str) -> str:
    return hmac.new(token.encode(), f"session {expires}".encode(), sha256).hexdigest()
