// J8 to J10, and J14: money and paper.

import assert from "node:assert/strict";
import { execFileSync } from "node:child_process";
import { statSync } from "node:fs";
import { test } from "node:test";
import { PORTAL, announces, focusIsOn, headingIs, open, stands, story, summaryIs } from "./support/browser.js";
import { advance, atPsp, debtor, mailTo } from "./support/people.js";
import { choosing, goToPsp, logIn, readyToPay, search } from "./support/steps.js";

const cents = (amount) => new Intl.NumberFormat("it-IT", { style: "currency", currency: "EUR", useGrouping: "always" }).format(amount / 100);
const numbersIn = (text) => text.match(/[\d.]*\d,\d\d/)[0].replace(".", "").replace(",", "");

test("J8 paying with what is proposed: two clicks from the list", story({ acceptDownloads: true }, async ({ page, context }) => {
  const { someone, debts: [owed] } = await readyToPay(context, page);
  await open(page, "/pratiche");
  const row = page.getByRole("row").filter({ hasText: owed.reason });
  await row.getByRole("link", { name: /^Paga/ }).click();
  await choosing(page);
  const psp = await goToPsp(page);
  await page.goto(await atPsp(psp, { outcome: "success" }));
  await stands(page, { title: /^Pagamento di .* riuscito$/, focus: "h1", says: "riuscito" });
  await mailTo(someone.email, "Ricevuta del pagamento");
  await open(page, "/pratiche/storico");
  await page.getByRole("row").filter({ hasText: owed.reason }).getByRole("link", { name: /^Ricevuta/ }).click();
  await headingIs(page, /Ricevuta di pagamento/);
  const link = page.getByText(/^Scarica PDF \(\d+ KB\)$/);
  const weight = Number((await link.innerText()).match(/\d+/)[0]);
  const download = page.waitForEvent("download");
  await link.click();
  const file = await download;
  assert.equal(weight, Math.ceil(statSync(await file.path()).size / 1000));
  assert.match(file.suggestedFilename(), /^ricevuta-\d+\.pdf$/);
  const words = execFileSync("pdftotext", ["-layout", await file.path(), "-"], { encoding: "utf8" });
  for (const wanted of [owed.reason, "45,50", someone.fiscalCode]) assert.ok(words.includes(wanted), `${wanted} is in the receipt`);
  await stands(page, { title: "Ricevuta", h1: "Ricevuta di pagamento (quietanza)", focus: "a[data-pdf]" });
  await page.route("**/receipt.pdf", (route) => route.fulfill({ status: 503, json: { code: "temporarily_unavailable", requestId: "7F3A-1" } }));
  await page.reload();
  await page.getByText("Scarica PDF", { exact: true }).click();
  await summaryIs(page, ["Non riusciamo a scaricare la ricevuta. Riprova."]);
}));

test("J9 another method and another PSP: the total follows, to the cent", story({}, async ({ page, context }) => {
  const { debts: [owed] } = await readyToPay(context, page);
  const button = page.locator("main button[type=submit]");
  await page.locator(".proposta > summary").click();
  const methods = page.locator('input[name="metodo"]');
  for (let index = 0; index < await methods.count(); index += 1) {
    await methods.nth(index).check();
    const psps = page.locator('input[name="psp"]:visible');
    for (let choice = 0; choice < await psps.count(); choice += 1) {
      await psps.nth(choice).check();
      const fee = Number(numbersIn(await psps.nth(choice).locator("xpath=..").locator("small").innerText()));
      assert.equal(numbersIn(await button.innerText()), String(owed.amount + fee));
      assert.equal(numbersIn(await page.locator(".totale dd").innerText()), String(owed.amount + fee));
    }
  }
  await announces(page, "Totale ");
  await stands(page, { title: "Scegli come pagare", focus: 'input[type="radio"]' });
}));

/** The payments of a debt, as our server tells them: never two that succeeded. */
async function paidOnce(context, { noticeNumber }, times = 1) {
  const { debt, payments } = await (await context.request.get(`${PORTAL}/api/debts/${noticeNumber}`)).json();
  assert.equal(payments.filter(({ status }) => status === "succeeded").length, times);
  assert.equal(debt.status, times === 1 ? "paid" : "to-pay");
}

