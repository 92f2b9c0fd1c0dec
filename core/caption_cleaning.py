"""Takes out of a caption what belongs to its own author, so that it can serve another post."""

import re
from dataclasses import dataclass

_MONTHS = "jan(?:uary)?|feb(?:ruary)?|mar(?:ch)?|apr(?:il)?|may|june?|july?|aug(?:ust)?|sept?(?:ember)?|oct(?:ober)?|"
_MONTHS += "nov(?:ember)?|dec(?:ember)?"
_YEAR = "(?:19|20)[0-9]{2}"
_NUMBER = "[0-9](?:[0-9,.]*[0-9])?"
_TOP_LEVEL = "com|net|org|io|kr|jp|cn|tw|hk|uk|de|fr|nl|eu|ca|au|ru|br"

# A label or a preposition that only leads to what stands behind it goes with it: `Tel: 02-123-4567`, `on May 3rd`. So
# does a particle of Korean that binds it to the rest.
_BEFORE_EMAIL = r"(?:\b(?:e-?mail|mail|contact|메일|이메일)\b\s*[:：]?\s*)?"
_BEFORE_LINK = r"(?:(?:link|website|web|homepage|blog|링크|홈페이지|블로그|사이트)\s*[:：]\s*)?"
_BEFORE_MENTION = (
    r"(?:\b(?:via|by|rt|cc|credit|photo by|repost from|and|with|to|for|at|from)\b\s*[:：]?\s*"
    r"|[📷📸]\ufe0f?\s*[:：]?\s*)?"
)
_BEFORE_PHONE = (
    r"(?:(?:tel|phone|call|mobile|전화|전화번호|문의|연락처|예약|電話|电话)\s*[.:：)]?\s*|[☎📞📱]\ufe0f?\s*)?"
)
_BEFORE_PRICE = r"(?:(?:price|가격|값|価格|价格)\s*[:：]?\s*|\b(?:for|at|only|just|from|under|or|and|to)\s+)?"
_BEFORE_DATE = r"(?:(?:date|날짜|일시|기간|日時|日期)\s*[:：]?\s*|\b(?:on|in|since|until|till|by|from|to|of)\s+)?"
_PARTICLE = r"(?:(?:에는|에서|부터|까지|으로|이며|이고|이라|짜리|에|의|은|이|엔|대|씩)(?!\w))?"

_ENGLISH_DAY = r"[0-9]{1,2}(?:st|nd|rd|th)?"
_DATE = "|".join(
    [
        rf"{_YEAR}\s?[./-]\s?[0-9]{{1,2}}\s?[./-]\s?[0-9]{{1,2}}\.?(?![0-9])",
        r"(?<![0-9./-])[0-9]{1,2}[./-][0-9]{1,2}[./-](?:[0-9]{4}|[0-9]{2})(?![0-9./-])",
        rf"(?:(?:{_YEAR}|[0-9]{{2}})\s?[년年]\s?)?[0-9]{{1,2}}\s?[월月]\s?[0-9]{{1,2}}\s?[일日号]",
        rf"{_YEAR}\s?[년年]\s?[0-9]{{1,2}}\s?[월月]",
        rf"\b(?:{_MONTHS})\.?\s{_ENGLISH_DAY}\b(?:,?\s{_YEAR}\b)?",
        rf"\b{_ENGLISH_DAY}\s(?:of\s)?(?:{_MONTHS})\b\.?(?:,?\s{_YEAR}\b)?",
        rf"\b(?:{_MONTHS})\.?\s{_YEAR}\b",
    ]
)
_PRICE = "|".join(
    [
        rf"(?:[$€£¥₩₹]|\b(?:krw|usd|eur|gbp|jpy|cny|rmb)\b)\s?{_NUMBER}(?:\s?[kK만천]\b)?",
        # 원 is also the first syllable of other words, so what follows must be a particle or no letter.
        rf"{_NUMBER}\s?[십백천만억]*\s?원(?=[^\w]|$|에|이|으로|의|부터|까지|짜리|대|씩|인|입)",
        rf"{_NUMBER}\s?(?:만|천)?\s?(?:달러|유로|엔|위안|円|元)",
        rf"{_NUMBER}\s?(?:[$€£₩]|(?:won|krw|usd|eur|gbp|jpy|dollars?|euros?|bucks)\b)",
    ]
)
# Without a scheme, other ends of a domain are words, too (`in`, `me`): then a path must follow.
_DOMAIN = rf"(?<![\w.-])(?:[a-z0-9-]{{1,63}}\.){{1,5}}(?:(?:{_TOP_LEVEL})\b(?:/\S*)?|[a-z]{{2,5}}/\S+)"
_LINK = rf"\bhttps?:\S*|\bwww\.\S+|{_DOMAIN}"
_PHONE = "|".join(
    [
        r"(?:\+[0-9]{1,3}[ .-]?)?\(?[0-9]{2,4}\)?[ .-][0-9]{3,4}[ .-][0-9]{4}",
        r"\+[0-9]{1,3}(?:[ .-]?[0-9]{2,4}){3,4}",
        r"0[0-9]{9,10}",
        r"1[5-9][0-9]{2}-[0-9]{4}",
    ]
)

