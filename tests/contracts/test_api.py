"""Requests made from the OpenAPI document, valid and broken: never a 5xx, and every answer as the document says."""

import asyncio
import itertools
import random
import threading
from collections.abc import Iterator
from dataclasses import dataclass, field
from functools import partial
from pathlib import Path
from typing import Any

import msgspec
import psycopg_pool.base
import pytest
import requests
import schemathesis
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from litestar.di import Provide
from schemathesis import GenerationMode
from schemathesis.checks import not_a_server_error
from schemathesis.specs.openapi.checks import (
    content_type_conformance,
    response_schema_conformance,
    status_code_conformance,
)

from seriatim.core.ids import uuid7
from seriatim.gateway.http.documents import openapi_document
from seriatim.gateway.http.health import Standing, health_route
from seriatim.gateway.http.problems import MEDIA_TYPE
from seriatim.gateway.http.routes import ROUTES
from world import PASSWORD, serving

EXAMPLES = {"member": 10, "outsider": 4, "anonymous": 2}
"""Requests per operation. Nothing that an anonymous one says is looked at, but where no token is asked for."""
GIVEN_BY_THE_SERVER = (
    "sender",
    "accounts",
    "devices",
    "database",
    "commands",
    "later",
    "tell",
    "traces",
    "bot_keeping",
    "slash_keeping",
    "hooks",
    "mail_keeping",
    "emoji_keeping",
    "export_keeping",
    "searching",
    "presence",
)
DOCUMENT = openapi_document(
    [health_route(Standing(lambda: None)), *ROUTES],
    {name: Provide(lambda: None, sync_to_thread=False) for name in GIVEN_BY_THE_SERVER},
)
OPERATIONS = {
    result.ok().definition.raw["operationId"]: result.ok()
    for result in schemathesis.openapi.from_dict(DOCUMENT).get_all_operations()
}
BODIES = {
    operation["operationId"]: DOCUMENT["components"]["schemas"][schema["$ref"].rpartition("/")[2]]
    for path in DOCUMENT["paths"].values()
    for operation in path.values()
    if "requestBody" in operation
    for schema in [operation["requestBody"]["content"]["application/json"]["schema"]]
}
RIGHT: dict[str, dict[str, Any]] = {
    "me": {},
    "list_conversations": {},
    "list_members": {},
    "fetch": {},
    "read": {"seq": 1},
    "send": {"body": "words"},
    "create": {"kind": "group", "title": "Another"},
}
"""What a member is let through with: the body, without its key."""
ENDS_ITS_DEVICE = {"log_out", "log_out_everywhere", "revoke_device"}
CHECKS = [not_a_server_error, status_code_conformance, content_type_conformance, response_schema_conformance]

_numbers = itertools.count(1)


@dataclass
class Door:
    """A running server, somebody who is in its conversations, and somebody who is not."""

    url: str
    session: requests.Session = field(default_factory=requests.Session)
    tokens: dict[str, str] = field(default_factory=dict[str, str])
    conversations: list[int] = field(default_factory=list[int])
    done: set[str] = field(default_factory=set[str])
    """Operations by which the member got what he asked for."""

    def sign_up(self, who: str) -> dict[str, Any]:
        name = f"{who} {next(_numbers)} {str(uuid7())[:13]}"
        body = {"name": name, "password": PASSWORD, "device": {"name": "generated", "kind": "test"}}
        answer = self.session.post(f"{self.url}/v1/auth/sign-up", json=body, timeout=10)
        assert answer.status_code == 201, answer.text
        self.tokens[who] = answer.json()["access_token"]
        return answer.json()

    def create(self, who: str, **body: Any) -> int:
        answer = self.session.post(
            f"{self.url}/v1/conversations",
            json={"client_id": str(uuid7()), **body},
            headers=self.headers(self.tokens[who]),
            timeout=10,
        )
        assert answer.status_code == 200, answer.text
        return answer.json()["conversation_id"]

    def headers(self, token: str | None) -> dict[str, str]:
        return {} if token is None else {"Authorization": f"Bearer {token}"}

    def token(self, standing: str, operation_id: str) -> str | None:
        if standing == "anonymous":
            return None
        return self.sign_up("guest")["access_token"] if operation_id in ENDS_ITS_DEVICE else self.tokens[standing]


@pytest.fixture(scope="module")
def door(postgres_dsn: str, data_folder: Path) -> Iterator[Door]:
    """Serve from a thread of its own: generated tests wait for their answers."""
    started: threading.Event = threading.Event()
    found: list[tuple[str, asyncio.AbstractEventLoop, asyncio.Event]] = []

    async def serve() -> None:
        stop = asyncio.Event()
        async with serving(postgres_dsn, data_folder) as server:
            found.append((server.url, asyncio.get_running_loop(), stop))
            started.set()
            await stop.wait()

    with pytest.MonkeyPatch.context() as monkeypatch:
        # The pools open connections whenever it is time, with some jitter: drawn from the `random` that all share, it
        # would look as if what Hypothesis generates just then were not its own.
        monkeypatch.setattr(psycopg_pool.base, "random", random.Random(0).random)
        thread = threading.Thread(target=partial(asyncio.run, serve()), daemon=True)
        thread.start()
        assert started.wait(30)
        url, loop, stop = found[0]
        door = Door(url)
        door.session.trust_env = False
        try:
            people(door)
            yield door
            # The device that the member's requests came from is still his: nothing above has ended it unasked.
            assert door.session.get(f"{url}/v1/me", headers=door.headers(door.tokens["member"]), timeout=10).ok
        finally:
            door.session.close()
            loop.call_soon_threadsafe(stop.set)
            thread.join(30)


