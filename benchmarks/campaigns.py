"""How good suggestions are for a shop that posts the same campaigns again and again: micro F1 at 10.

    .venv/bin/python benchmarks/campaigns.py [--seeds N]

The archives are made here, in invented Korean and English words: 1,500 posts, captions alone. A campaign has 2 to 40
copies; each names a product, a price, a branch and a date of its own, and says one word in five otherwise. The hashtags
are the shop's, the campaign's, those of the product and the branch, and noise. Of 400 new posts, half are further
copies of known campaigns, and half belong to new campaigns with known products and branches. The channel is that of
n-grams. Omikuji learns from the same posts. The figures are means over the seeds.
"""

import argparse
import csv
import tempfile
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import NamedTuple, SupportsIndex, TypeVar

import numpy as np

from hashtag_recommender.assembly import open_recommender, read_posts
from hashtag_recommender.assembly.home import Home
from hashtag_recommender.assembly.refresh.build import build_channels
from hashtag_recommender.core.post import Post
from hashtag_recommender.core.query import Query
from hashtag_recommender.core.settings import Settings
from hashtag_recommender.core.suggest_options import SuggestOptions
from hashtag_recommender.eval.measures.metrics import micro
from hashtag_recommender.eval.systems.references.omikuji import BONSAI, Omikuji
from hashtag_recommender.index.snapshots.build import ChannelPlan
from hashtag_recommender.retrieval.encoders.ngrams import NgramEncoder
from hashtag_recommender.retrieval.encoders.profiles import EncoderSpec
from hashtag_recommender.retrieval.recommender import ArchiveRecommender

POSTS, NEW, K = 1500, 400, 10
KEPT = 0.8  # the chance that a copy has a hashtag of its campaign, product or branch
CHANGED = 0.2  # the part of a campaign's words that a copy says otherwise
KOREAN = [
    *"가나다라마바사아자차카타파하고노도로모보소오조초구누두루무부수우주추경민서원진산울빛결들담길솔별람온유현찬은한"
]
ENGLISH = [start + vowel for start in "b d f g k l m n p r s t v br st tr cl".split() for vowel in "aeiou"]

T = TypeVar("T")


@dataclass(frozen=True)
class Setting:
    """shops: how many. greeted: the part of the campaigns whose copies all begin with the greeting of their shop."""

    shops: int
    greeted: float


class Made(NamedTuple):
    """A post."""

    caption: str
    hashtags: list[str]


class Named(NamedTuple):
    """A product or a branch. Half of them have hashtags that no caption names."""

    name: str
    hashtags: list[str]


class Shop(NamedTuple):
    """A shop that writes in one language. usage: by hashtag, how often it is used."""

    greeting: list[str]
    closing: list[str]
    usage: dict[str, float]
    products: list[Named]
    branches: list[Named]
    themes: list[tuple[list[str], list[str]]]


class Campaign(NamedTuple):
    """What its copies are made of."""

    shop: Shop
    greeted: bool
    words: list[str]
    hashtags: list[str]
    products: list[Named]
    branches: list[Named]


