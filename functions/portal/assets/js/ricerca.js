// S01: find a debt with the two codes of the notice.

import { accountIfAny, actions, callout, el, fieldsOf, find, form, href, paragraph, post, primary, problemText, t, tab, tn } from "./core.js";
import { clean, fiscalCode, noticeOrIuv, searchCode } from "./rules.js";

const modulo = find("form", "modulo");
const query = new URLSearchParams(location.search);

if (query.has("ricerca-scaduta")) {
  document.querySelector("h1").after(callout("info", paragraph(t("ricerca.js.scaduta"))));
}
const notice = query.get("avviso");
if (/^\d{18}$/.test(notice ?? "")) {
  fieldsOf(modulo).codice.value = notice;
  document.getElementById("cf-aiuto").prepend(el("strong", {}, t("ricerca.js.manca_cf")), " ");
}

form(modulo, {
  name: "ricerca",
  waiting: t("ricerca.js.attesa"),
  check({ cf, codice }) {
    const errors = [{ field: "cf", code: fiscalCode(cf) }, { field: "codice", code: noticeOrIuv(codice) }];
    return errors.filter(({ code }) => code);
  },
  async send({ cf, codice }) {
    const found = await post("/api/search", { fiscalCode: clean(cf), ...searchCode(codice) });
    tab.set("ricerca", { reference: found.reference, noticeNumber: found.debt.noticeNumber, amount: found.debt.amount,
      creditor: found.debt.creditor.name });
    location.assign(`${href("/ricerca/esito")}?r=${encodeURIComponent(found.reference)}`);
    return "leaving";
  },
  refused(refusal) {
    if (refusal.status === 404) return { text: problemText("debt_not_found") };
    if (refusal.status === 429) return { text: tn("ricerca.js.troppe", Math.max(1, Math.ceil(refusal.retryAfter / 60))) };
    return null;
  },
});

accountIfAny().then((person) => {
  if (!person) return;
  document.getElementById("account").replaceChildren(
    el("h2", { id: "account-titolo" }, t("js.pratiche")),
    actions(primary(t("ricerca.js.vai"), href("/pratiche"))));
});
