"""Sizes of edits, reactions and polls: what is over them gets a code and the field by both doors; nothing changes."""

from datetime import UTC, datetime, timedelta
from typing import Any

from rows import unchanged
from seriatim.core.ids import uuid7
from seriatim.protocol.limits import LIMITS, POLL_DAYS
from seriatim.storage.postgres.database import Database
from world import Server

WIDE = "😀"
POLL: dict[str, Any] = {"question": "which", "options": ["one", "other"]}
LATE = datetime.now(UTC) + timedelta(days=POLL_DAYS, hours=1)

TOO_MUCH: list[tuple[str, dict[str, Any], str, str]] = [
    ("edit", {"body": "x" * (LIMITS.body_bytes + 1)}, "too_large", "$.body"),
    ("edit", {"body": ""}, "bad_request", "$.body"),
    ("edit", {"body": "a\0b"}, "bad_request", "$.body"),
    ("react", {"emoji": ""}, "bad_request", "$.emoji"),
    ("react", {"emoji": ":" + "x" * (LIMITS.emoji_bytes - 1) + ":"}, "bad_request", "$.emoji"),
    ("react", {"emoji": "👩" + "\u200d👩" * 9}, "bad_request", "$.emoji"),
    ("react", {"emoji": "two words"}, "bad_request", "$.emoji"),
    ("react", {"emoji": 7}, "bad_request", "$.emoji"),
    ("unreact", {"emoji": "👍👍"}, "bad_request", "$.emoji"),
    ("vote", {"options": [0] * (LIMITS.poll_options + 1)}, "bad_request", "$.options"),
    ("vote", {"options": [LIMITS.poll_options]}, "bad_request", "$.options[0]"),
    ("vote", {"options": [-1]}, "bad_request", "$.options[0]"),
    ("start_poll", POLL | {"question": WIDE * (LIMITS.question_code_points + 1)}, "bad_request", "$.question"),
    ("start_poll", POLL | {"options": ["one"]}, "bad_request", "$.options"),
    ("start_poll", POLL | {"options": [str(n) for n in range(LIMITS.poll_options + 1)]}, "bad_request", "$.options"),
    (
        "start_poll",
        POLL | {"options": ["one", WIDE * (LIMITS.option_code_points + 1)]},
        "bad_request",
        "$.options[1]",
    ),
    ("start_poll", POLL | {"closes_at": LATE.isoformat()}, "bad_request", "$.closes_at"),
    ("start_poll", POLL | {"closes_at": "2026-01-01T00:00:00"}, "bad_request", "$.closes_at"),
    ("pin", {"target_seq": 0}, "bad_request", "$.target_seq"),
    ("delete", {"target_seq": 2**53}, "bad_request", "$.target_seq"),
]


async def test_what_is_over_a_limit_changes_nothing(server: Server, database: Database) -> None:
    ada = await server.device("ada")
    here = await ada.group()
    seq = (await ada.send(here, "words"))["seq"]
    async with unchanged(database):
        for command, fields, code, path in TOO_MUCH:
            named = fields if command == "start_poll" else {"target_seq": seq} | fields
            body = named | {"client_id": str(uuid7())}
            over_http = (await ada.http("POST", f"/v1/conversations/{here}/{command}", json=body)).json()
            assert (over_http["code"], over_http["path"]) == (code, path), (command, fields)
        for command, fields, code, path in TOO_MUCH[::3]:  # a connection bears ten refused frames
            named = fields if command == "start_poll" else {"target_seq": seq} | fields
            answer = await ada.command(command, conversation_id=here, **named)
            assert (answer["code"], answer["path"]) == (code, path), (command, fields)
    assert (await ada.send(here, "still here"))["type"] == "sent"


async def test_the_limits_themselves_are_taken(server: Server) -> None:
    ada = await server.device("ada")
    here = await ada.group()
    seq = (await ada.send(here, "words"))["seq"]
    full = {
        "question": WIDE * LIMITS.question_code_points,
        "options": [f"{n}" + WIDE * (LIMITS.option_code_points - 1) for n in range(LIMITS.poll_options)],
        "closes_at": (datetime.now(UTC) + timedelta(days=POLL_DAYS) - timedelta(minutes=1)).isoformat(),
    }
    for command, fields in (
        ("edit", {"target_seq": seq, "body": WIDE * (LIMITS.body_bytes // 4)}),
        ("react", {"target_seq": seq, "emoji": "👩" + "\u200d👩" * 8}),
        ("start_poll", full),
    ):
        answer = await ada.command(command, conversation_id=here, **fields)
        assert answer["type"] == "sent", answer
