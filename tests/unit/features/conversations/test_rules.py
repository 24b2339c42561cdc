"""Membership's rules, case by case: founding, settings, ranks, the last owner, the last seat."""

from typing import Any
from uuid import UUID

import pytest

from seriatim.core.errors import BadRequest, ChatError, Conflict, Forbidden, NotFound
from seriatim.core.ids import ConversationId, DeviceId, UserId
from seriatim.features.conversations import rules
from seriatim.features.conversations.rules import Candidate
from seriatim.protocol.commands import Create, Invite, Join, Leave, Remove, SetRole, SetSettings
from seriatim.protocol.entries import MemberAdded, MemberLeft, RoleChanged, SettingsChanged
from seriatim.protocol.fields import ConversationKind, Role, Visibility
from seriatim.protocol.sender import Sender

DIRECT, GROUP, CHANNEL = ConversationKind
GUEST, MEMBER, ADMIN, OWNER = Role
PRIVATE, LISTED, PUBLIC = Visibility
ADA, BOB, CAT = UserId(1), UserId(2), UserId(3)


def create(kind: ConversationKind, **fields: Any) -> Create:
    return Create(id=1, client_id=UUID(int=1), kind=kind, **fields)


def change(**fields: Any) -> SetSettings:
    return SetSettings(id=1, client_id=UUID(int=1), conversation_id=ConversationId(5), **fields)


def somebody(user_id: UserId, **traits: bool) -> Candidate:
    return Candidate(user_id, **dict.fromkeys(("is_guest", "is_member", "is_banned", "has_blocked"), False) | traits)


def test_founders_are_the_creator_and_those_named_each_once() -> None:
    found = rules.founding(create(GROUP, members=[CAT, BOB, CAT, ADA]), ADA)
    assert found == (GROUP, PRIVATE, None, (ADA, CAT, BOB))


def test_a_direct_conversation_is_a_pair_of_plain_members() -> None:
    assert rules.founding(create(DIRECT, members=[BOB, BOB, ADA]), ADA).members == (ADA, BOB)
    founders = (somebody(ADA), somebody(BOB, is_guest=True))
    assert {rules.role_of_founder(DIRECT, founder, ADA) for founder in founders} == {MEMBER}


def test_the_creator_owns_a_group_and_guests_come_as_guests() -> None:
    founders = (somebody(ADA), somebody(BOB), somebody(CAT, is_guest=True))
    assert [rules.role_of_founder(GROUP, founder, ADA) for founder in founders] == [OWNER, MEMBER, GUEST]


