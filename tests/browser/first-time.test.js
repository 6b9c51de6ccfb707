// What a person meets between the paper and the payment: codes from anywhere, a search that says what it knows, the way out.

import assert from "node:assert/strict";
import { test } from "node:test";
import { announces, headingIs, login, open, stands, story, summaryIs } from "./support/browser.js";
import { citizen, companyCode, debt, debtor, fiscalCode, person } from "./support/people.js";
import { fill, logIn, search, submit } from "./support/steps.js";

const CREDITOR = "12345678903";
const found = (page) => headingIs(page, "Importo da pagare");

test("JRN-06 however the codes are pasted, they are understood", story({}, async ({ page }) => {
  const { someone, debts: [{ noticeNumber }] } = await debtor();
  const cf = someone.fiscalCode;
  const fours = noticeNumber.replace(/(.{4})/g, "$1 ").trim();
  const iuv = noticeNumber.slice(1);
  for (const [first, second] of [
    [cf, `Codice avviso ${fours}`], [cf, `Codice Avviso: ${fours}`], [cf, `n. ${noticeNumber}`], [cf, `N° ${fours}`], [cf, `IUV ${iuv}`], [cf, `IUUV: ${iuv}`],
    [cf, `PAGOPA|002|${noticeNumber}|${CREDITOR}|4550`], [`PAGOPA|002|${noticeNumber}|${CREDITOR}|4550`, cf], [noticeNumber, cf], [`Cod. Fiscale ${cf}`, fours],
    [`\u202a${cf}\u202c`, `\u200e${fours.replaceAll(" ", "\u2011")}\u200b`], [`${cf.slice(0, 6)}\u00ad${cf.slice(6)}`, `\u2066${noticeNumber}\u2069`],
  ]) {
    await search(page, first, second);
    await found(page);
  }
}));

test("JRN-06 a company’s VAT number with its country", story({}, async ({ page }) => {
  const firm = person({ fiscalCode: companyCode(), personType: "legal", companyName: "Officine Riunite" });
  const owed = await debt(firm);
  await search(page, `IT${firm.fiscalCode}`, owed.noticeNumber);
  await found(page);
}));

test("JRN-06 the body’s own code, a code in the wrong place, another body’s notice: said before anything is asked", story({}, async ({ page }) => {
  const { someone, debts: [{ noticeNumber }] } = await debtor();
  page.on("request", (request) => assert.ok(!request.url().endsWith("/api/search"), "nothing is asked"));
  for (const [cf, codice, wanted] of [
    [CREDITOR, noticeNumber, "Questo è il codice fiscale dell’ente: serve quello di chi deve pagare"],
    [someone.fiscalCode, CREDITOR, "Questo è il codice fiscale dell’ente: il codice avviso ha 18 cifre, accanto al codice QR"],
    [someone.fiscalCode, fiscalCode(), "Questo è un codice fiscale: qui serve il codice avviso, accanto al codice QR"],
    [someone.fiscalCode, `PAGOPA|002|${noticeNumber}|01199250158|4550`,
      "Questo avviso è di un altro ente, con codice fiscale 01199250158: si paga sul suo portale o su checkout.pagopa.it"],
  ]) {
    await search(page, cf, codice);
    await summaryIs(page, [wanted]);
  }
}));

test("JRN-07 a debt past its day says so, by Rome’s day, found by search as in the list", story({ timezoneId: "America/New_York" }, async ({ page, context }) => {
  const { someone, debts: [owed] } = await debtor({ dueDate: "2027-03-09" });
  await page.clock.install({ time: new Date("2027-03-09T23:30:00Z") });
  await search(page, someone.fiscalCode, owed.noticeNumber);
  await found(page);
  await page.getByText("Scaduta il 9 marzo 2027: l’importo può essere aggiornato dall’ente").waitFor();
  await login(context, someone);
  await context.request.post("/api/debts/associate", { data: { fiscalCode: someone.fiscalCode, noticeNumber: owed.noticeNumber } });
  await open(page, `/pratiche/${owed.noticeNumber}`);
  await page.getByText("Scaduta il 9 marzo 2027: l’importo può essere aggiornato dall’ente").waitFor();
}));

