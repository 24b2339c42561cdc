/** One's own wishes in an open conversation, over the rows that they concern. */

import type { MessageRow, PendingChange, Row } from "../../core/port.ts";
import { shown, type Shown } from "./overlay.ts";

export class Wishes {
  #changes = $state.raw<ReadonlyMap<number, readonly PendingChange[]>>(new Map());
  // A row that did not change stays the same object, so that the list has nothing to redraw for it.
  #known = new WeakMap<MessageRow, Shown>();

  constructor(changes: readonly PendingChange[]) {
    this.set(changes);
  }

  set(changes: readonly PendingChange[]): void {
    const grouped = new Map<number, PendingChange[]>();
    for (const change of changes) grouped.set(change.target_seq, [...(grouped.get(change.target_seq) ?? []), change]);
    this.#known = new WeakMap();
    this.#changes = grouped;
  }

  over<Some extends Row>(rows: readonly Some[]): readonly Some[] {
    const changes = this.#changes;
    if (changes.size === 0) return rows;
    return rows.map((row) => {
      const own = row.kind === "message" && row.seq !== null ? changes.get(row.seq) : undefined;
      if (own === undefined || row.kind !== "message") return row;
      const known = this.#known.get(row) ?? shown(row, own);
      this.#known.set(row, known);
      return known as Row as Some;
    });
  }
}
