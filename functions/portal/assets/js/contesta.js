// S37: somebody contests the proof of a fiscal code by the mailed link. Opening the page does nothing.

import { actions, contact, el, find, focusHeading, form, href, outcomeHeading, post, primary, t } from "./core.js";

const region = document.getElementById("regione");
const token = new URLSearchParams(location.hash.slice(1)).get("t") ?? "";

function show(title, icon, tone, text, ...buttons) {
  const heading = outcomeHeading(title, icon, tone);
  region.replaceChildren(heading, el("p", { class: "introduzione" }, text), actions(...buttons));
  focusHeading(heading);
}

const notValid = () => show(t("problem.link_not_valid.title"), "warning-circle", "esito-attenzione", t("contesta.js.non_valido"), contact());

if (!token) notValid();
else {
  form(find("form", "modulo"), {
    async send() {
      await post("/api/identity/contest", { token });
      show(t("contesta.js.fatto"), "check-circle", "esito-riuscito", t("contesta.js.fatto_testo"), primary(t("contesta.js.poi"), href("/")));
    },
    refused(refusal) {
      if (refusal.code !== "link_not_valid" && refusal.status !== 401) return null;
      notValid();
      return { errors: [], extra: [] };
    },
  });
}
