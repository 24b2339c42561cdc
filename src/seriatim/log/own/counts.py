"""The one formula of badges: what is unread, and how often the reader is mentioned in it, of conversations and threads.

Each message counts in one place: a reply that does not stand in the main timeline in its thread, all else in the
conversation. So both are read alike: a difference of ordinals, and the mentions above the watermark.

A row that mentions somebody goes when he has read it. The one that mentions everybody (user 0) stays as long as its
message: whether all have read it only a look at every member would tell, and one who never reads, a bot for instance,
would keep it all the same. It is one row a message, never one a member, and no count reads those below the watermark.
"""

from typing import LiteralString


def unread(last_ordinal: LiteralString, read_ordinal: LiteralString) -> LiteralString:
    """Return the SQL of how many messages are unread."""
    return f"greatest({last_ordinal} - {read_ordinal}, 0)"


def mentioned(
    conversation_id: LiteralString, user_id: LiteralString, read_seq: LiteralString, *, thread_seq: LiteralString = "0"
) -> LiteralString:
    """Return the SQL of how many unread messages mention the user or everybody; of a thread, those that count there."""
    return f"""(select count(*) from mentions x where x.conversation_id = {conversation_id}
        and x.user_id in ({user_id}, 0) and x.thread_seq = {thread_seq} and x.seq > {read_seq})"""


_UNREAD: LiteralString = unread("c.last_ordinal", "m.read_ordinal")
UNREAD: LiteralString = f"(case when m.left_seq is null then {_UNREAD} else 0 end)"
"""What a member m has not read of the main timeline of his conversation c; of an ex-member nothing counts."""

# Where nothing is unread there are no mentions to look for.
MENTIONED: LiteralString = f"""(case when m.left_seq is null and c.last_ordinal > m.read_ordinal
    then {mentioned("c.id", "m.user_id", "m.read_seq")} else 0 end)"""
"""How often he is mentioned in it."""

THREAD_UNREAD: LiteralString = f"(case when r.following then {unread('t.last_ordinal', 'r.read_ordinal')} else 0 end)"
"""What a follower r has not read of his thread t."""
THREAD_MENTIONED: LiteralString = f"""(case when r.following and t.last_ordinal > r.read_ordinal
    then {mentioned("r.conversation_id", "r.user_id", "r.read_seq", thread_seq="r.thread_seq")} else 0 end)"""
"""How often he is mentioned in it."""
