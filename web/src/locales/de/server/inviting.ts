/** How people are let into the server, in German. */

import type { Parts } from "../../parts.ts";

export const inviting: Parts["inviting"] = {
  title: "Personen hereinlassen",
  invite: "Jemanden einladen, sich zu registrieren",
  inviteLead: "Ein Link ergibt ein Konto. Gib ihn der Person, für die er ist.",
  guest: "Als Gast",
  guestHint: "Ein Gast sieht nur die Unterhaltungen, zu denen er eingeladen ist, und wer darin ist.",
  make: "Link erstellen",
  link: "Link zum Registrieren",
  linkHint: (date) => `Er wird nur jetzt gezeigt, gilt einmal und bis ${date}.`,
  copy: "Link kopieren",
  address: "Mailadresse",
  addressHint: "Oder lass diesen Server den Link verschicken.",
  addressBad: "Das ist keine Mailadresse.",
  send: "Einladung senden",
  sent: (address) => `Eine Einladung an ${address} ist unterwegs.`,
  reset: "Jemand hat sein Passwort vergessen",
  resetLead: "Mit einem Link setzt er ein neues. Alle seine Geräte werden dann abgemeldet.",
  resetFor: (name) => `Link für ein neues Passwort für ${name}`,
  refused: {
    server_admin: "Nur ein Admin dieses Servers lässt Personen herein.",
    gone: "Diese Person gibt es nicht, oder sie hat kein Passwort: Bots haben keins.",
  },
};
