-- Whether a stored entry is what this wish would store. Of an edited message the first edit knows what was sent. A
-- deletion empties messages, polls and the edits of messages: nothing is left to compare with, so the key says it alone.
create function is_same_wish_1(e entries, p_kind entry_kind, p_meta jsonb, p_target bigint, p_body text)
returns boolean language sql stable as $$
    select e.kind = p_kind and coalesce(e.target_seq, 0) = coalesce(p_target, 0) and case
        when e.deleted_seq is not null or e.body = '' then true
        when e.edited_seq is null then e.meta is not distinct from p_meta and e.body is not distinct from p_body
        else e.meta is not distinct from p_meta and p_body = (
            select f.outcome ->> 'previous' from entries f
            where f.conversation_id = e.conversation_id and f.target_seq = e.seq and f.outcome is not null
            order by f.seq limit 1)
    end
$$;

-- Stores one entry of any kind but a sent message as the next of its conversation, within the caller's transaction, by
-- the rules of append: the lock first, then the key, then the number. Who may do it was decided under that lock.
-- Takes the place of record_1, which cannot name a target, nor count as a message.
--
-- p_meta, p_target, p_body are what was wished for: the same again is a duplicate. p_outcome is what came of it, and is
-- not compared.
-- p_counts: it counts as a message (an ordinal; its sender has read up to it).
-- status: 0 stored · 1 duplicate · 2 key reused · 3 no such conversation. conversation_roster_version: the present one.
create function record_2(
    p_conversation bigint, p_kind entry_kind, p_sender bigint, p_device bigint, p_client uuid, p_meta jsonb,
    p_target bigint, p_body text, p_outcome jsonb, p_roster boolean, p_counts boolean,
    out status smallint, out seq bigint, out created_at timestamptz, out ordinal bigint,
    out entry_roster_version integer, out conversation_roster_version integer
) language plpgsql volatile as $$
#variable_conflict use_column
begin
    select c.roster_version into conversation_roster_version
    from conversations c where c.id = p_conversation for no key update;
    if not found then
        status := 3;
        return;
    end if;
    select (case when is_same_wish_1(e, p_kind, p_meta, p_target, p_body) then 1 else 2 end), e.seq, e.created_at,
        e.ordinal, e.roster_version
    into status, seq, created_at, ordinal, entry_roster_version
    from entries e where e.conversation_id = p_conversation and e.device_id = p_device and e.client_id = p_client;
    if found then
        return;
    end if;
    status := 0;
    created_at := clock_timestamp();
    update conversations c
    set last_seq = c.last_seq + 1, head_xid = pg_current_xact_id(),
        roster_version = c.roster_version + case when p_roster then 1 else 0 end,
        last_ordinal = c.last_ordinal + case when p_counts then 1 else 0 end,
        last_message_at = case when p_counts then created_at else c.last_message_at end
    where c.id = p_conversation
    returning c.last_seq, c.roster_version, case when p_counts then c.last_ordinal end
    into seq, conversation_roster_version, ordinal;
    entry_roster_version := case when p_roster then conversation_roster_version end;
    insert into entries
        (conversation_id, seq, kind, sender_id, device_id, client_id, created_at, ordinal, target_seq, roster_version,
        body, meta, outcome)
    values
        (p_conversation, seq, p_kind, p_sender, p_device, p_client, created_at, ordinal, p_target, entry_roster_version,
        p_body, p_meta, p_outcome);
    if p_counts then
        update members m set read_seq = seq, read_ordinal = ordinal, own_xid = pg_current_xact_id()
        where m.conversation_id = p_conversation and m.user_id = p_sender;
    end if;
end
$$;
