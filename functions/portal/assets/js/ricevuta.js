// S18: the receipt as a page that everyone can read, and as PDF.

import { account, actions, button, callout, code, dateLong, dateTime, el, get, href, italian, load, money, paragraph, receiptPdf, segment, stateOf,
  summaryList, systemPage, t, weigh } from "./core.js";

const number = segment(1);

/** The payment made from here, if it was: fee, provider and moment are its own. */
async function paymentOf(payments) {
  const made = (payments ?? []).find(({ status }) => status === "succeeded");
  if (!made) return {};
  const whole = await get(`/api/payments/${encodeURIComponent(made.paymentId)}`).catch(() => ({}));
  // One fee for several debts cannot be told debt by debt.
  return { ...made, ...whole, fee: whole.debts?.length === 1 ? whole.fee : undefined };
}

load(document.getElementById("regione"), async () => {
  const [{ debt, payments }, person] = await Promise.all([get(`/api/debts/${encodeURIComponent(number)}`), account()]);
  if (stateOf(debt) !== "confermato") {
    systemPage("js.non_trovata", "js.non_trovata_testo");
    return null;
  }
  const refresh = button(t("js.aggiorna"), () => location.reload());
  const payment = await paymentOf(payments);
  const link = receiptPdf(debt, t("ricevuta.js.scarica"));
  if (debt.receiptAvailable) weigh(link, (kb) => t("ricevuta.js.scarica_peso", { kb }));
  const total = payment.fee === undefined ? null : debt.amount + payment.fee;
  return [
    debt.receiptAvailable ? null : callout("info", paragraph(t("ricevuta.js.attesa"))),
    el("p", { class: "importo-grande" }, money(debt.amount)),
    actions(debt.receiptAvailable ? [link, button(t("js.stampa"), () => globalThis.print())] : refresh),
    summaryList([
      [t("pratica.js.ente"), italian(debt.creditor.name)],
      [t("ricevuta.js.pagatore"), payment.paymentId ? (person.companyName ?? `${person.firstName} ${person.lastName}`) : null],
      [t("ricevuta.js.debitore"), debt.debtor?.name],
      [t("pratica.js.servizio"), italian(debt.service.name)],
      [t("pratica.js.causale"), italian(debt.reason)],
      [t("pratica.js.codice_avviso"), code(debt.noticeNumber)],
      [t("pratica.js.iuuv"), code(debt.iuv)],
      [t("pratica.js.importo"), money(debt.amount)],
      [t("ricevuta.js.commissione"), payment.fee === undefined ? null : money(payment.fee)],
      [t("ricevuta.js.totale"), total === null ? null : money(total)],
      [t("ricevuta.js.psp"), payment.pspName],
      [t("ricevuta.js.data"), payment.paidAt ? dateTime(payment.paidAt) : debt.paidOn && dateLong(debt.paidOn)],
      [t("ricevuta.js.identificativo"), debt.receiptCode && code(debt.receiptCode)],
    ]),
    el("p", { class: "nota non-stampare" }, t("ricevuta.js.verifica"), " ", el("a", { href: href("/verifica") }, t("ricevuta.js.verifica_link"))),
  ];
});
