// The browsers that we support, Safari 15 and the extended releases of two years, in what they lack; no script, no storage.

import assert from "node:assert/strict";
import { test } from "node:test";
import { PORTAL, headingIs, login, needsScript, open, stands, story, summaryIs } from "./support/browser.js";
import { MARIO, atPsp, debtor } from "./support/people.js";
import { choosing, fill, goToPsp, logIn, search, submit } from "./support/steps.js";

/** What Safari 15.0 does not have of what pages might be tempted to use. */
const OLD = () => {
  delete URLSearchParams.prototype.size;
  delete AbortSignal.timeout;
  delete AbortSignal.any;
  delete Intl.Segmenter;
  delete crypto.randomUUID;
  delete Array.prototype.at;
  delete Array.prototype.findLast;
  delete Array.prototype.toSorted;
  delete Object.hasOwn;
  delete Object.groupBy;
  delete HTMLDialogElement.prototype.showModal;
  delete HTMLDialogElement.prototype.close;
  delete HTMLFormElement.prototype.requestSubmit;
  delete globalThis.structuredClone;
  Object.defineProperty(SubmitEvent.prototype, "submitter", { get: () => undefined });
};

test("JRN-17 an old browser finds, logs in, pays, and turns pages", story({}, async ({ page, context }) => {
  await context.addInitScript(OLD);
  const { someone, debts } = await debtor(...Array.from({ length: 21 }, (_, index) => ({ reason: `Numero ${index}` })));
  await search(page, someone.fiscalCode, debts[0].noticeNumber);
  await headingIs(page, "Importo da pagare");
  await page.getByText("Accedi e paga", { exact: true }).click();
  await page.waitForURL(/accedi/);
  await logIn(page, someone);
  await choosing(page);
  await page.goto(await atPsp(await goToPsp(page), { outcome: "success" }));
  await headingIs(page, /riuscito$/);
  await open(page, "/pratiche");
  const first = await page.locator("tbody tr").count();
  assert.equal(first, 20);
  await login(context, someone);
}));

test("JRN-17 page two of an old browser is not page one", story({}, async ({ page, context }) => {
  await context.addInitScript(OLD);
  const { someone, debts } = await debtor(...Array.from({ length: 22 }, (_, index) => ({ reason: `Numero ${index}` })));
  await login(context, someone);
  await context.request.post(`${PORTAL}/api/debts/associate`, { data: { fiscalCode: someone.fiscalCode, noticeNumber: debts[0].noticeNumber } });
  await open(page, "/pratiche");
  await page.locator("tbody tr").nth(19).waitFor();
  await page.locator(".paginazione a", { hasText: "2" }).click();
  await page.waitForURL(/pagina=2/);
  await page.locator("tbody tr").nth(1).waitFor();
  assert.equal(await page.locator("tbody tr").count(), 2);
  await open(page, `/pratiche/${debts[0].noticeNumber}`);
  await page.locator(".importo-grande").waitFor();
}));

test("JRN-17 with storage refused a search, a login and a registration still go their way", story({}, async ({ page, context }) => {
  await context.addInitScript(() => {
    for (const name of ["localStorage", "sessionStorage"]) {
      Object.defineProperty(globalThis, name, { get: () => { throw new DOMException("refused", "SecurityError"); } });
    }
  });
  const { someone, debts: [owed] } = await debtor();
  await search(page, someone.fiscalCode, owed.noticeNumber);
  await headingIs(page, "Importo da pagare");
  await open(page, "/accedi");
  await logIn(page, MARIO);
  await stands(page, { title: "Le tue pratiche" });
  await page.locator("table").waitFor();
  await context.clearCookies();
  await open(page, "/registrazione");
  await page.fill("#cf", someone.fiscalCode);
  await page.click("#continua");
  await page.waitForURL(/dati$/);
  await page.waitForFunction((cf) => document.getElementById("cf").value === cf, someone.fiscalCode);
}));

test("JRN-17 what nobody expected frees the button and is said", story({}, async ({ page, watch }) => {
  watch.expected.push("TypeError", "broken");
  await open(page, "/");
  await fill(page, { cf: MARIO.fiscalCode, codice: "301000000000000001" });
  await page.evaluate(() => (JSON.stringify = () => { throw new TypeError("broken"); }));
  await submit(page);
  await summaryIs(page, ["Questa pagina non ha funzionato come doveva. Ricaricala, oppure prova con un altro browser."]);
  assert.equal(await page.locator("main form [type=submit]").innerText(), "Cerca");
}));

test("JRN-16 without script: search, result, notice as plain forms; the rest says first what it needs", story({ javaScriptEnabled: false }, async ({ page }) => {
  const { someone, debts: [owed] } = await debtor();
  await open(page, "/");
  await fill(page, { cf: someone.fiscalCode, codice: owed.noticeNumber });
  await submit(page);
  await page.getByRole("heading", { name: "Importo da pagare" }).waitFor();
  await page.getByText("45,50").waitFor();
  const notice = await page.request.get(new URL(await page.getByText("Scarica l’avviso (PDF)").getAttribute("href"), PORTAL).href);
  assert.equal(notice.headers()["content-type"], "application/pdf");
  for (const address of ["/accedi", "/registrazione", "/verifica"]) {
    await open(page, address);
    await needsScript(page).waitFor();
    assert.equal(await page.locator("main form:visible").count(), 0, address);
  }
}));
