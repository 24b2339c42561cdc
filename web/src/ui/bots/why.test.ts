/** Each refusal about bots is said by what would help. */

import { beforeAll, expect, test } from "vitest";
import { codes } from "../../locales/en/reasons.ts";
import { bots } from "../../locales/en/server/bots.ts";
import { reasonsKnown } from "../app/locale.ts";
import { why } from "./why.ts";

beforeAll(() => reasonsKnown);

test.each([
  [{ code: "conflict", path: "$.name", reason: "name_taken" }, bots.refused.name_taken],
  [{ code: "conflict", reason: "full" }, bots.refused.full],
  [{ code: "forbidden", reason: "server_admin" }, bots.refused.server_admin],
  [{ code: "bad_request", path: "$.name", reason: "blank" }, bots.refused.name],
  [{ code: "bad_request", path: "$.scopes" }, bots.scopeMissing],
  [{ code: "not_found", path: "$.user_id" }, bots.refused.gone],
  [{ code: "unavailable" }, codes.unavailable],
])("%j", (refusal, said) => {
  expect(why({ message: "as the server says it", ...refusal })).toBe(said);
});
