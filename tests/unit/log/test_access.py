"""The table of rights, cell by cell."""

import pytest

from seriatim.log.access import EVERYBODY, IN_A_PAIR, LEAST, SPEECH, WHILE_ARCHIVED, Action, Settings, allowed
from seriatim.protocol.fields import ConversationKind, LeastRole, Role, Visibility

DIRECT, GROUP, CHANNEL = ConversationKind
WITHIN = {Action.LOOK, Action.READ, Action.SEND, Action.EDIT, Action.REACT, Action.LEAVE, Action.JOIN, Action.ASK}
BY_ROLE: dict[Role, set[Action]] = {
    Role.GUEST: WITHIN,
    Role.MEMBER: WITHIN,
    Role.ADMIN: set(Action) - {Action.SET_ROLE},
    Role.OWNER: set(Action),
}
DEFAULT = Settings()


def rights(role: Role, kind: ConversationKind, settings: Settings = DEFAULT) -> set[Action]:
    return {action for action in Action if allowed(role, kind, action, settings)}


def test_every_action_has_its_row() -> None:
    assert set(LEAST) == set(Action)
    assert set(EVERYBODY) == set(Visibility)


@pytest.mark.parametrize("kind", [GROUP, CHANNEL])
@pytest.mark.parametrize("role", Role)
def test_rights_rise_with_the_role(kind: ConversationKind, role: Role) -> None:
    assert rights(role, kind) == BY_ROLE[role]


@pytest.mark.parametrize("role", Role)
def test_a_pair_stays_a_pair_whatever_the_role(role: Role) -> None:
    every = Settings(LeastRole.OWNER, LeastRole.OWNER, LeastRole.OWNER)
    assert rights(role, DIRECT) == rights(role, DIRECT, every) == IN_A_PAIR
    assert not IN_A_PAIR & {Action.INVITE, Action.REMOVE, Action.SET_ROLE, Action.SET_SETTINGS, Action.LEAVE}


@pytest.mark.parametrize(
    ("action", "setting"), [(Action.SEND, "post_role"), (Action.INVITE, "invite_role"), (Action.PIN, "pin_role")]
)
def test_a_setting_says_from_which_role_on(action: Action, setting: str) -> None:
    def may(least: LeastRole) -> set[Role]:
        return {role for role in Role if allowed(role, CHANNEL, action, DEFAULT._replace(**{setting: least}))}

    everybody = set(Role) if action is Action.SEND else set(Role) - {Role.GUEST}
    assert may(LeastRole.MEMBER) == everybody
    assert may(LeastRole.ADMIN) == {Role.ADMIN, Role.OWNER}
    assert may(LeastRole.OWNER) == {Role.OWNER}


def test_the_public_reads_and_joins_and_asks_only_where_it_is_listed() -> None:
    assert EVERYBODY[Visibility.PUBLIC] == {Action.LOOK, Action.READ, Action.JOIN}
    assert EVERYBODY[Visibility.LISTED] == {Action.LOOK, Action.ASK}
    assert not EVERYBODY[Visibility.PRIVATE]


def test_an_archive_is_silent_and_can_be_opened_again() -> None:
    assert not WHILE_ARCHIVED & SPEECH
    assert not WHILE_ARCHIVED & {Action.JOIN, Action.ASK, Action.INVITE, Action.DELETE_OTHERS}
    assert {Action.READ, Action.LEAVE, Action.SET_SETTINGS} <= WHILE_ARCHIVED
