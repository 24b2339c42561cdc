/** Asks the browser, once, not to clear this origin's data by itself when the machine runs short of space. */

const ASKED = "seriatim.persist";

/** What the browser says of the data that it holds for this origin. */
export interface Kept {
  /** It is not cleared unless the user does it. */
  readonly persisted: boolean;
  /** Bytes; null: the browser does not say. */
  readonly used: number | null;
}

/** Ask unless it was asked here before: some browsers ask the user, who answers once. Settings ask again. */
export async function askToPersist(): Promise<void> {
  if (localStorage.getItem(ASKED) !== null) return;
  localStorage.setItem(ASKED, "asked");
  await persist();
}

/** Ask now; false: refused, or the browser knows no such promise. */
export async function persist(): Promise<boolean> {
  try {
    return (await navigator.storage.persisted()) || (await navigator.storage.persist());
  } catch {
    return false; // Not on http, nor in old browsers: the data stays as safe as it was.
  }
}

/** Return what stands now; null: this browser says nothing. */
export async function storage(): Promise<Kept | null> {
  try {
    const [persisted, { usage }] = await Promise.all([navigator.storage.persisted(), navigator.storage.estimate()]);
    return { persisted, used: usage ?? null };
  } catch {
    return null;
  }
}