/** What a person does on the PSP's page. */
async function choose(page, key) {
  await page.check(`#esito-${key}`);
  await page.click("#conferma");
  await page.waitForURL(/\/esito/);
}

const NOTHING = "Non ti è stato addebitato nulla.";
const OUTCOMES = [
  ["negato", "Pagamento non riuscito", [NOTHING, "Autorizzazione negata"]],
  ["fondi", "Pagamento non riuscito", [NOTHING, "Fondi insufficienti"]],
  ["annullato", "Hai annullato il pagamento", [`${NOTHING} La pratica resta da pagare.`]],
  ["scaduto", "Il tempo per pagare è finito", [NOTHING]],
];
for (const [key, title, texts] of OUTCOMES) {
  test(`J10 ${key}, then tried again: one debit`, story({}, async ({ page, context }) => {
    const { debts: [owed] } = await readyToPay(context, page);
    await goToPsp(page);
    await choose(page, key);
    // Of a payment that expired nobody calls: the sweep asks the PSP.
    if (key === "scaduto") {
      await headingIs(page, "Stiamo verificando il pagamento");
      assert.ok(!(await page.innerText("main")).includes(NOTHING), "nothing is promised before it is known");
      await advance(6 * 60);
    }
    await stands(page, { title, focus: "h1", says: title });
    for (const text of texts) await page.getByText(text, { exact: true }).waitFor();
    await paidOnce(context, owed, 0);
    await page.getByText("Riprova", { exact: true }).click();
    await choosing(page);
    await goToPsp(page);
    await choose(page, "riuscito");
    await headingIs(page, /riuscito$/);
    await paidOnce(context, owed);
  }));
}

test("J10 pending, then confirmed by itself; Back and Forward pay nothing", story({}, async ({ page, context }) => {
  const { debts: [owed] } = await readyToPay(context, page);
  await goToPsp(page);
  let started = 0;
  page.on("request", (request) => (started += request.method() === "POST" && request.url().endsWith("/api/payments") ? 1 : 0));
  await choose(page, "attesa");
  await stands(page, { title: "Stiamo verificando il pagamento" });
  await page.getByText("Non chiudere la pagina e non pagare di nuovo.").waitFor();
  await advance(10);
  await stands(page, { title: /riuscito$/, focus: "h1", says: "riuscito" });
  await page.goBack();
  await page.getByText("Questo pagamento è già concluso.").waitFor();
  await page.goBack();
  await stands(page, { title: /riuscito$/, focus: "h1" });
  await page.goForward();
  await page.goForward();
  await headingIs(page, /riuscito$/);
  assert.equal(started, 0);
  await paidOnce(context, owed);
}));

test("J10 no answer: said so after half a minute, not payable meanwhile, settled later", story({}, async ({ page, context }) => {
  const { debts: [owed] } = await readyToPay(context, page);
  const psp = await goToPsp(page);
  const asked = () => page.waitForResponse(/\/api\/payments\/[0-9a-f]+$/);
  await page.clock.install();
  const first = asked();
  await choose(page, "nessuno");
  await first;
  for (const seconds of [2, 3, 5, 8, 12]) {
    const next = asked();
    await page.clock.runFor(seconds * 1000);
    await next;
  }
  await stands(page, { title: "Pagamento in verifica", focus: "h1", says: "Pagamento in verifica" });
  await page.getByText("Non abbiamo ancora l’esito. Se hai pagato non pagare di nuovo").waitFor();
  await open(page, `/paga/${owed.noticeNumber}`);
  await page.getByText("C’è già un pagamento in corso: aspetta l’esito").waitFor();
  assert.equal(await page.locator("main button[type=submit]").count(), 0);
  await atPsp(psp, { outcome: "success", callbacks: 0 });
  // The callback is lost: the sweep asks.
  await advance(6 * 60);
  await open(page, `/pratiche/${owed.noticeNumber}`);
  await page.locator(".stato", { hasText: "Confermato" }).waitFor();
  await paidOnce(context, owed);
}));

