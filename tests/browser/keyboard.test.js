// The main journeys with Tab, Shift+Tab, Enter, Space, arrows and Escape and nothing else. Every stop is recorded and
// compared with those stored; each has a ring that is seen (drawn pixels, not style) and nothing covers it.

import assert from "node:assert/strict";
import { test } from "node:test";
import { focusIsOn, headingIs, login, open, ringIsSeen, stands, story, summaryIs } from "./support/browser.js";
import { PASSWORD, citizen, debtor, fiscalCode, mailTo, linkOf, person } from "./support/people.js";
import { stored } from "./support/stored.js";

const MOST_STOPS = 90;

/** The stop under focus: what it is, what it is called, whether something lies over it. */
const stop = (page) => page.evaluate(() => {
  const node = document.activeElement;
  const box = node.getBoundingClientRect();
  const over = document.elementFromPoint(Math.min(Math.max(box.left + box.width / 2, 1), innerWidth - 2), Math.min(Math.max(box.top + box.height / 2, 1), innerHeight - 2));
  const name = node.getAttribute("aria-label") ?? node.labels?.[0]?.textContent ?? node.textContent;
  return { text: name.trim().replace(/\s+/g, " ").slice(0, 120), tag: node.tagName.toLowerCase(), id: node.id, path: location.pathname.replace(/TX-[0-9A-F]{16}/, "TX").replace(/[0-9a-f]{32}|\d{10,}/g, "…"),
    covered: !(node === over || node.contains(over) || over?.contains(node) || over?.htmlFor === node.id) };
});

/** The stops of a journey, page by page, as they came under focus. */
class Stops {
  lines = [];
  looked = new Set();
  page = "";

  constructor(browserPage) {
    this.browser = browserPage;
  }

  /** One step, and what is then under focus; nothing for the document itself. */
  async step(key = "Tab") {
    await this.browser.keyboard.press(key);
    const here = await stop(this.browser);
    if (here.tag === "body") return null;
    if (here.path !== this.page) this.lines.push(`# ${here.path}`);
    this.page = here.path;
    this.lines.push(`${here.tag} ${here.text}`);
    assert.ok(!here.covered, `“${here.text}” is covered`);
    const once = `${here.path} ${here.tag} ${here.id} ${here.text}`;
    if (!this.looked.has(once)) assert.ok(await ringIsSeen(this.browser), `no ring on “${here.text}” of ${here.path}`);
    this.looked.add(once);
    return here;
  }

  /** Tabs until a stop has this id, or this name (of which what follows a colon is for screen readers). */
  async to(wanted, key = "Tab") {
    const seen = [];
    for (let i = 0; i < MOST_STOPS; i += 1) {
      const here = await this.step(key);
      if (!here) continue;
      if (here.id === wanted || here.text === wanted || here.text.startsWith(`${wanted}: `) || here.text.startsWith(`${wanted} :`)) return;
      seen.push(here.text);
    }
    throw new Error(`no stop “${wanted}” among ${seen.join(" · ")}`);
  }

  async type(wanted, text) {
    await this.to(wanted);
    await this.browser.keyboard.insertText(text);
  }

  async press(wanted, key = "Enter") {
    await this.to(wanted);
    await this.browser.keyboard.press(key);
  }

  async back(wanted) {
    await this.to(wanted, "Shift+Tab");
  }
}

/** A story told with the keys alone; its stops are those stored under its name. */
const byKeyboard = (name, tell) => test(`${name} by keyboard`, story({}, async (guest) => {
  const stops = new Stops(guest.page);
  await tell(guest, stops);
  stored(`tasti-${name}`, stops.lines);
}));

byKeyboard("J1", async ({ page }, stops) => {
  const { someone, debts: [owed] } = await debtor({ reason: "Mensa ottobre 2026" });
  await open(page, "/");
  await stops.to("cf");
  assert.deepEqual(stops.lines.slice(1, 3), ["a Vai al contenuto", "a Vai al piè di pagina"]);
  await page.keyboard.insertText(someone.fiscalCode);
  await stops.type("codice", owed.noticeNumber);
  await page.keyboard.press("Enter");
  await headingIs(page, "Importo da pagare");
  await stops.press("Accedi e paga");
  await page.waitForURL(/accedi/);
  await stops.type("username", someone.username);
  await stops.type("password", someone.password);
  await stops.press("Mostra password: Password", "Space");
  assert.equal(await page.getAttribute("#password", "type"), "text");
  await stops.back("password");
  await page.keyboard.press("Enter");
  await page.locator(".colonne").waitFor();
  await stands(page, { title: "Scegli come pagare" });
});

