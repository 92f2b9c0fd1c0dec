// What is done with suggestions: keep or drop them, copy those that are kept, say whether they fit.

import { say, write } from "./clipboard.js";
import { ask, forgetFailure, tellFailure } from "./forms.js";

const GONE = 404;

const dropped = new Set(); // hashtags; they stay dropped when asked again
const judged = new Map(); // verdicts by hashtag, of this photo and caption
let waiting = null; // a verdict on photos that are sent again

/** Puts an answer that has just come into the state that its hashtags had. */
export function restoreChips() {
  for (const chip of document.querySelectorAll(".chip[data-hashtag]")) {
    chip.setAttribute("aria-pressed", String(!dropped.has(chip.dataset.hashtag)));
    if (judged.has(chip.dataset.hashtag)) showVerdict(chip.dataset.hashtag);
  }
  showKept();
  if (waiting) judge(waiting);
  waiting = null;
}

/** The photo or the caption is another one. */
export function forgetJudgements() {
  judged.clear();
}

function kept() {
  const chips = [...document.querySelectorAll(".chip[aria-pressed=true]")];
  return chips.map((chip) => `#${chip.dataset.hashtag}`);
}

function showKept() {
  const line = document.getElementById("kept");
  line?.replaceChildren(...kept().flatMap((hashtag) => {
    const word = document.createElement("span"); // within which no line breaks
    word.textContent = hashtag;
    return [word, " "];
  }));
}

function toggle(chip) {
  const keep = chip.getAttribute("aria-pressed") !== "true";
  chip.setAttribute("aria-pressed", String(keep));
  dropped[keep ? "delete" : "add"](chip.dataset.hashtag);
  showKept();
}

async function copy() {
  const line = document.querySelector(".copy");
  const hashtags = kept();
  if (hashtags.length === 0) return say(line.dataset.nothing, line);
  await write(hashtags.join(" "));
  const forms = JSON.parse(line.dataset.copied);
  say((hashtags.length === 1 ? forms[0] : forms.at(-1)).replace("{n}", hashtags.length), line);
}

async function judge({ verdict, hashtag }) {
  if (judged.get(hashtag) === verdict) return;
  forgetFailure();
  const photos = [...document.querySelectorAll("#photos input[name=photo_ids]")].map((input) => input.value);
  const body = { verdict, hashtags: [hashtag], text: document.getElementById("answer").dataset.text, photo_ids: photos };
  const { ended } = ask("POST", "/v1/feedback", new Blob([JSON.stringify(body)], { type: "application/json" }));
  const request = await ended;
  if (request.status === GONE && !waiting && !document.dispatchEvent(new Event("gone", { cancelable: true }))) {
    waiting = { verdict, hashtag };
    return;
  }
  if (request.status !== 200) return tellFailure(request);
  judged.set(hashtag, verdict);
  showVerdict(hashtag);
  say(document.getElementById("answer").dataset.stored, document.querySelector(".copy"));
}

function showVerdict(hashtag) {
  for (const button of document.querySelectorAll("[data-verdict]")) {
    if (button.dataset.hashtag !== hashtag) continue;
    button.setAttribute("aria-pressed", String(button.dataset.verdict === judged.get(hashtag)));
  }
}

document.addEventListener("click", (event) => {
  const button = event.target.closest("button");
  if (!button) return;
  if (button.matches(".chip")) toggle(button);
  else if (button.matches("#copy")) copy();
  else if (button.dataset.verdict) judge(button.dataset);
});
