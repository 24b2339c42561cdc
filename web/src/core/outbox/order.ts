/** Keys of own commands: UUIDv7 that only rise on this device, so that tabs need no agreement about the order. */

/** Return a key above `last` (the last one pending in this browser, or null); `random` fills the rest. */
export function nextClientId(now: number, last: string | null, random: (bytes: Uint8Array) => void = fill): string {
  const floor = last === null ? 0 : timeOf(last) + 1;
  const bytes = new Uint8Array(16);
  random(bytes);
  let time = Math.max(now, floor);
  for (let at = 5; at >= 0; at -= 1) {
    bytes[at] = time % 256;
    time = Math.floor(time / 256);
  }
  bytes[6] = ((bytes[6] ?? 0) & 0x0f) | 0x70;
  bytes[8] = ((bytes[8] ?? 0) & 0x3f) | 0x80;
  const hex = [...bytes].map((byte) => byte.toString(16).padStart(2, "0")).join("");
  return `${hex.slice(0, 8)}-${hex.slice(8, 12)}-${hex.slice(12, 16)}-${hex.slice(16, 20)}-${hex.slice(20)}`;
}

/** Return the milliseconds since 1970 that a UUIDv7 holds. */
export function timeOf(client_id: string): number {
  return Number.parseInt(client_id.replace("-", "").slice(0, 12), 16);
}

function fill(bytes: Uint8Array): void {
  crypto.getRandomValues(bytes as Uint8Array<ArrayBuffer>);
}
