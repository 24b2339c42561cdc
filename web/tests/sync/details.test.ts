/** Whoever is named by a line is asked for: of several who were added together, each. */

import { expect, test, vi } from "vitest";
import type { Http } from "../../src/core/http.ts";
import type { Mirror } from "../../src/core/mirror.ts";
import type { LineRow, UserId } from "../../src/core/port.ts";
import { Details } from "../../src/core/sync/details.ts";

test("the names of all who came in together are asked for", async () => {
  const usersById = vi.fn(() => Promise.resolve({ ok: true, value: { users: [] } }));
  const mirror = { people: new Map([[1 as UserId, {}]]), conversations: new Map() } as unknown as Mirror;
  const details = new Details({ usersById } as unknown as Http, mirror, () => Promise.resolve());
  const entry = { kind: "member_added", user_id: 2, user_ids: [2, 3, 4] };
  details.changed({ rows: [{ kind: "line", sender_id: 1, entry } as unknown as LineRow] });
  await vi.waitFor(() => expect(usersById).toHaveBeenCalledWith([2, 3, 4]));
});
