/** The page starts here: the look, the worker, the interface. */

import { mount } from "svelte";
import { startUpdates, startWorker } from "./page/boot.ts";
import "./ui/app/tokens.css";
import "./ui/app/base.css";
import App from "./ui/app/App.svelte";
import { chosenTheme, showTheme } from "./ui/app/theme.ts";

showTheme(chosenTheme());
const target = document.getElementById("app");
if (target !== null) mount(App, { target, props: { port: startWorker(), updates: startUpdates() } });
