// S35: whether a printed receipt is true, without saying whose it is.

import { announce, callout, code, dateLong, el, fieldsOf, find, form, get, italian, money, paragraph, summaryList, t } from "./core.js";

const outcome = document.getElementById("esito");

const modulo = find("form", "modulo");
// A link on a receipt brings its code, in the part of the address that is sent to nobody.
const told = decodeURIComponent(location.hash.slice(1));

form(modulo, {
  name: "verifica",
  check: ({ codice_ricevuta: given }) => (given === "" ? [{ field: "codice_ricevuta", code: "required" }] : []),
  async send({ codice_ricevuta: given }) {
    outcome.replaceChildren();
    const found = await get(`/api/receipts/${encodeURIComponent(given.replace(/\s/g, ""))}`);
    const title = t("verifica.js.valida");
    outcome.replaceChildren(callout("success", el("h2", {}, title), paragraph(t("verifica.js.confronta"))), summaryList([
      [t("verifica.js.ente"), italian(`${found.creditor.name} (${found.creditor.fiscalCode})`)],
      [t("verifica.js.importo"), money(found.amount)],
      [t("verifica.js.data"), dateLong(found.paidOn)],
      [t("verifica.js.iuuv"), code(found.iuv)],
      [t("verifica.js.token"), el("span", { class: "codice" }, found.paymentToken)],
    ]));
    announce(title);
  },
  refused: (refusal) => (refusal.status === 404 ? { field: "codice_ricevuta", text: t("verifica.js.non_trovata") } : null),
});

if (told) {
  fieldsOf(modulo).codice_ricevuta.value = told;
  modulo.requestSubmit?.();
}
