"""What each recorded frame of version 1 means, by the name of its files; meanings are added and never changed."""

from datetime import UTC, datetime
from typing import Any
from uuid import UUID

from seriatim.core.ids import ConversationId, DeviceId, SessionId, UserId
from seriatim.protocol import answers, commands, entries
from seriatim.protocol.answers import HeadRow
from seriatim.protocol.fields import (
    ChosenState,
    ConversationKind,
    History,
    LastSeenTo,
    LeastRole,
    PresenceState,
    Role,
    Visibility,
)
from seriatim.protocol.limits import Limits
from seriatim.protocol.own import changes
from seriatim.protocol.own import commands as own
from seriatim.protocol.own.settings import Level, QuietHours, Settings

HERE, THERE = ConversationId(7), ConversationId(2**53 - 1)
ADA, BOB = UserId(11), UserId(12)
PHONE = DeviceId(21)
KEY = UUID("01939b1e-7c00-7000-8000-00000000002a")
AT = datetime(2026, 1, 2, 3, 4, 5, 678901, tzinfo=UTC)
EPOCH = "e-1"
TEXT = 'line one\nline two "quoted" \\ / é 😀 \u2028 end'
AUTHOR: dict[str, Any] = {"sender_id": ADA, "device_id": PHONE, "client_id": KEY, "created_at": AT}
PROGRAM = commands.ClientName("recorder", "1")
ON_HERE: dict[str, Any] = {"id": 3, "client_id": KEY, "conversation_id": HERE}
RULES: dict[str, Any] = {
    "history": History.JOINED,
    "post_role": LeastRole.ADMIN,
    "invite_role": LeastRole.MEMBER,
    "pin_role": LeastRole.OWNER,
    "slow_mode_s": 30,
    "archived": True,
}

