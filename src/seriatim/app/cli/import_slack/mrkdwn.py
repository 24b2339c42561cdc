"""Slack's mrkdwn as Markdown: pure; what stands in code stays as it is."""

import html
import re
from collections.abc import Mapping

from seriatim.features.emoji.shortcodes import shortcodes
from seriatim.protocol.limits import LIMITS

_CODE = re.compile(r"(```.*?```|`[^`\n]+`)", re.DOTALL)
_BRACKETS = re.compile(r"<([^<>\n]+)>")
_BOLD = re.compile(r"(?<![\w*])\*(?=[^\s*])([^*\n]+)(?<=\S)\*(?![\w*])")
_STRUCK = re.compile(r"(?<![\w~])~(?=[^\s~])([^~\n]+)(?<=\S)~(?![\w~])")
_NAMED = re.compile(r":([a-z0-9_+'-]+)(?::skin-tone-[2-6])?:")
_AUTO_LINKS = ("http://", "https://", "mailto:", "tel:")


def markdown(text: str, people: Mapping[str, str]) -> str:
    """Return the text as Markdown; `people` are the names behind Slack's user ids.

    Source: https://api.slack.com/reference/surfaces/formatting
    """
    parts = _CODE.split(text)
    return "".join(html.unescape(part) if place % 2 else _prose(part, people) for place, part in enumerate(parts))


def pieces(body: str) -> list[str]:
    """Return the text in pieces that are messages, cut between lines or words where they are; Slack allows more."""
    left, found = body.replace("\0", ""), list[str]()
    while len(left.encode()) > LIMITS.body_bytes:
        most = left.encode()[: LIMITS.body_bytes].decode(errors="ignore")
        cut = max(most.rfind("\n"), most.rfind(" "))
        cut = cut if cut > 0 else len(most)
        found.append(left[:cut])
        left = left[cut:].lstrip()
    return [piece for piece in (*found, left) if piece.strip()]


def _prose(text: str, people: Mapping[str, str]) -> str:
    text = _BOLD.sub(r"**\1**", text)
    text = _STRUCK.sub(r"~~\1~~", text)
    text = _NAMED.sub(lambda found: shortcodes().get(found[1], found[0]), text)
    return html.unescape(_BRACKETS.sub(lambda found: _bracket(found[1], people), text))


def _bracket(inside: str, people: Mapping[str, str]) -> str:
    target, _, label = inside.partition("|")
    if target.startswith("@"):
        return "@" + people.get(target[1:], label or target[1:])
    if target.startswith("#"):
        return "#" + (label or target[1:])
    if target.startswith("!"):
        word = label or target[1:].partition("^")[0]
        return word if word.startswith("@") else f"@{word}"
    if not target.startswith(_AUTO_LINKS):
        return f"&lt;{inside}&gt;"
    if not label or target in (label, f"mailto:{label}"):
        return label or target
    return f"[{label}]({target})"
