// S18: the receipt as a page that everyone can read, and as PDF: both say what the receipt says.

import { actions, button, callout, code, dateLong, dateTime, el, get, href, italian, load, methodName, money, paragraph, receiptPdf, segment, stateOf,
  summaryList, systemPage, t, weigh } from "./core.js";

const number = segment(1);

load(document.getElementById("regione"), async () => {
  const { debt, paid = {} } = await get(`/api/debts/${encodeURIComponent(number)}`);
  if (stateOf(debt) !== "confermato") {
    systemPage("js.non_trovata", "js.non_trovata_testo");
    return null;
  }
  const refresh = button(t("js.aggiorna"), () => location.reload());
  const link = receiptPdf(debt, t("ricevuta.js.scarica"));
  if (debt.receiptAvailable) weigh(link, (kb) => t("ricevuta.js.scarica_peso", { kb }));
  const { fee, psp, method, payer, paidAt, transactionId } = paid;
  const verify = `${href("/verifica")}${debt.receiptCode ? `#${debt.receiptCode}` : ""}`;
  return [
    debt.receiptAvailable ? null : callout("info", paragraph(t("ricevuta.js.attesa"))),
    el("p", { class: "importo-grande" }, money(debt.amount)),
    actions(debt.receiptAvailable ? [link, button(t("js.stampa"), () => globalThis.print())] : refresh),
    summaryList([
      [t("pratica.js.ente"), italian(`${debt.creditor.name} (${debt.creditor.fiscalCode})`)],
      [t("ricevuta.js.pagatore"), payer],
      [t("ricevuta.js.debitore"), debt.debtor?.name],
      [t("pratica.js.servizio"), italian(debt.service.name)],
      [t("pratica.js.causale"), italian(debt.reason)],
      [t("pratica.js.riferimento_ufficio"), debt.reference && italian(debt.reference)],
      ...(debt.details ?? []).map(({ label, value }) => [italian(label), italian(value)]),
      [t("pratica.js.codice_avviso"), code(debt.noticeNumber)],
      [t("pratica.js.iuuv"), code(debt.iuv)],
      [t("pratica.js.importo"), money(debt.amount)],
      [t("ricevuta.js.commissione"), fee === undefined ? null : money(fee)],
      [t("ricevuta.js.totale"), fee === undefined ? null : money(debt.amount + fee)],
      [t("ricevuta.js.psp"), psp],
      [t("ricevuta.js.metodo"), methodName(method)],
      [t("ricevuta.js.data"), paidAt ? dateTime(paidAt) : debt.paidOn && dateLong(debt.paidOn)],
      [t("ricevuta.js.transazione"), transactionId && el("span", { class: "codice" }, transactionId)],
      [t("ricevuta.js.identificativo"), debt.receiptCode && code(debt.receiptCode)],
    ]),
    el("p", { class: "nota" }, t("ricevuta.js.verifica"), " ", el("a", { href: verify }, t("ricevuta.js.verifica_link")),
      el("span", { class: "solo-stampa" }, `${location.origin}${href("/verifica")}`)),
  ];
});
