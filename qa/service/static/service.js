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
 * Get JSON; with a `body`, post it. Where a key is needed, it is asked for, unless `quietly`.
 * Throws a Refusal.
 */
export async function request(path, { body, signal, quietly = false } = {}) {
  for (;;) {
    const sent = key.current();
    const response = await send(path, body, signal, sent);
    const json = await response.json().catch(() => null);
    if (response.ok && json) return json;
    const refusal = refusalOf(response, json);
    if (response.status !== 401 || quietly) throw refusal;
    const changed = sent !== key.current(); // while this was under way
    if (!changed && !(await key.enter(sent ? "This key was not accepted." : ""))) throw refusal;
  }
}

async function send(path, body, signal, sent) {
  const headers = {
    ...(body ? { "Content-Type": "application/json" } : {}),
    ...(sent ? { Authorization: `Bearer ${sent}` } : {}),
  };
  const options = body ? { method: "POST", body: JSON.stringify(body) } : {};
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
