// The API key, where the service needs one: kept for this tab only, until it is closed.

const NAME = "pincite-key";
const dialog = document.getElementById("key");
const field = document.getElementById("key-value");
const complaint = document.getElementById("key-complaint");
const forgetting = document.getElementById("key-forget");

let key = stored((storage) => storage.getItem(NAME)) ?? "";
let entering = null;
forgetting.hidden = !key;

export const current = () => key;

export function forget() {
  keep("");
}

/** Ask for a key, telling what is wrong with the last one; resolves to whether one was given. */
export function enter(wrong = "") {
  entering ??= new Promise((resolve) => {
    complaint.textContent = wrong;
    field.value = "";
    dialog.returnValue = "";
    dialog.addEventListener("close", () => {
      entering = null;
      resolve(dialog.returnValue === "given");
    }, { once: true });
    dialog.showModal();
  });
  return entering;
}

document.getElementById("key-form").addEventListener("submit", (event) => {
  event.preventDefault();
  const given = field.value.trim();
  if (/^[\x21-\x7e]+$/.test(given)) {
    keep(given);
    dialog.close("given");
  } else {
    complaint.textContent = "A key has letters, digits and signs, and no blanks between them.";
  }
});
document.getElementById("key-cancel").addEventListener("click", () => dialog.close());

function keep(given) {
  key = given;
  forgetting.hidden = !key;
  stored((storage) => (key ? storage.setItem(NAME, key) : storage.removeItem(NAME)));
}

/** Browsers may forbid storage: then the key lasts until the page is left. */
function stored(use) {
  try {
    return use(sessionStorage);
  } catch {
    return null;
  }
}
