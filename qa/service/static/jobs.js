// What is being done to documents, a line each: sent, waiting to be indexed, done, or failed.

import { request } from "./service.js";
import { button, capital, element, foreign } from "./text.js";

const NAME = "pincite-jobs";
const FIRST_WAIT_MS = 300;
const LONGEST_WAIT_MS = 3000;

export const list = element("ul", "jobs");
list.ariaLabel = "Uploads and removals";
list.setAttribute("aria-live", "polite");
let changed = () => {};

/** Call `then` whenever a job has changed the documents. */
export function onChange(then) {
  changed = then;
}

/** A line about a file; its parts are set as things go on. */
export function line(name) {
  const state = element("span", "state");
  const bar = element("progress");
  bar.max = 1;
  bar.hidden = true;
  bar.ariaLabel = `Sending ${name}`;
  const tools = element("span", "tools");
  const node = element("li", "job", element("span", "name", foreign(name)), bar, state, tools);
  list.prepend(node);
  const say = (words, kind = "", ...buttons) => {
    state.textContent = words;
    node.dataset.state = kind;
    bar.hidden = kind !== "sending";
    tools.replaceChildren(...buttons);
  };
  const sent = (share) => {
    bar.value = share;
    state.textContent = share < 1 ? `Sending, ${Math.floor(share * 100)} %` : "Sent";
  };
  return { say, sent, remove: () => node.remove() };
}

const dismissal = (shown) => button("Dismiss", shown.remove, "plain");

/** Follow a job of the service until it ends, and tell how on its line. */
export async function follow(job, name, shown, retry = null) {
  const address = job.address ?? new URL(`v1/jobs/${job.id}`, location).pathname;
  keep([...kept().filter(({ id }) => id !== job.id), { ...job, name, address }]);
  const removes = job.action === "delete";
  let wait = FIRST_WAIT_MS;
  let now = job;
  while (now.state === "queued") {
    const { page, pages } = now.progress ?? {};
    const reading = pages ? `Being read: page ${page} of ${pages}…` : "Being read and indexed…";
    shown.say(removes ? "Being removed…" : reading, "waiting");
    await new Promise((resolve) => setTimeout(resolve, wait));
    wait = Math.min(wait * 1.5, LONGEST_WAIT_MS);
    try {
      now = await request(address);
    } catch (refusal) {
      if (refusal.status && refusal.waitSeconds === null) {
        now = { state: "lost", error: refusal.message };
      } else {
        shown.say(`${refusal.message} Trying again…`, "waiting");
        wait = Math.max(wait, (refusal.waitSeconds ?? 0) * 1000);
      }
    }
  }
  keep(kept().filter(({ id }) => id !== job.id));
  if (now.state === "done") {
    shown.say(removes ? "Removed." : "Ready to be asked.", "done", dismissal(shown));
    changed();
  } else {
    fail(shown, now.error ?? "It failed.", retry);
  }
}

/** Tell why something was not done, with a way to try again where there is one. */
export function fail(shown, reason, retry = null) {
  const again = retry ? [button("Try again", retry, "plain")] : [];
  const told = capital(reason);
  shown.say(/[.!?]$/.test(told) ? told : `${told}.`, "failed", ...again, dismissal(shown));
}

/** Follow what was begun before the page was loaded anew. */
export function resume() {
  for (const { name, ...job } of kept()) follow(job, name, line(name));
}

function kept() {
  try {
    const jobs = JSON.parse(sessionStorage.getItem(NAME) ?? "[]");
    return jobs.filter(({ address }) => /^\/[^/]/.test(address));
  } catch {
    return [];
  }
}

function keep(jobs) {
  try {
    if (jobs.length) sessionStorage.setItem(NAME, JSON.stringify(jobs));
    else sessionStorage.removeItem(NAME);
  } catch { /* storage is forbidden: then a reload forgets them */ }
}
