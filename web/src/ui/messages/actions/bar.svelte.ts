/** The bar of a message's actions: loaded once the messages stand, and from then on there at the very moment it is wanted. */

import type { Component } from "svelte";
import type { Chat } from "../../state/chat.svelte.ts";
import type { Shown } from "../../state/overlay.ts";
import type { MessageActs } from "../acts.ts";

type Bar = Component<{ chat: Chat; row: Shown; acts: MessageActs; held: boolean }>;

class Loading {
  component = $state.raw<Bar | null>(null);

  async load(): Promise<void> {
    this.component ??= (await import("./ActionBar.svelte")).default;
  }
}

export const bar = new Loading();
