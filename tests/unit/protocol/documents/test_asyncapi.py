"""The AsyncAPI document: every frame is in it, every reference leads somewhere, every command says its answer."""

import json
from collections.abc import Iterator
from typing import Any

import pytest

from seriatim.protocol.answers import Compared, Ok, Page, Pong, Sent, Welcome
from seriatim.protocol.commands import Compare, Create, Fetch, Focus, Hello, Ping, Read, Renew, SendMessage
from seriatim.protocol.documents.asyncapi import COMMANDS, SERVER_FRAMES, answer_of, asyncapi, tag_of

DOCUMENT = asyncapi("1.2.3")


def references(node: Any) -> Iterator[str]:
    if isinstance(node, dict):
        for key, value in node.items():
            if key == "$ref":
                yield value
            elif key == "discriminator":
                yield from value["mapping"].values()
            else:
                yield from references(value)
    elif isinstance(node, list):
        for value in node:
            yield from references(value)


def test_every_reference_leads_somewhere() -> None:
    found = set(references(DOCUMENT))
    assert found
    for reference in found:
        node: Any = DOCUMENT
        for part in reference.removeprefix("#/").split("/"):
            node = node[part]


def test_every_frame_is_a_message_that_some_operation_carries() -> None:
    carried = set(references(DOCUMENT["operations"]))
    for frame in (*COMMANDS, *SERVER_FRAMES):
        assert f"#/channels/session/messages/{tag_of(frame)}" in carried
        assert DOCUMENT["components"]["messages"][tag_of(frame)]["summary"]


@pytest.mark.parametrize(
    ("command", "answer"),
    [
        (Hello, Welcome),
        (Ping, Pong),
        (Focus, None),
        (Renew, Ok),
        (Fetch, Page),
        (Compare, Compared),
        (Read, Ok),
        (Create, Sent),
        (SendMessage, Sent),
    ],
)
def test_each_command_says_what_answers_it(command: Any, answer: Any) -> None:
    assert answer_of(command) is answer
    reply = DOCUMENT["operations"][f"on_{tag_of(command)}"].get("reply")
    tags = [] if reply is None else [message["$ref"].split("/")[-1] for message in reply["messages"]]
    assert tags == ([] if answer is None else [tag_of(answer), "error"])


def test_the_document_is_json_of_version_3_and_the_same_every_time() -> None:
    assert DOCUMENT["asyncapi"] == "3.0.0"
    assert DOCUMENT["info"]["version"] == "1.2.3"
    assert json.dumps(asyncapi("1.2.3")) == json.dumps(DOCUMENT)
