/** What shows the server's own emoji in a text: loaded once it is known that there are some. */

import type { Component } from "svelte";

class Custom {
  Pictured = $state.raw<Component<{ text: string }> | null>(null);
}

export const custom = new Custom();
