"""HTTP bodies are the command structs without what stands in the path; cursors come back as they went out."""

from datetime import UTC, datetime
from uuid import UUID

import msgspec
import pytest

from seriatim.core.errors import BadRequest, NotFound
from seriatim.protocol.commands import HTTP_COMMANDS, Create, Read, SendMessage
from seriatim.protocol.http.requests import body_of, command_of, cursor_of, known, place_of, tag_of

KEY = UUID(int=7)


@pytest.mark.parametrize("command", [*HTTP_COMMANDS, Create, Read])
def test_a_body_has_the_commands_other_fields(command: type[SendMessage]) -> None:
    fields = set(body_of(command).__struct_fields__)
    assert fields == set(command.__struct_fields__) - {"id", "conversation_id"}


def test_a_body_and_its_path_and_key_make_the_command() -> None:
    body = msgspec.convert({"body": "hi", "target_seq": 3}, body_of(SendMessage))
    wish = command_of(SendMessage, body, conversation_id=5, idempotency_key=str(KEY))
    assert (wish.conversation_id, wish.client_id, wish.body, wish.target_seq) == (5, KEY, "hi", 3)
    assert tag_of(SendMessage) == "send"


def test_a_number_that_no_conversation_has_is_not_found() -> None:
    assert known(2**53 - 1) == 2**53 - 1
    for number in (0, 2**53):
        with pytest.raises(NotFound):
            known(number)


def test_a_cursor_comes_back_exact_and_only_to_its_own_list() -> None:
    place = (datetime(2026, 1, 2, 3, 4, 5, 678901, UTC), 7)
    assert place_of(cursor_of(place), datetime) == place
    assert place_of(cursor_of(("äpfel", 7)), str) == ("äpfel", 7)
    for cursor in (cursor_of(("äpfel", 7)), cursor_of(("x", 0)), "", "!", "W10"):
        with pytest.raises(BadRequest) as refused:
            place_of(cursor, datetime)
        assert refused.value.path == "$.cursor"
