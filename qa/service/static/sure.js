// A question before something is done that cannot be undone.

const byId = (id) => document.getElementById(id);
const dialog = byId("sure");

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
