// Talking to the service: sends the API key along, and tells errors as a person can use them.

import * as key from "./key.js";

const LONGEST_WAIT_S = 60;

/** A request that got no answer. `waitSeconds` is how long to wait, null if waiting is no help. */
export class Refusal extends Error {
  constructor(message, status = 0, waitSeconds = null) {
    super(message);
    this.status = status;
    this.waitSeconds = waitSeconds;
  }
}

/**
 * Get JSON, or bytes `as` "blob", or text of a media type, such as "text/csv"; with a `body`, post it. Where a key is needed, it is asked for,
 * unless `quietly`. Throws a Refusal.
 */
export async function request(path, { body, method, signal, as = "json", quietly = false } = {}) {
  return withKey(quietly, async (sent) => {
    const response = await send(path, { body, method, signal, sent, as });
    if (response.ok && as === "blob") return { given: await response.blob() };
    if (response.ok && as.includes("/")) return { given: await response.text() };
    const given = await response.json().catch(() => null);
    return response.ok && given ? { given } : { refusal: refusalOf(response, given) };
  });
}

/**
 * Post, and hand the JSON of each server-sent event to the function in `listeners` that is named
 * like it, as it comes. Throws a Refusal, also if the events break off.
 */
export async function follow(path, { body, signal }, listeners) {
  const response = await withKey(false, async (sent) => {
    const given = await send(path, { body, signal, sent, as: "text/event-stream" });
    return given.ok ? { given } : { refusal: refusalOf(given, await given.json().catch(() => null)) };
  });
  const reader = response.body.pipeThrough(new TextDecoderStream()).getReader();
  let [unread, last] = ["", ""];
  for (;;) {
    const { done, value } = await reader.read().catch(() => ({ done: true }));
    if (done) break;
    const events = (unread + value).split("\n\n");
    unread = events.pop();
    for (const event of events) {
      const [, name, data] = /^event: (.*?)\ndata: (.*)$/s.exec(event);
      last = name;
      listeners[name]?.(JSON.parse(data));
    }
  }
  if (last !== "done") throw new Refusal("The connection broke off before the end.");
}

/** PUT a form, telling `progress` what share is sent, 0 to 1. Throws a Refusal. */
export async function upload(path, form, { signal, progress }) {
  return withKey(false, (sent) => new Promise((resolve) => {
    const sending = new XMLHttpRequest(); // fetch tells nothing of what is sent
    const give = () => signal.removeEventListener("abort", stop);
    const stop = () => sending.abort();
    const lost = (message) => () => resolve({ refusal: new Refusal(message) });
    signal.addEventListener("abort", stop);
    sending.upload.addEventListener("progress", (event) => {
      if (event.lengthComputable) progress(event.loaded / event.total);
    });
    sending.addEventListener("load", () => resolve(uploaded(sending)));
    sending.addEventListener("abort", lost("It was stopped."));
    sending.addEventListener("error", lost("The connection broke off. Is the service still "
      + "running? A file can have 64 MB at most."));
    sending.addEventListener("loadend", give);
    sending.open("PUT", path);
    if (sent) sending.setRequestHeader("Authorization", `Bearer ${sent}`);
    sending.send(form);
  }));
}

function uploaded(sent) {
  let given = null;
  try {
    given = JSON.parse(sent.responseText);
  } catch { /* no JSON: a proxy's page, perhaps */ }
  const headers = { get: (name) => sent.getResponseHeader(name) };
  const response = { status: sent.status, headers };
  return sent.status < 300 && given ? { given } : { refusal: refusalOf(response, given) };
}

/** Do what needs a key until it is let in: a key that is missing or wrong is asked for. */
async function withKey(quietly, attempt) {
  for (;;) {
    const sent = key.current();
    const { given, refusal } = await attempt(sent);
    if (!refusal) return given;
    if (refusal.status !== 401 || quietly) throw refusal;
    const changed = sent !== key.current(); // while this was under way
    if (!changed && !(await key.enter(sent ? "This key was not accepted." : ""))) throw refusal;
  }
}

async function send(path, { body, method, signal, sent, as }) {
  const headers = {
    ...(as.includes("/") ? { Accept: as } : {}),
    ...(body ? { "Content-Type": "application/json" } : {}),
    ...(sent ? { Authorization: `Bearer ${sent}` } : {}),
  };
  const options = body ? { method: "POST", body: JSON.stringify(body) } : { method };
  try {
    return await fetch(path, { ...options, headers, signal });
  } catch {
    throw new Refusal("The service cannot be reached. Is it still running?");
  }
}

function refusalOf(response, json) {
  const said = typeof json?.detail === "string" ? json.detail : "";
  const message = said || `The service answered with status ${response.status}.`;
  const waits = response.status === 429 || response.status === 503;
  return new Refusal(message, response.status, waits ? waitOf(response) : null);
}

/** The seconds that Retry-After asks to wait, or until the date it names; null if too many. */
function waitOf(response) {
  const said = response.headers.get("Retry-After") ?? "5";
  const seconds = /^\d+$/.test(said) ? Number(said) : (Date.parse(said) - Date.now()) / 1000;
  return seconds <= LONGEST_WAIT_S ? Math.max(1, Math.ceil(seconds)) : null;
}