test("J10 Back from the PSP’s page shows the outcome, never a second payment", story({}, async ({ page, context }) => {
  const { debts: [owed] } = await readyToPay(context, page);
  const psp = await goToPsp(page);
  await page.goBack();
  await headingIs(page, "Stiamo verificando il pagamento");
  assert.match(page.url(), /\/esito$/);
  const back = await atPsp(psp, { outcome: "success", callbackDelaySeconds: 3 });
  await page.goto(back);
  await headingIs(page, "Stiamo verificando il pagamento");
  await headingIs(page, /riuscito$/);
  await open(page, `/paga/${owed.noticeNumber}`);
  await page.getByText("Questa pratica risulta già pagata").waitFor();
  await stands(page, { title: "Scegli come pagare" });
  await paidOnce(context, owed);
}));

test("J10 the query of the return is not believed", story({}, async ({ page, context }) => {
  await readyToPay(context, page);
  const back = await atPsp(await goToPsp(page), { outcome: "cancel" });
  await page.goto(`${back}${back.includes("?") ? "&" : "?"}esito=OK&status=succeeded`);
  await headingIs(page, "Hai annullato il pagamento");
}));

test("paying several debts together: one total, one payment", story({}, async ({ page, context }) => {
  const { someone, debts } = await readyToPay(context, page, {}, { amount: 1000, reason: "Seconda pratica" });
  await open(page, "/pratiche");
  for (const { noticeNumber } of debts) await page.check(`#scelta-${noticeNumber}`);
  await announces(page, "2 pratiche scelte");
  await page.getByText("Paga insieme", { exact: true }).click();
  await choosing(page);
  assert.match(await page.locator("aside").innerText(), /55,50/);
  await page.goto(await atPsp(await goToPsp(page), { outcome: "success" }));
  await headingIs(page, /riuscito$/);
  await open(page, "/pratiche");
  await page.getByText("Non hai pratiche da pagare.").first().waitFor();
  assert.ok(someone);
}));

test("J14 the notice is printed from the search, the list and the detail", story({ acceptDownloads: true }, async ({ page }) => {
  const { someone, debts: [owed] } = await debtor();
  const name = `avviso-${owed.noticeNumber}.pdf`;
  const downloaded = async (click) => {
    const download = page.waitForEvent("download");
    await click();
    const file = await download;
    assert.equal(file.suggestedFilename(), name);
    const words = execFileSync("pdftotext", ["-layout", await file.path(), "-"], { encoding: "utf8" });
    assert.ok(words.replace(/\s/g, "").includes(owed.noticeNumber) && words.includes("45,50"), "codes and amount");
  };
  await search(page, someone.fiscalCode, owed.noticeNumber);
  await downloaded(() => page.getByText("Stampa bollettino (PDF)").click());
  await page.getByText("Accedi e paga", { exact: true }).click();
  await page.waitForURL(/accedi/);
  await logIn(page, someone);
  await choosing(page);
  await open(page, "/pratiche");
  await downloaded(() => page.getByRole("row").filter({ hasText: owed.reason }).getByRole("link", { name: /^Stampa bollettino/ }).click());
  await open(page, `/pratiche/${owed.noticeNumber}`);
  await downloaded(() => page.getByRole("link", { name: /^Stampa bollettino/ }).click());
  await page.route("**/notice.pdf", (route) => route.fulfill({ status: 503, json: { code: "temporarily_unavailable", requestId: "7F3A-1" } }));
  await page.getByRole("link", { name: /^Stampa bollettino/ }).click();
  await summaryIs(page, ["Si è verificato un problema da parte nostra. Riprova tra qualche minuto."]);
  const instead = (await page.locator(".riepilogo-errori").innerText()).replace(/\s/g, "");
  for (const enough of [owed.noticeNumber, "12345678903", "45,50"]) assert.ok(instead.includes(enough), `${enough} is told instead`);
  await stands(page, { title: "Errore: Dettaglio pratica", h1: owed.reason, focus: ".riepilogo-errori" });
}));
