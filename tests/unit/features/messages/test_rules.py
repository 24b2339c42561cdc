"""A send is refused for what it shows by itself before it reaches the log."""

from uuid import UUID

import pytest

from seriatim.core.errors import BadRequest, TooLarge
from seriatim.core.ids import ConversationId, DeviceId, UserId
from seriatim.features.messages import rules
from seriatim.protocol.commands import SendMessage
from seriatim.protocol.limits import LIMITS
from seriatim.protocol.sender import Sender

KEY = UUID(int=7)
ADA = Sender(UserId(1), DeviceId(11))


def command(body: str) -> SendMessage:
    return SendMessage(id=1, client_id=KEY, conversation_id=ConversationId(5), body=body, target_seq=3)


def test_a_draft_carries_the_command_and_its_author() -> None:
    draft = rules.draft(command("hi"), ADA)
    assert (draft.conversation_id, draft.sender_id, draft.device_id, draft.client_id) == (5, 1, 11, KEY)
    assert (draft.body, draft.target_seq, draft.trace) == ("hi", 3, None)


@pytest.mark.parametrize("body", ["e\u0301", "\u00e9", " hi ", "\u1100\u1161", "hi\n"])
def test_a_body_is_kept_as_it_was_written(body: str) -> None:
    assert rules.draft(command(body), ADA).body == body


@pytest.mark.parametrize("character", ["a", "é", "€", "😀"])
def test_a_body_is_measured_in_bytes_of_utf8(character: str) -> None:
    fits = character * (LIMITS.body_bytes // len(character.encode()))
    fits += "a" * (LIMITS.body_bytes - len(fits.encode()))
    assert len(rules.draft(command(fits), ADA).body.encode()) == LIMITS.body_bytes
    with pytest.raises(TooLarge) as refused:
        rules.draft(command(fits + "a"), ADA)
    assert (refused.value.path, refused.value.reason) == ("$.body", "body_bytes")


@pytest.mark.parametrize("body", ["", " ", "\n\t ", "\u2003\u00a0\u3000"])
def test_a_body_of_white_space_is_refused(body: str) -> None:
    with pytest.raises(BadRequest) as refused:
        rules.draft(command(body), ADA)
    assert (refused.value.path, refused.value.reason) == ("$.body", "blank")
