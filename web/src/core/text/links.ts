/** Which links a message may hold, and when the real host must stand beside the text. */

const ALLOWED = new Set(["http:", "https:", "mailto:"]);

export interface Link {
  readonly href: string;
  /** The real host or address where the text does not say it; null: it does. */
  readonly host: string | null;
}

/** Return the link that `href` and its visible text make; null: not allowed, or no address. */
export function linkOf(href: string, text: string): Link | null {
  let url: URL;
  try {
    url = new URL(href);
  } catch {
    return null;
  }
  if (!ALLOWED.has(url.protocol)) return null;
  const real = url.protocol === "mailto:" ? url.pathname : url.host;
  if (real === "") return null;
  return { href: url.href, host: says(text, real) ? null : real };
}

/** The text says where it leads when it begins with that host and does not go on as another one. */
function says(text: string, real: string): boolean {
  const plain = text.trim().toLowerCase().replace(/^(https?:\/\/|mailto:)/, "");
  return plain.startsWith(real.toLowerCase()) && !/^[\w.@:-]/.test(plain.slice(real.length));
}
