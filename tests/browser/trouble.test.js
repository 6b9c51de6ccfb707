// J19 to J21: no network, no such page, no script, no patience; and texts that would like to be more than text.

import assert from "node:assert/strict";
import { test } from "node:test";
import { CLOSED, PORTAL, announces, focusIsOn, headingIs, login, needsScript, open, stands, story, summaryIs } from "./support/browser.js";
import { MARIO, PASSWORD, atPsp, citizen, debt, debtor, fiscalCode, linkOf, mailTo, person } from "./support/people.js";
import { choosing, fill, logIn, readyToPay, search, submit } from "./support/steps.js";

const TROUBLE = { status: 503, contentType: "application/problem+json", body: JSON.stringify({ code: "temporarily_unavailable", requestId: "7F3A22" }) };

test("J19 offline while sending, back on line; server error", story({}, async ({ page, context }) => {
  await open(page, "/");
  await fill(page, { cf: MARIO.fiscalCode, codice: "301000000000000001" });
  await context.setOffline(true);
  await submit(page);
  await summaryIs(page, ["Sei senza connessione. Controlla la rete e riprova."]);
  assert.equal(await page.inputValue("#cf"), MARIO.fiscalCode, "nothing typed is lost");
  await context.setOffline(false);
  await announces(page, "Connessione ripristinata");
  await page.route("**/api/search", (route) => route.fulfill(TROUBLE));
  await submit(page);
  await page.getByText("Codice per l’assistenza:").waitFor();
  await summaryIs(page, ["Si è verificato un problema da parte nostra. Riprova tra qualche minuto."]);
  await page.unroute("**/api/search");
  await page.route("**/api/search", (route) => route.abort());
  await submit(page);
  await summaryIs(page, ["Il servizio non risponde. Riprova tra qualche minuto."]);
  await stands(page, { title: "Errore: Ricerca pratica", h1: "Paga un avviso", focus: ".riepilogo-errori" });
}));

test("J19 a list that is slow, then fails, then comes when asked again", story({}, async ({ page, context }) => {
  await login(context, await citizen());
  let release;
  const held = new Promise((done) => (release = done));
  await page.route("**/api/debts*", async (route) => {
    await held;
    await route.continue();
  });
  await page.clock.install();
  await open(page, "/pratiche");
  await page.clock.runFor(400);
  await announces(page, "Caricamento in corso");
  assert.equal(await page.getAttribute("#regione", "aria-busy"), "true");
  await page.clock.runFor(8_000);
  await announces(page, "Ci vuole più del solito. Stiamo ancora cercando.");
  release();
  await page.getByText("Non sappiamo ancora quali sono le tue pratiche.").first().waitFor();
  await page.clock.runFor(100);
  await stands(page, { title: "Le tue pratiche", says: "Non sappiamo ancora quali sono le tue pratiche." });
  await page.unroute("**/api/debts*");
  await page.route("**/api/debts*", (route) => route.fulfill(TROUBLE));
  await page.reload();
  await page.getByText("Si è verificato un problema da parte nostra").first().waitFor();
  await page.clock.runFor(100);
  await announces(page, "Si è verificato un problema da parte nostra");
  await page.unroute("**/api/debts*");
  await page.getByText("Riprova", { exact: true }).click();
  await page.getByText("Non sappiamo ancora quali sono le tue pratiche.").first().waitFor();
}));

test("J19 a list asked for off line comes by itself when the network is back", story({}, async ({ page, context }) => {
  await login(context, await citizen());
  let cut = true;
  await page.route("**/api/debts*", (route) => (cut ? route.abort() : route.continue()));
  await page.addInitScript(() => Object.defineProperty(navigator, "onLine", { get: () => false, configurable: true }));
  await open(page, "/pratiche");
  await page.getByText("Sei senza connessione. Controlla la rete e riprova.").first().waitFor();
  await announces(page, "Sei senza connessione");
  cut = false;
  await page.evaluate(() => dispatchEvent(new Event("online")));
  await announces(page, "Connessione ripristinata");
  await page.getByText("Non sappiamo ancora quali sono le tue pratiche.").first().waitFor();
}));

test("J20 unknown pages, somebody else’s debt", story({}, async ({ page, context }) => {
  const response = await open(page, "/non-esiste");
  assert.equal(response.status(), 404);
  await stands(page, { title: "Pagina non trovata" });
  const someoneElse = await debt(person());
  await login(context, await citizen());
  for (const address of [`/pratiche/${someoneElse.noticeNumber}`, `/paga/${someoneElse.noticeNumber}`, `/pratiche/${someoneElse.noticeNumber}/ricevuta`,
    "/paga/00000000000000000000000000000000/esito", "/spontaneo/ALTRO"]) {
    await open(page, address);
    await stands(page, { title: "Pagina non trovata", focus: "h1" });
  }
}));