COMMANDS: dict[str, commands.AnyCommand] = {
    "hello": commands.Hello(token="t.o.ken", device_id=PHONE, client=PROGRAM),
    "hello-resume": commands.Hello(
        token="t.o.ken",
        device_id=PHONE,
        client=PROGRAM,
        resume=commands.Resume(EPOCH, "812"),
        focus=[HERE, THERE],
        inactive=True,
    ),
    "ping": commands.Ping(),
    "ping-heads": commands.Ping(heads={HERE: 5, THERE: 0}),
    "focus": commands.Focus(),
    "focus-inactive": commands.Focus(conversation_ids=[HERE], inactive=True),
    "focus-people": commands.Focus(conversation_ids=[HERE], user_ids=[ADA, BOB]),
    "typing": commands.Typing(conversation_id=HERE),
    "typing-thread": commands.Typing(conversation_id=HERE, thread_seq=2, on=False),
    "set_presence": commands.SetPresence(id=7),
    "set_presence-busy": commands.SetPresence(id=7, state=ChosenState.DO_NOT_DISTURB, text="at work", expires_at=AT),
    "set_presence-discreet": commands.SetPresence(id=7, last_seen_to=LastSeenTo.CONTACTS),
    "received": own.Received(seqs={HERE: 5, THERE: 1}),
    "draft": own.SaveDraft(id=8, conversation_id=HERE, text="almost", changed_at=AT),
    "draft-thread": own.SaveDraft(id=8, conversation_id=HERE, thread_seq=2, text="", target_seq=4, changed_at=AT),
    "set_mine": own.SetMine(id=9, conversation_id=HERE, pinned=True),
    "set_mine-all": own.SetMine(
        id=9,
        conversation_id=HERE,
        level=Level.MENTIONS,
        muted_until=AT,
        pinned=False,
        hidden=True,
        marked_unread=True,
    ),
    "set_mine-thread": own.SetMine(id=9, conversation_id=HERE, thread_seq=2, following=False),
    "read_all": own.ReadAll(id=10),
    "renew": commands.Renew(id=1, token="t.o.ken"),
    "fetch": commands.Fetch(id=2, conversation_id=HERE),
    "fetch-after": commands.Fetch(id=2, conversation_id=HERE, after=0, limit=200),
    "fetch-before": commands.Fetch(id=2, conversation_id=HERE, before=9, limit=1),
    "fetch-around": commands.Fetch(id=2, conversation_id=HERE, around=9),
    "fetch-at-thread": commands.Fetch(id=2, conversation_id=HERE, at=AT, thread_seq=2),
    "compare": commands.Compare(id=4, entries=[(HERE, 1, KEY, AT), (THERE, 2**53 - 1, KEY, AT)]),
    "read": commands.Read(id=5, conversation_id=HERE, seq=9),
    "read-thread": commands.Read(id=5, conversation_id=HERE, seq=9, thread_seq=2),
    "create-direct": commands.Create(id=6, client_id=KEY, kind=ConversationKind.DIRECT, members=[BOB]),
    "create-group": commands.Create(
        id=6, client_id=KEY, kind=ConversationKind.GROUP, title="A group", members=[ADA, BOB]
    ),
    "create-channel": commands.Create(
        id=6, client_id=KEY, kind=ConversationKind.CHANNEL, title="All", visibility=Visibility.PUBLIC
    ),
    "send": commands.SendMessage(**ON_HERE, body="hi"),
    "send-thread": commands.SendMessage(**ON_HERE, body="hi", thread_seq=2, broadcast=True, mentions=(BOB, UserId(0))),
    "send-reply": commands.SendMessage(**ON_HERE, body=TEXT, target_seq=2, trace=True),
    "join": commands.Join(**ON_HERE),
    "join-invited": commands.Join(**ON_HERE, invitation="AbCdEfGhIjKlMnOpQrStUv"),
    "leave": commands.Leave(**ON_HERE),
    "invite": commands.Invite(**ON_HERE, user_id=BOB),
    "invite-admin": commands.Invite(**ON_HERE, user_id=BOB, role=Role.ADMIN),
    "invite-several": commands.Invite(**ON_HERE, user_ids=[BOB, ADA], role=Role.GUEST),
    "remove": commands.Remove(**ON_HERE, user_id=BOB),
    "remove-ban": commands.Remove(**ON_HERE, user_id=BOB, ban=True),
    "set_role": commands.SetRole(**ON_HERE, user_id=BOB, role=Role.OWNER),
    "set_settings": commands.SetSettings(**ON_HERE, title="New", topic="", visibility=Visibility.PRIVATE),
    "set_settings-topic": commands.SetSettings(**ON_HERE, topic="Only this"),
    "set_settings-rules": commands.SetSettings(**ON_HERE, visibility=Visibility.LISTED, **RULES),
    "edit": commands.Edit(**ON_HERE, target_seq=2, body=TEXT),
    "delete": commands.Delete(**ON_HERE, target_seq=2),
    "react": commands.React(**ON_HERE, target_seq=2, emoji="👍🏽"),
    "react-custom": commands.React(**ON_HERE, target_seq=2, emoji=":party_parrot:"),
    "unreact": commands.Unreact(**ON_HERE, target_seq=2, emoji="👍🏽"),
    "pin": commands.Pin(**ON_HERE, target_seq=2),
    "unpin": commands.Unpin(**ON_HERE, target_seq=2),
    "forward": commands.Forward(**ON_HERE, source_conversation_id=THERE, source_seq=4),
    "start_poll": commands.StartPoll(**ON_HERE, question="When?", options=["now", "then"]),
    "start_poll-full": commands.StartPoll(
        **ON_HERE, question="When?", options=["now", "then"], multiple=True, anonymous=True, closes_at=AT
    ),
    "vote": commands.Vote(**ON_HERE, target_seq=5, options=[0, 1]),
    "vote-back": commands.Vote(**ON_HERE, target_seq=5, options=[]),
    "close_poll": commands.ClosePoll(**ON_HERE, target_seq=5),
    "slash": commands.Slash(id=11, client_id=KEY, conversation_id=HERE, name="deploy", text="web now"),
    "slash-bare": commands.Slash(id=11, client_id=KEY, conversation_id=HERE, name="deploy"),
    "answer_slash": commands.AnswerSlash(id=12, call_id="c-1", text="done"),
    "answer_slash-silent": commands.AnswerSlash(id=12, call_id="c-1"),
}


