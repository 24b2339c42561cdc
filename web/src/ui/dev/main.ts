/** Draws the interface from sample data, without a server or a worker: for looking at it while it is made; and at /styleguide every part of it. Never built. */

import { mount } from "svelte";
import "../app/tokens.css";
import "../app/base.css";
import App from "../app/App.svelte";
import { showLook } from "../app/look.ts";
import { samplePort } from "./port.ts";
import Styleguide from "./Styleguide.svelte";

showLook();
if (new URLSearchParams(location.search).has("in")) {
  sessionStorage.setItem("seriatim.session", JSON.stringify({ user_id: 1, device_id: 1, name: "Ada Lovelace" }));
}
const opened = new URLSearchParams(location.search).get("c");
if (opened !== null) history.replaceState(null, "", `/c/${opened}`);
const target = document.getElementById("app");
if (target !== null && location.pathname === "/styleguide") mount(Styleguide, { target });
else if (target !== null) mount(App, { target, props: { port: samplePort(), updates: { onReady: () => () => false } } });