test("J20 a script that does not come leaves words and a telephone number", story({}, async ({ page, context }) => {
  await login(context, await citizen());
  await page.route("**/*.js", (route) => route.abort());
  await open(page, "/pratiche");
  const help = page.locator(".senza-script").getByText("Questa pagina ha bisogno di JavaScript. Puoi sempre pagare l’avviso");
  await help.waitFor({ state: "visible" });
  assert.match(await help.innerText(), /Telefono: \+?[\d ]{6,}/);
}));

test("J20 a browser that runs no script", story({ javaScriptEnabled: false }, async ({ page }) => {
  await open(page, "/accedi");
  await needsScript(page).waitFor();
  await open(page, "/privacy");
  assert.equal(await needsScript(page).count(), 0, "pages to read need none");
  await page.locator("#menu-lingua summary").click();
  await page.getByText("English", { exact: true }).click();
  await page.waitForURL(/\/en\/privacy/);
}));

test("closed for maintenance: said with the hour, and where to pay meanwhile", story({}, async ({ page }) => {
  const response = await page.goto(`${CLOSED}/pratiche`);
  assert.equal(response.status(), 503);
  assert.ok(Number(response.headers()["retry-after"]) > 0);
  await stands(page, { title: "Servizio in manutenzione" });
  await page.getByText("Torna dopo le 18.").waitFor();
}));

/** Presses twice as fast as a hurried hand does, waits for what follows, and counts the requests. */
async function twice(page, button, method, path, then) {
  let sent = 0;
  const count = (request) => (sent += request.method() === method && new URL(request.url()).pathname.match(path) ? 1 : 0);
  page.on("request", count);
  await button.dblclick({ noWaitAfter: true });
  await then();
  page.off("request", count);
  assert.equal(sent, 1, `${method} ${path}`);
}
const main = (page) => page.locator("main form [type=submit]").first();

test("J21 pressed twice: search, login, payment", story({}, async ({ page }) => {
  const { someone, debts: [owed] } = await debtor();
  await open(page, "/");
  await fill(page, { cf: someone.fiscalCode, codice: owed.noticeNumber });
  await twice(page, main(page), "POST", /^\/api\/search$/, () => headingIs(page, "Importo da pagare"));
  await page.reload();
  await headingIs(page, "Importo da pagare");
  await page.getByText("Accedi e paga", { exact: true }).click();
  await page.waitForURL(/accedi/);
  await fill(page, { username: someone.username, password: someone.password });
  await twice(page, main(page), "POST", /^\/api\/login$/, () => choosing(page));
  await twice(page, page.locator("main button[type=submit]"), "POST", /^\/api\/payments$/, () => page.waitForURL(/psp/));
  await page.goto(await atPsp(page.url(), { outcome: "success" }));
  await headingIs(page, /riuscito$/);
  await page.reload();
  await stands(page, { title: /riuscito$/, focus: "h1", says: "riuscito" });
}));

test("J21 pressed twice: registration, another mail, activation, password", story({}, async ({ page }) => {
  const someone = person();
  await open(page, "/registrazione");
  await page.fill("#cf", someone.fiscalCode);
  await twice(page, page.locator("#continua"), "POST", /^\/api\/register\/check$/, () => page.waitForURL(/dati$/));
  await fill(page, { nome: someone.firstName, cognome: someone.lastName, indirizzo: someone.address, citta: someone.city, cap: someone.postalCode,
    email: someone.email, telefono: someone.phone, password: PASSWORD, conferma: PASSWORD });
  await page.selectOption("#provincia", "RM");
  await page.check("#privacy");
  await page.check("#termini");
  await twice(page, main(page), "POST", /^\/api\/register$/, () => headingIs(page, "Registrazione avvenuta con successo"));
  await page.reload();
  await headingIs(page, "Registrazione avvenuta con successo");
  await twice(page, page.locator("#rinvia"), "POST", /^\/api\/activate\/resend$/, () => page.locator("#rinvio-esito", { hasText: /./ }).waitFor());
  await page.goto(linkOf(await mailTo(someone.email, "Attiva"), "/attiva"));
  await page.fill("#password", PASSWORD);
  await twice(page, main(page), "POST", /^\/api\/activate$/, () => headingIs(page, "Account attivato"));
  await page.reload();
  await page.fill("#password", PASSWORD);
  await submit(page);
  await headingIs(page, "Account già attivo");
  await page.context().clearCookies();
  await open(page, "/password-dimenticata");
  await page.fill("#username", someone.username);
  await twice(page, main(page), "POST", /^\/api\/password\/forgot$/, () => headingIs(page, "Controlla la posta"));
  await page.goto(linkOf(await mailTo(someone.email, "Reimposta"), "/reimposta-password"));
  await fill(page, { password: `${PASSWORD} piena`, conferma: `${PASSWORD} piena` });
  await twice(page, main(page), "POST", /^\/api\/password\/reset$/, () => page.waitForURL(/accedi/));
  await stands(page, { title: "Accedi" });
}));

