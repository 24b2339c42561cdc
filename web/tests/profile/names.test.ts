/** What people are called now takes the place of what is stored: in the list of people and as the title of direct conversations. */

import { expect, test } from "vitest";
import { Mirror } from "../../src/core/mirror.ts";
import type { ConversationId, DeviceId, Session, UserId } from "../../src/core/port.ts";
import { renamed } from "../../src/core/profile/profile.ts";
import { NO_META } from "../../src/core/store/schema.ts";
import { unknownConversation } from "../../src/core/sync/fold.ts";

const ME: Session = { user_id: 1 as UserId, device_id: 11 as DeviceId, name: "ada" };
const BOB = { user_id: 2 as UserId, name: "bob", bot: true };
const EVE = { user_id: 3 as UserId, name: "eve" };
const direct = { ...unknownConversation(7 as ConversationId), other: { user_id: BOB.user_id, name: "bob" } };
const group = unknownConversation(8 as ConversationId);

function mirror(people = [BOB, EVE]): Mirror {
  return new Mirror(ME, { meta: NO_META, conversations: [direct, group], people, outbox: [], drafts: [] });
}

test("only who is called otherwise is written, with what else is known of him", () => {
  const found = [{ user_id: BOB.user_id, name: "Bob B." }, EVE, { user_id: 9 as UserId, name: "new" }];
  expect(renamed({ mirror: mirror() }, found)).toEqual({
    people: [{ ...BOB, name: "Bob B." }],
    conversations: [{ ...direct, other: { user_id: BOB.user_id, name: "Bob B." } }],
  });
  expect(renamed({ mirror: mirror() }, [EVE])).toEqual({});
});

test("what one is called oneself outlives the session that began under another name", () => {
  expect(mirror().people.get(ME.user_id)?.name).toBe("ada");
  expect(mirror([{ user_id: ME.user_id, name: "Ada L." }]).people.get(ME.user_id)?.name).toBe("Ada L.");
});
