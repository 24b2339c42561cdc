"""Membership's rules, case by case: founding, settings, ranks, the last owner, the last seat."""

from typing import Any
from uuid import UUID

import pytest

from seriatim.core.errors import BadRequest, ChatError, Conflict, Forbidden
from seriatim.core.ids import ConversationId, DeviceId, UserId
from seriatim.features.conversations import rules
from seriatim.protocol.commands import Create, Invite, Join, Leave, Remove, SetRole, SetSettings
from seriatim.protocol.entries import MemberAdded, MemberLeft, RoleChanged, SettingsChanged
from seriatim.protocol.fields import ConversationKind, Role, Visibility
from seriatim.protocol.limits import LIMITS
from seriatim.protocol.sender import Sender

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
    assert rules.settings(change(title=" New ", topic="")) == {"title": "New", "topic": ""}
    assert rules.settings(change(visibility=PUBLIC)) == {"visibility": "public"}
    with pytest.raises(BadRequest) as refused:
        rules.settings(change())
    assert refused.value.reason == "nothing_named"


def test_only_channels_become_public() -> None:
    rules.visible(CHANNEL, PUBLIC)
    rules.visible(GROUP, PRIVATE)
    rules.visible(DIRECT, None)
    with pytest.raises(BadRequest):
        rules.visible(GROUP, PUBLIC)


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


@pytest.mark.parametrize(
    ("own", "members", "owners", "goes"),
    [(MEMBER, 6, 1, True), (OWNER, 6, 2, True), (OWNER, 1, 1, True), (OWNER, 2, 1, False), (ADMIN, 2, 1, True)],
)
def test_the_last_owner_stays_with_the_others(own: Role, members: int, owners: int, *, goes: bool) -> None:
    assert allowed(rules.leave, own, members=members, owners=owners) is goes


def test_a_command_wishes_for_one_entry() -> None:
    sender, place = Sender(ADA, DeviceId(11)), {"id": 1, "client_id": UUID(int=1), "conversation_id": ConversationId(5)}
    wishes = [
        (Join(**place), MemberAdded, {"user_id": ADA, "role": MEMBER}, True),
        (Invite(**place, user_id=BOB, role=ADMIN), MemberAdded, {"user_id": BOB, "role": ADMIN}, True),
        (Leave(**place), MemberLeft, {"user_id": ADA}, True),
        (Remove(**place, user_id=BOB), MemberLeft, {"user_id": BOB}, True),
        (SetRole(**place, user_id=BOB, role=OWNER), RoleChanged, {"user_id": BOB, "role": OWNER}, True),
        (SetSettings(**place, title="x"), SettingsChanged, {"title": "x"}, False),
    ]
    for command, kind, content, roster in wishes:
        assert rules.change(command, sender) == (5, sender, UUID(int=1), kind, content, roster)
    with pytest.raises(BadRequest) as refused:
        rules.change(Remove(**place, user_id=ADA), sender)
    assert refused.value.reason == "self"


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
