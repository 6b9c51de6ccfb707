// J11 to J13: payments of one’s own, and the past.

import assert from "node:assert/strict";
import { test } from "node:test";
import { STRICT, announces, focusIsOn, headingIs, login, open, stands, story, summaryIs } from "./support/browser.js";
import { MARIO, atPsp, citizen } from "./support/people.js";
import { choosing, fill, goToPsp, logIn, readyToPay, submit } from "./support/steps.js";

const cents = (amount) => new Intl.NumberFormat("it-IT", { style: "currency", currency: "EUR", useGrouping: "always" }).format(amount / 100);
test("J11 a spontaneous payment: errors, summary, saved, paid", story({}, async ({ page, context }) => {
  await login(context, await citizen());
  await open(page, "/spontaneo");
  await headingIs(page, "Inserimento spontaneo");
  await page.locator(".elenco-servizi a", { hasText: "TEST1" }).click();
  await headingIs(page, "Inserimento pratica");
  await page.locator("#importo").waitFor();
  assert.equal(await page.locator("#debitore").count(), 1);
  await submit(page);
  await summaryIs(page, ["Inserisci l’importo", "Scrivi la causale"]);
  await fill(page, { importo: "1.234", causale: "Prova spontanea" });
  await page.locator("#causale").focus();
  await announces(page, `Importo: ${cents(123_400)}`);
  await page.fill("#importo", "12,5");
  await submit(page);
  await headingIs(page, "Controlla i dati");
  assert.match(await page.locator(".riepilogo").innerText(), /12,50/);
  await page.getByText("Salva", { exact: true }).click();
  await page.waitForURL(/\/pratiche$/);
  await page.getByText("Pratica inserita: la trovi qui sotto").waitFor();
  assert.match(await page.locator("tbody tr").first().innerText(), /Nuova[\s\S]*Prova spontanea/);

  await page.locator(".sezioni a", { hasText: "Inserimento spontaneo" }).click();
  await page.locator(".elenco-servizi a", { hasText: "TEST1" }).click();
  await fill(page, { importo: "3", causale: "Seconda spontanea" });
  await submit(page);
  await page.getByText("Salva e paga", { exact: true }).dblclick();
  await choosing(page);
  assert.match(await page.locator("aside").innerText(), /3,00/);
  await open(page, "/pratiche");
  await page.locator("table").waitFor();
  assert.equal(await page.getByRole("row").filter({ hasText: "Seconda spontanea" }).count(), 1, "a double click makes one debt");
  await stands(page, { title: "Le tue pratiche", says: "2 pratiche da pagare" });
}));

test("J11 a fixed amount and a tariff: the price is the body’s", story({}, async ({ page, context }) => {
  await login(context, await citizen());
  await open(page, "/spontaneo/10.TRASPORTO%20SCOLASTICO");
  await page.locator("#importo").waitFor();
  assert.equal(await page.inputValue("#importo"), "180,00");
  assert.ok(await page.locator("#importo").evaluate((field) => field.readOnly));
  await open(page, "/spontaneo/14.TOSAP%20TEMPORANEA");
  await page.locator("#causale").waitFor();
  assert.equal(await page.locator("#importo").count(), 0);
  await fill(page, { causale: "Trasloco", "campo-autorizzazione": "2026-12", "campo-metri_quadri": "12", "campo-giorni": "0", "campo-dal": "2030-05-02" });
  await submit(page);
  await summaryIs(page, ["Numero dell’autorizzazione: Il numero ha la forma 2026/0123", "Giorni di occupazione: scrivi un numero da 1 a 90", "Scegli un valore per “Zona”"]);
  await fill(page, { "campo-autorizzazione": "2026/0012", "campo-giorni": "2" });
  await page.selectOption("#campo-zona", "Centro");
  await submit(page);
  await headingIs(page, "Controlla i dati");
  await page.getByRole("link", { name: "Modifica giorni di occupazione" }).click();
  await stands(page, { title: "Inserimento pratica", focus: "#campo-giorni" });
  await submit(page);
  await page.getByText("Salva e paga", { exact: true }).click();
  await choosing(page);
  assert.match(await page.locator("aside").innerText(), /29,00/, "5,00 and 12 m² × 2 days × 0,50 × 2");
}));

