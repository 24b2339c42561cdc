/** A port that answers from memory: a handful of people and conversations, long enough to scroll. */

import type {
  AskName,
  ConversationId,
  ConversationRow,
  DeviceId,
  Input,
  MessageRow,
  Note,
  Output,
  Person,
  Port,
  Row,
  Session,
  Token,
  UserId,
} from "../../core/port.ts";

const NOW = Date.now();
const MINUTE = 60_000;
const user = (id: number) => id as UserId;
const people: readonly Person[] = [
  "Ada Lovelace",
  "Grace Hopper",
  "Alan Turing",
  "Katherine Johnson",
  "李 娜",
  "نور الهدى",
].map((name, index) => ({ user_id: user(index + 1), name }));
const session: Session = { user_id: user(1), device_id: 1 as DeviceId, name: "Ada Lovelace" };

const TEXTS = [
  "Morning! The nightly run is green again.",
  "Nice. Was it the **lock time-out** after all?",
  "Yes: two writers took the conversation row in a different order. It reads like this now:\n```sql\nselect last_seq from conversations where conversation_id = any($1) order by conversation_id for no key update\n```",
  "That explains the `55P03` in the log.",
  "I wrote it down so that nobody has to find it twice: https://example.org/notes/lock-order",
  "> two writers took the row in a different order\n\nClassic. One more reason to sort before locking.",
  "Shall we look at the *history* numbers after lunch?",
  "- p50 is fine\n- p99 is 3 ms over the goal\n- the plan is the same for both",
  "Works for me. 14:00?",
  "👍",
];

function tokens(body: string): readonly Token[] {
  const code = /^([\s\S]*?)```\w*\n([\s\S]*?)\n```$/.exec(body);
  if (code !== null) {
    const [, before = "", text = ""] = code;
    return [
      { type: "paragraph", tokens: inline(before.trim()) },
      { type: "code_block", text, language: "sql" },
    ];
  }
  if (body.startsWith("- ")) {
    const items = body.split("\n").map((line) => [{ type: "text", text: line.slice(2) }] as const);
    return [{ type: "list", ordered: false, start: 1, items }];
  }
  return body
    .split("\n\n")
    .map((part) =>
      part.startsWith("> ")
        ? { type: "blockquote", tokens: [{ type: "paragraph", tokens: inline(part.slice(2)) }] }
        : { type: "paragraph", tokens: inline(part) },
    );
}

function inline(text: string): Token[] {
  return text.split(/(\*\*[^*]+\*\*|\*[^*]+\*|`[^`]+`|https?:\S+)/).map((part): Token => {
    if (part.startsWith("**")) return { type: "strong", tokens: [{ type: "text", text: part.slice(2, -2) }] };
    if (part.startsWith("*")) return { type: "em", tokens: [{ type: "text", text: part.slice(1, -1) }] };
    if (part.startsWith("`")) return { type: "code", text: part.slice(1, -1) };
    if (part.startsWith("http"))
      return { type: "link", href: part, host: null, tokens: [{ type: "text", text: part }] };
    return { type: "text", text: part };
  });
}

function message(conversation_id: ConversationId, seq: number, sender: number, at: number, body: string): MessageRow {
  return {
    kind: "message",
    key: `${conversation_id} ${seq}`,
    client_id: `${seq}`,
    conversation_id,
    seq,
    sender_id: user(sender),
    created_at: at,
    body,
    tokens: tokens(body),
    target_seq: seq % 17 === 0 ? seq - 3 : null,
    ordinal: seq,
    state: "sent",
    error: null,
  };
}

function history(id: ConversationId, count: number, members: readonly number[]): Row[] {
  const rows: Row[] = [];
  for (let seq = 1; seq <= count; seq += 1) {
    const at = NOW - (count - seq) * 7 * MINUTE + (seq % 3) * 2 * MINUTE;
    const sender = members[Math.floor(seq / 2) % members.length] ?? 1;
    const body = TEXTS[seq % TEXTS.length] ?? "";
    if (seq === 1) {
      const entry = { kind: "conversation_created", members: members.map(user) } as never;
      rows.push({
        kind: "line",
        key: `${id} 1`,
        client_id: "1",
        conversation_id: id,
        seq,
        sender_id: user(1),
        created_at: at,
        entry,
      });
    } else rows.push(message(id, seq, sender, at, body));
  }
  return rows;
}

interface Sample {
  row: ConversationRow;
  rows: Row[];
}

function conversation(
  id: number,
  kind: ConversationRow["kind"],
  title: string,
  members: number[],
  unread: number,
): Sample {
  const conversation_id = id as ConversationId;
  const rows = history(conversation_id, id === 17 ? 640 : 12 + id * 3, members);
  const last = rows.findLast((row) => row.kind === "message");
  const other = kind === "direct" ? (people.find((one) => one.user_id === members[1]) ?? null) : null;
  const row: ConversationRow = {
    conversation_id,
    kind,
    visibility: kind === "channel" ? "public" : "private",
    title: kind === "direct" ? null : title,
    topic: kind === "channel" ? "What runs, what broke, what is next" : null,
    other,
    role: "owner",
    member_count: members.length,
    roster_version: 1,
    pin_role: "admin",
    rules: { archived: false, history: "all", post_role: "member", invite_role: "admin", slow_mode_s: 0 },
    threads: {},
    mine: { level: "default", muted_until: 0, pinned: false, hidden: false, marked_unread: false },
    head: rows.length,
    read: rows.length - unread,
    unread,
    mentions: 0,
    last_message_at: NOW - id * 37 * MINUTE,
    last:
      last === undefined
        ? null
        : {
            sender_id: last.sender_id,
            text: last.kind === "message" ? last.body.replaceAll("\n", " ") : "",
            state: "sent",
          },
    draft: id === 5 ? "What I was about to say" : "",
  };
  return { row, rows };
}

