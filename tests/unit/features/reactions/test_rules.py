"""What counts as one emoji."""

import pytest

from seriatim.core.errors import BadRequest, Conflict
from seriatim.features.reactions import rules


@pytest.mark.parametrize(
    "text",
    [
        "👍",
        "👍🏽",
        "❤",
        "❤️",
        "☝🏿",
        "☝️🏿",
        "🇩🇪",
        "1️⃣",
        "#⃣",
        "👩‍👩‍👧‍👦",
        "🏳️‍🌈",
        "🧑🏾‍🤝‍🧑🏿",
        "🏴\U000e0067\U000e0062\U000e0073\U000e0063\U000e0074\U000e007f",
        "©",
        "🫨",
        ":party_parrot:",
        ":+1:",
        ":-1:",
    ],
)
def test_these_are_one_emoji(text: str) -> None:
    rules.emoji(text)


@pytest.mark.parametrize(
    "text",
    [
        "a",
        "1",
        "#",
        " ",
        "👍👍",
        "👍 ",
        "🇩",
        "🇩🇪🇫",
        "\u200d",
        "👍\u200d",
        "\ufe0f",
        "🏽" + "\u200d",
        "::",
        ":Party:",
        ":a b:",
        ":é:",
        "a:b:",
        ":" + "a" * 63 + ":",
        "👩" + "\u200d👩" * 9,
        "<b>",
        "\u202e👍",
    ],
)
def test_these_are_not(text: str) -> None:
    with pytest.raises(BadRequest) as refused:
        rules.emoji(text)
    assert (refused.value.path, refused.value.reason) == ("$.emoji", "emoji")


@pytest.mark.parametrize(("kinds", "reason"), [(0, "reacted"), (49, "reacted"), (50, "reaction_kinds")])
def test_what_was_not_added_is_there_or_one_kind_too_many(kinds: int, reason: str) -> None:
    rules.reacted(added=True, kinds=kinds)
    with pytest.raises(Conflict) as refused:
        rules.reacted(added=False, kinds=kinds)
    assert refused.value.reason == reason
