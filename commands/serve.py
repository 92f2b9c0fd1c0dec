"""`hashtag serve`."""

from pathlib import Path
from typing import Annotated
from urllib.parse import urlsplit

import typer

from .. import assembly, console
from ..core.advice import CHECK_ORIGIN
from ..core.errors import SettingsError
from .options import Db, Home


def serve(
    host: Annotated[str, typer.Option(help="The address to listen on.")] = "127.0.0.1",
    port: Annotated[
        int, typer.Option(min=0, max=65535, metavar="PORT", help="The port to listen on; 0: any that is free.")
    ] = 8000,
    home: Home = None,
    db: Db = None,
    token_file: Annotated[
        Path | None, typer.Option(help="A file of tokens, one in each line; requests must show one.")
    ] = None,
    no_auth: Annotated[bool, typer.Option("--no-auth", help="Answer everybody, also on other addresses.")] = False,
    cors_origin: Annotated[
        list[str] | None, typer.Option(metavar="URL", help="A web site whose pages may ask; may be repeated.")
    ] = None,
    rate_limit: Annotated[
        int | None,
        typer.Option(
            min=1, metavar="N", help="Requests a minute for each token or address (default: no limit here, else 1200)."
        ),
    ] = None,
) -> None:
    """Serve suggestions over HTTP, and pages for people, until Ctrl-C."""
    # Here, so that no other command loads a web server.
    from ..web.serve import serve as run
    from ..web.settings import ServerSettings, read_tokens

    if no_auth and token_file is not None:
        raise SettingsError("--no-auth answers everybody, so --token-file would have no effect; leave one out")
    tokens = read_tokens(token_file) if token_file is not None else ()
    settings = ServerSettings(
        host, port, tokens, not no_auth, tuple(_origin(url) for url in cors_origin or ()), rate_limit
    )
    run(assembly.open_home(home, db=db), settings, lambda url: console.say(f"serving on {url}; Ctrl-C ends it"))


def _origin(url: str) -> str:
    """The origin of a web site, as browsers send it. Raises SettingsError on what is none."""
    parts = urlsplit(url)
    if parts.scheme not in ("http", "https") or not parts.netloc or parts.path.strip("/") or parts.query:
        raise SettingsError(f"{url!r} is no web site", CHECK_ORIGIN)
    return f"{parts.scheme}://{parts.netloc}"
