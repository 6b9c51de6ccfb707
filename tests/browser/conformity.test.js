// What the public checkers of municipal sites look for, by their own logic, and one test for each criterion C.SE.

import assert from "node:assert/strict";
import { readFileSync } from "node:fs";
import { before, test } from "node:test";
import { PORTAL, headingIs, login, open, story } from "./support/browser.js";
import { PASSWORD, atPsp, citizen, debtor, mailTo } from "./support/people.js";
import { choosing, fill, goToPsp, logIn, readyToPay, search, submit } from "./support/steps.js";

const FONTS = ["Titillium Web", "Lora", "Roboto Mono"];
const PUBLIC = ["/", "/accedi", "/registrazione", "/password-dimenticata", "/privacy", "/termini", "/note-legali", "/aiuto", "/accessibilita", "/verifica", "/uscita", "/non-esiste"];
const OURS = ["session", "browser", "accesso", "lingua"];

/** The class names of the library’s own style sheet. */
const LIBRARY = new Set(readFileSync(new URL("./node_modules/bootstrap-italia/dist/css/bootstrap-italia.min.css", import.meta.url), "utf8").match(/\.[a-zA-Z][\w-]*/g).map((name) => name.slice(1)));

let owner;
let owed;
before(async () => {
  const made = await debtor();
  owner = made.someone;
  [owed] = made.debts;
});
const PRIVATE = () => ["/pratiche", "/pratiche/storico", `/paga/${owed.noticeNumber}`, "/spontaneo", "/spontaneo/TEST1", "/profilo", "/profilo/revoca-consenso"];

async function everyPage(page, context, look) {
  for (const address of PUBLIC) {
    await open(page, address);
    await look(address);
  }
  await login(context, owner);
  const { reference } = await (await context.request.post("/api/search", { data: { fiscalCode: owner.fiscalCode, noticeNumber: owed.noticeNumber } })).json();
  await context.request.post("/api/debts/associate", { data: { reference } });
  for (const address of PRIVATE()) {
    await open(page, address);
    await page.waitForLoadState("networkidle");
    await look(address);
  }
}

