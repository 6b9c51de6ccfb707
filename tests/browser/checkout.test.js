// Payments at pagoPA's: nothing is promised that is decided there, and every way back has its page.

import assert from "node:assert/strict";
import { before, test } from "node:test";
import { CHECKOUT, focusIsOn, headingIs, login, story } from "./support/browser.js";
import { at } from "./support/people.js";

const { debtor } = at(CHECKOUT);
let someone;
let debts;
before(async () => ({ someone, debts } = await debtor({ reason: "Mensa ottobre" }, { reason: "Mensa novembre" }, { reason: "Mensa dicembre" }, { reason: "Mensa gennaio" })));

const go = (page, address) => page.goto(new URL(address, CHECKOUT).href);
async function entered(context) {
  const response = await context.request.post(`${CHECKOUT}/api/login`, { data: { username: someone.username, password: someone.password } });
  assert.equal(response.status(), 200);
  await context.addCookies([{ name: "accesso", value: "1", url: CHECKOUT }]);
  await context.request.post(`${CHECKOUT}/api/debts/associate`, { data: { fiscalCode: someone.fiscalCode, noticeNumber: debts[0].noticeNumber } });
}

/** From the page of a debt to pagoPA’s; gives the payment’s name. */
async function started(page, { noticeNumber }) {
  await go(page, `/paga/${noticeNumber}`);
  await page.locator(".colonne").waitFor();
  let made;
  // Read on the way: a page that leaves takes the body of its answers along.
  await page.route("**/api/payments", async (route) => {
    const response = await route.fetch();
    made = await response.json();
    await route.fulfill({ response });
  });
  await page.locator("main button[type=submit]").click();
  await page.waitForURL(/checkout/);
  await page.unroute("**/api/payments");
  return made.paymentId;
}

test("JRN-01 debts and amount, no method, no fee, one button", story({}, async ({ page, context }) => {
  await entered(context);
  await go(page, `/paga/${debts[0].noticeNumber}`);
  await page.locator(".colonne").waitFor();
  await headingIs(page, "Paga con pagoPA");
  assert.equal(await page.locator("main input[type=radio]").count(), 0);
  assert.match(await page.locator("main button[type=submit]").innerText(), /^Paga 45,50\s€$/);
  assert.deepEqual(await page.locator("aside dt").allInnerTexts(), ["Ente", "Causale", "Importo"]);
  await page.getByText("Metodo di pagamento e commissione si scelgono su pagoPA").waitFor();
}));

test("MON-12 whoever comes back without paying is free at once, and can go again or print", story({}, async ({ page, context }) => {
  await entered(context);
  for (const [come, title] of [["annullato", "Hai annullato il pagamento"], ["errore", "Pagamento non riuscito"]]) {
    const id = await started(page, debts[1]);
    await go(page, `/paga/${id}/esito?come=${come}`);
    await headingIs(page, title);
    const words = await page.innerText("main");
    assert.ok(!words.includes("Non ti è stato addebitato nulla"), "nobody can know that");
    for (const wanted of ["Non ci risulta nessun pagamento", "Mensa novembre", "45,50", "Stampa bollettino"]) assert.ok(words.includes(wanted), wanted);
    await page.getByText("Riprova", { exact: true }).click();
    await page.locator(".colonne").waitFor();
  }
}));

test("MON-11 a closed tab: resumed or given up from the debt, the payment, the outcome", story({}, async ({ page, context }) => {
  await entered(context);
  const id = await started(page, debts[2]);
  for (const address of [`/pratiche/${debts[2].noticeNumber}`, `/paga/${debts[2].noticeNumber}`, `/paga/${id}/esito`]) {
    await go(page, address);
    const resume = page.locator("main").getByText("Riprendi il pagamento", { exact: true });
    await resume.waitFor();
    assert.match(await resume.getAttribute("href"), /checkout/);
    await page.locator("main").getByText("Annulla il pagamento", { exact: true }).waitFor();
  }
  await page.locator("main").getByText("Annulla il pagamento", { exact: true }).click();
  await headingIs(page, "Hai annullato il pagamento");
  await focusIsOn(page, "h1");
}));
