// S08: a link to choose a new password; the answer is the same for addresses we do not know.

import { el, find, focusHeading, form, outcomeHeading, post, resend, t } from "./core.js";
import { email } from "./rules.js";

const region = document.getElementById("regione");

form(find("form", "modulo"), {
  name: "accedi",
  check: ({ username }) => (username === "" ? [{ field: "username", code: "required" }] : email(username) ? [] : [{ field: "username", code: "format" }]),
  async send({ username }) {
    const ask = () => post("/api/password/forgot", { username });
    await ask();
    const heading = outcomeHeading(t("password-dimenticata.js.controlla"), "mail");
    const again = el("button", { type: "button", class: "btn btn-outline-primary" }, t("password-dimenticata.js.rinvia"));
    const outcome = el("p", { class: "eco" });
    region.replaceChildren(heading, el("p", { class: "introduzione" }, t("password-dimenticata.js.testo", { email: username })),
      el("div", { class: "azioni" }, again), outcome);
    resend(again, outcome, ask);
    focusHeading(heading);
  },
});