test("J21 pressed twice: saved, cancelled, language, farewell", story({}, async ({ page, context }) => {
  await login(context, await citizen());
  await open(page, "/spontaneo/TEST1");
  await page.locator("#importo").waitFor();
  await fill(page, { importo: "3", causale: "Una sola" });
  await submit(page);
  await page.locator(".riepilogo").waitFor();
  await page.reload();
  await page.locator(".riepilogo").waitFor();
  await twice(page, page.getByText("Salva", { exact: true }), "POST", /^\/api\/debts$/, () => page.getByText("Pratica inserita: la trovi qui sotto").waitFor());
  await page.getByRole("link", { name: "Una sola", exact: true }).click();
  await page.getByRole("button", { name: "Annulla pratica" }).first().click();
  await twice(page, page.locator("#annulla-si"), "DELETE", /^\/api\/debts\/\d+$/, () => page.getByText("Pratica annullata").waitFor());
  await open(page, "/profilo");
  const save = page.locator("#modulo-lingua [type=submit]");
  await save.waitFor();
  await twice(page, save, "PATCH", /^\/api\/account$/, () => announces(page, "Salvato"));
  await open(page, "/profilo/revoca-consenso");
  await page.check("#conferma");
  await page.fill("#password", PASSWORD);
  await twice(page, main(page), "POST", /^\/api\/consent\/revoke$/, () => headingIs(page, "Consenso revocato"));
  await stands(page, { title: "Consenso revocato", focus: "h1", says: "Consenso revocato" });
}));

const EVIL = "<img src=x onerror=alert(1)>";
/** Every text that the API gives becomes what somebody hostile would have written. */
function poisoned(value, key = "") {
  if (Array.isArray(value)) return value.map((one) => poisoned(one, key));
  if (value && typeof value === "object") return Object.fromEntries(Object.entries(value).map(([name, inner]) => [name, poisoned(inner, name)]));
  return ["reason", "name", "instructions", "label", "help", "firstName", "lastName", "address", "city", "description", "pspName", "text"].includes(key) ? `${value} ${EVIL}` : value;
}

test("what others wrote is shown as text, on every screen that shows it", story({}, async ({ page, context }) => {
  const { someone, debts: [owed] } = await readyToPay(context, page, {}, { reason: "La seconda" });
  page.on("dialog", () => assert.fail("a script ran"));
  await page.route(/\/api\//, async (route) => {
    const response = await route.fetch().catch(() => null);
    if (!response) return route.abort();
    if (!response.headers()["content-type"]?.includes("json")) return route.fulfill({ response });
    return route.fulfill({ response, json: poisoned(await response.json()) });
  });
  const shown = async () => {
    await page.locator("main").getByText(EVIL).locator("visible=true").first().waitFor();
    assert.equal(await page.locator("main img").count(), 0);
  };
  for (const address of ["/pratiche", `/pratiche/${owed.noticeNumber}`, `/paga/${owed.noticeNumber}`, "/spontaneo", "/spontaneo/TEST1", "/profilo"]) {
    await open(page, address);
    await shown();
  }
  const started = await (await context.request.post(`${PORTAL}/api/payments`, { data: { noticeNumbers: [owed.noticeNumber] }, headers: { "Idempotency-Key": owed.noticeNumber } })).json();
  await page.goto(await atPsp(started.redirectUrl, { outcome: "success" }));
  await headingIs(page, /riuscito$/);
  await shown();
  for (const address of ["/pratiche/storico", `/pratiche/${owed.noticeNumber}/ricevuta`]) {
    await open(page, address);
    await shown();
  }
  await search(page, someone.fiscalCode, owed.noticeNumber);
  await headingIs(page, "Già pagata");
  await shown();
}));
