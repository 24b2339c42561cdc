"""The rules of polls, pure: what can be asked, what can be chosen, and how votes are counted."""

import unicodedata
from collections.abc import Sequence
from datetime import timedelta
from typing import Any, NamedTuple

from seriatim.core.errors import BadRequest, Conflict, Forbidden
from seriatim.core.ids import UserId
from seriatim.log.draft import Change
from seriatim.protocol.commands import StartPoll, Vote
from seriatim.protocol.entries import PollStarted, PollVoted
from seriatim.protocol.limits import POLL_DAYS
from seriatim.protocol.sender import Sender


class Poll(NamedTuple):
    """A poll as it is under its conversation's lock; `own` is what the sender has chosen, nothing: he has not voted."""

    author_id: UserId
    anonymous: bool
    multiple: bool
    is_closed: bool
    votes: Sequence[int]
    voters: int
    own: Sequence[int]


def start(command: StartPoll, sender: Sender) -> Change:
    """Return the entry that this `start_poll` wishes for; its texts are in NFC without outer white space.

    Raises:
        BadRequest: a blank text, or two equal options.
    """
    options = [_line(option, f"$.options[{place}]") for place, option in enumerate(command.options)]
    if len(set(options)) < len(options):
        raise BadRequest("two options are the same", path="$.options", reason="twice")
    content: dict[str, Any] = {"question": _line(command.question, "$.question"), "options": options}
    if command.multiple:
        content["multiple"] = True
    if command.anonymous:
        content["anonymous"] = True
    if command.closes_at is not None:
        content["closes_at"] = command.closes_at
    return Change(command.conversation_id, sender, command.client_id, PollStarted, content, counts=True)


def lasting(left: timedelta | None) -> None:
    """Let a poll close within 30 days; `left` is the time until then.

    Raises:
        BadRequest: it would be closed already, or later.
    """
    if left is not None and not timedelta(0) < left <= timedelta(days=POLL_DAYS):
        raise BadRequest(f"a poll closes within {POLL_DAYS} days", path="$.closes_at", reason="closes_at")


def vote(command: Vote, sender: Sender) -> Change:
    """Return the entry that this `vote` wishes for; the options rise.

    Raises:
        BadRequest: an option is named twice.
    """
    options = sorted(set(command.options))
    if len(options) < len(command.options):
        raise BadRequest("each option once", path="$.options", reason="twice")
    content: dict[str, Any] = {"options": options}
    return Change(command.conversation_id, sender, command.client_id, PollVoted, content, target_seq=command.target_seq)


def voted(wish: Change, poll: Poll) -> Change:
    """Return the entry with the counts that this vote leads to.

    Raises:
        Conflict: the poll is `closed`, or the vote is `unchanged`.
        BadRequest: there is no such option, or only one may be chosen.
    """
    options: list[int] = wish.content["options"]
    if poll.is_closed:
        raise Conflict("this poll is closed", path="$.target_seq", reason="closed")
    if options and options[-1] >= len(poll.votes):
        raise BadRequest(f"the options are 0 to {len(poll.votes) - 1}", path="$.options", reason="no_such_option")
    if len(options) > 1 and not poll.multiple:
        raise BadRequest("one option may be chosen here", path="$.options", reason="one_option")
    if options == list(poll.own):
        raise Conflict("this is your vote already", path="$.options", reason="unchanged")
    votes = [count - (place in poll.own) + (place in options) for place, count in enumerate(poll.votes)]
    outcome: dict[str, Any] = {"votes": votes, "voters": poll.voters - bool(poll.own) + bool(options)}
    if poll.anonymous:
        outcome["anonymous"] = True
    return wish._replace(outcome=outcome)


def close(poll: Poll, sender: Sender, *, closes_others: bool) -> None:
    """Let authors close what is theirs, and who keeps order everything.

    Raises:
        Forbidden: another's poll, and the sender may not close those.
        Conflict: it is `closed`.
    """
    if poll.author_id != sender.user_id and not closes_others:
        raise Forbidden("only its author or an admin closes this", path="$.target_seq")
    if poll.is_closed:
        raise Conflict("this poll is closed", path="$.target_seq", reason="closed")


def _line(text: str, path: str) -> str:
    clean = unicodedata.normalize("NFC", text).strip()
    if not clean:
        raise BadRequest("this text has something to read", path=path, reason="blank")
    if any(unicodedata.category(character) in ("Cc", "Zl", "Zp") for character in clean):
        raise BadRequest("control characters are refused", path=path, reason="character")
    return clean
