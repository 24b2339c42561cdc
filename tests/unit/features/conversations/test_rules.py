"""Membership's rules, case by case: founding, settings, ranks, the last owner, the last seat."""

from typing import Any
from uuid import UUID

import pytest

from seriatim.core.errors import BadRequest, ChatError, Conflict, Forbidden
from seriatim.core.ids import ConversationId, UserId
from seriatim.features.conversations import rules
from seriatim.protocol.commands import Create, SetSettings
from seriatim.protocol.fields import ConversationKind, Role, Visibility
from seriatim.protocol.limits import LIMITS

DIRECT, GROUP, CHANNEL = ConversationKind
MEMBER, ADMIN, OWNER = Role
PRIVATE, PUBLIC = Visibility
ADA, BOB, CAT = UserId(1), UserId(2), UserId(3)


def create(kind: ConversationKind, **fields: Any) -> Create:
    return Create(id=1, client_id=UUID(int=1), kind=kind, **fields)


def change(**fields: Any) -> SetSettings:
    return SetSettings(id=1, client_id=UUID(int=1), conversation_id=ConversationId(5), **fields)


def test_founders_are_the_creator_and_those_named_each_once() -> None:
    found = rules.founding(create(GROUP, members=[CAT, BOB, CAT, ADA]), ADA)
    assert found == (GROUP, PRIVATE, None, (ADA, CAT, BOB))


def test_a_direct_conversation_is_a_pair_of_plain_members() -> None:
    assert rules.founding(create(DIRECT, members=[BOB, BOB, ADA]), ADA).members == (ADA, BOB)
    assert {rules.role_of_founder(DIRECT, founder, ADA) for founder in (ADA, BOB)} == {MEMBER}


def test_the_creator_owns_a_group() -> None:
    assert [rules.role_of_founder(GROUP, founder, ADA) for founder in (ADA, BOB)] == [OWNER, MEMBER]


@pytest.mark.parametrize(
    ("command", "path", "reason"),
    [
        (create(DIRECT), "$.members", "pair"),
        (create(DIRECT, members=[ADA]), "$.members", "pair"),
        (create(DIRECT, members=[BOB, CAT]), "$.members", "pair"),
        (create(DIRECT, members=[BOB], title="us"), "$.title", "direct"),
        (create(DIRECT, members=[BOB], visibility=PUBLIC), "$.visibility", "channels_only"),
        (create(GROUP, visibility=PUBLIC), "$.visibility", "channels_only"),
        (create(CHANNEL), "$.title", "required"),
        (create(CHANNEL, title="  "), "$.title", "blank"),
        (create(CHANNEL, title="a\u202eb"), "$.title", "character"),
        (create(CHANNEL, title="a\nb"), "$.title", "character"),
        (create(GROUP, title="\u0958" * 128), "$.title", "too_long"),
    ],
)
def test_a_false_create_is_refused_with_its_field(command: Create, path: str, reason: str) -> None:
    with pytest.raises(BadRequest) as refused:
        rules.founding(command, ADA)
    assert (refused.value.path, refused.value.reason) == (path, reason)


def test_titles_that_look_equal_are_equal() -> None:
    titles = [rules.founding(create(GROUP, title=title), ADA).title for title in (" Cafe\u0301", "Caf\u00e9 ")]
    assert titles == ["Caf\u00e9", "Caf\u00e9"]


def test_settings_name_what_changes() -> None:
    assert rules.settings(change(title=" New ", topic="")) == ("New", "", None)
    assert rules.settings(change(visibility=PUBLIC)) == (None, None, PUBLIC)
    with pytest.raises(BadRequest) as refused:
        rules.settings(change())
    assert refused.value.reason == "nothing_named"


def test_only_channels_become_public() -> None:
    rules.change_visibility(CHANNEL, PUBLIC)
    rules.change_visibility(GROUP, PRIVATE)
    rules.change_visibility(DIRECT, None)
    with pytest.raises(BadRequest):
        rules.change_visibility(GROUP, PUBLIC)


def allowed(rule: Any, *arguments: Any, **named: Any) -> bool:
    try:
        rule(*arguments, **named)
    except ChatError:
        return False
    return True


def test_admins_invite_members_and_only_owners_give_more() -> None:
    assert {(own, given) for own in Role for given in Role if allowed(rules.grant, own, given)} == {
        (MEMBER, MEMBER),
        (ADMIN, MEMBER),
        (OWNER, MEMBER),
        (OWNER, ADMIN),
        (OWNER, OWNER),
    }
    with pytest.raises(Forbidden):
        rules.grant(ADMIN, ADMIN)


def test_admins_remove_members_and_owners_remove_all() -> None:
    assert {(own, theirs) for own in (ADMIN, OWNER) for theirs in Role if allowed(rules.remove, own, theirs)} == {
        (ADMIN, MEMBER),
        (OWNER, MEMBER),
        (OWNER, ADMIN),
        (OWNER, OWNER),
    }
    with pytest.raises(BadRequest):
        rules.someone_else(ADA, ADA)


@pytest.mark.parametrize(
    ("own", "other_members", "other_owners", "goes"),
    [(MEMBER, 5, 1, True), (OWNER, 5, 1, True), (OWNER, 0, 0, True), (OWNER, 1, 0, False), (ADMIN, 1, 0, True)],
)
def test_the_last_owner_stays_with_the_others(own: Role, other_members: int, other_owners: int, *, goes: bool) -> None:
    assert allowed(rules.leave, own, other_members=other_members, other_owners=other_owners) is goes


def test_a_role_changes_while_an_owner_is_left() -> None:
    rules.change_role(MEMBER, OWNER, owners=1)
    rules.change_role(OWNER, MEMBER, owners=2)
    for theirs, wanted, owners, reason in ((OWNER, ADMIN, 1, "last_owner"), (ADMIN, ADMIN, 1, "unchanged")):
        with pytest.raises(Conflict) as refused:
            rules.change_role(theirs, wanted, owners=owners)
        assert refused.value.reason == reason


def test_a_full_conversation_takes_nobody() -> None:
    rules.room(LIMITS.members - 1)
    with pytest.raises(Conflict) as refused:
        rules.room(LIMITS.members)
    assert refused.value.reason == "full"
