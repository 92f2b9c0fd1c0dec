// Asks for hashtags whenever the new post or a control changes: photos at once, typing after a pause. Captions are asked
// for by their button alone.

import { askForm, forgetFailure, pageOf, renew, tellFailure } from "./forms.js";
import { askForCaptions, forgetCaptions } from "./captions.js";
import { forgetJudgements, restoreChips } from "./chips.js";
import { pending, remember, sendAgain, watchPhotos } from "./photos.js";

const PAUSE = 700; // milliseconds after the last letter
const GONE = 404;

const form = document.getElementById("suggest");
const progress = document.getElementById("progress");
const [bar, doing] = progress.children;

let underWay = null;
let answered = null; // a promise of the end of the request that was sent last
let again = false; // whether something changed since the request under way was sent
let timer;

/** Asks, once the request under way has ended: then an older answer never comes after a newer one. */
async function askSoon() {
  clearTimeout(timer);
  if (underWay) {
    again = true;
    return;
  }
  const sent = pending();
  const { request, ended } = askForm(form, undefined, showUpload);
  underWay = request;
  answered = ended;
  show(sent.length > 0);
  await ended;
  if (underWay !== request) return; // given up for newer photos
  underWay = null;
  progress.hidden = true;
  finish(request, sent);
  if (again) {
    again = false;
    askSoon();
  }
}

/** Gives up the request under way, whose answer would bring back the photos as they were. */
function askAnew() {
  const old = underWay;
  underWay = null;
  old?.abort();
  again = false;
  forgetJudgements();
  forgetCaptions();
  askSoon();
}

function finish(request, sent) {
  const answer = document.getElementById("answer");
  answer.removeAttribute("aria-busy");
  if (request.status === GONE && sendAgain()) {
    again = true;
    return;
  }
  const page = pageOf(request);
  if (!page) return tellFailure(request);
  if (!page.getElementById("answer")) return location.reload(); // such as the form to sign in
  if (request.status >= 400) return renew(page, ["answer"]);
  renew(page, ["photos", "answer"]);
  remember(sent);
  restoreChips();
}

function show(isUpload) {
  forgetFailure();
  document.getElementById("answer").setAttribute("aria-busy", "true");
  doing.textContent = isUpload ? form.dataset.uploading : form.dataset.looking;
  if (isUpload) bar.value = 0;
  else bar.removeAttribute("value");
  progress.hidden = false;
}

function showUpload(part) {
  if (pending().length === 0) return;
  bar.value = part;
  if (part < 1) return;
  bar.removeAttribute("value");
  doing.textContent = form.dataset.looking;
}

form.addEventListener("submit", async (event) => {
  event.preventDefault();
  if (event.submitter?.id === "suggest-captions") {
    askForCaptions(form, () => (pending().length > 0 ? answered : null));
    return;
  }
  await askSoon();
  const answer = document.getElementById("answer");
  const isBelow = answer.getBoundingClientRect().top > innerHeight / 2; // as on a phone
  if (isBelow) answer.scrollIntoView();
});

form.addEventListener("input", (event) => {
  if (event.target.matches("textarea, #given, [name=languages]")) forgetCaptions();
  if (!event.target.matches("textarea, #given, #author")) return;
  if (event.target.matches("textarea")) forgetJudgements();
  clearTimeout(timer);
  timer = setTimeout(askSoon, PAUSE);
});

form.addEventListener("change", (event) => {
  if (!event.target.matches("textarea, #given, #author, [type=file]")) askSoon();
});

// The server holds a photo no more that somebody judges a hashtag for.
document.addEventListener("gone", (event) => {
  if (!sendAgain()) return;
  event.preventDefault();
  askSoon();
});

watchPhotos(form, askAnew);
if (matchMedia("(min-width: 60rem)").matches) document.getElementById("controls").open = true;
// Browsers bring back what was written before a page is shown again, but not its answer.
addEventListener("pageshow", () => {
  if (document.getElementById("text").value.trim() !== "" && !document.querySelector(".suggestion")) askSoon();
});