test("C.SE.1.3 fonts, version and share of the library, on every page", story({}, async ({ page, context }) => {
  await everyPage(page, context, async (address) => {
    const seen = await page.evaluate(() => ({
      fonts: [...new Set([...document.querySelectorAll("h1, h2, h3, h4, h5, h6, p, a, button, label, input, select, td, th, dt, dd, li")].map((node) => getComputedStyle(node).fontFamily.split(",")[0].replaceAll('"', "")))],
      version: getComputedStyle(document.body).getPropertyValue("--bootstrap-italia-version").replaceAll(/["' ]/g, ""),
      classes: [...new Set([...document.querySelectorAll("[class]")].flatMap((node) => [...node.classList]))],
    }));
    assert.deepEqual(seen.fonts.filter((font) => !FONTS.includes(font)), [], address);
    const [major] = seen.version.split(".").map(Number);
    assert.ok(major >= 2, `${address}: ${seen.version}`);
    const share = seen.classes.filter((name) => LIBRARY.has(name)).length / seen.classes.length;
    assert.ok(share >= 0.3, `${address}: ${Math.round(share * 100)} % of the classes are the library’s`);
  });
}));

test("C.SE.3.1 only first-party technical cookies, those of the privacy notice", story({}, async ({ page, context }) => {
  await everyPage(page, context, async () => {});
  const cookies = await context.cookies();
  const host = new URL(PORTAL).hostname;
  for (const { name, domain } of cookies) assert.ok(OURS.includes(name.replace("__Host-", "")) && domain.replace(/^\./, "") === host, `${name} of ${domain}`);
  const session = cookies.find(({ name }) => name.endsWith("session"));
  assert.ok(session.httpOnly && session.sameSite === "Lax");
  await open(page, "/privacy");
  const listed = await page.locator("table .codice").allInnerTexts();
  assert.deepEqual(listed.map((name) => name.replace("__Host-", "")), OURS);
}));

test("C.SE.3.2 and 3.3 declaration, privacy, legal notes, help and report in the footer of every page, and where they lead", story({}, async ({ page, context }) => {
  await everyPage(page, context, async (address) => {
    for (const mark of ["privacy-policy-link", "legal-notes", "accessibility-link", "faq", "report-inefficiency"]) {
      assert.equal(await page.locator(`footer [data-element="${mark}"]`).count(), 1, `${address}: ${mark}`);
    }
  });
  await open(page, "/aiuto");
  const links = await page.locator("footer [data-element]").evaluateAll((nodes) => nodes.map(({ href }) => href));
  for (const link of links.filter((address) => address.startsWith(PORTAL))) assert.equal((await context.request.get(link)).status(), 200, link);
  await open(page, "/note-legali");
  assert.match(await page.locator('[data-element="legal-notes-section"]').innerText(), /^Licenza dei contenuti$/);
  assert.match(await page.locator('[data-element="legal-notes-body"]').innerText(), /^In applicazione del principio open by default ai sensi dell’articolo 52 .* CC-BY 4\.0\. .* senza apporre restrizioni aggiuntive\.$/);
}));

test("C.SE.1.1 access from the service, and back to it", story({}, async ({ page }) => {
  await search(page, owner.fiscalCode, owed.noticeNumber);
  await headingIs(page, "Importo da pagare");
  assert.equal(await page.locator('header [data-element="personal-area-login"]').count(), 1);
  await page.getByText("Accedi e paga", { exact: true }).click();
  await page.getByText(/^Accedi per pagare 45,50\s€ al Comune di Test$/).waitFor();
  await logIn(page, owner);
  await choosing(page);
  assert.match(page.url(), new RegExp(`/paga/${owed.noticeNumber}$`));
}));

test("C.SE.1.2 and 1.9 confirmed in the area and by mail; the state of each debt is told", story({}, async ({ page, context }) => {
  const { someone, debts: [mine] } = await readyToPay(context, page);
  await page.goto(await atPsp(await goToPsp(page), { outcome: "success" }));
  await headingIs(page, /riuscito$/);
  await mailTo(someone.email, "Ricevuta del pagamento");
  await open(page, "/pratiche/storico");
  await page.getByRole("row").filter({ hasText: mine.reason }).getByText("Confermato").waitFor();
  await open(page, `/pratiche/${mine.noticeNumber}`);
  // Created, started, paid.
  await page.locator("ol.storia li").nth(2).waitFor();
}));

test("C.SE.1.4 a summary right before finalising", story({}, async ({ page, context }) => {
  await login(context, await citizen());
  await open(page, "/spontaneo/TEST1");
  await page.locator("#importo").waitFor();
  await fill(page, { importo: "7,25", causale: "Da riassumere" });
  await submit(page);
  await headingIs(page, "Controlla i dati");
  const rows = await page.locator(".riepilogo > div").allInnerTexts();
  assert.deepEqual(rows.map((row) => row.split("\n")[0]), ["Servizio", "Importo", "Causale"]);
  await page.getByText("Salva e paga", { exact: true }).click();
  await choosing(page);
  assert.deepEqual(await page.locator("aside dt").allInnerTexts(), ["Ente", "Causale", "Importo", "Commissione", "Totale"]);
}));

test("C.SE.1.5 and 1.6 asked once, kept as a draft", story({}, async ({ page, context }) => {
  const someone = await citizen();
  await login(context, someone);
  await open(page, "/spontaneo/TEST1");
  await page.locator("#importo").waitFor();
  const debtorBlock = await page.locator("section", { has: page.locator("#debitore") }).innerText();
  for (const known of ["Anna Bianchi", someone.fiscalCode, "Via Verdi 3, 00185 Roma (RM)"]) assert.ok(debtorBlock.includes(known), known);
  assert.equal(await page.locator("main form input:not([readonly])").count(), 2, "amount and reason are all that is asked");
  await fill(page, { importo: "9", causale: "In bozza" });
  await open(page, "/pratiche");
  await open(page, "/spontaneo/TEST1");
  await page.getByText("Abbiamo ripreso i dati che avevi scritto").waitFor();
  assert.equal(await page.inputValue("#causale"), "In bozza");
}));

test("C.SE.1.8 the steps are shown, the one we are at is marked, going back is allowed", story({}, async ({ page, context }) => {
  await open(page, "/registrazione");
  const at = async (number) => {
    const steps = page.locator(".steppers ol li:not(.steppers-index)");
    assert.equal(await steps.count(), 3);
    assert.equal(await steps.nth(number - 1).getAttribute("aria-current"), "step");
    assert.equal(await page.locator(".steppers [aria-current]").count(), 1);
  };
  await at(1);
  await page.fill("#cf", owner.fiscalCode);
  await page.click("#continua");
  await page.waitForURL(/dati$/);
  await at(2);
  await page.locator("main form").getByText("Indietro", { exact: true }).click();
  await page.waitForURL(/registrazione$/);
  assert.equal(await page.inputValue("#cf"), owner.fiscalCode, "what was typed is still there");
  await login(context, owner);
  for (const [address, number] of [["/spontaneo", 1], ["/spontaneo/TEST1", 2], [`/paga/${owed.noticeNumber}`, 1]]) {
    await open(page, address);
    await at(number);
  }
}));

test("C.SE.2.1 the payment is digital from end to end, and costs no password twice", story({}, async ({ page, context }) => {
  await readyToPay(context, page);
  await page.goto(await atPsp(await goToPsp(page), { outcome: "success" }));
  await headingIs(page, /riuscito$/);
  assert.ok(PASSWORD);
  assert.equal(await page.locator("input[type=password]").count(), 0);
  await page.getByText("Scarica la ricevuta (PDF)").waitFor();
}));
