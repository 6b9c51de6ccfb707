// S17: what surely happened. The address may bring a hint of the page where the person was (`?come=`): it decides what
// to ask, never what to say; only our server knows.

import { actions, announce, button, contact, copyable, dateTime, el, failureText, focusHeading, get, methodName, href, italian, money, noticePdf,
  outcomeHeading, outline, page, paragraph, post, primary, receiptPdf, Refusal, segment, summaryList, systemPage, t, waysOut, withReason } from "./core.js";

/** Seconds after the opening at which the state is asked; later as often as the answer says. */
const MOMENTS = [0, 2, 5, 10, 18, 30];
const SELDOM = 30;
const region = document.getElementById("regione");
const id = segment(1);
const address = `/api/payments/${encodeURIComponent(id)}`;
const come = new URLSearchParams(location.search).get("come");
const list = () => href("/pratiche");

const pause = (seconds) => new Promise((done) => setTimeout(done, Math.max(0, seconds * 1000)));

async function watch() {
  const start = Date.now();
  let payment = null;
  // Whoever comes back without having paid has given up: the debt is free again as soon as our server says so.
  if (come === "annullato" || come === "errore") {
    payment = await post(`${address}/cancel`).catch(() => null);
    if (payment && payment.status !== "pending") return show(payment);
  }
  for (const moment of MOMENTS) {
    await pause(moment - (Date.now() - start) / 1000);
    try {
      payment = await get(address);
    } catch (refusal) {
      if (!(refusal instanceof Refusal)) throw refusal;
      if (refusal.status === 404) return systemPage("js.non_trovata", "js.non_trovata_testo");
      if (moment === MOMENTS[MOMENTS.length - 1]) return unknown(refusal);
      continue;
    }
    if (payment.status !== "pending" || payment.moneyReceived) return show(payment);
    if (moment === 0) waiting(payment);
  }
  if (!payment) return null;
  show(payment);
  while (payment.status === "pending") {
    await pause(payment.checkAgainSeconds ?? SELDOM);
    payment = await get(address).catch(() => payment);
  }
  return show(payment);
}

function put(heading, ...nodes) {
  region.replaceChildren(heading, ...nodes.flat(Infinity).filter(Boolean));
  focusHeading(heading);
  announce(heading.textContent);
}

const text = (words) => el("p", { class: "introduzione" }, words);
const retryAddress = (payment) => href(`/paga/${payment.debts.map(({ noticeNumber }) => noticeNumber).join(",")}`);
const again = () => button(t("js.aggiorna"), () => location.reload());
const back = () => outline(t("pagamento-esito.js.torna"), list());
const notices = ({ debts }) => debts.map((debt) => (debts.length > 1 ? withReason(noticePdf(debt), debt) : noticePdf(debt)));
const sum = ({ debts }) => debts.reduce((total, { amount }) => total + amount, 0);

/** What the payment was for, on every outcome. */
const what = ({ debts }) => summaryList([
  ...debts.map((debt) => [t("pagamento-esito.js.causale"), debts.length > 1 ? [italian(debt.reason), ", ", money(debt.amount)] : italian(debt.reason)]),
  [t("pagamento-esito.js.importo"), money(sum({ debts })), "totale"],
]);

/** While it is waited for: what it is for, and the ways out. */
function waiting(payment) {
  region.querySelector(".scheletro")?.replaceWith(actions(waysOut(payment, show), notices(payment)), what(payment));
}

function show(payment) {
  if (payment.moneyReceived && payment.status !== "succeeded") return otherAmount(payment);
  const shown = { succeeded, pending, failed, cancelled, expired }[payment.status];
  return shown ? shown(payment) : unknown(null);
}

