/** Every sentence about taking data along in English. */

import { spoken } from "../../spoken.ts";

export const exporting = spoken("exporting", {
  title: "Your data",
  lead: "Everything that you may read, your settings and what you keep for yourself, as one file. Once a day.",
  ask: "Export my data",
  making: "Your file is being made. You can close this meanwhile.",
  download: "Download",
  ready: "Your file is ready. It is kept for a day.",
  failed: {
    ask_operator: "This is too much for one file here. Ask who runs this server for it.",
    interrupted: "The server was interrupted. Try again.",
  } as Readonly<Record<string, string>>,
  daily: "You have had one today. Come back tomorrow.",
  conversation: "Export",
});
