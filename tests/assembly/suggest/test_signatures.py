"""The signatures of others in an archive of which no author is known."""

import pytest

from ..conftest import CAFE, WORDS, built, make_rows, removed, tags

ROASTERS = 12  # each of which puts the same hashtags under its five posts


@pytest.fixture(scope="module")
def home(tmp_path_factory):
    rows = [[post_id, text, of, "", posted] for post_id, text, of, _, posted in make_rows(120, 4)]
    for roaster in range(ROASTERS):
        for i in range(5):
            text = f"카페 라떼 창가 오늘 roastery{roaster}beans {WORDS[roaster]} {WORDS[5 + i]}"
            of = f"roaster{roaster} beansby{roaster} house{roaster} 카페{i}"
            rows.append([f"roaster{roaster}-{i}", text, of, "", ""])
    return built(tmp_path_factory.mktemp("roasters"), rows)


def test_guessed_signatures_come_only_if_the_caption_names_them_or_a_rule_allows_them(home, ask, hashtag):
    text = f"{CAFE} {WORDS[3]}"
    everything = ask(home, text, "--count", 30, "--raw")
    signed = [tag for tag in tags(everything) if tag.startswith(("roaster", "beansby", "house"))]
    likeliest = signed[0]
    answer = ask(home, text, "--count", 30)
    assert not set(signed) & set(tags(answer))
    assert (likeliest, "signature") in removed(answer)
    assert likeliest in tags(ask(home, f"{text}, {likeliest}", "--count", 30))
    assert hashtag("tags", "allow", likeliest, "--home", home).code == 0
    assert likeliest in tags(ask(home, text, "--count", 30))
    hashtag("tags", "remove", likeliest, "--home", home)
