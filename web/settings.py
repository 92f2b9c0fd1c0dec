"""How a server is set up, and the limits of what it takes."""

from collections.abc import Sequence
from dataclasses import dataclass
from ipaddress import ip_address
from pathlib import Path

from ..core.advice import NAME_TOKEN_FILE, TOKEN_LINES
from ..core.errors import SettingsError
from ..core.post import MAX_CAPTION

LEAST_TOKEN = 16  # characters
_MANY_A_MINUTE = 1200  # requests, unless told otherwise


@dataclass(frozen=True, slots=True)
class Limits:
    """What a request may cost. What is more is refused with a problem document that names the limit.

    body: bytes. bodies: bytes of all requests under way. photos: in one request. text: characters of a caption. batch:
    posts in one request. seconds: until a request has arrived, and again until it is answered. queue: requests that
    wait in one lane. at_once: requests that one lane answers together. uploads, thumbnails: bytes kept in memory.
    """

    body: int = 50_000_000
    bodies: int = 400_000_000
    photos: int = 10
    text: int = MAX_CAPTION
    batch: int = 100
    seconds: float = 30.0
    queue: int = 128
    at_once: int = 16
    uploads: int = 200_000_000
    thumbnails: int = 50_000_000


@dataclass(frozen=True, slots=True)
class ServerSettings:
    """Where a server listens and whom it answers.

    tokens: any of these opens it. auth: False if everybody may ask. origins: web sites whose pages may ask (CORS).
    rate: requests a minute for each token or address; see `most_a_minute`.
    Raises SettingsError if everybody on a network could ask without that being said.
    """

    host: str = "127.0.0.1"
    port: int = 8000
    tokens: tuple[str, ...] = ()
    auth: bool = True
    origins: Sequence[str] = ()
    rate: int | None = None
    limits: Limits = Limits()

    def __post_init__(self) -> None:
        if self.auth and not self.tokens and not self.is_local:
            raise SettingsError(
                f"{self.host} can be reached from other machines, and no token is demanded", NAME_TOKEN_FILE
            )

    @property
    def is_local(self) -> bool:
        """Whether only this machine reaches the server."""
        if self.host == "localhost":
            return True
        try:
            return ip_address(self.host).is_loopback
        except ValueError:
            return False

    @property
    def most_a_minute(self) -> int | None:
        """Requests for each token or address; None, which is no limit, only if no other machine can ask anyway."""
        return _MANY_A_MINUTE if self.rate is None and not self.is_local else self.rate

    @property
    def checks_host(self) -> bool:
        """Whether requests must name this machine: without a token, a page of any web site could ask by its own name.

        A web site can let its name point to 127.0.0.1 (DNS rebinding); what a browser then sends looks local.
        """
        return self.auth and not self.tokens


def read_tokens(file: Path) -> tuple[str, ...]:
    """The tokens of a file: one in each line, empty lines and those that begin with # aside.

    Raises SettingsError if it cannot be read, holds none, or one that is too short or not ASCII; no message shows one.
    """
    try:
        lines = file.read_text(encoding="utf-8").splitlines()
    except (OSError, UnicodeDecodeError) as error:
        reason = error.strerror if isinstance(error, OSError) else "it is not UTF-8"
        raise SettingsError(f"the tokens cannot be read from {file} ({reason})", TOKEN_LINES) from None
    tokens = tuple(line.strip() for line in lines if line.strip() and not line.startswith("#"))
    if not tokens:
        raise SettingsError(f"{file} holds no token", TOKEN_LINES)
    for token in tokens:
        if len(token) < LEAST_TOKEN or not token.isascii() or not token.isprintable() or " " in token:
            raise SettingsError(f"a token in {file} is too short, or is not made of ASCII letters", TOKEN_LINES)
    return tokens