/** Everything that is said of the money is the receipt's. */
function succeeded(/** @type {import("./core.js").Payment} */ payment) {
  const { debts, email, paid } = payment;
  const { method, fee, transactionId } = paid ?? {};
  const total = sum(payment) + (fee ?? 0);
  const receipts = debts.filter((debt) => debt.receiptAvailable)
    .map((debt) => (debts.length > 1 ? withReason(receiptPdf(debt), debt) : receiptPdf(debt)));
  put(outcomeHeading(t("pagamento-esito.js.riuscito", { totale: money(total) }), "check-circle", "esito-riuscito"),
    text(`${t("pagamento-esito.js.ricevuto", { ente: page.creditor })} ${email ? t("pagamento-esito.js.scritto", { email }) : ""}`),
    receipts.length === 0 ? paragraph(t("pagamento-esito.js.ricevuta_arrivo")) : null,
    actions(receipts, back(), button(t("pagamento-esito.js.stampa"), () => globalThis.print(), "collegamento")),
    debts.map((debt) => summaryList([
      [t("pagamento-esito.js.causale"), italian(debt.reason)],
      [t("pagamento-esito.js.iuuv"), copyable(debt.iuv, t("pagamento-esito.js.iuuv"))],
      [t("pagamento-esito.js.importo"), money(debt.amount)],
    ])),
    summaryList([
      [t("pagamento-esito.js.commissione"), fee === undefined ? null : money(fee)],
      [t("pagamento-esito.js.totale"), money(total), "totale"],
      [t("pagamento-esito.js.psp"), paid?.psp.name],
      [t("pagamento-esito.js.metodo"), methodName(method)],
      [t("pagamento-esito.js.data"), payment.paidAt && dateTime(payment.paidAt)],
      [t("pagamento-esito.js.transazione"), transactionId && el("span", { class: "codice" }, transactionId)],
      [t("pagamento-esito.js.pagatore"), paid?.payer?.name],
    ]));
}

function pending(payment) {
  const { email } = payment;
  put(outcomeHeading(t("pagamento-esito.js.in_verifica"), "clock", "esito-attenzione"),
    text(t("pagamento-esito.js.in_verifica_testo")),
    email ? paragraph(t("pagamento-esito.js.scriveremo", { email })) : null,
    actions(waysOut(payment, show), again(), notices(payment), back()), what(payment));
}

/** Money came, but not what is owed: nobody may pay again before the body has looked. */
function otherAmount(payment) {
  put(outcomeHeading(t("pagamento-esito.js.altro_importo"), "warning-circle", "esito-attenzione"), text(t("js.altro_importo")),
    actions(contact(), back()), what(payment));
}

const REASONS = { insufficient_funds: t("pagamento-esito.js.motivo.fondi"), denied: t("pagamento-esito.js.motivo.negata"),
  wrong_details: t("pagamento-esito.js.motivo.dati"), limit_exceeded: t("pagamento-esito.js.motivo.limite"), psp_error: t("pagamento-esito.js.motivo.psp") };

/** Only a PSP that we asked can know that nothing was charged; at pagoPA's there is nobody to ask. */
const nothing = () => (page.channel === "checkout" ? t("pagamento-esito.js.nessun_pagamento") : t("pagamento-esito.js.nessun_addebito"));

/** Again, another way, on paper, or not at all. */
const ways = (payment) => actions(primary(t("js.riprova"), retryAddress(payment)),
  page.channel === "checkout" ? null : outline(t("pagamento-esito.js.altro_metodo"), `${retryAddress(payment)}?altro=1`), notices(payment), back());

function failed(/** @type {import("./core.js").Payment} */ payment) {
  const reason = REASONS[payment.reason];
  put(outcomeHeading(t("pagamento-esito.js.non_riuscito"), "error", "esito-errore"), text(nothing()), reason ? paragraph(reason) : null, ways(payment), what(payment));
}

function cancelled(payment) {
  const title = come === "errore" ? t("pagamento-esito.js.non_riuscito") : t("pagamento-esito.js.annullato");
  put(outcomeHeading(title, "close-circle"), text(`${nothing()} ${t("pagamento-esito.js.resta")}`), ways(payment), what(payment));
}

/** The time is over. That nobody paid is known only from a PSP. */
function expired(payment) {
  if (page.channel === "checkout") {
    return put(outcomeHeading(t("pagamento-esito.js.senza_esito"), "clock", "esito-attenzione"), text(t("pagamento-esito.js.senza_esito_testo")),
      actions(outline(t("js.riprova"), retryAddress(payment)), notices(payment), contact(), back()), what(payment));
  }
  return put(outcomeHeading(t("pagamento-esito.js.scaduto"), "clock", "esito-attenzione"), text(nothing()), ways(payment), what(payment));
}

function unknown(refusal) {
  put(outcomeHeading(t("pagamento-esito.js.ignoto"), "warning-circle", "esito-attenzione"), text(t("pagamento-esito.js.ignoto_testo")),
    refusal && paragraph(failureText(refusal)),
    refusal?.requestId ? paragraph(`${t("js.codice_assistenza")} ${refusal.requestId}`) : null, actions(again(), contact()));
}

watch();
