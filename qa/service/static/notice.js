// A line at the foot of the screen that says what was done, and goes by itself.

const panel = document.getElementById("document");
let fading = null;

export function notify(message) {
  const notice = document.getElementById(panel.open ? "document-notice" : "notice");
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
