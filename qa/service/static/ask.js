// The screen that asks: a question is posted, and its answer shown.

import { ANEW, addressOf, go, read } from "./address.js";
import { allPlaces } from "./all.js";
import { allButton, answerBody, rating } from "./answer.js";
import { asBody } from "./filters.js";
import { passageList } from "./passages.js";
import { inAnswer } from "./places.js";
import { recentList, remember } from "./recent.js";
import * as screens from "./screens.js";
import { request } from "./service.js";
import { element, foreign, link, plain } from "./text.js";
import * as written from "./written.js";

const MOST_EARLIER = 5;
const ON_TOUCH = matchMedia("(pointer: coarse)");
const byId = (id) => document.getElementById(id);
const input = byId("question");
let asking = new AbortController();
let shown = { answer: null, refused: 0 };
let examples = null;
let enterKey = () => {};

/** Set the screen up once; `entersKey` is called where a key is needed. */
export function start(entersKey) {
  enterKey = entersKey;
  byId("ask").addEventListener("submit", (event) => {
    event.preventDefault();
    const question = input.value.trim();
    if (!question) return;
    if (ON_TOUCH.matches) input.blur(); // so that the keyboard does not cover the answer
    const state = read();
    if (question === state.question) ask(state);
    else go(addressOf({ question, history: earlier(state), all: false }));
  });
  input.addEventListener("keydown", (event) => {
    if (event.key !== "Enter" || event.shiftKey || event.isComposing) return;
    event.preventDefault();
    byId("ask").requestSubmit();
  });
}

/** The questions that the next one may follow on from, where the service can tell. */
function earlier({ question, history }) {
  if (!shown.answer || !("searched" in shown.answer)) return [];
  return [...history, question].slice(-MOST_EARLIER);
}

export async function show(state) {
  input.value = state.question;
  if (state.question) await ask(state);
  else await introduce();
}

/** Forget what is shown, as the documents or the reader's rights are others now. */
export function forget() {
  asking.abort();
  written.forget();
  examples = null;
  shown = { answer: null, refused: 0 };
}

export const isRefused = () => shown.refused === 401;

/** A place as the answer has it, and the places that say the same. */
export const known = (place) => inAnswer(shown.answer, place);

// --- Asking ---

async function ask(state) {
  const { question, all } = state;
  const widens = all && shown.answer?.question === question && shown.address === withoutAll();
  const mine = restart(widens ? shown : { answer: null });
  document.title = `${plain(question)} · Pincite`;
  if (widens) list("all", [screens.waiting("Looking for all places…")]);
  else fillAnswer(screens.waiting(all ? "Reading all passages…" : undefined));
  byId("answer").ariaBusy = "true";
  try {
    const answer = await request("v1/ask", { body: bodyOf(state), signal: mine.signal });
    if (mine !== asking) return;
    shown = { answer, refused: 0, address: withoutAll() };
    remember(state);
    showAnswer(answer, state);
    if (widens) byId("all").scrollIntoView({ block: "start" });
  } catch (refusal) {
    if (mine === asking) fail(refusal, () => ask(state));
  }
}

const bodyOf = ({ question, history, filters, all }) => ({
  question,
  ...(filters.length ? { filters: asBody(filters) } : {}),
  ...(history.length ? { history } : {}),
  ...(all ? { all } : {}),
});

const withoutAll = () => addressOf({ all: false });

function restart(kept) {
  asking.abort();
  asking = new AbortController();
  shown = { ...kept, refused: 0 };
  return asking;
}

async function introduce() {
  const mine = restart({ answer: null });
  document.title = "Pincite";
  fillAnswer(screens.introduction(), ...recentList());
  if (!ON_TOUCH.matches) input.focus();
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

// --- What is shown ---

function fail(refusal, retry) {
  shown = { answer: null, refused: refusal.status };
  fillAnswer(screens.trouble(refusal, retry, enterKey));
}

function showAnswer(answer, state) {
  const asked = element("p", "asked printed", answer.question);
  const { passages } = answer;
  const more = allButton(answer, () => go(addressOf({ all: true })));
  if (answer.answered) {
    fillAnswer(asked, ...answerBody(answer),
      element("div", "after", rating(answer), ...more));
    listPassages(answer);
    offerWriting(answer, state);
  } else if (passages.length) {
    fillAnswer(asked, screens.noAnswer(answer, state.filters),
      element("div", "after", rating(answer), ...(answer.more ? more : [])));
    list("passages", passageList(answer, "Closest passages"));
    suggest(answer);
  } else if (state.filters.length) {
    fillAnswer(asked, screens.nothingMatches());
  } else {
    fillAnswer(screens.nothingIndexed(() => ask(state)));
  }
  const csv = () => request("v1/ask", { body: bodyOf(state), as: "text/csv" });
  if (answer.all) list("all", allPlaces(answer, csv));
  tellTopic(answer, state);
  byId("copy-link").hidden = false;
  const reader = answer.reader ? `reader ${answer.reader.name}` : "no reader";
  byId("facts").textContent = `${answer.model} · ${reader} · snapshot ${answer.snapshot} · `
    + `${Math.max(1, Math.round(answer.took_ms))} ms`;
}

function listPassages(answer) {
  list("passages", passageList(answer, "Passages",
    `Highlighted: what answers best. Underlined: ${answer.written ? "cited" : "quoted"} in the answer.`));
}

/** Below the quotes, where the service can do it: have a language model write the answer. */
async function offerWriting(answer, state) {
  const { signal } = asking;
  if (!(await written.canWrite()) || signal.aborted) return;
  const { all, ...body } = bodyOf(state);
  const done = (text) => {
    answer.written = text;
    listPassages(answer);
  };
  const trouble = (refusal, retry) => screens.trouble(refusal, retry, enterKey);
  byId("answer").querySelector(".after").before(
    written.writing(answer, { body, signal, done, trouble }));
}

/** What this question follows on from, or that the next one can; and the way to begin anew. */
function tellTopic(answer, { history }) {
  const topic = byId("topic");
  topic.hidden = !("searched" in answer);
  const told = answer.searched && history.length
    ? element("span", "", "Follows on from “", foreign(history.at(-1)), "”. ")
    : element("span", "hint", "Your next question can follow on from this one. ");
  topic.replaceChildren(told, link(addressOf(ANEW), "plain", "New topic"));
}

function fillAnswer(...children) {
  byId("answer").replaceChildren(...children);
  byId("answer").ariaBusy = "false";
  for (const id of ["all", "passages", "copy-link", "topic"]) byId(id).hidden = true;
  byId("facts").textContent = "";
}

function list(id, children) {
  byId(id).replaceChildren(...children);
  byId(id).hidden = false;
}
