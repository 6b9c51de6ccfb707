// JRN-04: every sentence of the outcome and of the receipt, beside the datum that makes it true and the states in which
// it may be said. A sentence that is new, or said in another state, fails until somebody has written down why it is true.

import assert from "node:assert/strict";
import { readFileSync } from "node:fs";
import { before, test } from "node:test";
import { headingIs, login, open, story } from "./support/browser.js";
import { citizen } from "./support/people.js";

const italian = JSON.parse(readFileSync(new URL("../../functions/portal/i18n/it.json", import.meta.url), "utf8"));

const debt = { noticeNumber: "301000000000000017", iuv: "01000000000000017", creditor: { name: "Comune di Test", fiscalCode: "12345678903" },
  service: { code: "TEST1", name: "TEST1" }, reason: "Rata unica", amount: 4550, status: "to-pay", payable: true, receiptAvailable: false };
const paid = { psp: { name: "Banca Due" }, method: "CP", transactionId: "TX-1", fee: 80, payer: { name: "Anna Bianchi", fiscalCode: "BNCNNA80A41H501X" } };
const owed = (more) => ({ paymentId: "p", debts: [debt], ...more });

/** Each state: what our server says, and the address’s hint. */
const STATES = {
  succeeded: [owed({ status: "succeeded", debts: [{ ...debt, status: "paid", receiptAvailable: true }], email: "a@example.it", paid, paidAt: "2026-11-30T10:00:00Z" })],
  "succeeded, no receipt yet": [owed({ status: "succeeded", paid })],
  "pending, at first": [owed({ status: "pending", resumeUrl: "https://psp.example/x", email: "a@example.it" })],
  failed: [owed({ status: "failed", reason: "denied" })],
  "another amount": [owed({ status: "failed", moneyReceived: true })],
  cancelled: [owed({ status: "cancelled" })],
  "cancelled, back with an error": [owed({ status: "cancelled" }), "?come=errore"],
  expired: [owed({ status: "expired" })],
  unknown: [owed({ status: "of another kind" })],
};
const ENDED = ["failed", "cancelled", "cancelled, back with an error", "expired"];
const NOT_PAID = [...ENDED, "another amount", "pending, at first"];
const PAID = ["succeeded", "succeeded, no receipt yet"];

/** Sentence: the datum behind it, and where it may stand. What is only a label of a datum needs no more than that datum. */
const SENTENCES = {
  "pagamento-esito.js.riuscito": ["status succeeded; the debts and paid.fee", PAID],
  "pagamento-esito.js.ricevuto": ["status succeeded", PAID],
  "pagamento-esito.js.scritto": ["email: where we wrote or shall write", ["succeeded"]],
  "pagamento-esito.js.ricevuta_arrivo": ["no debt has receiptAvailable", ["succeeded, no receipt yet"]],
  "pagamento-esito.js.nessun_addebito": ["a final state that a PSP told, and not moneyReceived", ENDED],
  "pagamento-esito.js.resta": ["status cancelled: the debt is free again", ["cancelled", "cancelled, back with an error"]],
  "pagamento-esito.js.non_riuscito": ["status failed, or cancelled after an error", ["failed", "cancelled, back with an error"]],
  "pagamento-esito.js.motivo.negata": ["reason denied", ["failed"]],
  "pagamento-esito.js.annullato": ["status cancelled", ["cancelled"]],
  "pagamento-esito.js.scaduto": ["status expired, told by a PSP", ["expired"]],
  "pagamento-esito.js.altro_importo": ["moneyReceived without success", ["another amount"]],
  "js.altro_importo": ["moneyReceived without success", ["another amount"]],
  "pagamento-esito.js.ignoto": ["a state that this page does not know", ["unknown"]],
  "pagamento-esito.js.ignoto_testo": ["a state that this page does not know", ["unknown"]],
  "pagamento-esito.attesa": ["status pending; the page asks on", ["pending, at first"]],
};

/** Said in states that take time or another channel: shown by the stories named here. */
const ELSEWHERE = {
  "pagamento-esito.js.in_verifica": "J10 no answer", "pagamento-esito.js.in_verifica_testo": "J10 no answer", "pagamento-esito.js.scriveremo": "J10 no answer; email",
  "pagamento-esito.js.nessun_pagamento": "MON-12, Checkout", "pagamento-esito.js.senza_esito": "MON-14, Checkout, expired", "pagamento-esito.js.senza_esito_testo": "MON-14, Checkout, expired",
  "pagamento-esito.js.motivo.fondi": "reason insufficient_funds", "pagamento-esito.js.motivo.dati": "reason wrong_details",
  "pagamento-esito.js.motivo.limite": "reason limit_exceeded", "pagamento-esito.js.motivo.psp": "reason psp_error",
};
/** Names of data, and what a button does. */
const LABELS = /\.(causale|commissione|importo|iuuv|metodo|pagatore|psp|data|totale|transazione|altro_metodo|stampa|torna|debitore|identificativo|scarica|scarica_peso|verifica|verifica_link)$/;

test("every sentence of outcome and receipt is written down", () => {
  const all = Object.keys(italian).filter((key) => key.startsWith("pagamento-esito.js.") || key.startsWith("ricevuta.js."));
  const known = { ...SENTENCES, ...ELSEWHERE, "ricevuta.js.attesa": "receiptAvailable is false" };
  assert.deepEqual(all.filter((key) => !(key in known) && !LABELS.test(key)), []);
});

const pattern = (key) => new RegExp(italian[key].replace(/[.*+?^$()[\]\\|]/g, "\\$&").replace(/\{\w+\}/g, ".+"));
let someone;
before(async () => (someone = await citizen()));

for (const [state, [payment, query = ""]] of Object.entries(STATES)) {
  test(`what is said of a payment that is ${state}`, story({}, async ({ page, context }) => {
    await login(context, someone);
    await page.route(/\/api\/payments\/p(\/cancel)?$/, (route) => route.fulfill({ json: payment }));
    await open(page, `/paga/p/esito${query}`);
    await page.locator(state === "unknown" ? ".titolo-esito" : "main .riepilogo").first().waitFor();
    const words = (await page.innerText("main")).replace(/\u00a0/g, " ");
    for (const [key, [datum, where]] of Object.entries(SENTENCES)) {
      assert.equal(pattern(key).test(words), where.includes(state), `“${italian[key]}” of ${key} (${datum})`);
    }
    if (NOT_PAID.includes(state)) for (const wanted of ["Rata unica", "45,50"]) assert.ok(words.includes(wanted), `${wanted} is said`);
    if (state === "succeeded") for (const wanted of ["Banca Due", "Carta di pagamento", "0,80", "46,30", "TX-1", "Anna Bianchi", "a@example.it"]) assert.ok(words.includes(wanted), wanted);
    const addresses = await page.locator("main a.btn").evaluateAll((links) => links.map(({ href }) => href));
    assert.equal(new Set(addresses).size, addresses.length, "no two buttons lead to one address");
    await headingIs(page, /./);
  }));
}
