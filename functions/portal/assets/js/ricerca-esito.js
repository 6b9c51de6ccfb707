// S02: the debt found, and the way to pay it.

import { accountIfAny, actions, button, callout, contact, copyable, dateLong, dueLine, el, foundNoticePdf, get, href, italian, load,
  money, once, outline, paragraph, post, primary, receiptPdf, stateChip, stateOf, summaryList, t, tab } from "./core.js";

const region = document.getElementById("regione");
const reference = new URLSearchParams(location.search).get("r") ?? "";

load(region, async () => {
  let debt;
  try {
    debt = (await get(`/api/search/${encodeURIComponent(reference)}`)).debt;
  } catch (refusal) {
    if (refusal.status !== 404) throw refusal;
    location.replace(`${href("/")}?ricerca-scaduta=1`);
    return new Promise(() => {});
  }
  tab.set("ricerca", { reference, noticeNumber: debt.noticeNumber, amount: debt.amount, creditor: debt.creditor.name });
  const person = await accountIfAny();
  return draw(debt, person, person && debt.status === "paid" && await ownReceipt(debt));
});

/** Whether the person may have the receipt of a debt found by its codes: only its owner may. */
const ownReceipt = (/** @type {import("./core.js").PublicDebt} */ { noticeNumber }) =>
  get(`/api/debts/${noticeNumber}`).then(({ debt }) => debt.receiptAvailable, () => false);

/** @param {import("./core.js").PublicDebt} debt @param {import("./core.js").Account | null} person @param {boolean} receipt */
function draw(debt, person, receipt) {
  const state = stateOf(debt);
  const title = { non_confermato: t("pratica.js.da_pagare"), in_corso: t("pratica.js.in_verifica"), confermato: t("pratica.js.gia_pagata"),
    scaduto: t("pratica.js.scaduta"), annullato: t("pratica.js.annullata") }[state];
  return [
    el("h1", {}, title),
    el("p", { class: "importo-grande" }, money(debt.amount)),
    dueLine(debt),
    note(debt, state),
    actions(choices(debt, state, person, receipt)),
    state === "non_confermato" && !person ? paragraph(t("ricerca-esito.js.senza_account"), " ",
      el("a", { href: href("/registrazione") }, t("ricerca-esito.js.registrati"))) : null,
    summaryList([
      [t("pratica.js.ente"), italian(debt.creditor.name)],
      [t("pratica.js.servizio"), italian(debt.service.name)],
      [t("pratica.js.causale"), italian(debt.reason)],
      [t("pratica.js.stato"), stateChip(debt)],
      [t("pratica.js.codice_avviso"), copyable(debt.noticeNumber, t("pratica.js.codice_avviso")), ""],
      [t("pratica.js.iuuv"), copyable(debt.iuv, t("pratica.js.iuuv"))],
    ]),
  ];
}

function note(debt, state) {
  const text = { in_corso: t("pratica.js.iniziato"), confermato: debt.paidOn ? t("pratica.js.pagata_il", { data: dateLong(debt.paidOn) }) : t("pratica.js.pagata"),
    scaduto: t("pratica.js.scaduta_testo"), annullato: t("pratica.js.annullata_testo") }[state];
  const tone = { in_corso: "warning", confermato: "success", scaduto: "danger", annullato: "info" }[state];
  return text ? callout(tone, paragraph(text)) : null;
}

function choices(debt, state, person, receipt) {
  const again = primary(t("pratica.js.altra"), href("/"));
  const notice = foundNoticePdf(debt, reference);
  if (state === "in_corso") return [button(t("pratica.js.aggiorna_stato"), () => location.reload(), "btn btn-primary"), notice];
  if (state === "confermato") return receipt ? [receiptPdf(debt), outline(t("pratica.js.altra"), href("/"))] : [again];
  if (state === "scaduto") return [contact()];
  if (state === "annullato") return [again];
  if (!debt.payable) return [notice, contact()];
  if (!person) return [primary(t("ricerca-esito.js.accedi_paga"), `${href("/accedi")}?torna=${encodeURIComponent(href(`/paga/${debt.noticeNumber}`))}`), notice];
  const join = () => post("/api/debts/associate", { reference });
  const pay = once(el("button", { type: "button", class: "btn btn-primary" }, t("js.paga")), async () => {
    await join();
    tab.drop("ricerca");
    location.assign(href(`/paga/${debt.noticeNumber}`));
    return "leaving";
  });
  const keep = once(el("button", { type: "button", class: "collegamento" }, t("ricerca-esito.js.aggiungi")), async () => {
    await join();
    tab.drop("ricerca");
    tab.set("avviso.pratiche", "aggiunta");
    location.assign(href("/pratiche"));
    return "leaving";
  });
  return [pay, notice, keep];
}
