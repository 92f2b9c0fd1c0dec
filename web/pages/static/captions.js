// Captions: asked for when a person wants them, copied, and taken away when the post becomes another one.

import { say, write } from "./clipboard.js";
import { ask, forgetFailure, pageOf, renew, tellFailure } from "./forms.js";

const GONE = 404;

let turn = 0; // an answer to an earlier turn comes too late

/** Asks for captions for the post in a form. photosSent: promises that no photo is on its way. */
export async function askForCaptions(form, photosSent, again = true) {
  forgetCaptions();
  forgetFailure();
  const own = turn;
  show(true);
  await photosSent();
  if (own !== turn) return;
  const { ended } = ask("POST", "/captions?alone=true", new FormData(form));
  const request = await ended;
  if (own !== turn) return;
  if (request.status === GONE && again && !document.dispatchEvent(new Event("gone", { cancelable: true }))) {
    askForCaptions(form, photosSent, false);
    return;
  }
  show(false);
  const page = pageOf(request);
  if (!page) return tellFailure(request);
  if (!page.getElementById("captions")) return location.reload(); // such as the form to sign in
  renew(page, ["captions"]);
}

/** The post is another one: its captions go, and those under way are not shown. */
export function forgetCaptions() {
  turn += 1;
  show(false);
  document.getElementById("captions-found").replaceChildren();
}

function show(isBusy) {
  document.getElementById("captions").setAttribute("aria-busy", String(isBusy));
  document.getElementById("captions-progress").hidden = !isBusy;
}

document.addEventListener("click", async (event) => {
  const button = event.target.closest("[data-copy]");
  if (!button) return;
  await write(button.closest("li").querySelector(".words").textContent);
  say(document.getElementById("captions").dataset.copied, button);
});
