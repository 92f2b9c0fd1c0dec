"""What new hashtags are worth: raw answers with and without them, on the test part of each set.

    .venv/bin/python benchmarks/new_hashtags.py DATA [SET ...] [--examples N]

DATA is as for quality.py, and so is the split. An unseen hashtag is one that no training post carries; without new
hashtags none can be right. N examples of new hashtags, drawn at random, are printed with the beginning of the caption,
to be read by a person: + stands before those that the post carries.
"""

import argparse
import random
import tempfile
from pathlib import Path

from quality import K, hashtag, split

from hashtag_recommender.assembly import open_recommender, read_posts
from hashtag_recommender.core.post import Post, normalise_hashtag
from hashtag_recommender.core.query import Query
from hashtag_recommender.core.suggest_options import SuggestOptions
from hashtag_recommender.eval.measures.metrics import judge, micro_average
from hashtag_recommender.retrieval.recommender import ArchiveRecommender

_AT_ONCE = 60

Answers = list[list[str]]


def ask(recommender: ArchiveRecommender, posts: list[Post], options: SuggestOptions) -> Answers:
    """The hashtags suggested for posts, normalised."""
    queries = [Query(post.caption, tuple(photo.path for photo in post.photos)) for post in posts]
    answers = []
    for start in range(0, len(queries), _AT_ONCE):
        answers += recommender.suggest_batch(queries[start : start + _AT_ONCE], options)
    return [[normalise_hashtag(found.hashtag) for found in answer.suggestions] for answer in answers]


def measure(recommender: ArchiveRecommender, posts: list[Post], k: int, examples: int) -> None:
    """Print the rows of one set."""
    truth = [post.hashtags for post in posts]
    for new in (True, False):
        at_k = ask(recommender, posts, SuggestOptions(count=k, raw=True, new=new))
        auto = ask(recommender, posts, SuggestOptions(count="auto", raw=True, new=new))
        f1 = micro_average(judge(at_k, truth).counts(k)).f1, micro_average(judge(auto, truth).counts_as_suggested()).f1
        unseen = judge(at_k, truth, lambda tag: not recommender.knows(tag)).counts_as_suggested()
        found = micro_average(unseen)
        print(
            f"  {'with new' if new else 'without':<10}{f1[0]:>8.4f}{f1[1]:>8.4f}   unseen: {unseen[:, 1].sum():>5}"
            f" suggested, precision {found.precision:.3f}, recall {found.recall:.3f}, F1 {found.f1:.3f}",
            flush=True,
        )
        if new:
            listed = [
                (tag, post)
                for tags, post in zip(at_k, posts, strict=True)
                for tag in tags
                if not recommender.knows(tag)
            ]
    for tag, post in random.Random(1).sample(listed, min(examples, len(listed))):
        own = tag in map(normalise_hashtag, post.hashtags)
        print(f"    {'+' if own else ' '} #{tag}: {' '.join(post.caption.split())[:60]}")


def main() -> None:
    """Print a table for every set."""
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("data", type=Path)
    parser.add_argument("sets", nargs="*", default=list(K))
    parser.add_argument("--examples", type=int, default=0)
    arguments = parser.parse_args()
    for name in arguments.sets:
        with tempfile.TemporaryDirectory() as temporary:
            folder, images, k = Path(temporary), arguments.data / name, K.get(name, 10)
            split(images / "posts.csv", folder)
            home = folder / "home"
            hashtag("index", "build", folder / "train.csv", "--images", images, "--home", home, "--encoders", "compact")
            read = read_posts(folder / "test.csv", images=images).read()
            posts = [post for post in read if isinstance(post, Post) and post.hashtags]
            print(f"{name}, {len(posts)} test posts: micro F1 at {k}, and auto")
            measure(open_recommender(home), posts, k, arguments.examples)


if __name__ == "__main__":
    main()
