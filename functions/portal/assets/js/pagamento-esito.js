// S17: what surely happened. The query of the return is never read: only our server knows.

import { account, actions, button, contact, copyable, dateTime, el, fullName, focusHeading, get, href, italian, money, outcomeHeading, outline,
  page, paragraph, primary, receiptPdf, Refusal, segment, summaryList, systemPage, t, announce, failureText, noticePdf } from "./core.js";

/** Seconds after the opening at which the state is asked. */
const MOMENTS = [0, 2, 5, 10, 18, 30];
const region = document.getElementById("regione");
const id = segment(1);
const list = () => href("/pratiche");

async function watch() {
  const start = Date.now();
  let payment = null;
  for (const moment of MOMENTS) {
    await new Promise((done) => setTimeout(done, Math.max(0, start + moment * 1000 - Date.now())));
    try {
      payment = await get(`/api/payments/${encodeURIComponent(id)}`);
    } catch (refusal) {
      if (!(refusal instanceof Refusal)) throw refusal;
      if (refusal.status === 404) return systemPage("js.non_trovata", "js.non_trovata_testo");
      if (moment === MOMENTS.at(-1)) return unknown(refusal);
      continue;
    }
    if (payment.status !== "pending") return show(payment);
  }
  return payment ? show(payment) : null;
}

function put(heading, ...nodes) {
  region.replaceChildren(heading, ...nodes.filter(Boolean));
  focusHeading(heading);
  announce(heading.textContent);
}

const text = (words) => el("p", { class: "introduzione" }, words);
const retryAddress = (payment) => href(`/paga/${payment.debts.map(({ noticeNumber }) => noticeNumber).join(",")}`);
const again = () => button(t("js.aggiorna"), () => location.reload(), "btn btn-primary");
const back = () => outline(t("pagamento-esito.js.torna"), list());

function show(payment) {
  const shown = { succeeded, pending, failed, cancelled, expired }[payment.status];
  return shown ? shown(payment) : unknown(null);
}

async function succeeded(/** @type {import("./core.js").Payment & { email?: string }} */ payment) {
  const { debts, fee } = payment;
  const total = debts.reduce((sum, { amount }) => sum + amount, 0) + (fee ?? 0);
  const person = await account().catch(() => null);
  const email = payment.email ?? person?.email;
  const receipts = debts.map((debt) => {
    if (!debt.receiptAvailable) return null;
    const link = receiptPdf(debt);
    if (debts.length > 1) link.append(`: ${debt.reason}`);
    return link;
  }).filter(Boolean);
  put(outcomeHeading(t("pagamento-esito.js.riuscito", { totale: money(total) }), "check-circle", "esito-riuscito"),
    text(`${t("pagamento-esito.js.ricevuto", { ente: page.creditor })} ${email ? t("pagamento-esito.js.scritto", { email }) : ""}`),
    receipts.length === 0 ? paragraph(t("pagamento-esito.js.ricevuta_arrivo")) : null,
    actions(receipts, outline(t("pagamento-esito.js.torna"), list()), button(t("pagamento-esito.js.stampa"), () => globalThis.print(), "collegamento")),
    debts.map((debt) => summaryList([
      [t("pagamento-esito.js.causale"), italian(debt.reason)],
      [t("pagamento-esito.js.iuuv"), copyable(debt.iuv, t("pagamento-esito.js.iuuv"))],
      [t("pagamento-esito.js.importo"), money(debt.amount)],
    ])).reduce((all, node) => { all.append(node); return all; }, el("div")),
    summaryList([
      [t("pagamento-esito.js.commissione"), fee === undefined ? null : money(fee)],
      [t("pagamento-esito.js.totale"), money(total), "totale"],
      [t("pagamento-esito.js.psp"), payment.pspName],
      [t("pagamento-esito.js.data"), payment.paidAt && dateTime(payment.paidAt)],
      [t("pagamento-esito.js.transazione"), payment.transactionId && el("span", { class: "codice" }, payment.transactionId)],
      [t("pagamento-esito.js.pagatore"), person && fullName(person)],
    ]));
}

function pending() {
  put(outcomeHeading(t("pagamento-esito.js.in_verifica"), "clock", "esito-attenzione"), text(t("pagamento-esito.js.in_verifica_testo")), actions(again(), back()));
}

const REASONS = { insufficient_funds: t("pagamento-esito.js.motivo.fondi"), denied: t("pagamento-esito.js.motivo.negata"),
  wrong_details: t("pagamento-esito.js.motivo.dati"), limit_exceeded: t("pagamento-esito.js.motivo.limite"), psp_error: t("pagamento-esito.js.motivo.psp") };

function failed(/** @type {import("./core.js").Payment} */ payment) {
  const reason = REASONS[payment.reason];
  const retry = retryAddress(payment);
  put(outcomeHeading(t("pagamento-esito.js.non_riuscito"), "error", "esito-errore"), text(t("pagamento-esito.js.nessun_addebito")),
    reason ? paragraph(reason) : null,
    actions(primary(t("js.riprova"), retry), outline(t("pagamento-esito.js.altro_metodo"), retry),
      payment.debts.length === 1 ? noticePdf(payment.debts[0]) : back()));
}

function cancelled(payment) {
  put(outcomeHeading(t("pagamento-esito.js.annullato"), "close-circle"), text(t("pagamento-esito.js.annullato_testo")),
    actions(primary(t("js.riprova"), retryAddress(payment)), back()));
}

function expired(payment) {
  put(outcomeHeading(t("pagamento-esito.js.scaduto"), "clock", "esito-attenzione"), text(t("pagamento-esito.js.nessun_addebito")),
    actions(primary(t("js.riprova"), retryAddress(payment)), back()));
}

function unknown(refusal) {
  put(outcomeHeading(t("pagamento-esito.js.ignoto"), "warning-circle", "esito-attenzione"), text(t("pagamento-esito.js.ignoto_testo")),
    refusal && paragraph(failureText(refusal)),
    refusal?.requestId ? paragraph(`${t("js.codice_assistenza")} ${refusal.requestId}`) : null, actions(again(), contact()));
}

watch();
