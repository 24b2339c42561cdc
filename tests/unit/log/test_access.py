"""The table of rights, cell by cell."""

import pytest

from seriatim.log.access import Action, allowed
from seriatim.protocol.fields import ConversationKind, Role, Visibility

EVERYBODY_WITHIN = {Action.READ, Action.SEND, Action.LEAVE, Action.JOIN}
BY_ROLE: list[tuple[Role | None, set[Action]]] = [
    (None, set()),
    (Role.MEMBER, EVERYBODY_WITHIN),
    (Role.ADMIN, EVERYBODY_WITHIN | {Action.INVITE, Action.REMOVE, Action.SET_SETTINGS}),
    (Role.OWNER, set(Action)),
]


def rights(role: Role | None, kind: ConversationKind, visibility: Visibility) -> set[Action]:
    return {action for action in Action if allowed(role, kind, visibility, action)}


@pytest.mark.parametrize("kind", [ConversationKind.GROUP, ConversationKind.CHANNEL])
@pytest.mark.parametrize(("role", "expected"), BY_ROLE)
def test_rights_rise_with_the_role(kind: ConversationKind, role: Role | None, expected: set[Action]) -> None:
    assert rights(role, kind, Visibility.PRIVATE) == expected


@pytest.mark.parametrize("role", Role)
def test_a_pair_stays_a_pair_whatever_the_role(role: Role) -> None:
    assert rights(role, ConversationKind.DIRECT, Visibility.PRIVATE) == {Action.READ, Action.SEND, Action.JOIN}


def test_the_public_reads_and_joins() -> None:
    assert rights(None, ConversationKind.CHANNEL, Visibility.PUBLIC) == {Action.READ, Action.JOIN}
