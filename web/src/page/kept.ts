/** What the user chose for this device: it stands in the page's storage, and one may read it before anything is drawn. */

/** "" where nothing was chosen, or storage is forbidden. */
export function kept(name: string): string {
  try {
    return localStorage.getItem(`seriatim:${name}`) ?? "";
  } catch {
    return "";
  }
}

/** Keep a choice, "" to have none; where storage is forbidden it lasts as long as the page. */
export function keep(name: string, value: string): void {
  try {
    if (value === "") localStorage.removeItem(`seriatim:${name}`);
    else localStorage.setItem(`seriatim:${name}`, value);
  } catch {
    // shown now, forgotten with the page
  }
}
