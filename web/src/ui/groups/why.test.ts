/** Each refusal about groups is said by what would help. */

import { beforeAll, expect, test } from "vitest";
import { codes } from "../../locales/en/reasons.ts";
import { groups } from "../../locales/en/server/groups.ts";
import { reasonsKnown, words } from "../app/locale.ts";
import { atName, why } from "./why.ts";

const message = "as the server says it";

beforeAll(() => reasonsKnown);

test.each([
  [{ code: "conflict", path: "$.name", reason: "name_taken" }, groups.refused.name_taken],
  [{ code: "conflict", reason: "full" }, groups.refused.full],
  [{ code: "conflict", path: "$.seen_user_ids", reason: "changed" }, groups.refused.changed],
  [{ code: "forbidden", reason: "server_admin" }, groups.refused.server_admin],
  [{ code: "bad_request", path: "$.name", reason: "word" }, groups.refused.name],
  [{ code: "bad_request", path: "$.name" }, groups.refused.name],
  [{ code: "not_found", path: "$.group_id" }, groups.refused.gone],
  [{ code: "not_found", path: "$.user_ids[3]" }, groups.refused.person],
  [{ code: "bad_request", path: "$.user_ids" }, groups.tooMany(50)],
  [{ code: "rate_limited", retry_after_ms: 10 }, codes.rate_limited],
  [{ code: "offline" }, words.errors.offline],
])("%j", (refusal, said) => {
  expect(why({ message, ...refusal })).toBe(said);
});

test("only what another name would mend stands at the name", () => {
  expect(atName({ path: "$.name" })).toBe(true);
  expect(atName({ path: "$.user_ids[0]" })).toBe(false);
  expect(atName({})).toBe(false);
});
