/** The page starts here: the look, the worker, the interface. */

import { mount } from "svelte";
import { direction, language } from "./locales/spoken.ts";
import { startUpdates, startWorker } from "./page/boot.ts";
import "./ui/app/tokens.css";
import "./ui/app/base.css";
import App from "./ui/app/App.svelte";
import { showLook } from "./ui/app/look.ts";

Object.assign(document.documentElement, { lang: language, dir: direction });
showLook();
const target = document.getElementById("app");
if (target !== null) {
  // Who cannot log in, or follows a link of a mail, needs neither worker nor chat.
  if (/^\/(reset|confirm|unsubscribe)$/.test(location.pathname))
    void import("./ui/onboarding/Links.svelte").then(({ default: Links }) => mount(Links, { target }));
  else mount(App, { target, props: { port: startWorker(), updates: startUpdates() } });
}