test("JRN-02 what was found stays found when its reference has lapsed", story({}, async ({ page, context }) => {
  const { someone, debts: [owed] } = await debtor();
  await search(page, someone.fiscalCode, owed.noticeNumber);
  await found(page);
  await page.getByText("Accedi e paga", { exact: true }).click();
  await page.waitForURL(/accedi/);
  await page.route("**/api/debts/associate", (route) => route.fulfill({ status: 404, json: { code: "debt_not_found" } }));
  await logIn(page, someone);
  await page.getByText("La ricerca è scaduta: inserisci di nuovo i dati.").waitFor();
  assert.equal(await page.inputValue("#codice"), owed.noticeNumber);
  await page.getByText("Usa il mio codice fiscale").click();
  await submit(page);
  await found(page);
  assert.ok(context);
}));

test("JRN-03 whoever is not proven is told that we do not know, in one box with one button", story({}, async ({ page, context }) => {
  await login(context, await citizen());
  await open(page, "/pratiche");
  await stands(page, { title: "Le tue pratiche", says: "Non sappiamo ancora quali sono le tue pratiche." });
  assert.equal(await page.locator("main .alert:visible").count(), 1);
  assert.equal(await page.locator("main .alert:visible .btn").count(), 1);
  assert.equal(await page.getByText("Non hai pratiche da pagare.").count(), 0);
}));

test("JRN-05 the farewell is said only when the session has ended", story({}, async ({ page, context }) => {
  await login(context, await citizen());
  await open(page, "/uscita");
  await stands(page, { title: "Non sei ancora uscito" });
  await page.locator("main").getByRole("button", { name: "Esci" }).click();
  await stands(page, { title: "Sei uscito dal portale" });
  assert.equal((await context.request.get("/api/account")).status(), 401);
  await page.reload();
  await stands(page, { title: "Sei uscito dal portale" });
}));

test("JRN-08 a tariff is seen with its computation while it is filled in, before anything is saved", story({}, async ({ page, context }) => {
  await login(context, await citizen());
  let saved = 0;
  page.on("request", (request) => (saved += request.method() === "POST" && request.url().endsWith("/api/debts") ? 1 : 0));
  await open(page, "/spontaneo/14.TOSAP%20TEMPORANEA");
  await page.locator("#causale").waitFor();
  await fill(page, { "campo-autorizzazione": "2026/0012", "campo-metri_quadri": "12", "campo-giorni": "2", "campo-dal": "2030-05-02" });
  await page.selectOption("#campo-zona", "Centro");
  const price = page.locator("#prezzo");
  await price.getByText(/^29,00/).waitFor();
  assert.match((await price.innerText()).replace(/\s+/g, " "), /Quota fissa.*5,00.*Metri quadri occupati: 12 × Giorni di occupazione: 2 × Zona: Centro.*24,00/);
  await page.waitForFunction(() => document.getElementById("causale").value === "Tosap temporanea – 2026/0012 – Centro");
  await submit(page);
  await headingIs(page, "Controlla i dati");
  await page.locator(".totale", { hasText: "29,00" }).waitFor();
  assert.match(await page.locator(".riepilogo").innerText(), /2 maggio 2030/, "a day as people write it");
  assert.equal(saved, 0);
}));

test("JRN-23 what a field may be is said with its limits, and red messages go when they are mended", story({}, async ({ page, context }) => {
  await login(context, await citizen());
  await open(page, "/spontaneo/10.TRASPORTO%20SCOLASTICO");
  await page.locator("#causale").waitFor();
  await fill(page, { "campo-anno": "1999", causale: "" });
  await submit(page);
  await page.locator("#campo-anno-errore", { hasText: "scrivi un numero da 2020 a 2099" }).waitFor();
  await page.fill("#campo-anno", "2026");
  await page.locator("#causale").focus();
  await page.waitForFunction(() => !document.getElementById("campo-anno").hasAttribute("aria-invalid"));
  assert.equal(await page.locator(".riepilogo-errori li", { hasText: "2099" }).isVisible(), false);
  await open(page, "/spontaneo/14.TOSAP%20TEMPORANEA");
  await page.locator("#causale").waitFor();
  await fill(page, { "campo-dal": "2020-01-01" });
  await submit(page);
  await page.locator("#campo-dal-errore", { hasText: "Scrivi una data da oggi in poi" }).waitFor();
}));

test("JRN-25 above one page the list still says how much it comes to", story({}, async ({ page, context }) => {
  const { someone, debts } = await debtor(...Array.from({ length: 22 }, () => ({ amount: 1000 })));
  await login(context, someone);
  await context.request.post("/api/debts/associate", { data: { fiscalCode: someone.fiscalCode, noticeNumber: debts[0].noticeNumber } });
  await open(page, "/pratiche");
  await announces(page, "22 pratiche da pagare");
  await page.locator("main").getByText(/^22 pratiche da pagare · totale 220,00/).waitFor();
}));
