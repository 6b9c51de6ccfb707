// S06: the mailed link, or the code beside it, and the password of the registration. Opening the page uses nothing up.

import { actions, announce, codeInstead, el, find, focusHeading, form, href, outcomeHeading, outline, paragraph, post, primary, problemText, t, tab } from "./core.js";
import { email } from "./rules.js";

const region = document.getElementById("regione");
const token = new URLSearchParams(location.hash.slice(1)).get("t") ?? "";
const mailed = codeInstead(token);

function show(heading, ...nodes) {
  region.replaceChildren(heading, ...nodes);
  focusHeading(heading);
  announce(heading.textContent);
}

const introduction = (text) => el("p", { class: "introduzione" }, text);

/** The link does not work (any more), or never came: another one, whatever the address. */
function askAnother(title, text) {
  const field = el("input", { class: "form-control medio", type: "email", id: "email", name: "email", required: true, autocomplete: "email", spellcheck: "false" });
  const modulo = el("form", { id: "modulo", method: "post", novalidate: true },
    el("div", { class: "campo" }, el("label", { class: "form-label", for: "email" }, t("attiva.js.email")), field),
    actions(el("button", { class: "btn btn-primary", type: "submit" }, t("attiva.js.nuovo_link"))));
  show(outcomeHeading(title, "warning-circle", "esito-attenzione"), introduction(text), modulo,
    actions(el("a", { class: "collegamento", href: href("/accedi") }, t("attiva.js.accedi"))));
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

function activated(account) {
  for (const name of ["registrazione", "registrata", "bozza.registrazione"]) tab.drop(name);
  if (!account) {
    return show(outcomeHeading(t("attiva.js.gia_attivo"), "check-circle", "esito-riuscito"), introduction(t("attiva.js.gia_attivo_testo")),
      actions(primary(t("attiva.js.accedi"), href("/accedi"))));
  }
  const searched = tab.get("ricerca");
  show(outcomeHeading(t("attiva.js.attivato"), "check-circle", "esito-riuscito"), introduction(t("attiva.js.attivato_testo")),
    actions(primary(t("attiva.js.continua"), href(searched ? `/paga/${searched.noticeNumber}` : "/pratiche"))));
}

find("button", "nuovo-link").addEventListener("click", () => askAnother(t("attiva.js.altro"), t("attiva.js.altro_testo")));

form(find("form", "modulo"), {
  name: "attiva",
  check: (given) => [...mailed.check(given), given.password === "" && { field: "password", code: "required" }].filter(Boolean),
  async send(given) {
    const { account } = await post("/api/activate", { ...mailed.of(given), password: given.password });
    activated(account);
  },
  refused(refusal) {
    if (refusal.status === 401) return { field: "password", text: t("attiva.js.password_diversa") };
    if (refusal.code === "username_taken") {
      show(outcomeHeading(t("problem.username_taken.title"), "warning-circle", "esito-attenzione"), introduction(problemText("username_taken")),
        actions(primary(t("attiva.js.accedi"), href("/accedi")), outline(t("attiva.js.dimenticata"), href("/password-dimenticata"))));
      return { errors: [], extra: [] };
    }
    if (refusal.code !== "link_not_valid") return null;
    if (mailed.byCode()) return { field: "code", text: t("codice.js.non_valido") };
    // Expired, incomplete, replaced by a later one, forged: one answer for all, so the page says what to do in each case.
    askAnother(t("problem.link_not_valid.title"), t("attiva.js.non_valido_testo"));
    return { errors: [], extra: [] };
  },
});
