// The main journeys with Tab, Shift+Tab, Enter, Space, arrows and Escape and nothing else; every stop is seen.

import assert from "node:assert/strict";
import { test } from "node:test";
import { focusIsOn, headingIs, login, open, story, summaryIs } from "./support/browser.js";
import { PASSWORD, atPsp, citizen, debtor, fiscalCode, person } from "./support/people.js";

const MOST_STOPS = 90;

/** The stop under focus: its name, and whether a ring is drawn and nothing covers it. */
const stop = (page) => page.evaluate(() => {
  const node = document.activeElement;
  const box = node.getBoundingClientRect();
  const style = getComputedStyle(node);
  const ring = style.boxShadow !== "none" || (style.outlineStyle !== "none" && parseFloat(style.outlineWidth) > 0 && style.outlineColor !== "rgba(0, 0, 0, 0)");
  const over = document.elementFromPoint(Math.min(Math.max(box.left + box.width / 2, 1), innerWidth - 2), Math.min(Math.max(box.top + box.height / 2, 1), innerHeight - 2));
  return { text: (node.getAttribute("aria-label") ?? node.labels?.[0]?.textContent ?? node.textContent).trim().replace(/\s+/g, " "), tag: node.tagName, id: node.id,
    ring, covered: !(node === over || node.contains(over) || over?.contains(node) || over?.htmlFor === node.id) };
});

/** Tabs until the stop fits, checking each on the way. */
async function tabTo(page, wanted) {
  const seen = [];
  for (let i = 0; i < MOST_STOPS; i += 1) {
    await page.keyboard.press("Tab");
    const here = await stop(page);
    if (here.tag === "BODY") continue;
    seen.push(here.text);
    assert.ok(here.ring, `no ring on “${here.text}”`);
    assert.ok(!here.covered, `“${here.text}” is covered`);
    if (here.id === wanted || here.text === wanted || here.text.startsWith(`${wanted}: `) || here.text.startsWith(`${wanted} :`)) return seen;
  }
  throw new Error(`no stop “${wanted}” among ${seen.join(" · ")}`);
}
const type = async (page, wanted, text) => {
  await tabTo(page, wanted);
  await page.keyboard.insertText(text);
};
const press = async (page, wanted, key = "Enter") => {
  await tabTo(page, wanted);
  await page.keyboard.press(key);
};

test("J1 by keyboard: search, login, payment", story({}, async ({ page }) => {
  const { someone, debts: [owed] } = await debtor();
  await open(page, "/");
  const stops = await tabTo(page, "cf");
  assert.deepEqual(stops.slice(0, 2), ["Vai al contenuto", "Vai al piè di pagina"]);
  await page.keyboard.insertText(someone.fiscalCode);
  await type(page, "codice", owed.noticeNumber);
  await page.keyboard.press("Enter");
  await headingIs(page, "Importo da pagare");
  await press(page, "Accedi e paga");
  await page.waitForURL(/accedi/);
  await type(page, "username", someone.username);
  await type(page, "password", someone.password);
  await page.keyboard.press("Enter");
  await page.locator(".colonne").waitFor();
  await tabTo(page, "metodo-" + (await page.locator('input[name="metodo"]:checked').getAttribute("value")));
  await page.keyboard.press("ArrowDown");
  assert.equal(await page.locator('input[name="metodo"]').nth(1).isChecked(), true);
  await press(page, (await page.locator("main button[type=submit]").innerText()).trim().replace(/\s+/g, " "));
  await page.waitForURL(/_local\/psp/);
  await page.goto(await atPsp(page.url(), { outcome: "success" }));
  await headingIs(page, /riuscito$/);
  await focusIsOn(page, "h1");
}));

test("J3 by keyboard: registration, with a first wrong send", story({}, async ({ page }) => {
  const someone = person();
  await open(page, "/registrazione");
  await press(page, "continua");
  await summaryIs(page, ["Inserisci il codice fiscale"]);
  await press(page, "Inserisci il codice fiscale");
  await focusIsOn(page, "#cf");
  await page.keyboard.insertText(fiscalCode());
  await page.keyboard.press("Enter");
  await page.waitForURL(/dati$/);
  for (const [id, text] of [["nome", someone.firstName], ["cognome", someone.lastName], ["indirizzo", someone.address], ["citta", someone.city]]) await type(page, id, text);
  await tabTo(page, "provincia");
  await page.keyboard.type("Roma");
  for (const [id, text] of [["cap", someone.postalCode], ["email", someone.email], ["telefono", someone.phone], ["password", PASSWORD], ["conferma", PASSWORD]]) await type(page, id, text);
  await press(page, "privacy", "Space");
  await press(page, "termini", "Space");
  await press(page, "Registrati");
  await headingIs(page, "Registrazione avvenuta con successo");
}));

test("J11, J13 and J16 by keyboard: own payment, filter, farewell", story({}, async ({ page, context }) => {
  await login(context, await citizen());
  await open(page, "/spontaneo/TEST1");
  await page.locator("#importo").waitFor();
  await type(page, "importo", "2,50");
  await type(page, "causale", "Da tastiera");
  await page.keyboard.press("Enter");
  await headingIs(page, "Controlla i dati");
  await page.locator(".riepilogo").waitFor();
  await press(page, "Salva");
  await page.getByText("Pratica inserita: la trovi qui sotto").waitFor();
  await open(page, "/pratiche/storico");
  await type(page, "q", "niente");
  await page.keyboard.press("Enter");
  await page.getByText("Nessuna pratica con questi filtri.").first().waitFor();
  await open(page, "/profilo/revoca-consenso");
  await press(page, "conferma", "Space");
  await type(page, "password", PASSWORD);
  await page.keyboard.press("Enter");
  await headingIs(page, "Consenso revocato");
}));

test("menus and dialogs close with Escape and give focus back", story({}, async ({ page, context }) => {
  await login(context, await citizen());
  await open(page, "/spontaneo/TEST1");
  await page.locator("#causale").waitFor();
  await page.locator("#menu-utente").waitFor();
  await tabTo(page, "Anna Bianchi");
  await page.keyboard.press("Enter");
  await page.getByText("Gestione utenza").waitFor();
  await page.keyboard.press("Escape");
  await focusIsOn(page, "#menu-utente summary");
  await type(page, "causale", "Qualcosa");
  await press(page, "Annulla");
  await page.locator("dialog[open]").waitFor();
  await page.keyboard.press("Escape");
  await page.locator("dialog[open]").waitFor({ state: "detached" }).catch(() => {});
  await focusIsOn(page, "main form a.btn-outline-primary");
}));
