/** Whether another tab of this browser is already used by an account: its leader holds a lock that carries its id. */

import type { Session } from "../../core/port.ts";

export async function usedElsewhere(who: Session): Promise<boolean> {
  if (!("locks" in navigator)) return false;
  const { held } = await navigator.locks.query();
  return (held ?? []).some((lock) => lock.name?.startsWith(`seriatim:${who.user_id}`) ?? false);
}
