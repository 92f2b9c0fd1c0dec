"""What can be done about an error, apart from what happened, so that whoever shows it can put it in other words.

`code` is for programs, such as a server with advice of its own; `words` are those of the command line.
"""

from dataclasses import dataclass
from pathlib import Path


@dataclass(frozen=True, slots=True)
class Advice:
    """What to do about an error."""

    code: str
    words: str

    def __str__(self) -> str:
        return self.words


REBUILD = Advice("rebuild", "run `hashtag index build` again")
NAME_DATABASE = Advice("name_database", "name it with --db")
OTHER_HOME = Advice("other_home", "name another by --home")
OTHER_OUT = Advice("other_out", "name another folder with --out")
NAME_SOURCE = Advice("name_source", "name one with --source")
NAME_HASHTAGS = Advice("name_hashtags", 'name them with --hashtags "brunch 카페"')
NAME_ENCODING = Advice("name_encoding", "pass --encoding NAME")
LEAVE_ENCODING_OUT = Advice("leave_encoding_out", "leave --encoding out")
LEAVE_IMAGES_OUT = Advice("leave_images_out", "leave --images out")
OTHER_IMAGES = Advice("other_images", "name another with --images")
MAKE_ROOM = Advice("make_room", "see that its disk has room and that the folder can be written")
LIST_POSTS = Advice("list_posts", "`hashtag posts list` shows which there are")
LIST_SOURCES = Advice("list_sources", "`hashtag sources list` shows which there are")
LIST_RULES = Advice("list_rules", "`hashtag tags list` shows all rules")
LIST_SNAPSHOTS = Advice("list_snapshots", "`hashtag index history` lists them")
ALLOW_SHRINK = Advice("allow_shrink", "if that is right, run `hashtag index refresh --allow-shrink`")
ADD_SOURCE = Advice("add_source", "name one with `hashtag sources add SOURCE`, or run `hashtag index build SOURCE`")


def build_first(home: Path) -> Advice:
    """There is no index yet."""
    return Advice("build", f"run `hashtag index build SOURCE --home {home}` first")
