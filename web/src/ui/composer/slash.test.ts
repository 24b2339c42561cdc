import { expect, test } from "vitest";
import { called } from "./slash.ts";
import { wordAt } from "./word.ts";

test("a command is a name after the first slash of a text, and nothing else begins with one", () => {
  expect(called("/deploy web 2")).toEqual({ name: "deploy", text: "web 2" });
  expect(called("/shrug")).toEqual({ name: "shrug", text: "" });
  expect(called("/me says\nhello")).toEqual({ name: "me", text: "says\nhello" });
  for (const text of ["/usr/bin", " /deploy", "and/or", "/", "/2 of 3", "//"]) expect(called(text), text).toBe(null);
});

test("commands are suggested at the beginning of a text only", () => {
  expect(wordAt("/", 1)).toEqual({ sign: "/", text: "", at: 0 });
  expect(wordAt("/dep", 4)).toEqual({ sign: "/", text: "dep", at: 0 });
  expect(wordAt("/deploy web", 11)).toBe(null);
  expect(wordAt("see /dep", 8)).toBe(null);
});
