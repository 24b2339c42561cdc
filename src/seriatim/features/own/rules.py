"""What drafts and settings show by themselves (pure)."""

from collections.abc import Container

from seriatim.core.errors import BadRequest, TooLarge
from seriatim.protocol.limits import LIMITS
from seriatim.protocol.own.commands import SaveDraft, SetMine
from seriatim.protocol.own.settings import ChangeSettings


def check_draft(command: SaveDraft) -> None:
    """Refuse what no message could become.

    Raises:
        TooLarge: more than 16 KiB of UTF-8.
    """
    text = command.text
    if len(text) * 4 > LIMITS.body_bytes and len(text.encode()) > LIMITS.body_bytes:
        raise TooLarge(f"a draft has at most {LIMITS.body_bytes} bytes of UTF-8", path="$.text", reason="body_bytes")


def check_mine(command: SetMine) -> None:
    """Refuse what says nothing, or mixes a thread with its conversation.

    Raises:
        BadRequest.
    """
    here = (command.level, command.muted_until, command.pinned, command.hidden, command.marked_unread)
    names_here = any(value is not None for value in here)
    if command.thread_seq is None and command.following is None and not names_here:
        raise BadRequest("name what is to change", path="$", reason="nothing")
    if (command.thread_seq is None) != (command.following is None) or (names_here and command.thread_seq is not None):
        raise BadRequest("with `thread_seq` goes `following`, and nothing else", path="$.following", reason="thread")


def check_settings(change: ChangeSettings, time_zones: Container[str]) -> None:
    """Refuse quiet hours by clocks that nobody has.

    Raises:
        BadRequest.
    """
    if change.quiet_hours is not None and change.quiet_hours.time_zone not in time_zones:
        raise BadRequest(
            "a time zone is named as in the IANA database, such as Europe/Paris",
            path="$.quiet_hours.time_zone",
            reason="time_zone",
        )
