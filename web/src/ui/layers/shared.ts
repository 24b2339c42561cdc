/** What is shared with this app from outside stands in its address. */

/** What another app shares with this one, by the manifest's `share_target`; "": nothing. */
export function sharedOf({ pathname, search }: Location): string {
  if (pathname !== "/share") return "";
  const given = new URLSearchParams(search);
  const parts = ["title", "text", "url"].map((name) => given.get(name)?.trim() ?? "");
  return parts.filter((part, at) => part !== "" && !parts.slice(0, at).some((before) => before.includes(part))).join("\n");
}
