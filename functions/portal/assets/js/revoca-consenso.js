// S21: consent withdrawn, account closed.

import { actions, dateTime, el, find, focusHeading, forgetSession, announce, form, href, outcomeHeading, post, primary, t } from "./core.js";

const region = document.getElementById("regione");

form(find("form", "modulo"), {
  name: "revoca-consenso",
  check: ({ conferma, password }) => [
    !conferma && { field: "conferma", code: "required" },
    password === "" && { field: "password", code: "required" },
  ].filter(Boolean),
  async send({ password }) {
    await post("/api/consent/revoke", { password });
    forgetSession();
    sessionStorage.clear();
    localStorage.clear();
    document.getElementById("accesso").replaceChildren();
    document.getElementById("indietro")?.remove();
    const heading = outcomeHeading(t("revoca-consenso.js.revocato"), "check-circle", "esito-riuscito");
    region.replaceChildren(heading,
      el("p", { class: "introduzione" }, t("revoca-consenso.js.quando", { data: dateTime(new Date().toISOString()) })),
      actions(primary(t("revoca-consenso.js.torna"), href("/"))));
    focusHeading(heading);
    announce(heading.textContent);
    return "leaving";
  },
  refused(refusal) {
    if (refusal.code === "payment_in_progress") return { text: t("revoca-consenso.js.in_corso") };
    if (refusal.code !== "invalid_credentials") return null;
    return { field: "password", text: t("revoca-consenso.js.errata") };
  },
});