class Inventor:
    """Invents words, shops, campaigns and posts."""

    def __init__(self, setting: Setting, seed: int) -> None:
        self.rng = np.random.default_rng(seed)
        self._greeted = setting.greeted
        self._used: set[str] = set()
        self._common = self.words(300)
        self._noise = self.words(400)
        self._shops = [self._shop(60 // setting.shops, 24 // setting.shops) for _ in range(setting.shops)]

    def words(self, n: int) -> list[str]:
        """New words, half of them Korean."""
        found: list[str] = []
        while len(found) < n:
            syllables = KOREAN if self.rng.random() < 0.5 else ENGLISH
            word = "".join(self.rng.choice(syllables, self.rng.integers(2, 5)))
            if word not in self._used:
                self._used.add(word)
                found.append(word)
        return found

    def campaign(self) -> Campaign:
        """A new campaign on one of its shop's themes."""
        shop = self._shops[self.rng.integers(len(self._shops))]
        words, hashtags = shop.themes[self.rng.integers(len(shop.themes))]
        said = [*self._say(10), *self._some(words, 6), *self.words(4)]
        own = [*self._some(hashtags, 3), *self.words(int(self.rng.integers(3)))]
        products, branches = self.rng.integers(1, 7), self.rng.integers(1, 6)
        greeted = bool(self.rng.random() < self._greeted)
        return Campaign(
            shop, greeted, said, own, self._some(shop.products, products), self._some(shop.branches, branches)
        )

    def copy(self, campaign: Campaign) -> Made:
        """A post of a campaign."""
        rng, shop = self.rng, campaign.shop
        (product,), (branch,) = self._some(campaign.products, 1), self._some(campaign.branches, 1)
        said = [self._say(1)[0] if rng.random() < CHANGED else word for word in campaign.words]
        offer = [
            product.name,
            f"{rng.integers(1, 60)},000",
            branch.name,
            f"{rng.integers(1, 13)}/{rng.integers(1, 29)}",
        ]
        start = shop.greeting if campaign.greeted else [*offer[:2], *self._say(1)]
        caption = " ".join([*start, *said[:10], *offer, *said[10:], *shop.closing])
        hashtags = [tag for tag, usage in shop.usage.items() if rng.random() < usage]
        varied = [*campaign.hashtags, *product.hashtags, *branch.hashtags]
        hashtags += [tag for tag in varied if rng.random() < KEPT]
        return Made(caption, list(dict.fromkeys([*hashtags, *self._some(self._noise, rng.poisson(1))])))

    def _shop(self, products: int, branches: int) -> Shop:
        return Shop(
            self._say(12) + self.words(6),
            self._say(6),
            dict(zip(self.words(6), self.rng.uniform(0.15, 0.95, 6).tolist(), strict=True)),
            [self._named() for _ in range(products)],
            [self._named() for _ in range(branches)],
            [(self.words(12), self.words(5)) for _ in range(10)],
        )

    def _named(self) -> Named:
        (name, other) = self.words(2)
        stem = name if self.rng.random() < 0.5 else other
        return Named(name, [stem, *(stem + end for end in self._some(["맛집", "추천", "deal"], self.rng.integers(3)))])

    def _say(self, n: int) -> list[str]:
        """Common words, some far more often than others."""
        usage = 1 / np.arange(1, len(self._common) + 1)
        return [self._common[i] for i in self.rng.choice(len(self._common), n, p=usage / usage.sum())]

    def _some(self, things: Sequence[T], n: SupportsIndex) -> list[T]:
        """At most n of them, each once."""
        return [things[i] for i in self.rng.permutation(len(things))[:n]]


def make(setting: Setting, seed: int) -> tuple[list[Made], list[Made]]:
    """The posts of an archive, and new posts: first the copies of known campaigns, then those of new ones."""
    inventor = Inventor(setting, seed)
    posts: list[Made] = []
    campaign_of: list[Campaign] = []
    while len(posts) < POSTS:
        campaign = inventor.campaign()
        copies = min(2 + int(3 * inventor.rng.pareto(1.5)), 40, POSTS - len(posts))
        posts += [inventor.copy(campaign) for _ in range(copies)]
        campaign_of += [campaign] * copies
    known = [inventor.copy(campaign_of[inventor.rng.integers(POSTS)]) for _ in range(NEW // 2)]
    return posts, known + [inventor.copy(inventor.campaign()) for _ in range(NEW // 2)]


def build(posts: Sequence[Made], folder: Path) -> ArchiveRecommender:
    """The product, from a file of posts."""
    with (folder / "posts.csv").open("w", encoding="utf-8", newline="") as file:
        writer = csv.writer(file)
        writer.writerow(["text", "hashtags"])
        writer.writerows((post.caption, " ".join(post.hashtags)) for post in posts)
    home = folder / "home"
    plan = ChannelPlan(NgramEncoder(), EncoderSpec("ngrams").to_json())
    build_channels(Home(Settings(home)), [plan], read_posts(folder / "posts.csv"))
    return open_recommender(home)


def measure(setting: Setting, seed: int) -> dict[str, list[float]]:
    """By system, micro F1 of copies of known campaigns and of new campaigns."""
    posts, new = make(setting, seed)
    queries = [Query(post.caption) for post in new]
    with tempfile.TemporaryDirectory() as folder:
        product = build(posts, Path(folder))
        answers = {
            name: [
                [found.hashtag for found in answer.suggestions]
                for answer in recommender.suggest_batch(queries, SuggestOptions(count=K, raw=True))
            ]
            for name, recommender in (("vote", product.by_vote()), ("product", product))
        }
    rival = Omikuji(BONSAI, NgramEncoder())
    learned = [Post("made", str(i), post.caption, tuple(post.hashtags)) for i, post in enumerate(posts)]
    rival.fit(learned, learned[:100])  # the validation posts only decide a free number, which is not asked for
    answers[rival.name] = [[scored.hashtag for scored in answer] for answer in rival.suggest(queries, K)]
    truth = [post.hashtags for post in new]
    halves = slice(0, NEW // 2), slice(NEW // 2, NEW)
    return {name: [micro(some[half], truth[half], K).f1 for half in halves] for name, some in answers.items()}


def main() -> None:
    """Print a table."""
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--seeds", type=int, default=2)
    seeds = range(parser.parse_args().seeds)
    print("| shops | greeted | system | known campaigns | new campaigns |\n|---|---|---|---|---|")
    for setting in (Setting(1, 0.0), Setting(1, 0.9), Setting(4, 0.9)):
        measured = [measure(setting, seed) for seed in seeds]
        for system in measured[0]:
            known, new = np.mean([by_system[system] for by_system in measured], axis=0)
            print(f"| {setting.shops} | {setting.greeted:.0%} | {system} | {known:.3f} | {new:.3f} |", flush=True)


if __name__ == "__main__":
    main()
