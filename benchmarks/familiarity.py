"""How well an answer tells what the archive knows nothing of.

    .venv/bin/python benchmarks/familiarity.py DATA [SET ...]

DATA is as for quality.py. Each archive is asked for its own test posts and for those of the other sets, all as new
posts. AUROC: how often an own post has the higher familiarity of a random pair; posts of the other sets that are in
the same language, and in any. Reliability: of own posts by tenths of familiarity, the mean familiarity and the fraction
of which at least one of the five likeliest hashtags was right; ECE is the expected calibration error.
"""

import argparse
import tempfile
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

import numpy as np
from quality import K, hashtag, split
from sklearn.metrics import roc_auc_score

from hashtag_recommender.assembly import open_recommender, read_posts
from hashtag_recommender.core.post import Post, normalise_hashtag
from hashtag_recommender.core.query import Query
from hashtag_recommender.core.results import Answer
from hashtag_recommender.core.suggest_options import SuggestOptions
from hashtag_recommender.core.writing_systems import mostly_written_in
from hashtag_recommender.retrieval.recommender import ArchiveRecommender
from hashtag_recommender.retrieval.reranking.familiarity import LITTLE_KNOWN

LANGUAGE = {"cafe_ko": "ko", "film_ko": "ko", "recipes_en": "en", "tweets_en": "en"}
BEST = SuggestOptions(count=5, raw=True)
AT_ONCE = 256


@dataclass(frozen=True)
class Asked:
    """Posts as queries, in their order: their hashtags, normalised, and what an archive answered."""

    queries: list[Query]
    truth: list[set[str]]

    def familiarity(self, answers: Sequence[Answer]) -> "np.ndarray[tuple[int], np.dtype[np.float64]]":
        """Of each query; NaN where none is known."""
        return np.asarray([np.nan if a.familiarity is None else a.familiarity for a in answers], dtype=np.float64)


def posts_of(folder: Path, images: Path) -> Asked:
    """The test posts of a set."""
    posts = [post for post in read_posts(folder / "test.csv", images=images).read() if isinstance(post, Post)]
    queries = [Query(post.caption, tuple(photo.path for photo in post.photos)) for post in posts]
    return Asked(queries, [set(map(normalise_hashtag, post.hashtags)) for post in posts])


def answers_of(recommender: ArchiveRecommender, queries: Sequence[Query]) -> list[Answer]:
    """The five likeliest hashtags for each query."""
    parts = [queries[start : start + AT_ONCE] for start in range(0, len(queries), AT_ONCE)]
    return [answer for part in parts for answer in recommender.suggest_batch(part, BEST)]


def report(name: str, home: Path, asked: dict[str, Asked]) -> None:
    """Print the tables of one archive."""
    recommender = open_recommender(home)
    own = asked[name]
    answers = answers_of(recommender, own.queries)
    familiarity = own.familiarity(answers)
    known = ~np.isnan(familiarity)
    pairs = zip(answers, own.truth, strict=True)
    right = np.asarray([any(normalise_hashtag(s.hashtag) in tags for s in a.suggestions) for a, tags in pairs])
    print(f"\n{name}: {len(known)} own test posts, {int((~known).sum())} with nothing to compare")
    print("| asked about | posts | AUROC | mean familiarity | said to be little known |")
    print("|---|---|---|---|---|")
    rows = {name: familiarity[known]}
    for other, them in asked.items():
        if other == name:
            continue
        theirs = them.familiarity(answers_of(recommender, them.queries))
        alike = [mostly_written_in(query.caption, [LANGUAGE[name]]) for query in them.queries]
        if LANGUAGE[other] == LANGUAGE[name]:
            rows[f"{other}, in {LANGUAGE[name]}"] = theirs[np.asarray(alike) & ~np.isnan(theirs)]
        else:
            rows[other] = theirs[~np.isnan(theirs)]
    for whose, values in rows.items():
        labels = np.repeat([1, 0], [len(familiarity[known]), len(values)])
        auroc = roc_auc_score(labels, np.concatenate([familiarity[known], values])) if whose != name else np.nan
        little = np.mean(values < LITTLE_KNOWN)
        print(f"| {whose} | {len(values)} | {auroc:.3f} | {values.mean():.2f} | {little:.0%} |", flush=True)
    tenth = np.minimum((familiarity[known] * 10).astype(int), 9)
    error = 0.0
    print("| familiarity | posts | mean | one of five was right |\n|---|---|---|---|")
    for i in np.unique(tenth).tolist():
        said, was = familiarity[known][tenth == i], right[known][tenth == i]
        error += len(said) * abs(said.mean() - was.mean())
        print(f"| {i / 10:.1f} to {(i + 1) / 10:.1f} | {len(said)} | {said.mean():.2f} | {was.mean():.2f} |")
    print(f"ECE {error / max(1, int(known.sum())):.3f}", flush=True)


def main() -> None:
    """Print the tables of every set."""
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("data", type=Path)
    parser.add_argument("sets", nargs="*", default=list(K))
    arguments = parser.parse_args()
    with tempfile.TemporaryDirectory() as temporary:
        folders = {name: Path(temporary) / name for name in LANGUAGE}
        asked = {}
        for name, folder in folders.items():
            folder.mkdir()
            split(arguments.data / name / "posts.csv", folder)
            asked[name] = posts_of(folder, arguments.data / name)
        for name in arguments.sets:
            home, images = folders[name] / "home", arguments.data / name
            sources = folders[name] / "train.csv", "--images", images
            hashtag("index", "build", *sources, "--home", home, "--encoders", "compact")
            report(name, home, asked)


if __name__ == "__main__":
    main()
