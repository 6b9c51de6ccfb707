// Parts of a page that load: skeleton, wait, failure, and the pages that a failure can become.

import { actions, button, callout, el, focusHeading, outline, paragraph, primary, setTitle } from "./nodes.js";
import { Refusal, failureText, supportCode } from "./requests.js";
import { alarm, announce } from "./announcements.js";
import { href, t } from "./messages.js";


const SKELETON_MS = 300;
const SLOW_MS = 8_000;

/**
 * Fills a region with what `task` gives (nodes, or nothing if it did the work itself), showing the skeleton,
 * the wait and the failure of section 1.7. Failures that are pages of their own take the whole page.
 */
export async function load(region, task) {
  const skeleton = region.querySelector(".scheletro") ?? el("div", { class: "scheletro", "aria-hidden": "true" }, el("span"));
  const kept = region.querySelector("h1");
  const reset = () => region.replaceChildren(...[kept, skeleton].filter(Boolean));
  region.setAttribute("aria-busy", "true");
  skeleton.hidden = true;
  reset();
  const timers = [
    setTimeout(() => {
      skeleton.hidden = false;
      announce(t("js.caricamento"));
    }, SKELETON_MS),
    setTimeout(() => {
      region.prepend(callout("info", paragraph(t("js.lento"))));
      announce(t("js.lento"));
    }, SLOW_MS),
  ];
  try {
    const nodes = await task();
    if (nodes) region.replaceChildren(...[nodes].flat(Infinity).filter(Boolean));
    return true;
  } catch (refusal) {
    if (!(refusal instanceof Refusal)) {
      reset();
      throw refusal;
    }
    if (refusal.status === 404) systemPage("js.non_trovata", "js.non_trovata_testo");
    else if (refusal.status === 403) systemPage("js.non_consentita", "js.non_consentita_testo");
    else region.replaceChildren(...[kept, failure(refusal, () => load(region, task))].filter(Boolean));
    return false;
  } finally {
    timers.forEach(clearTimeout);
    region.removeAttribute("aria-busy");
  }
}

/** The failure's message with **Riprova**; offline, it tries again by itself. */
export function failure(refusal, retry) {
  const text = failureText(refusal);
  const again = () => {
    removeEventListener("online", back);
    retry();
  };
  const back = () => {
    announce(t("js.connesso"));
    again();
  };
  if (refusal.kind === "offline") addEventListener("online", back, { once: true });
  alarm(text);
  return callout("danger", paragraph(text), supportCode(refusal), actions(button(t("js.riprova"), again)));
}

/** S28 and S32: put in place of the page when the data say so. */
export function systemPage(title, text) {
  const heading = el("h1", {}, t(title));
  const box = document.querySelector("main .container");
  box.replaceChildren(el("div", { class: "misura" }, heading, el("p", { class: "introduzione" }, t(text)),
    actions(primary(t("js.cerca"), href("/")), outline(t("js.pratiche"), href("/pratiche")))));
  setTitle(t(title));
  focusHeading(heading);
}