def event(entry: entries.Entry) -> answers.Event:
    return answers.Event(epoch=EPOCH, entry=entry)


MESSAGE = entries.MessageSent(conversation_id=HERE, seq=2, ordinal=1, body=TEXT, **AUTHOR)
REPLY = entries.MessageSent(conversation_id=HERE, seq=3, ordinal=2, body="yes", target_seq=2, **AUTHOR)
ON_TWO: dict[str, Any] = {"conversation_id": HERE, "seq": 9, "target_seq": 2, **AUTHOR}
CHANGED = entries.MessageSent(
    conversation_id=HERE,
    seq=2,
    ordinal=1,
    body="better",
    changed_seq=12,
    edited_seq=10,
    pinned_seq=11,
    reactions=(("👍🏽", 2, True), (":party_parrot:", 1, False)),
    forwarded=entries.Forwarded(conversation_id=THERE, seq=4, sender_id=BOB),
    **AUTHOR,
)
DELETED = entries.MessageSent(conversation_id=HERE, seq=3, ordinal=2, body="", changed_seq=13, deleted_seq=13, **AUTHOR)
POLL: dict[str, Any] = {"conversation_id": HERE, "seq": 5, "ordinal": 3, "question": "When?", **AUTHOR}
ASKED = entries.PollStarted(**POLL, options=["now", "then"])
VOTED = entries.PollStarted(
    **POLL,
    options=["now", "then"],
    multiple=True,
    anonymous=True,
    closes_at=AT,
    changed_seq=14,
    votes=(2, 1),
    voters=2,
    chosen=(0, 1),
    closed_seq=14,
)
ROW = HeadRow(HERE, 9, 5, 6, 4, 1, answers.FLAG_LEFT)

DRAFT = changes.OwnDraft(conversation_id=HERE, thread_seq=2, text=TEXT, target_seq=4, changed_at=AT)
MINE = changes.OwnMine(
    conversation_id=HERE, level=Level.ALL, muted_until=AT, pinned=True, hidden=False, marked_unread=True
)