def people(door: Door) -> None:
    other = door.sign_up("other")["user_id"]
    door.sign_up("outsider")
    door.sign_up("member")
    door.conversations += [
        door.create("member", kind="direct", members=[other]),
        door.create("member", kind="group", title="A group", members=[other]),
        door.create("member", kind="channel", title="A channel", visibility="public"),
        door.create("other", kind="group", title="Somebody else's"),
    ]


def test_the_server_serves_this_document(door: Door) -> None:
    served = door.session.get(f"{door.url}/v1/openapi.json", timeout=10).json()
    assert served == msgspec.json.decode(msgspec.json.encode(DOCUMENT)), "as JSON, which knows no tuples"


@pytest.mark.parametrize("standing", EXAMPLES)
@pytest.mark.parametrize("operation_id", OPERATIONS)
def test_every_answer_is_one_of_the_document_and_none_is_a_bug(door: Door, operation_id: str, standing: str) -> None:
    operation = OPERATIONS[operation_id]
    public = DOCUMENT["paths"][operation.path][operation.method].get("security") == []

    @settings(
        max_examples=EXAMPLES[standing],
        derandomize=True,
        database=None,
        deadline=None,
        suppress_health_check=[HealthCheck.too_slow, HealthCheck.filter_too_much, HealthCheck.data_too_large],
    )
    @given(
        case=valid_or_broken(operation),
        place=st.integers(min_value=0, max_value=len(door.conversations)),
        bare=st.booleans(),
    )
    def ask(case: Any, place: int, bare: bool) -> None:
        if bare:
            only_what_is_required(case, operation_id)
        if "conversation_id" in case.path_parameters and place < len(door.conversations):
            case.path_parameters["conversation_id"] = door.conversations[place]
        token = door.token(standing, operation_id)
        answer = case.call(base_url=door.url, session=door.session, headers=door.headers(token), timeout=10)
        case.validate_response(answer, checks=CHECKS)
        if standing == "member" and answer.status_code < 300:
            door.done.add(operation_id)
        assert answer.status_code >= 400 or standing != "anonymous" or public
        if answer.status_code >= 400 and operation_id != "health":
            assert answer.headers["content-type"] == [MEDIA_TYPE]
            assert answer.json()["status"] == answer.status_code

    ask()


def only_what_is_required(case: Any, operation_id: str) -> None:
    """Take away what may be left out, and name a fresh key: most commands that are made at random ask for too much."""
    case.headers.pop("Idempotency-Key", None)
    schema = BODIES.get(operation_id)
    if schema is not None and isinstance(case.body, dict):
        case.body = {name: value for name, value in case.body.items() if name in schema.get("required", [])}
        if "client_id" in schema["properties"]:
            case.body["client_id"] = str(uuid7())


@pytest.mark.parametrize("operation_id", RIGHT)
def test_what_lets_the_member_through_is_answered_as_the_document_says(door: Door, operation_id: str) -> None:
    operation, fields, more = OPERATIONS[operation_id], RIGHT[operation_id], {}
    if "{conversation_id}" in operation.path:
        more["path_parameters"] = {"conversation_id": door.conversations[1]}
    if operation_id in BODIES:
        key = {"client_id": str(uuid7())} if "client_id" in BODIES[operation_id]["properties"] else {}
        more |= {"body": fields | key, "media_type": "application/json"}
    case = operation.Case(**more)
    answer = case.call(base_url=door.url, session=door.session, headers=door.headers(door.tokens["member"]), timeout=10)
    case.validate_response(answer, checks=CHECKS)
    assert answer.status_code < 300, answer.text


def test_the_member_was_let_through(door: Door) -> None:
    """Guard the test of what is made at random: requests that are all refused would show nothing.

    Which ones are made depends on every module that is imported: Hypothesis tries the constants it finds there.
    """
    assert len(door.done) > len(OPERATIONS) / 4, sorted(door.done)


def valid_or_broken(operation: Any) -> st.SearchStrategy[Any]:
    """Return requests as the document allows them, and where it asks for anything at all, such as it does not."""
    valid = operation.as_strategy(generation_mode=GenerationMode.POSITIVE)
    takes = bool(operation.body) or bool(list(operation.iter_parameters()))
    return valid | operation.as_strategy(generation_mode=GenerationMode.NEGATIVE) if takes else valid
