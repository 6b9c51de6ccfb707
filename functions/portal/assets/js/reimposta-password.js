// S09: the new password, with the token of the mailed link or the code beside it.

import { actions, codeInstead, el, find, focusHeading, form, href, outcomeHeading, page, post, primary, t, tab } from "./core.js";
import { password } from "./rules.js";

const region = document.getElementById("regione");
const token = new URLSearchParams(location.hash.slice(1)).get("t") ?? "";
const mailed = codeInstead(token);

function linkExpired() {
  const heading = outcomeHeading(t("reimposta-password.js.scaduto"), "warning-circle", "esito-attenzione");
  region.replaceChildren(heading, el("p", { class: "introduzione" }, t("reimposta-password.js.scaduto_testo")),
    actions(primary(t("reimposta-password.js.nuovo"), href("/password-dimenticata"))));
  focusHeading(heading);
}

form(find("form", "modulo") ?? el("form"), {
  name: "reimposta-password",
  check(given) {
    const secret = password(given.password, [], page.shortestPassword);
    const repeated = given.conferma === "" ? "required" : given.conferma !== given.password ? "mismatch" : null;
    return [...mailed.check(given), secret && { field: "password", ...secret }, repeated && { field: "conferma", code: repeated }].filter(Boolean);
  },
  async send(given) {
    await post("/api/password/reset", { ...mailed.of(given), password: given.password, passwordConfirmation: given.conferma });
    tab.set("password-cambiata", true);
    location.replace(href("/accedi"));
    return "leaving";
  },
  refused(refusal) {
    if (refusal.code !== "link_not_valid") return null;
    if (mailed.byCode()) return { field: "code", text: t("codice.js.non_valido") };
    linkExpired();
    return { errors: [], extra: [] };
  },
});
