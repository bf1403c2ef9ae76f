// What the page says in passing: a line at the foot of the screen that goes by itself, and the
// question before something is done that cannot be undone.

const byId = (id) => document.getElementById(id);
const panel = byId("document");
const dialog = byId("sure");
let fading = null;

export function notify(message) {
  const notice = byId(panel.open ? "document-notice" : "notice");
  notice.textContent = message;
  clearTimeout(fading);
  fading = setTimeout(() => notice.replaceChildren(), 4000);
}

/** Copy text, and say so. */
export async function copy(text, told) {
  try {
    await navigator.clipboard.writeText(text);
    notify(told);
  } catch {
    notify("This browser does not allow the page to copy.");
  }
}

/** Ask, and resolve to whether the answer was yes. `why` may be nodes; `yes` names the button. */
export function isSure(title, why, yes) {
  byId("sure-title").replaceChildren(...[title].flat());
  byId("sure-why").replaceChildren(...[why].flat());
  byId("sure-yes").textContent = yes;
  dialog.returnValue = "";
  dialog.showModal();
  return new Promise((resolve) => {
    dialog.addEventListener("close", () => resolve(dialog.returnValue === "yes"), { once: true });
  });
}
