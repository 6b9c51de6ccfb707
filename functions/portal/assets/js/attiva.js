// S06: the token of the mailed link, sent once; opening the page alone uses nothing up.

import { Refusal, actions, el, failureText, focusHeading, form, href, outcomeHeading, paragraph, post, button, announce, t, tab } from "./core.js";
import { email } from "./rules.js";

const region = document.getElementById("regione");
const token = new URLSearchParams(location.hash.slice(1)).get("t") ?? "";

function show(heading, ...nodes) {
  region.replaceChildren(heading, ...nodes);
  focusHeading(heading);
  announce(heading.textContent);
}

function goOn(classes = "btn btn-primary") {
  const searched = tab.get("ricerca");
  const back = searched ? `?torna=${encodeURIComponent(href(`/paga/${searched.noticeNumber}`))}` : "";
  return actions(el("a", { class: classes, href: href("/accedi") + back }, t("attiva.js.accedi")));
}

/** The link does not work (any more): another one, whatever the address. */
function askAnother(title, text) {
  const field = el("input", { class: "form-control medio", type: "email", id: "email", name: "email", required: true, autocomplete: "email", spellcheck: "false" });
  const modulo = el("form", { id: "modulo", method: "post", novalidate: true },
    el("div", { class: "campo" }, el("label", { class: "form-label", for: "email" }, t("attiva.js.email")), field),
    actions(el("button", { class: "btn btn-primary", type: "submit" }, t("attiva.js.nuovo_link"))));
  show(outcomeHeading(title, "warning-circle", "esito-attenzione"), el("p", { class: "introduzione" }, text), modulo, goOn("collegamento"));
  form(modulo, {
    name: "attiva",
    check: (given) => (given.email === "" ? [{ field: "email", code: "required" }] : email(given.email) ? [] : [{ field: "email", code: "format" }]),
    async send(given) {
      await post("/api/activate/resend", { username: given.email });
      modulo.replaceWith(paragraph(t("attiva.js.inviato")));
      announce(t("attiva.js.inviato"));
    },
  });
}

async function activate() {
  if (!token) return askAnother(t("problem.link_not_valid.title"), t("attiva.js.non_valido_testo"));
  try {
    await post("/api/activate", { token });
    for (const name of ["registrazione", "registrata", "bozza.registrazione"]) tab.drop(name);
    show(outcomeHeading(t("attiva.js.attivato"), "check-circle", "esito-riuscito"), el("p", { class: "introduzione" }, t("attiva.js.attivato_testo")), goOn());
  } catch (refusal) {
    if (!(refusal instanceof Refusal)) throw refusal;
    // Used, expired, forged: one answer for all, so the page says what to do in each case.
    if (refusal.code === "link_not_valid" || refusal.errors.length > 0) return askAnother(t("problem.link_not_valid.title"), t("attiva.js.non_valido_testo"));
    show(outcomeHeading(t("attiva.js.non_riusciamo"), "error", "esito-errore"), paragraph(failureText(refusal)),
      actions(button(t("js.riprova"), activate, "btn btn-primary")));
  }
}

activate();
