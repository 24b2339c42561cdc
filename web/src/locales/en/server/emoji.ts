/** Every sentence about the server's own emoji in English. */

import { spoken } from "../../spoken.ts";

export const emoji = spoken("emoji", {
  title: "Emoji of this server",
  lead: "A PNG, GIF, WebP or JPEG, at most 128 kB and 512 pixels wide and high. Everybody here can use it.",
  none: "There are none yet.",
  name: "Name",
  nameHint: "2 to 32 of a–z, 0–9, _ + -",
  picture: "Picture",
  add: "Add emoji",
  remove: (name: string) => `Remove :${name}:`,
  removeTitle: (name: string) => `Remove :${name}:?`,
  removeSure: "Messages and reactions that use it show its name instead.",
  removeIt: "Remove",
  added: (name: string) => `:${name}: is there for everybody.`,
  removed: (name: string) => `:${name}: is removed.`,
  refused: {
    emoji_name: "This cannot be a name: 2 to 32 of a–z, 0–9, _ + -.",
    standard: "A standard emoji has this name.",
    name_taken: "Another emoji has this name.",
    picture: "This is no whole PNG, GIF, WebP or JPEG.",
    picture_bytes: "This picture has more than 128 kB.",
    picture_pixels: "This picture is more than 512 pixels wide or high.",
    full: "There are 1,000 emoji; remove one first.",
  } as Readonly<Record<string, string>>,
});