const samples = new Map(
  [
    conversation(1, "direct", "", [1, 2], 0),
    conversation(2, "direct", "", [1, 3], 3),
    conversation(5, "direct", "", [1, 5], 0),
    conversation(6, "direct", "", [1, 6], 0),
    conversation(17, "channel", "engineering", [1, 2, 3, 4, 5], 24),
    conversation(18, "group", "Lunch on Thursday", [1, 4, 6], 0),
    conversation(19, "channel", "releases", [1, 2, 3], 1),
  ].map((sample) => [sample.row.conversation_id, sample]),
);

const page = (sample: Sample, from: number, to: number) => ({
  rows: sample.rows.slice(Math.max(0, from), to),
  reaches_start: from <= 0,
  reaches_end: to >= sample.rows.length,
  offline: false,
});

export function samplePort(): Port {
  const listeners = new Set<(note: Note) => void>();
  const tell = (note: Note) => listeners.forEach((listener) => listener(note));
  let sent = 0;
  const of = (id: ConversationId) => samples.get(id) as Sample;
  const started = {
    session,
    conversations: [...samples.values()].map(({ row }) => row),
    people,
    link: "live",
    storage: "disk",
  } as const;
  const answers: { [Name in AskName]?: (input: Input<Name>) => Output<Name> } = {
    start: () => started,
    log_in: () => started,
    sign_up: () => started,
    open: ({ conversation_id, at }) => {
      const sample = of(conversation_id);
      const { length } = sample.rows;
      const unread = sample.row.unread > 0 ? length - sample.row.unread + 1 : null;
      const middle = typeof at === "number" ? at : at === "unread" && unread !== null ? unread : length;
      return {
        ...page(sample, middle - 50, Math.min(length, middle + 50)),
        conversation: sample.row,
        pending: [],
        changes: [],
        unread_seq: unread,
        draft: null,
        people,
      };
    },
    older: ({ conversation_id, seq, limit }) => page(of(conversation_id), seq - 1 - limit, seq - 1),
    newer: ({ conversation_id, seq, limit }) => page(of(conversation_id), seq, seq + limit),
    row: ({ conversation_id, seq }) => of(conversation_id).rows[seq - 1] ?? null,
    send: ({ conversation_id, body, target_seq }) => {
      sent += 1;
      const key = `pending ${sent}`;
      const failed = body.startsWith("fail");
      const error = { code: "forbidden", message: "" };
      const row: MessageRow = {
        ...message(conversation_id, 0, 1, Date.now(), body),
        key,
        client_id: key,
        seq: null,
        ordinal: null,
        target_seq,
        state: "queued",
      };
      tell({ type: "rows", conversation_id, rows: [row], changed: [], removed: [] });
      const sample = of(conversation_id);
      setTimeout(() => {
        const seq = sample.rows.length + 1;
        const done: MessageRow = failed
          ? { ...row, state: "failed", error }
          : { ...row, seq, ordinal: seq, state: "sent" };
        if (!failed) sample.rows.push(done);
        tell({ type: "rows", conversation_id, rows: [done], changed: [], removed: [] });
      }, 400);
      return { row };
    },
    discard: ({ conversation_id, client_id }) => {
      tell({ type: "rows", conversation_id, rows: [], changed: [], removed: [client_id] });
      return {};
    },
    read: ({ conversation_id, seq }) => {
      const sample = of(conversation_id);
      sample.row = { ...sample.row, read: seq, unread: Math.max(0, sample.rows.length - seq) };
      tell({ type: "conversations", changed: [sample.row], removed: [] });
      return {};
    },
    members: ({ conversation_id }) =>
      people
        .slice(0, of(conversation_id).row.member_count)
        .map((one, index) => ({ ...one, role: index === 0 ? "owner" : "member" })),
    search_users: ({ name }) => people.filter((one) => one.name.toLowerCase().includes(name.toLowerCase())),
    search_channels: () => [
      { conversation_id: 17 as ConversationId, title: "engineering", topic: null, member_count: 5, open: true, joined: true },
      {
        conversation_id: 99 as ConversationId,
        title: "gardening",
        topic: "Seeds and bees",
        member_count: 41,
        open: false,
        joined: false,
      },
    ],
    devices: () => [
      {
        device_id: 1 as DeviceId,
        name: "Chrome · Linux",
        kind: "web",
        created_at: NOW,
        last_seen_at: NOW,
        current: true,
      },
      {
        device_id: 2 as DeviceId,
        name: "Firefox · macOS",
        kind: "web",
        created_at: NOW,
        last_seen_at: NOW - 500 * MINUTE,
        current: false,
      },
    ],
    create: () => ({ conversation_id: 18 as ConversationId }),
    reminders: () => [],
    blocks: () => [],
    groups: () => [],
    emoji: () => ({ emoji: [], may_add: false }),
    watch: () => ({ type: "presence" }),
    receipts: ({ conversation_id }) => ({ conversation_id, seq: 0, member_count: of(conversation_id).row.member_count }),
  };
  return {
    ask(name, input) {
      const answer = answers[name] as ((given: typeof input) => Output<typeof name>) | undefined;
      const value = answer?.(input) ?? ({} as Output<typeof name>);
      return new Promise((resolve) => setTimeout(() => resolve({ ok: true, value }), 5));
    },
    listen(listener) {
      listeners.add(listener);
      return () => listeners.delete(listener);
    },
  };
}