@pytest.mark.parametrize(
    ("command", "path", "reason"),
    [
        (create(DIRECT), "$.members", "pair"),
        (create(DIRECT, members=[ADA]), "$.members", "pair"),
        (create(DIRECT, members=[BOB, CAT]), "$.members", "pair"),
        (create(DIRECT, members=[BOB], title="us"), "$.title", "direct"),
        (create(DIRECT, members=[BOB], visibility=PUBLIC), "$.visibility", "channels_only"),
        (create(GROUP, visibility=PUBLIC), "$.visibility", "channels_only"),
        (create(GROUP, visibility=LISTED), "$.visibility", "channels_only"),
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
    several = {"history": "joined", "post_role": "admin", "slow_mode_s": 0, "archived": False}
    assert rules.settings(change(**several)) == several
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
    inviters = (MEMBER, ADMIN, OWNER)
    assert {(own, given) for own in inviters for given in Role if allowed(rules.grant, own, given)} == {
        *((own, given) for own in inviters for given in (GUEST, MEMBER)),
        (OWNER, ADMIN),
        (OWNER, OWNER),
    }
    with pytest.raises(Forbidden):
        rules.grant(ADMIN, ADMIN)


def test_admins_remove_members_and_owners_remove_all() -> None:
    assert {(own, theirs) for own in (ADMIN, OWNER) for theirs in Role if allowed(rules.remove, own, theirs)} == {
        (ADMIN, GUEST),
        (OWNER, GUEST),
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
    both = {"user_id": BOB, "role": MEMBER, "user_ids": [BOB, CAT]}
    wishes = [
        (Join(**place), MemberAdded, {"user_id": ADA, "role": MEMBER}, True),
        (Invite(**place, user_id=BOB, role=ADMIN), MemberAdded, {"user_id": BOB, "role": ADMIN}, True),
        (Invite(**place, user_ids=[BOB, CAT, BOB]), MemberAdded, both, True),
        (Invite(**place, user_ids=[BOB]), MemberAdded, {"user_id": BOB, "role": MEMBER}, True),
        (Leave(**place), MemberLeft, {"user_id": ADA}, True),
        (Remove(**place, user_id=BOB), MemberLeft, {"user_id": BOB}, True),
        (Remove(**place, user_id=BOB, ban=True), MemberLeft, {"user_id": BOB, "banned": True}, True),
        (SetRole(**place, user_id=BOB, role=OWNER), RoleChanged, {"user_id": BOB, "role": OWNER}, True),
        (SetSettings(**place, title="x"), SettingsChanged, {"title": "x"}, False),
    ]
    for command, kind, content, roster in wishes:
        wish = rules.change(command, sender)
        assert wish[:3] == (5, sender, UUID(int=1))
        assert (wish.kind, wish.content, wish.roster) == (kind, content, roster)
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


def test_who_is_invited_is_named_with_his_place() -> None:
    place = {"id": 1, "client_id": UUID(int=1), "conversation_id": ConversationId(5)}
    named = rules.invited(Invite(**place, user_id=CAT, user_ids=[BOB, CAT, ADA]))
    assert named == {CAT: "$.user_id", BOB: "$.user_ids[0]", ADA: "$.user_ids[2]"}
    with pytest.raises(BadRequest) as refused:
        rules.invited(Invite(**place))
    assert refused.value.reason == "nobody"


@pytest.mark.parametrize(
    ("traits", "role", "code", "reason"),
    [
        ({"is_member": True}, MEMBER, "conflict", "already_member"),
        ({"is_banned": True}, MEMBER, "conflict", "banned"),
        ({"has_blocked": True}, MEMBER, "forbidden", "blocked"),
        ({"is_guest": True}, MEMBER, "conflict", "guest"),
        ({"is_guest": True}, OWNER, "conflict", "guest"),
        ({"is_guest": True}, GUEST, None, None),
        ({}, GUEST, None, None),
    ],
)
def test_one_who_cannot_come_in_keeps_the_others_out(
    traits: dict[str, bool], role: Role, code: str | None, reason: str | None
) -> None:
    known = {BOB: somebody(BOB), CAT: somebody(CAT, **traits)}
    if code is None:
        rules.admit({CAT: "$.user_ids[1]"}, role, known)
        return
    with pytest.raises(ChatError) as refused:
        rules.admit({BOB: "$.user_ids[0]", CAT: "$.user_ids[1]"}, role, known)
    assert (refused.value.code, refused.value.reason, refused.value.path) == (code, reason, "$.user_ids[1]")
    with pytest.raises(NotFound):
        rules.admit({ADA: "$.user_ids[0]"}, role, known)


def test_a_guest_begins_direct_conversations_only_and_nobody_one_with_who_blocked_him() -> None:
    rules.by_guest(DIRECT)
    for kind in (GROUP, CHANNEL):
        with pytest.raises(Forbidden):
            rules.by_guest(kind)
    known = {BOB: somebody(BOB), CAT: somebody(CAT, has_blocked=True)}
    rules.gather([BOB], known)
    for named, code in (([BOB, CAT], "forbidden"), ([BOB, ADA], "not_found")):
        with pytest.raises(ChatError) as refused:
            rules.gather(named, known)
        assert (refused.value.code, refused.value.path) == (code, "$.members[1]")


def test_a_link_lets_in_who_is_out_and_not_banned() -> None:
    rules.follow(somebody(BOB, has_blocked=True), archived=False)
    for trait, reason in (("is_member", "already_member"), ("is_banned", "banned")):
        with pytest.raises(ChatError) as refused:
            rules.follow(somebody(BOB, **{trait: True}), archived=False)
        assert refused.value.reason == reason
    with pytest.raises(Forbidden) as closed:
        rules.follow(somebody(BOB), archived=True)
    assert closed.value.reason == "archived"
    assert rules.role_of_invited(ADMIN, is_guest=False) is ADMIN
    assert rules.role_of_invited(ADMIN, is_guest=True) is GUEST
