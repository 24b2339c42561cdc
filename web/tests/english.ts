/** The tests read English, whatever the machine speaks; older Node has no navigator at all. */

import { vi } from "vitest";

vi.stubGlobal("navigator", { languages: ["en"] });