# In this order: an e-mail address holds what looks like a mention, a link what looks like a date.
_PATTERNS = {
    kind: re.compile(pattern, re.IGNORECASE)
    for kind, pattern in {
        "e-mail address": rf"{_BEFORE_EMAIL}(?<![\w.+-])[\w.+-]{{1,64}}@[\w-]{{1,63}}(?:\.[\w-]{{1,63}}){{1,5}}",
        "link": rf"{_BEFORE_LINK}(?:{_LINK})",
        "mention": rf"{_BEFORE_MENTION}(?<![\w@])[@＠][\w](?:[\w.]*\w)?[:：]?",
        "credit": r"[©ⓒ]\ufe0f?\s?\w.*?(?:all rights reserved\.?|$)",
        "hashtag": r"(?<![\w&])[#＃]\w+",
        "date": rf"{_BEFORE_DATE}(?:{_DATE}){_PARTICLE}",
        "price": rf"{_BEFORE_PRICE}(?<![\w.,])(?:{_PRICE}){_PARTICLE}",
        "phone number": rf"{_BEFORE_PHONE}(?<![\w.-])(?:{_PHONE})(?![\w-])",
    }.items()
}

_EMPTY_BRACKETS = re.compile(r"\(\s*[,;/|-]*\s*\)|\[\s*[,;/|-]*\s*\]|\{\s*\}|（\s*）|「\s*」|【\s*】")
_DOUBLED = re.compile(r"([,;:|/~·-])(?:\s+[,;:|/~·-])+")
_SPACE_BEFORE = re.compile(r"\s+([,.;:!?…、。，！？])")
_AT_EDGES = " \t,;:：|/~·-_"


@dataclass(frozen=True, slots=True)
class CleanedCaption:
    """A caption without what belongs to its own author. removed: what was taken out, by kind, each once."""

    text: str
    removed: tuple[str, ...]


def clean_caption(caption: str) -> CleanedCaption:
    """Take out e-mail addresses, links, mentions, credits, hashtags, dates, prices and phone numbers.

    A label that only led to one of them (`Tel:`) goes with it, and a line that is left without a letter. Where nothing
    is taken out, the caption stays as it is, but for space around it. A caption of nothing else becomes empty.
    """
    lines, removed = [], []
    for line in caption.strip().splitlines():
        rest = line
        for kind, pattern in _PATTERNS.items():
            rest, n = pattern.subn(" ", rest)
            removed += [kind] * bool(n)
        if rest is not line:
            rest = _tidy(rest)
            if not any(map(str.isalpha, rest)):
                continue
        lines.append(rest.rstrip())
    return CleanedCaption("\n".join(lines).strip(), tuple(dict.fromkeys(removed)))


def _tidy(line: str) -> str:
    """Without the gaps, brackets and separators that stood around what was taken out."""
    line = _EMPTY_BRACKETS.sub(" ", line)
    line = _SPACE_BEFORE.sub(r"\1", " ".join(line.split()))
    return _DOUBLED.sub(r"\1", line).strip(_AT_EDGES)
