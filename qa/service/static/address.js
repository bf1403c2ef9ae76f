// The address is the state: `?q=QUESTION&at=DOCUMENT.START-END.DIGEST`. What it says, the page
// shows; so a link, a reload and the browser's back and forward all lead to the same.

const PLACE = /^([a-z0-9-]{1,200})\.(\d{1,9})-(\d{1,9})(?:\.([0-9a-f]{12}))?$/;

/**
 * What the address asks, "" for nothing, and which place it opens, null for none; `broken` if it
 * tries to and names none.
 */
export function read() {
  const said = new URLSearchParams(location.search);
  const at = said.get("at");
  const found = PLACE.exec(at ?? "");
  const place = found && {
    document_id: found[1],
    start_char_index: Number(found[2]),
    end_char_index: Number(found[3]),
    digest: found[4] ?? "",
  };
  return { question: said.get("q")?.trim() ?? "", place, broken: at !== null && !place };
}

/** The address of a question, and of a place in a document if one is given. */
export function addressOf(question, place = null) {
  const said = new URLSearchParams();
  if (question) said.set("q", question);
  if (place) {
    const span = `${place.start_char_index}-${place.end_char_index}`;
    const digest = (place.text_sha256 ?? place.digest ?? "").slice(0, 12);
    said.set("at", [place.document_id, span, ...(digest ? [digest] : [])].join("."));
  }
  return `./${said.size ? `?${said}` : ""}`;
}

export const isSame = (place, other) => place.document_id === other.document_id
  && place.start_char_index === other.start_char_index
  && place.end_char_index === other.end_char_index;

/** Whether a click asks to follow a link of this page here, and not in another tab. */
export function staysHere(event, anchor) {
  const modified = event.button || event.ctrlKey || event.metaKey || event.shiftKey || event.altKey;
  return !modified && anchor.origin === location.origin && anchor.pathname === location.pathname;
}
