/** The entry of the page: starts the worker, then draws. */

import { mount } from "svelte";
import { startUpdates, startWorker } from "./page/boot.ts";
import App from "./ui/app/App.svelte";

const target = document.getElementById("app");
if (target !== null) mount(App, { target, props: { port: startWorker(), updates: startUpdates() } });
