// The address is the state: what it says, the page shows; so a link, a reload and the browser's
// back and forward all lead to the same. Its parts:
//   q=QUESTION   after=EARLIER QUESTION (several)   filter=CONDITION (several)   all
//   screen=documents   name=PART OF A NAME   list=PAGE OF THE LIST
//   at=DOCUMENT.START-END.DIGEST   page=PAGE OF THAT DOCUMENT

import { parse, written } from "./filters.js";

const PLACE = /^([a-z0-9-]{1,200})\.(\d{1,9})-(\d{1,9})(?:\.([0-9a-f]{12}))?$/;

/** What the address says; `place` is null for none, `broken` if there is one that names none. */
export function read() {
  const said = new URLSearchParams(location.search);
  const at = said.get("at");
  const found = PLACE.exec(at ?? "");
  const text = (name) => said.get(name)?.trim() ?? "";
  return {
    question: text("q"),
    history: said.getAll("after"),
    filters: said.getAll("filter").map(parse).filter((each) => each !== null),
    all: said.has("all"),
    screen: text("screen") === "documents" ? "documents" : "ask",
    name: text("name"),
    list: numberOf(text("list")) ?? 1,
    place: found && {
      document_id: found[1],
      start_char_index: Number(found[2]),
      end_char_index: Number(found[3]),
      digest: found[4] ?? "",
      start_page_number: numberOf(text("page")),
    },
    broken: at !== null && !found,
  };
}

const numberOf = (text) => (/^[1-9]\d{0,5}$/.test(text) ? Number(text) : null);

/** The address of what is shown now, without the place that is open, and with `changes`. */
export function addressOf(changes) {
  const state = { ...read(), place: null, ...changes };
  const said = new URLSearchParams();
  if (state.screen === "documents") {
    said.set("screen", "documents");
    if (state.name) said.set("name", state.name);
    if (state.list > 1) said.set("list", state.list);
  } else {
    if (state.question) said.set("q", state.question);
    for (const each of state.history) said.append("after", each);
    if (state.all) said.set("all", "yes");
  }
  for (const each of state.filters) said.append("filter", written(each));
  if (state.place) setPlace(said, state.place);
  return `./${said.size ? `?${said}` : ""}`;
}

function setPlace(said, place) {
  const span = `${place.start_char_index}-${place.end_char_index}`;
  const digest = (place.text_sha256 ?? place.digest ?? "").slice(0, 12);
  said.set("at", [place.document_id, span, ...(digest ? [digest] : [])].join("."));
  if (place.start_page_number) said.set("page", place.start_page_number);
}

/** What a question begins anew with: the filters stay. */
export const ANEW = { screen: "ask", question: "", history: [], all: false };

/** Go to an address. A place that is opened can be closed by going back. */
export function go(address, { replace = false } = {}) {
  const opened = new URL(address, location).searchParams.has("at");
  if (replace) history.replaceState(history.state, "", address);
  else history.pushState({ opened }, "", address);
  window.dispatchEvent(new PopStateEvent("popstate", { state: history.state }));
}

export const isSame = (place, other) => place.document_id === other.document_id
  && place.start_char_index === other.start_char_index
  && place.end_char_index === other.end_char_index;

/** Whether a click asks to follow a link of this page here, and not in another tab. */
export function staysHere(event, anchor) {
  const modified = event.button || event.ctrlKey || event.metaKey || event.shiftKey || event.altKey;
  return !modified && anchor.origin === location.origin && anchor.pathname === location.pathname;
}
