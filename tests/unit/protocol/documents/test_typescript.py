"""How structs are written in TypeScript: unions, brands, tuples, and what may be left out."""

import re

import pytest

from seriatim.core.errors import ChatError, RateLimited
from seriatim.protocol.codes import CloseCode
from seriatim.protocol.documents.typescript import typescript

TEXT = typescript()


def declaration(name: str) -> str:
    found = re.search(
        rf"export (?:interface|type|const) {name}\b.*?(?:;\n|\n}}\n|as const;\n)(?=\n|export|$)", TEXT, re.DOTALL
    )
    assert found is not None, f"{name} is not declared"
    return found[0]


def test_the_same_structs_give_the_same_text() -> None:
    assert typescript() == TEXT


def test_every_name_is_declared_once_and_none_is_missing() -> None:
    declared = re.findall(r"^export (?:interface|type|const) (\w+)", TEXT, re.MULTILINE)
    assert len(declared) == len(set(declared))
    used = set(re.findall(r"\b[A-Z][a-z]\w+\b", re.sub(r"/\*\*.*?\*/|\"[^\"]*\"", "", TEXT, flags=re.DOTALL)))
    assert used - set(declared) - {"Readonly", "Record", "Branded", "Base", "Name"} == set()


def test_a_struct_is_told_apart_by_its_tag() -> None:
    assert 'readonly type: "send";' in declaration("SendMessage")
    assert 'readonly kind: "message_sent";' in declaration("MessageSent")


def test_ids_cannot_be_mixed_up() -> None:
    assert declaration("UserId") == 'export type UserId = Branded<number, "UserId">;\n'
    assert "readonly conversation_id: ConversationId;" in declaration("SendMessage")


def test_a_command_may_leave_out_what_has_a_default() -> None:
    assert "readonly target_seq?: number | null;" in declaration("SendMessage")
    assert "readonly body: string;" in declaration("SendMessage")


def test_the_server_leaves_out_only_what_it_omits() -> None:
    assert "readonly ordinal?: number | null;" in declaration("MessageSent")
    assert "readonly more: boolean;" in declaration("Welcome")


def test_an_array_like_struct_is_a_tuple_with_named_places() -> None:
    assert declaration("HeadRow").startswith(
        "export type HeadRow = readonly [conversation_id: ConversationId, head: number"
    )


def test_docstrings_become_comments() -> None:
    assert "/** Done. */\nexport interface Ok {" in TEXT


@pytest.mark.parametrize("code", list(CloseCode))
def test_every_close_code_has_its_number(code: CloseCode) -> None:
    assert f"  {code.name}: {code.value},\n" in declaration("CLOSE_CODES")


def test_every_error_code_says_whether_it_may_be_sent_again() -> None:
    assert f"  {RateLimited.code}: true,\n" in declaration("RETRYABLE")
    for error in _errors(ChatError):
        assert f"  {error.code}: {'true' if error.retryable else 'false'},\n" in declaration("RETRYABLE")


def _errors(kind: type[ChatError]) -> list[type[ChatError]]:
    ours = [child for child in kind.__subclasses__() if child.__module__ == ChatError.__module__]
    return [*ours, *(below for child in ours for below in _errors(child))]
