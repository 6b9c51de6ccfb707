// S15: one debt with everything known about it.

import { actions, button, call, callout, closeDialog, contact, copyable, dateLong, dateTime, dueLine, el, find, get, href, italian, load, money, noticePdf, once,
  openDialog, paragraph, primary, segment, setTitle, stateChip, stateOf, summaryList, t, tab, waysOut } from "./core.js";

const number = segment(1);

load(document.getElementById("regione"), async () => {
  /** @type {import("./core.js").DebtDetail} */
  const { debt, payments, timeline } = await get(`/api/debts/${encodeURIComponent(number)}`);
  const begun = stateOf(debt) === "in_corso" ? (payments ?? []).find(({ status }) => status === "pending") : null;
  const payment = begun ? await get(`/api/payments/${encodeURIComponent(begun.paymentId)}`).catch(() => null) : null;
  setTitle(debt.reason);
  return [
    el("h1", {}, italian(debt.reason)),
    el("p", { class: "importo-grande" }, money(debt.amount)),
    dueLine(debt),
    note(debt, timeline ?? []),
    actions(choices(debt, payment)),
    summaryList([
      [t("pratica.js.stato"), stateChip(debt)],
      [t("pratica.js.ente"), italian(debt.creditor.name)],
      [t("pratica.js.servizio"), italian(debt.service.name)],
      [t("pratica.js.nome"), debt.debtor?.name],
      [t("pratica.js.cf"), debt.debtor && el("span", { class: "codice" }, debt.debtor.fiscalCode)],
      [t("pratica.js.riferimento_ufficio"), debt.reference && italian(debt.reference)],
      ...(debt.details ?? []).map(({ label, value }) => [italian(label), italian(value)]),
      [t("pratica.js.data"), debt.createdOn && dateLong(debt.createdOn)],
      [t("pratica.js.scadenza"), debt.dueDate ? dateLong(debt.dueDate) : t("pratica.js.senza_scadenza")],
      [t("pratica.js.codice_avviso"), copyable(debt.noticeNumber, t("pratica.js.codice_avviso"))],
      [t("pratica.js.iuuv"), copyable(debt.iuv, t("pratica.js.iuuv"))],
      debt.paidOn ? [t("pratica.js.pagata_giorno"), dateLong(debt.paidOn)] : null,
    ]),
    attempts(payments ?? []),
    story(timeline ?? []),
  ];
});

function note(debt, timeline) {
  // Money came that is not the debt's: whoever pays again would pay twice.
  const last = [...timeline].reverse().find(({ event }) => !event.startsWith("payment-"));
  if (last?.event === "amount-mismatch" && debt.status === "to-pay") return callout("warning", paragraph(t("js.altro_importo")));
  const [tone, text] = {
    in_corso: ["warning", t("pratica.js.iniziato")],
    scaduto: ["danger", t("pratica.js.scaduta_testo")],
    annullato: ["info", t("pratica.js.annullata_testo")],
  }[stateOf(debt)] ?? [];
  return text ? callout(tone, paragraph(text)) : null;
}

function choices(debt, payment) {
  const state = stateOf(debt);
  const print = button(t("js.stampa"), () => globalThis.print(), "collegamento");
  if (state === "confermato") {
    const receipt = debt.receiptAvailable ? primary(t("pratica.js.ricevuta"), href(`/pratiche/${debt.noticeNumber}/ricevuta`)) : el("span", {}, t("pratica.js.ricevuta_arrivo"));
    return [receipt, print];
  }
  if (state === "in_corso") {
    const refresh = button(t("pratica.js.aggiorna_stato"), () => location.reload());
    return [payment ? waysOut(payment, () => location.reload()) : [], refresh, noticePdf(debt), print];
  }
  if (state !== "non_confermato") return [contact(), print];
  const cancel = debt.origin === "spontaneous" ? button(t("pratica.js.annulla"), () => openDialog(find("dialog", "annullare")), "collegamento") : null;
  return [debt.payable ? primary(t("js.paga"), href(`/paga/${debt.noticeNumber}`)) : null, noticePdf(debt), cancel, print];
}

function attempts(payments) {
  if (payments.length === 0) return null;
  const words = { pending: t("pratica.js.tentativo.pending"), succeeded: t("pratica.js.tentativo.succeeded"), failed: t("pratica.js.tentativo.failed"),
    cancelled: t("pratica.js.tentativo.cancelled"), expired: t("pratica.js.tentativo.expired") };
  const line = (payment) => el("li", {}, el("time", { datetime: payment.startedAt }, dateTime(payment.startedAt)), " · ",
    payment.pspName ? `${payment.pspName} · ` : "", words[payment.status] ?? words.pending);
  return el("section", { "aria-labelledby": "tentativi" }, el("h2", { id: "tentativi" }, t("pratica.js.tentativi")), el("ul", { class: "storia" }, payments.map(line)));
}

function story(timeline) {
  if (timeline.length === 0) return null;
  const words = { created: t("pratica.js.evento.created"), changed: t("pratica.js.evento.changed"), "payment-started": t("pratica.js.evento.payment-started"),
    "payment-failed": t("pratica.js.evento.payment-failed"), "payment-unknown": t("pratica.js.evento.payment-unknown"), paid: t("pratica.js.evento.paid"),
    "paid-late": t("pratica.js.evento.paid-late"), "duplicate-to-refund": t("pratica.js.evento.duplicate-to-refund"),
    "amount-mismatch": t("pratica.js.evento.amount-mismatch"), cancelled: t("pratica.js.evento.cancelled"), expired: t("pratica.js.evento.expired") };
  const line = ({ at, event, text }) => el("li", {}, el("time", { datetime: at }, dateTime(at)), " · ", words[event] ?? text);
  return el("section", { "aria-labelledby": "storia" }, el("h2", { id: "storia" }, t("pratica.js.storia")), el("ol", { class: "storia" }, timeline.map(line)));
}

once(document.getElementById("annulla-si"), async () => {
  try {
    await call("DELETE", `/api/debts/${encodeURIComponent(number)}`);
  } finally {
    closeDialog(find("dialog", "annullare"));
  }
  tab.set("avviso.pratiche", "annullata");
  location.replace(href("/pratiche"));
  return "leaving";
});