ANSWERS: dict[str, answers.ServerFrame] = {
    "welcome": answers.Welcome(
        session_id=SessionId("s1"),
        user_id=ADA,
        device_id=PHONE,
        epoch=EPOCH,
        heartbeat_ms=25_000,
        limits=Limits(),
        server_time=AT,
        resume_token="812",
        heads=[ROW],
        more=True,
    ),
    "heads": answers.Heads(rows=[ROW, HeadRow(THERE, 1, 0, 0, 0, 0, 0)], more=False),
    "pong": answers.Pong(heads=[], resume_token="813"),
    "pong-heads": answers.Pong(heads=[ROW], resume_token="813"),
    "pong-own": answers.Pong(heads=[], resume_token="814", own=[changes.OwnSaved(), DRAFT, MINE]),
    "drain": answers.Drain(reconnect_after_ms=(500, 5_000)),
    "ok": answers.Ok(id=1),
    "error": answers.Error(code="bad_frame", message="the text is not JSON"),
    "error-full": answers.Error(
        id=3,
        code="rate_limited",
        message="too many",
        path="$.body",
        reason="frames",
        retry_after_ms=250,
        fatal=True,
    ),
    "sent": answers.Sent(id=3, conversation_id=HERE, client_id=KEY, seq=2, created_at=AT),
    "sent-traced": answers.Sent(
        id=3,
        conversation_id=HERE,
        client_id=KEY,
        seq=2,
        created_at=AT,
        duplicate=True,
        trace=[
            answers.TracedHop(hop="receive", at_us=0, network=1),
            answers.TracedHop(hop="commit", at_us=900, network=1, statements=1, rows=3, commits=1),
        ],
    ),
    "event-message_sent": event(MESSAGE),
    "event-message_sent-reply": event(REPLY),
    "event-message_sent-forwarded": event(
        entries.MessageSent(
            conversation_id=HERE,
            seq=2,
            ordinal=1,
            body="words",
            forwarded=entries.Forwarded(conversation_id=THERE, seq=4, sender_id=BOB),
            **AUTHOR,
        )
    ),
    "event-message_sent-via": event(
        entries.MessageSent(conversation_id=HERE, seq=2, ordinal=1, body="disk full", via="Grafana", **AUTHOR)
    ),
    "slashed": answers.Slashed(id=11, text="only for you"),
    "slashed-silent": answers.Slashed(id=11),
    "slash_called": answers.SlashCalled(
        call_id="c-1", conversation_id=HERE, user_id=ADA, name="deploy", text="web now"
    ),
    "event-message_edited": event(entries.MessageEdited(**ON_TWO, body="better", previous=TEXT)),
    "event-message_edited-hidden": event(entries.MessageEdited(**ON_TWO, body="")),
    "event-message_deleted": event(entries.MessageDeleted(**ON_TWO)),
    "event-reaction_added": event(entries.ReactionAdded(**ON_TWO, emoji="👍🏽")),
    "event-reaction_removed": event(entries.ReactionRemoved(**ON_TWO, emoji="👍🏽")),
    "event-message_pinned": event(entries.MessagePinned(**ON_TWO)),
    "event-message_unpinned": event(entries.MessageUnpinned(**ON_TWO)),
    "event-poll_started": event(ASKED),
    "event-poll_voted": event(entries.PollVoted(**ON_TWO, votes=(1, 0), voters=1, options=(0,))),
    "event-poll_voted-anonymous": event(
        entries.PollVoted(**ON_TWO | {"sender_id": UserId(0), "device_id": DeviceId(0)}, votes=(1, 0), voters=1)
    ),
    "event-poll_closed": event(entries.PollClosed(**ON_TWO)),
    "page-changed": answers.Page(
        id=2,
        conversation_id=HERE,
        epoch=EPOCH,
        entries=[CHANGED, DELETED, VOTED],
        head=14,
        first_kept=1,
        complete=False,
    ),
    "event-conversation_created": event(
        entries.ConversationCreated(
            conversation_id=HERE,
            seq=1,
            roster_version=1,
            conversation_kind=ConversationKind.GROUP,
            visibility=Visibility.PRIVATE,
            title="A group",
            members=[ADA, BOB],
            **AUTHOR,
        )
    ),
    "event-conversation_created-direct": event(
        entries.ConversationCreated(
            conversation_id=HERE,
            seq=1,
            roster_version=1,
            conversation_kind=ConversationKind.DIRECT,
            visibility=Visibility.PRIVATE,
            members=[ADA, BOB],
            **AUTHOR,
        )
    ),
    "event-member_added": event(
        entries.MemberAdded(conversation_id=HERE, seq=4, roster_version=2, user_id=BOB, role=Role.MEMBER, **AUTHOR)
    ),
    "event-member_added-several": event(
        entries.MemberAdded(
            conversation_id=HERE, seq=4, roster_version=2, user_id=BOB, role=Role.GUEST, user_ids=[BOB, ADA], **AUTHOR
        )
    ),
    "event-member_left": event(
        entries.MemberLeft(conversation_id=HERE, seq=5, roster_version=3, user_id=BOB, **AUTHOR)
    ),
    "event-member_left-banned": event(
        entries.MemberLeft(conversation_id=HERE, seq=5, roster_version=3, user_id=BOB, banned=True, **AUTHOR)
    ),
    "event-role_changed": event(
        entries.RoleChanged(conversation_id=HERE, seq=6, roster_version=4, user_id=BOB, role=Role.ADMIN, **AUTHOR)
    ),
    "event-settings_changed": event(
        entries.SettingsChanged(
            conversation_id=HERE, seq=7, title="New", topic="Talk", visibility=Visibility.PUBLIC, **AUTHOR
        )
    ),
    "event-settings_changed-rules": event(entries.SettingsChanged(conversation_id=HERE, seq=7, **RULES, **AUTHOR)),
    "page": answers.Page(
        id=2, conversation_id=HERE, epoch=EPOCH, entries=[MESSAGE, REPLY], head=9, first_kept=1, complete=False
    ),
    "page-thread": answers.Page(
        id=2, conversation_id=HERE, epoch=EPOCH, entries=[], head=9, first_kept=1, complete=True, thread_seq=2
    ),
    "page-empty": answers.Page(
        id=2, conversation_id=HERE, epoch=EPOCH, entries=[], head=0, first_kept=1, complete=True
    ),
    "gap": answers.Gap(conversation_id=HERE, head=9),
    "compared": answers.Compared(id=4, epoch=EPOCH, entries=[(HERE, 1, KEY, AT)]),
    "self-read": answers.SelfChanged(what=answers.OwnRead(conversation_id=HERE, seq=9, unread=2, mentions=1)),
    "presence": answers.PresenceTold(
        rows=[
            answers.PresenceRow(ADA, PresenceState.ONLINE),
            answers.PresenceRow(BOB, PresenceState.OFFLINE, AT, "away until Monday", AT),
        ]
    ),
    "presence-counts": answers.PresenceTold(counts={HERE: 251}),
    "typing": answers.TypingTold(conversation_id=HERE, user_id=ADA, on=True),
    "typing-thread": answers.TypingTold(conversation_id=HERE, user_id=ADA, on=False, thread_seq=2),
    "self-presence": answers.SelfChanged(
        what=answers.OwnPresence(state=ChosenState.INVISIBLE, text="", expires_at=None)
    ),
    "welcome-own": answers.Welcome(
        session_id=SessionId("s-2"),
        user_id=ADA,
        device_id=PHONE,
        epoch=EPOCH,
        heartbeat_ms=25_000,
        limits=Limits(),
        server_time=AT,
        resume_token="815",
        heads=[],
        more=False,
        own=[changes.OwnSettings(settings=Settings(read_receipts=False)), changes.OwnScheduled()],
    ),
    "watermarks": answers.Watermarks(conversation_id=HERE, rows=[answers.MemberMarks(BOB, 9, 7)]),
    "watermarks-count": answers.Watermarks(conversation_id=HERE, seq=9, read_count=51),
    "self-draft": answers.SelfChanged(what=DRAFT),
    "self-mine": answers.SelfChanged(what=MINE),
    "self-thread": answers.SelfChanged(
        what=changes.OwnThread(conversation_id=HERE, thread_seq=2, following=True, read=5, unread=3, mentions=1)
    ),
    "self-settings": answers.SelfChanged(
        what=changes.OwnSettings(
            settings=Settings(
                level=Level.NOTHING,
                muted_until=AT,
                quiet_hours=QuietHours(on=True, start="23:00", end="06:30", time_zone="Europe/Paris"),
                read_receipts=False,
            )
        )
    ),
    "self-saved": answers.SelfChanged(what=changes.OwnSaved(conversation_id=HERE, seq=5, saved_at=AT)),
    "self-scheduled": answers.SelfChanged(
        what=changes.OwnScheduled(scheduled_id=31, conversation_id=HERE, seq=5, code="forbidden")
    ),
    "self-reminder": answers.SelfChanged(what=changes.OwnReminder(reminder_id=32, conversation_id=HERE, seq=5)),
    "self-devices": answers.SelfChanged(what=answers.DevicesChanged()),
}
