"""The `hashtag` command: its groups of commands together, and what ends them all."""

import logging
import os
import sys
import warnings
from importlib.metadata import version
from io import TextIOWrapper
from typing import Annotated

import typer

from . import console
from .commands import evaluation, export, feedback, index, models, posts, schedule, sources, tags
from .commands.backup import backup, restore
from .commands.caption import caption
from .commands.serve import serve
from .commands.suggest import suggest
from .commands.tree import Group, make_command
from .core.errors import HashtagError
from .core.program import PROGRAM

_INTERRUPTED = 130  # the exit code after Ctrl-C

app = typer.Typer(
    cls=Group,
    no_args_is_help=True,
    add_completion=False,
    pretty_exceptions_enable=False,
    rich_markup_mode="rich",
)
app.add_typer(index.app, name="index")
app.command("suggest")(suggest)
app.command("caption")(caption)
app.add_typer(sources.app, name="sources")
app.add_typer(posts.app, name="posts")
app.add_typer(tags.app, name="tags")
app.add_typer(feedback.app, name="feedback")
app.add_typer(models.app, name="models")
app.add_typer(evaluation.app, name="eval")
app.add_typer(export.app, name="export")
app.command("serve")(serve)
app.add_typer(schedule.app, name="schedule")
app.command("backup")(backup)
app.command("restore")(restore)


def _show_version(asked: bool) -> None:
    if asked:
        console.say(f"hashtag {version(PROGRAM)}")
        raise typer.Exit


@app.callback()
def hashtag(
    _: Annotated[
        bool, typer.Option("--version", callback=_show_version, is_eager=True, help="Show the version and exit.")
    ] = False,
) -> None:
    """Suggests hashtags for a new post from the posts of your own archive that look and read like it."""


class _Told(logging.Handler):
    """What the package logs, as notes to the person at the terminal."""

    def emit(self, record: logging.LogRecord) -> None:
        """See `logging.Handler.emit`."""
        console.tell([record.getMessage()])


def main() -> None:
    """Run the command; errors end it with one line and the exit code of their kind."""
    # What matters of a photo is in its reject; Pillow's warnings of odd metadata are nothing to act on.
    warnings.filterwarnings("ignore", module="PIL")
    # Matrix products of finite numbers raise these flags now and then: OpenBLAS computes on the padding, too.
    flags = "(divide by zero|overflow|invalid value) encountered in (matmul|dot)"
    warnings.filterwarnings("ignore", flags, RuntimeWarning)
    for stream in (sys.stdout, sys.stderr):
        if isinstance(stream, TextIOWrapper):  # a terminal or pipe in cp949 has no ☕, which must not end the command
            stream.reconfigure(errors="replace")
    logging.getLogger(__package__).handlers = [_Told(logging.WARNING)]
    try:
        make_command(app)()
    except SystemExit as end:
        if end.code == _INTERRUPTED:
            console.complain("stopped; nothing that was there before has changed; run the command again to continue")
        raise
    except HashtagError as error:
        console.complain(" ".join(str(error).split()))
        sys.exit(error.exit_code)
    except BrokenPipeError:
        # The reader of our output has gone; keep Python from complaining once more at exit.
        os.dup2(os.open(os.devnull, os.O_WRONLY), sys.stdout.fileno())
        sys.exit(1)


if __name__ == "__main__":
    main()
