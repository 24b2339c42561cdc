/** A preview is offered for what it would draw differently. */

import { expect, test } from "vitest";
import { formatted } from "./formatted.ts";

test.each(["a **b**", "`x`", "> said", "# title", "- one", "1. one", "||x||", "text\n  - item"])("%s", (text) => expect(formatted(text)).toBe(true));
test.each(["", "plain text", "5 - 3 = 2", "well-known", "see #12", "a > b"])("not %s", (text) => expect(formatted(text)).toBe(false));
