// The page follows its address: a question is asked with POST /v1/ask, a place is opened.

import { addressOf, isSame, read, staysHere } from "./address.js";
import { answerBody, citationItem, passageItem } from "./answer.js";
import * as panel from "./document.js";
import * as key from "./key.js";
import { lightSources } from "./light.js";
import { inAnswer } from "./places.js";
import { rating } from "./rating.js";
import * as screens from "./screens.js";
import { request } from "./service.js";
import { element, plain } from "./text.js";

const byId = (id) => document.getElementById(id);
const input = byId("question");
let asking = new AbortController();
let shown = { question: null, answer: null };
let examples = null;
let fading = null;

byId("ask").addEventListener("submit", (event) => {
  event.preventDefault();
  const question = input.value.trim();
  if (!question) return;
  if (question === read().question) ask(question);
  else go(addressOf(question));
});
input.addEventListener("keydown", (event) => {
  if (event.key !== "Enter" || event.shiftKey || event.isComposing) return;
  event.preventDefault();
  byId("ask").requestSubmit();
});
document.addEventListener("click", (event) => {
  const anchor = event.target.closest("a");
  if (!anchor || !staysHere(event, anchor)) return;
  event.preventDefault();
  go(anchor.href);
});
window.addEventListener("popstate", follow);
window.addEventListener("beforeprint", () => {
  for (const each of byId("page").querySelectorAll("details")) each.open = true;
});
panel.onLeave(() => {
  if (!read().place) return; // the address went first
  if (history.state?.opened) history.back();
  else history.replaceState(null, "", addressOf(read().question));
});
byId("copy-link").addEventListener("click", copyLink);
byId("document-copy").addEventListener("click", copyLink);
byId("key-forget").addEventListener("click", () => {
  key.forget();
  examples = null;
  shown = { question: null, answer: null };
  go("./");
  notify("The API key is forgotten.");
});
lightSources(byId("page"));
follow();

// --- Where the address leads ---

function go(address) {
  const opened = new URL(address, location).searchParams.has("at");
  if (panel.isOpen()) history.replaceState(history.state, "", address);
  else history.pushState({ opened }, "", address);
  follow();
}

async function follow() {
  const { question, place, broken } = read();
  if (!place) panel.close();
  if (broken) notify("This link names no place in a document that can be opened.");
  if (question !== shown.question) {
    input.value = question;
    if (question) await ask(question);
    else introduce();
    if (read().question !== question) return; // gone on meanwhile
  }
  const now = read().place;
  if (now && shown.refused !== 401) await open(now, question);
}

/** Open a place, and put into the address which text of the document it is a place of. */
async function open(place, question) {
  const digest = await panel.open(place, inAnswer(shown.answer, place), question);
  const now = read().place;
  if (digest && now && isSame(now, place)) {
    history.replaceState(history.state, "", addressOf(question, { ...place, digest }));
  }
}

// --- Asking ---

async function ask(question) {
  const mine = restart(question);
  document.title = `${plain(question)} · Pincite`;
  fillAnswer(screens.waiting());
  byId("answer").ariaBusy = "true";
  try {
    const answer = await request("v1/ask", { body: { question }, signal: mine.signal });
    if (mine === asking) show(answer);
  } catch (refusal) {
    if (mine === asking) fail(refusal, () => ask(question));
  }
}

function restart(question) {
  asking.abort();
  asking = new AbortController();
  shown = { question, answer: null };
  return asking;
}

async function introduce() {
  const mine = restart("");
  document.title = "Pincite";
  fillAnswer(screens.introduction());
  input.focus();
  try {
    const questions = await exampleQuestions();
    const ready = questions.length > 0 || await isReady();
    if (mine !== asking) return;
    if (!ready) fillAnswer(screens.nothingIndexed(introduce));
    else byId("answer").append(...screens.exampleList(questions, "For example"));
  } catch (refusal) {
    if (mine === asking) fail(refusal, introduce);
  }
}

/** Below a screen without an answer: what else the documents do answer, if that can be told. */
async function suggest(answer) {
  const questions = await exampleQuestions().catch(() => []);
  if (shown.answer !== answer) return;
  byId("answer").append(
    ...screens.exampleList(questions.slice(0, 3), "What your documents do answer"),
  );
}

async function isReady() {
  try {
    await request("readyz", { quietly: true });
    return true;
  } catch (refusal) {
    if (refusal.status === 503) return false;
    throw refusal;
  }
}

async function exampleQuestions() {
  if (!examples?.length) examples = (await request("v1/examples", { quietly: true })).questions;
  return examples;
}

async function enterKey() {
  if (!(await key.enter())) return;
  shown = { question: null, answer: null };
  follow();
}

// --- What the page shows ---

function fail(refusal, retry) {
  shown.refused = refusal.status;
  fillAnswer(screens.trouble(refusal, retry, enterKey));
}

function show(answer) {
  shown.answer = answer;
  const passages = answer.passages.map((each) => passageItem(each, answer));
  if (answer.answered) {
    fillAnswer(element("p", "asked printed", answer.question), ...answerBody(answer),
      rating(answer));
    list("citations", "Citations", answer.citations.map((each) => citationItem(each, answer)));
    list("passages", "Passages", passages,
      "Highlighted: what answers best. Underlined: quoted in the answer.");
  } else if (passages.length) {
    fillAnswer(element("p", "asked printed", answer.question), screens.noAnswer(answer),
      rating(answer));
    list("passages", "Closest passages", passages);
    suggest(answer);
  } else {
    fillAnswer(screens.nothingIndexed(() => ask(answer.question)));
  }
  byId("copy-link").hidden = false;
  const reader = answer.reader ? `reader ${answer.reader.name}` : "no reader";
  byId("facts").textContent = `${answer.model} · ${reader} · snapshot ${answer.snapshot} · `
    + `${Math.max(1, Math.round(answer.took_ms))} ms`;
}

function fillAnswer(...children) {
  byId("answer").replaceChildren(...children);
  byId("answer").ariaBusy = "false";
  byId("citations").hidden = byId("passages").hidden = byId("copy-link").hidden = true;
  byId("facts").textContent = "";
}

function list(id, heading, items, legend = "") {
  const legends = legend ? [element("p", "legend", legend)] : [];
  byId(id).replaceChildren(element("h2", "", heading), ...legends, element("ol", "", ...items));
  byId(id).hidden = items.length === 0;
}

async function copyLink() {
  try {
    await navigator.clipboard.writeText(location.href);
    notify("Link copied.");
  } catch {
    notify("Copying is not allowed here: the link is in the address bar.");
  }
}

function notify(message) {
  const notice = panel.isOpen() ? byId("document-notice") : byId("notice");
  notice.textContent = message;
  clearTimeout(fading);
  fading = setTimeout(() => notice.replaceChildren(), 4000);
}
