// S07 and S31: login, and back to where the person was going.

import { actions, announce, button, callout, fieldsOf, find, form, href, money, paragraph, post, problemText, t, tab, tn } from "./core.js";

const modulo = find("form", "modulo");
const fields = fieldsOf(modulo);
const notices = document.getElementById("avvisi");
const query = new URLSearchParams(location.search);

/** Only an address of ours, of a page that we know. */
const KNOWN = /^(\/[a-z]{2})?\/(pratiche|spontaneo|paga|profilo|ricerca\/esito)(\/[\w.,%-]+)*(\?[\w=&%.+-]*)?$/;
const target = KNOWN.test(query.get("torna") ?? "") ? query.get("torna") : href("/pratiche");

const searched = tab.get("ricerca");
if (tab.take("password-cambiata")) notices.append(callout("success", paragraph(t("accedi.js.password_cambiata"))));
else if (/\/paga\/[^/]+\/esito$/.test(target)) notices.append(callout("info", paragraph(t("accedi.js.pagamento_salvo"))));
else if (searched && target.endsWith(`/paga/${searched.noticeNumber}`)) {
  notices.append(callout("info", paragraph(t("accedi.js.per_pagare", { importo: money(searched.amount), ente: searched.creditor }))));
}

form(modulo, {
  name: "accedi",
  check: ({ username, password }) => [
    username === "" && { field: "username", code: "required" },
    password === "" && { field: "password", code: "required" },
  ].filter(Boolean),
  async send({ username, password }) {
    await post("/api/login", { username, password });
    location.replace(target);
    return "leaving";
  },
  refused(refusal) {
    fields.password.value = "";
    if (refusal.status === 401) return { text: t("problem.invalid_credentials.title") };
    if (refusal.status === 429) return { text: tn("accedi.js.bloccato", Math.max(1, Math.ceil(refusal.retryAfter / 60))) };
    if (refusal.code !== "account_not_active") return null;
    const again = button(t("accedi.js.rinvia"), async () => {
      await post("/api/activate/resend", { username: fields.username.value.trim() }).catch(() => {});
      again.replaceWith(t("js.rinviato"));
      announce(t("js.rinviato"));
    });
    return { errors: [{ text: problemText("account_not_active") }], extra: [actions(again)] };
  },
});
