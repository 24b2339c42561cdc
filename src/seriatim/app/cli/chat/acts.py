"""What a line does to a message or poll, and the help for all lines."""

from collections.abc import Awaitable, Callable
from typing import Any

from seriatim.client import Client
from seriatim.core.errors import NotFound
from seriatim.core.ids import ConversationId

HELP = """\
/list                  your conversations
/open TITLE            go to a conversation; what you type is sent there
/with NAME             a conversation with one person
/group TITLE NAME ...  a new group
/history               the last 20 entries here, each with its number
/reply NUMBER TEXT     answer in the thread of a message
/quote NUMBER TEXT     answer here, with what is answered
/edit NUMBER TEXT      say something else instead
/delete NUMBER         take a message away from everybody
/react NUMBER EMOJI    put an emoji on a message; /unreact takes it away
/pin NUMBER            keep a message in sight; /unpin lets it go
/poll QUESTION ? A, B  ask everybody here
/vote NUMBER PLACE ... choose, 0 for the first
/invite NAME ...       add people here
/join LINK             come in by an invitation's link or its last part
/leave                 leave this conversation
/quit                  end; so does the end of the input"""

Act = Callable[[Client, ConversationId, list[str]], Awaitable[Any]]
"""Does with the words after the verb what it says, in this conversation."""


def _on(words: list[str]) -> tuple[int, list[str]]:
    if not words or not words[0].isdecimal():
        raise NotFound("name an entry by its number: /history shows them")
    return int(words[0]), words[1:]


async def _reply(client: Client, place: ConversationId, words: list[str]) -> None:
    seq, rest = _on(words)
    await client.messages.reply(place, seq, " ".join(rest))


async def _quote(client: Client, place: ConversationId, words: list[str]) -> None:
    seq, rest = _on(words)
    await client.send(place, " ".join(rest), target_seq=seq)


async def _edit(client: Client, place: ConversationId, words: list[str]) -> None:
    seq, rest = _on(words)
    await client.messages.edit(place, seq, " ".join(rest))


async def _delete(client: Client, place: ConversationId, words: list[str]) -> None:
    await client.messages.delete(place, _on(words)[0])


async def _react(client: Client, place: ConversationId, words: list[str]) -> None:
    seq, rest = _on(words)
    await client.messages.react(place, seq, "".join(rest))


async def _unreact(client: Client, place: ConversationId, words: list[str]) -> None:
    seq, rest = _on(words)
    await client.messages.unreact(place, seq, "".join(rest))


async def _pin(client: Client, place: ConversationId, words: list[str]) -> None:
    await client.messages.pin(place, _on(words)[0])


async def _unpin(client: Client, place: ConversationId, words: list[str]) -> None:
    await client.messages.unpin(place, _on(words)[0])


async def _poll(client: Client, place: ConversationId, words: list[str]) -> None:
    question, _, options = " ".join(words).partition("?")
    await client.messages.start_poll(place, f"{question.strip()}?", options.split(","))


async def _vote(client: Client, place: ConversationId, words: list[str]) -> None:
    seq, rest = _on(words)
    await client.messages.vote(place, seq, [_on([word])[0] for word in rest])


ACTS: dict[str, Act] = {
    "/reply": _reply,
    "/quote": _quote,
    "/edit": _edit,
    "/delete": _delete,
    "/react": _react,
    "/unreact": _unreact,
    "/pin": _pin,
    "/unpin": _unpin,
    "/poll": _poll,
    "/vote": _vote,
}
"""By the word that a line begins with."""
