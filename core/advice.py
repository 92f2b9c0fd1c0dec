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


def advised(message: str, advice: Advice | None) -> str:
    """A message and what to do about it, as one text."""
    return message if advice is None else f"{message}; {advice}"


def write_like(option: str, example: str) -> Advice:
    """A value is not what its option takes."""
    return Advice("write_like", f"write {option} like {example}")


# The index and its snapshots
REBUILD = Advice("rebuild", "run `hashtag index build` again")
UPGRADE_OR_REBUILD = Advice("upgrade_or_rebuild", "upgrade hashtag-recommender, or run `hashtag index build` again")
LIST_SNAPSHOTS = Advice("list_snapshots", "`hashtag index history` lists them")
ALLOW_SHRINK = Advice("allow_shrink", "if that is right, run `hashtag index refresh --allow-shrink`")


def build_first(home: Path) -> Advice:
    """There is no index yet."""
    return Advice("build", f"run `hashtag index build SOURCE --home {home}` first")


# The home
OTHER_HOME = Advice("other_home", "name another with --home or HASHTAG_HOME")
OTHER_HOME_OR_FORCE = Advice("other_home_or_force", "name another with --home, or move it aside with --force")
MAKE_ROOM = Advice("make_room", "see that its disk has room and that the folder can be written")
WAIT = Advice("wait", "wait until it has finished")

# The database
NAME_DATABASE = Advice("name_database", "name it with --db")
NAME_DATABASE_OF_INDEX = Advice("name_database_of_index", "name the one that the index was built from with --db")
OTHER_DATABASE = Advice("other_database", "name another with --db")
MOVE_DATABASE = Advice("move_database", "move it away, or name another with --db")
START_OVER = Advice("start_over", "move it away and build again")
RESTORE_BACKUP = Advice("restore_backup", "restore a backup")
TRY_LATER = Advice("try_later", "try again when it has finished")
FREE_DISK = Advice("free_disk", "make room on its disk")
CHECK_DATABASE_FOLDER = Advice(
    "check_database_folder", "see that its folder exists and can be written, or name another with --db"
)
CHECK_DATABASE_FILE = Advice(
    "check_database_file", "see that the file and its folder can be written, or name another with --db"
)
CHECK_DATABASE_DISK = Advice("check_database_disk", "see that its disk has room and works")
CHECK_DISK_OR_START_OVER = Advice(
    "check_disk_or_start_over", "see that its disk works, or move it away and build again"
)
CHECK_DATABASE_SERVER = Advice(
    "check_database_server", "see that its server runs and that --db names the right host, user and password"
)
CHECK_DATABASE_URL = Advice("check_database_url", "see that --db is right")
INSTALL_DRIVER = Advice("install_driver", "install it (pip install 'psycopg[binary]' for PostgreSQL)")
DATABASE_OPTION_OUT = Advice("database_option_out", "remove it from --db")


def install_driver_or(example: str) -> Advice:
    """The database needs a driver that is not installed; others need none."""
    return Advice("install_driver", f"{INSTALL_DRIVER}, or write --db like {example}")


def upgrade_to(release: str) -> Advice:
    """A later release wrote the database. release: the first that can read it, "" if it is not known."""
    least = f" to {release} or later" if release else ""
    return Advice("upgrade", f"upgrade hashtag-recommender{least}, or {OTHER_DATABASE}")


# A source, and how it is read
LIST_SOURCES = Advice("list_sources", "`hashtag sources list` shows which there are")
ADD_SOURCE = Advice("add_source", "name one with `hashtag sources add SOURCE`, or run `hashtag index build SOURCE`")
NAME_SOURCE = Advice("name_source", "name one with --source")
OTHER_SOURCE_NAME = Advice("other_source_name", "give it another name with --source")
NAME_QUERY = Advice("name_query", 'tell what to read of it with --query "SELECT ..."')
CHECK_QUERY = Advice("check_query", "see that SOURCE and --query are right")
NAME_ENCODING = Advice("name_encoding", "pass --encoding NAME")
OTHER_ENCODING = Advice("other_encoding", "pass another --encoding")
KNOWN_ENCODING = Advice("known_encoding", "try --encoding utf-8, cp949 or utf-16")
LEAVE_ENCODING_OUT = Advice("leave_encoding_out", "leave --encoding out")
LEAVE_IMAGES_OUT = Advice("leave_images_out", "leave --images out")
OTHER_IMAGES = Advice("other_images", "name another with --images")
NAME_IMAGES = Advice("name_images", "--images names the folder of photos")
NAME_COLUMN_OF_HASHTAGS = Advice("name_column", "name the column that holds them with --hashtags-column")


def name_column(*options: str) -> Advice:
    """No column is known for something. options: those that name a column for it."""
    return Advice("name_column", "name it with " + " or ".join(f"{option} NAME" for option in options))


def other_column(option: str) -> Advice:
    """An option names a column that is not there."""
    return Advice("other_column", f"name another with {option}")


# Where hashtags are looked for, if none was found
IN_CAPTIONS = Advice("hashtags_in_captions", "they are looked for as #words in captions")
IN_CAPTIONS_AND_COMMENTS = Advice(
    "hashtags_in_captions_and_comments",
    "they are looked for as #words in captions, and in the first comment of the author",
)
BESIDE_PHOTOS = Advice(
    "hashtags_beside_photos",
    "they are looked for as #words in the texts beside photos, as keywords in XMP and IPTC, and as tags in JSON; "
    "a text of words without # is taken as a caption",
)
IN_MEMORY = Advice("hashtags_in_memory", "posts in memory carry the hashtags that they carry")

