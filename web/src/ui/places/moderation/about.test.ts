/** The audit says which role, which settings and whose name it was. */

import { expect, test } from "vitest";
import { aboutAct } from "./about.ts";

test.each([
  [{ role: "admin", before: "member" }, "Member → Admin"],
  [{ role: "guest", invitation_id: 3 }, "Guest"],
  [{ changed: ["slow_mode_s", "title", "of the future"] }, "Slow mode, Name"],
  [{ scopes: ["send", "read", "of the future"] }, "Read · Write"],
  [{ webhook_id: 3, name: "deploys" }, "deploys"],
  [{ report_id: 3 }, ""],
  [{}, ""],
])("%j", (details, said) => {
  expect(aboutAct(details)).toBe(said);
});

test("a silence says until when", () => {
  expect(aboutAct({ until: "2031-03-04T12:00:00Z" })).toMatch(/^until .*2031/);
});