test("J11 leaving with something typed asks first", story({}, async ({ page, context }) => {
  await login(context, await citizen());
  await open(page, "/spontaneo/TEST1");
  await page.fill("#causale", "Da ricordare");
  await page.locator("main form").getByText("Annulla", { exact: true }).click();
  await page.getByText("Vuoi uscire senza salvare?").waitFor();
  await page.getByText("Continua a scrivere").click();
  await page.reload();
  await page.getByText("Abbiamo ripreso i dati che avevi scritto").waitFor();
  assert.equal(await page.inputValue("#causale"), "Da ricordare");
  await stands(page, { title: "Inserimento pratica" });
  await page.getByText("Ricomincia").click();
  await page.waitForFunction(() => document.getElementById("causale")?.value === "");
}));

test("J12 a creditor without spontaneous payments", story({}, async ({ page }) => {
  await page.goto(`${STRICT}/accedi?torna=%2Fspontaneo`);
  await logIn(page, MARIO);
  await stands(page, { title: "Inserimento spontaneo" });
  await page.getByText("L’ente non prevede pagamenti spontanei.").waitFor();
  await page.getByText("Torna alle tue pratiche", { exact: true }).click();
  await stands(page, { title: "Le tue pratiche" });
  await page.locator("table").waitFor();
  assert.deepEqual(await page.locator(".sezioni a").allInnerTexts(), ["Da pagare", "Storico pratiche"]);
  const refused = await page.request.get(`${STRICT}/spontaneo/TEST1`);
  assert.ok((await refused.text()).includes("L’ente non prevede pagamenti spontanei."));
}));

test("J12 no service is open", story({}, async ({ page, context }) => {
  await login(context, await citizen());
  await page.route("**/api/services", (route) => route.fulfill({ json: { items: [] } }));
  await open(page, "/spontaneo");
  await page.getByText("L’ente non prevede pagamenti spontanei.").waitFor();
  await stands(page, { title: "Inserimento spontaneo" });
}));

test("J13 the history is filtered, and the address holds the filter", story({}, async ({ page, context }) => {
  const { debts: [owed] } = await readyToPay(context, page);
  await page.goto(await atPsp(await goToPsp(page), { outcome: "success" }));
  await headingIs(page, /riuscito$/);
  await open(page, "/pratiche/storico");
  await announces(page, "1 pratica trovata");
  await page.fill("#q", "nulla di simile");
  await page.getByText("Applica filtro").click();
  await page.getByText("Nessuna pratica con questi filtri.").first().waitFor();
  assert.match(page.url(), /q=nulla/);
  await focusIsOn(page, "button[type=submit]");
  await page.reload();
  await page.getByText("Nessuna pratica con questi filtri.").first().waitFor();
  assert.equal(await page.inputValue("#q"), "nulla di simile");
  await page.goBack();
  await page.getByRole("row").filter({ hasText: owed.reason }).waitFor();
  for (const [filters, found] of [[{ servizio: "TEST1" }, true], [{ servizio: "08.MENSA SCOLASTICA" }, false], [{ stato: "annullato" }, false], [{ stato: "confermato" }, true]]) {
    await page.locator("#azzera").click();
    await page.locator("#servizio option").nth(2).waitFor({ state: "attached" });
    for (const [name, value] of Object.entries(filters)) await page.selectOption(`#${name}`, value);
    await page.getByText("Applica filtro").click();
    if (found) await page.getByRole("row").filter({ hasText: owed.reason }).waitFor();
    else await page.getByText("Nessuna pratica con questi filtri.").first().waitFor();
    assert.equal(new URL(page.url()).searchParams.get(Object.keys(filters)[0]), Object.values(filters)[0]);
    assert.equal(await page.locator(".filtri-attivi li").count(), 1);
  }
  await page.getByRole("link", { name: /^Togli/ }).click();
  await page.getByRole("row").filter({ hasText: owed.reason }).waitFor();
  assert.ok(!page.url().includes("?"), page.url());
  await fill(page, { dal: "2030-12-02", al: "2030-12-31" });
  await page.getByText("Applica filtro").click();
  await page.getByText("Nessuna pratica con questi filtri.").first().waitFor();
  await fill(page, { dal: "2026-12-02", al: "2026-12-01" });
  await page.getByText("Applica filtro").click();
  await summaryIs(page, ["La data finale deve essere uguale o successiva a quella iniziale"]);
  await page.locator("#azzera").click();
  await page.getByRole("row").filter({ hasText: owed.reason }).waitFor();
  await stands(page, { title: "Storico pratiche", says: "1 pratica trovata" });
}));
