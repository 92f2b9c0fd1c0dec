// Puts text on the clipboard, and says so.

import { announce } from "./forms.js";

/** Puts a text on the clipboard. */
export async function write(text) {
  try {
    await navigator.clipboard.writeText(text);
  } catch {
    // Without HTTPS, or without leave, there is only the old way.
    const focused = document.activeElement;
    const field = document.createElement("textarea");
    field.value = text;
    field.className = "unseen";
    document.body.append(field);
    field.select();
    document.execCommand("copy");
    field.remove();
    focused.focus();
  }
}

/** Says what was done, and shows it beside an element for a while. */
export function say(words, element) {
  announce(words);
  element.dataset.said = words;
  setTimeout(() => delete element.dataset.said, 4000);
}