# Single posts, feedback and rules
LIST_POSTS = Advice("list_posts", "`hashtag posts list` shows which there are")
NAME_HASHTAGS = Advice("name_hashtags", 'name them with --hashtags "brunch 카페"')
NAME_CHANGES = Advice("name_changes", "name photos, --text, --hashtags, --author or --posted-at")
OTHER_ID = Advice("other_id", "give another, or leave --id out")
LIST_RULES = Advice("list_rules", "`hashtag tags list` shows all rules")

# Models
OTHER_ENCODERS = Advice("other_encoders", "choose --encoders clip or auto")


def download(repository: str) -> Advice:
    """The weights of a model are missing, but are on the hub."""
    return Advice("download", f"`hf download {repository}` fetches them")


def pull_or_name(kind: str, repository: str | None = None) -> Advice:
    """The weights of a model are missing. kind: what can be named instead. repository: on the hub, if it is known."""
    words = f"`hashtag models pull clip` fetches those of the clip profile, or name another {kind}"
    return Advice("pull_or_name", words if repository is None else f"{words}; {download(repository)}")


# A Ray cluster
INSTALL_RAY = Advice("install_ray", 'run `pip install "hashtag-recommender[ray]"`, or leave --engine out')
CHECK_RAY_ADDRESS = Advice(
    "check_ray_address", "see that the cluster runs (`ray status`) and that --ray-address is right"
)
START_RAY = Advice("start_ray", "start one with `ray start --head`, or name another with --ray-address")
RUN_ON_NODE = Advice("run_on_node", "run the command on a node of the cluster, and name it like --ray-address auto")
INSTALL_ALIKE = Advice("install_alike", "install the same releases on all machines of the cluster")
SHARE_FOLDERS = Advice(
    "share_folders", "see that all machines of the cluster have the home and the photos under the same paths"
)
RUN_AGAIN = Advice("run_again", "run the command again: it goes on from what has been encoded")


# Milvus
INSTALL_MILVUS = Advice("install_milvus", 'run `pip install "hashtag-recommender[milvus]"`, or leave --index out')
INSTALL_MILVUS_LITE = Advice(
    "install_milvus_lite", "run `pip install --no-deps milvus-lite`, or name a server with --index"
)
NAME_MILVUS = Advice(
    "name_milvus", "name --index like milvus://HOST:19530/NAME or milvus://./posts.db, or faiss for files of the home"
)
NAME_MILVUS_TOKEN = Advice(
    "name_milvus_token", "leave it out of --index, and set MILVUS_TOKEN to USER:PASSWORD or a key"
)
CHECK_MILVUS = Advice(
    "check_milvus",
    "see that Milvus runs there, that --index is right, and that MILVUS_TOKEN holds the token, if it wants one",
)
CHECK_MILVUS_FILE = Advice(
    "check_milvus_file", "see that no other process has it open, and that it is a file of Milvus Lite 3 or new"
)


# The server
NAME_TOKEN_FILE = Advice(
    "name_token_file", "name a file with a token (--token-file FILE), or say --no-auth if everybody may ask"
)
TOKEN_LINES = Advice(
    "token_lines",
    "write one token in each line, of 16 letters and digits at least; "
    "python3 -c 'import secrets; print(secrets.token_urlsafe())' makes one",
)
OTHER_PORT = Advice("other_port", "choose another --port or --host")
CHECK_ORIGIN = Advice("check_origin", "write it like https://example.org")

# Evaluations, and metrics of a refresh
OTHER_OUT = Advice("other_out", "name another folder with --out")
EMPTY_OUT = Advice("empty_out", "name an empty folder with --out")
OTHER_OUT_OR_DELETE = Advice("other_out_or_delete", "name another folder with --out, or delete that one")
INSTALL_EVAL = Advice("install_eval", 'run `pip install "hashtag-recommender[eval]"`')
OTHER_METRICS = Advice("other_metrics", "name another with --metrics")
CHECK_METRICS = Advice("check_metrics", "see that its folder can be written, or name another with --metrics")

# An index
LARGER_MEMORY = Advice("larger_memory", "allow more with --memory")

# A student
LARGER_LIMIT = Advice("larger_limit", "allow more with --size-limit")
QUANTISE_OR_LARGER_LIMIT = Advice("quantise_or_larger_limit", "add --quantize int8, or allow more with --size-limit")
WITHOUT_QUANTISATION = Advice("without_quantisation", "leave --quantize out")
INSTALL_LITERT = Advice("install_litert", 'run `pip install "hashtag-recommender[litert]"`, or leave --litert out')
MORE_PHOTOS = Advice("more_photos", "add posts with photos, and run `hashtag index refresh`")
OTHER_FILE = Advice("other_file", "name another file with --out")

# Schedules
OTHER_CLAIM = Advice("other_claim", "name another with --pvc")
RENAME_OR_SYSTEMD = Advice("rename_or_systemd", "rename it, or use `hashtag schedule systemd`")


def leave_database_out(instead: str) -> Advice:
    """The address of the database holds a password. instead: where to write it."""
    return Advice("leave_database_out", f"leave --db out and {instead}")
