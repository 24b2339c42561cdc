/** Any order of events, acks, drops, cuts and tab deaths ends in one state: the log's, on every device. */

import fc from "fast-check";
import { expect, test } from "vitest";
import type { ConversationId } from "../../src/core/port.ts";
import { CONVERSATIONS, Device, Server, expected, settle } from "./world.ts";

const USUAL = ["send", "edit", "react", "reply", "transmit", "receive"];
const FAULTS = ["drop", "delay", "lose", "die", "read", "readFirst", "wait", "refuse"];
const happening = fc.tuple(
  fc.oneof({ weight: 6, arbitrary: fc.constantFrom(...USUAL) }, { weight: 2, arbitrary: fc.constantFrom(...FAULTS) }),
  fc.nat({ max: 2 }),
  fc.nat({ max: 1 }),
);
const signIn = fc.tuple(fc.constant("signIn"), fc.nat({ max: 2 }), fc.constant(0));
const happenings = (most: number): fc.Arbitrary<Happening[]> => fc.array(happening, { minLength: most / 4, maxLength: most, size: "max" });
type Happening = readonly [string, number, number];

async function happen(server: Server, [what, who, where]: Happening): Promise<void> {
  const device = server.devices[who];
  const id = CONVERSATIONS[where];
  if (device === undefined || id === undefined) return;
  switch (what) {
    case "send":
      return device.send(id);
    case "edit":
    case "react":
    case "reply":
      return device.change(id, what);
    case "transmit":
      return device.transmit();
    case "receive":
      return device.receive();
    case "drop":
      return device.drop();
    case "refuse":
      server.refusals = 1;
      return;
    case "delay":
      return device.delay();
    case "lose":
      return device.lose();
    case "signIn":
      return device.signInAgain();
    case "die":
      return device.lead();
    case "read":
      return device.readAll(id);
    case "readFirst":
      return device.readFirst(id);
    default:
      return device.wait(0.2);
  }
}

async function begin(): Promise<{ server: Server; devices: readonly Device[] }> {
  const server = new Server();
  const devices = [1, 2, 3].map((user) => new Device(server, user));
  for (const device of devices) await device.lead();
  await settle(server, 3);
  return { server, devices };
}

async function isOneState(server: Server): Promise<void> {
  for (const device of server.devices) {
    expect(device.mirror.outbox.size, "what is stored has left the outbox").toBe(0);
    for (const id of CONVERSATIONS) {
      const log = server.log(id);
      expect(await device.rows(id), "every entry once, in its place").toEqual(expected(server, device.user_id, id));
      const position = device.mirror.conversations.get(id)?.position;
      if (log.length > 0) expect(position?.cursor).toBe(log.length);
      expect(position?.unread ?? 0, "the server's number is the shown one").toBe(server.unread(device.user_id, id));
    }
  }
}

function sendsAreInOrder(server: Server, devices: readonly Device[]): void {
  for (const device of devices) {
    for (const id of CONVERSATIONS) {
      const sent = server.messages(id).filter((entry) => entry.device_id === device.device_id);
      const numbers = sent.map((entry) => Number(entry.body.split(":")[1]));
      expect(numbers, "no send overtakes an earlier one, none is doubled").toEqual([...new Set(numbers)].sort((a, b) => a - b));
    }
  }
}

function wished(devices: readonly Device[]): number {
  return devices.reduce((sum, device) => sum + device.messages, 0);
}

test("any order of happenings ends in the log's state, with every send in it once", async () => {
  await fc.assert(
    fc.asyncProperty(happenings(200), async (all) => {
      const { server, devices } = await begin();
      for (const one of all) await happen(server, one);
      await settle(server);
      await isOneState(server);
      sendsAreInOrder(server, devices);
      expect(CONVERSATIONS.reduce((sum, id) => sum + server.messages(id).length, 0), "nothing is lost").toBe(wished(devices));
    }),
    { numRuns: 100 },
  );
});

test("what another sign-in has left in the browser is never stored twice, and never lost", async () => {
  await fc.assert(
    fc.asyncProperty(fc.array(fc.oneof({ weight: 9, arbitrary: happening }, { weight: 1, arbitrary: signIn }), { maxLength: 150, size: "max" }), async (all) => {
      const { server, devices } = await begin();
      for (const one of all) await happen(server, one);
      await settle(server);
      const stored = CONVERSATIONS.flatMap((id) => server.messages(id).map(({ body }) => `${id} ${body}`));
      expect(new Set(stored).size, "nothing is doubled").toBe(stored.length);
      const offered = devices.flatMap((device) => [...device.mirror.outbox.values()]);
      expect(offered.every((record) => record.state === "failed" && record.error?.reason === "other_sign_in")).toBe(true);
      expect(stored.length + offered.length, "each is stored, or offered to be sent again, and not both").toBe(wished(devices));
      for (const device of devices) for (const id of CONVERSATIONS) expect(await device.rows(id)).toEqual(expected(server, device.user_id, id));
    }),
    { numRuns: 60 },
  );
});

// Nobody reads here: a watermark of an entry that is gone means nothing.
test("after the server's log came back shorter, every device agrees with it, and own lost messages are sent again", async () => {
  await fc.assert(
    fc.asyncProperty(happenings(100), fc.nat({ max: 8 }), happenings(60), async (first, kept, second) => {
      const { server, devices } = await begin();
      for (const one of first) if (!one[0].startsWith("read")) await happen(server, one);
      server.restore(kept);
      for (const device of devices) await device.lose();
      for (const one of second) if (!one[0].startsWith("read")) await happen(server, one);
      await settle(server);
      // What a lost entry had changed was let go, until somebody looks.
      for (const device of devices) for (const id of CONVERSATIONS) await device.scroll(id);
      await isOneState(server);
      const stored = CONVERSATIONS.flatMap((id) => server.messages(id).map(({ body }) => `${id} ${body}`));
      expect(new Set(stored).size, "nothing is doubled").toBe(stored.length);
      expect(stored.length, "nothing of one's own is lost").toBe(wished(devices));
    }),
    { numRuns: 60 },
  );
});

test("after a leap over many entries nothing is held that they may have changed", async () => {
  const { server, devices } = await begin();
  const [ada, bob] = devices as [Device, Device];
  const [id] = CONVERSATIONS as [ConversationId];
  for (let at = 0; at < 5; at += 1) await bob.send(id);
  await settle(server, 3);
  expect((await ada.rows(id)).length).toBe(5);
  await ada.lose();
  await bob.change(id, "edit");
  for (let at = 0; at < 1_100; at += 1) {
    await bob.send(id);
    bob.transmit();
    await bob.receive();
    await bob.receive();
  }
  await settle(server, 20);
  const now = expected(server, ada.user_id, id);
  const held = await ada.rows(id);
  expect(held.length).toBeLessThan(200);
  for (const row of held) expect(now).toContain(row);
  expect(ada.mirror.conversations.get(id)?.position.holes).toEqual([[1, now.length - held.length]]);
});
