"""The tables that documents print: whole, from the code alone, and written only between their marks."""

import pytest

from seriatim.core.errors import ChatError
from seriatim.protocol import limits
from seriatim.protocol.codes import CloseCode
from seriatim.protocol.commands import Create, Fetch, SendMessage
from seriatim.protocol.documents.asyncapi import COMMANDS, SERVER_FRAMES, tag_of
from seriatim.protocol.documents.tables import errors, filled, said_below, table, tables, type_name
from seriatim.protocol.entries import ENTRY_TYPES, Entry


def test_every_frame_entry_code_and_limit_has_a_row_that_says_what_it_is() -> None:
    made = tables()
    for name, text in made.items():
        rows = text.splitlines()[2:]
        assert rows, name
        assert [row for row in rows if row.endswith("|  |")] == [], f"a row of {name} says nothing"
    for names, text in (
        ([tag_of(frame) for frame in COMMANDS], made["commands"]),
        ([tag_of(frame) for frame in SERVER_FRAMES], made["server frames"]),
        ([tag_of(entry) for entry in ENTRY_TYPES], made["entries"]),
        ([*limits.Limits.__struct_fields__, "HELLO_WITHIN_S", "REFUSED_FRAMES"], made["limits"]),
        (limits.Rates.__struct_fields__, made["rates"]),
    ):
        assert [name for name in names if f"| `{name}` |" not in text] == []
    assert all(f"| {code.value} | {code.name.lower()} |" in made["close codes"] for code in CloseCode)


def test_every_refusal_with_a_code_of_its_own_is_listed_once() -> None:
    listed = errors()
    assert len({error.code for error in listed}) == len(listed)
    assert {"bad_frame", "key_reused", "token_expired", "unavailable"} <= {error.code for error in listed}
    assert ChatError not in listed


def test_types_are_named_as_a_reader_of_json_knows_them() -> None:
    def named(struct: type, field: str) -> str:
        return type_name(struct.__annotations__[field])

    assert named(SendMessage, "body") == "text"
    assert named(Fetch, "after") == "integer or null"
    assert named(Create, "kind") == '"direct" or "group" or "channel"'
    assert type_name(dict[int, tuple[str, bool]]) == "{integer: [text, boolean]}"
    assert type_name(list[Entry]) == "[Entry]"


def test_a_sentence_belongs_to_what_stands_above_it() -> None:
    said = said_below(limits)
    assert said["FRAGMENTS"] == "Most fragments of one assembled message."
    assert "LIMITS" not in said
    assert said_below(limits.Rates)["send"] == "`send`, `forward` and `start_poll`, per user."


def test_only_what_stands_between_the_marks_is_written_anew() -> None:
    page = "before\n<!-- made: one -->\nold\n<!-- end -->\nbetween\n<!-- made: two -->\n<!-- end -->\nafter\n"
    once = filled(page, {"one": "1\n", "two": "2\n"})
    assert once == (
        "before\n<!-- made: one -->\n1\n<!-- end -->\nbetween\n<!-- made: two -->\n2\n<!-- end -->\nafter\n"
    )
    assert filled(once, {"one": "1\n", "two": "2\n"}) == once
    with pytest.raises(KeyError, match="two"):
        filled(page, {"one": "1\n"})


def test_a_bar_in_a_cell_does_not_end_it() -> None:
    assert table(["a"], [["x|y\nz"]]).splitlines()[-1] == "| x\\|y z |"