byKeyboard("J3", async ({ page }, stops) => {
  const someone = person();
  await open(page, "/registrazione");
  await stops.press("continua");
  await summaryIs(page, ["Inserisci il codice fiscale"]);
  await stops.press("Inserisci il codice fiscale");
  await focusIsOn(page, "#cf");
  await page.keyboard.insertText(fiscalCode());
  await page.keyboard.press("Enter");
  await page.waitForURL(/dati$/);
  for (const [id, text] of [["nome", someone.firstName], ["cognome", someone.lastName], ["indirizzo", someone.address], ["citta", someone.city]]) await stops.type(id, text);
  await stops.to("provincia");
  await page.keyboard.type("Roma");
  for (const [id, text] of [["cap", someone.postalCode], ["email", someone.email], ["telefono", someone.phone], ["password", PASSWORD], ["conferma", PASSWORD]]) await stops.type(id, text);
  await stops.press("privacy", "Space");
  await stops.press("termini", "Space");
  await stops.press("Registrati");
  await headingIs(page, "Registrazione avvenuta con successo");
  await page.goto(linkOf(await mailTo(someone.email, "Attiva"), "/attiva"));
  await stops.type("password", PASSWORD);
  await page.keyboard.press("Enter");
  await focusIsOn(page, "h1");
  await stops.press("Continua");
  await stands(page, { title: "Le tue pratiche" });
});

byKeyboard("J8", async ({ page, context }, stops) => {
  const { someone, debts: [owed] } = await debtor({ reason: "Mensa ottobre 2026" });
  await login(context, someone);
  const { reference } = await (await context.request.post("/api/search", { data: { fiscalCode: someone.fiscalCode, noticeNumber: owed.noticeNumber } })).json();
  await context.request.post("/api/debts/associate", { data: { reference } });
  await open(page, "/pratiche");
  await page.locator("table").waitFor();
  await page.locator("#menu-utente").waitFor();
  await stops.press("Paga");
  await page.locator(".colonne").waitFor();
  await page.locator("#menu-utente").waitFor();
  await stops.press((await page.locator(".proposta > summary").textContent()).trim().replace(/\s+/g, " "));
  await stops.to(`metodo-${await page.locator('input[name="metodo"]:checked').getAttribute("value")}`);
  await page.keyboard.press("ArrowDown");
  assert.equal(await page.locator('input[name="metodo"]').nth(1).isChecked(), true);
  await page.keyboard.press("ArrowUp");
  await stops.press((await page.locator("main button[type=submit]").innerText()).trim().replace(/\s+/g, " "));
  await page.waitForURL(/_local\/psp/);
  await stops.to("esito-riuscito");
  await stops.press("conferma");
  await stands(page, { title: /riuscito$/, focus: "h1", says: "riuscito" });
  await page.locator("#menu-utente").waitFor();
  await stops.press("Torna alle tue pratiche");
  await page.getByText("Non hai pratiche da pagare.").first().waitFor();
});

byKeyboard("J11", async ({ page, context }, stops) => {
  await login(context, await citizen());
  await open(page, "/spontaneo");
  await page.locator(".elenco-servizi").waitFor();
  await page.locator("#menu-utente").waitFor();
  const name = (await page.locator(".elenco-servizi a", { hasText: "TEST1" }).textContent()).trim().replace(/\s+/g, " ");
  await stops.press(name);
  await page.locator("#importo").waitFor();
  await page.locator("#menu-utente").waitFor();
  await stops.type("importo", "2,50");
  await stops.type("causale", "Da tastiera");
  await page.keyboard.press("Enter");
  await headingIs(page, "Controlla i dati");
  await page.locator(".riepilogo").waitFor();
  await page.locator("#menu-utente").waitFor();
  await stops.press("Salva");
  await page.getByText("Pratica inserita: la trovi qui sotto").waitFor();
});

byKeyboard("J13", async ({ page, context }, stops) => {
  await login(context, await citizen());
  await open(page, "/pratiche/storico");
  await page.locator("#servizio option").nth(2).waitFor({ state: "attached" });
  await page.locator("#menu-utente").waitFor();
  await stops.type("q", "niente");
  await page.keyboard.press("Enter");
  await page.getByText("Nessuna pratica con questi filtri.").first().waitFor();
  await stops.press("Togli");
  await page.getByText("Qui troverai le pratiche pagate e le ricevute.").first().waitFor();
});

byKeyboard("J16", async ({ page, context }, stops) => {
  await login(context, await citizen());
  await open(page, "/profilo");
  await page.locator("#sezione-consenso").waitFor();
  await page.locator("#menu-utente").waitFor();
  await stops.press("Revoca il consenso");
  await page.waitForURL(/revoca-consenso/);
  await page.locator("#menu-utente").waitFor();
  await stops.press("conferma", "Space");
  await stops.type("password", PASSWORD);
  await page.keyboard.press("Enter");
  await stands(page, { title: "Consenso revocato", focus: "h1", says: "Consenso revocato" });
});

test("menus and dialogs close with Escape and give focus back", story({}, async ({ page, context }) => {
  await login(context, await citizen());
  await open(page, "/spontaneo/TEST1");
  await page.locator("#causale").waitFor();
  await page.locator("#menu-utente").waitFor();
  const stops = new Stops(page);
  await stops.press("Anna Bianchi");
  await page.getByText("Gestione utenza").waitFor();
  await page.keyboard.press("Escape");
  await focusIsOn(page, "#menu-utente summary");
  await stops.type("causale", "Qualcosa");
  await stops.press("Annulla");
  await page.locator("dialog[open]").waitFor();
  await page.keyboard.press("Escape");
  await page.locator("dialog[open]").waitFor({ state: "detached" });
  await focusIsOn(page, "main form a.btn-outline-primary");
}));
