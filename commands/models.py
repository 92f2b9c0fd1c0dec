"""`hashtag models`."""

from enum import StrEnum
from typing import Annotated

import typer

from .. import assembly, console
from ..core.settings import Profile
from .options import AsJson, print_json
from .tree import make_group

app = make_group("List and download model weights.")


class Pullable(StrEnum):
    """Profiles that have models of their own."""

    clip = Profile.clip
    compact = Profile.compact


@app.command("list")
def list_models(as_json: AsJson = False) -> None:
    """Show which weights are on this machine, and how large the others are."""
    states = assembly.model_states()
    if as_json:
        print_json([state.to_json() for state in states])
    else:
        console.show_models(states)


@app.command("pull")
def pull_models(
    profile: Annotated[Pullable, typer.Argument(help="The profile; only clip has weights to download.")],
) -> None:
    """Download the weights of a profile, and export its models for ONNX Runtime."""
    for name in assembly.pull_models(Profile(profile)):
        console.say(f"{name}: ready")
