/** Each refusal about letting people in is said by what would help. */

import { beforeAll, expect, test } from "vitest";
import { codes } from "../../locales/en/reasons.ts";
import { inviting } from "../../locales/en/server/inviting.ts";
import { reasonsKnown } from "../app/locale.ts";
import { why } from "./why.ts";

beforeAll(() => reasonsKnown);

test.each([
  [{ code: "forbidden", reason: "server_admin" }, inviting.refused.server_admin],
  [{ code: "bad_request", path: "$.address" }, inviting.addressBad],
  [{ code: "not_found", path: "$.user_id" }, inviting.refused.gone],
  [{ code: "rate_limited" }, codes.rate_limited],
])("%j", (refusal, said) => {
  expect(why({ message: "as the server says it", ...refusal })).toBe(said);
});
