// Every screen and every state: axe with no rule off at 360 and 1280 px, reflow at 320 px, targets, pictures.

import assert from "node:assert/strict";
import { execFileSync } from "node:child_process";
import path from "node:path";
import { before, test } from "node:test";
import { CLOSED, PORTAL, SCREENSHOTS, axe, focusIsOn, headingIs, login, nothingCut, open, picture, quiet, reflows, targets, underStyle, visitor } from "./support/browser.js";
import { LOCAL, PASSWORD, atPsp, companyCode, debtor, fiscalCode, person } from "./support/people.js";

import { accessibilityTree, stored } from "./support/stored.js";

const WIDTHS = [1280, 768, 360];
const problem = (status, code, more = {}) => ({ status, contentType: "application/problem+json", body: JSON.stringify({ code, requestId: "7F3A-22B1", ...more }) });

/** One citizen for all: a debt to pay, one soon due, one paid, one in progress, one of their own making. */
let owner;
const owed = {};
before(async () => {
  const { someone, debts: [first, paid, waiting] } = await debtor({ reason: "Mensa ottobre 2026", dueDate: "2030-12-15" },
    { reason: "Trasporto scolastico, primo trimestre dell’anno 2026/2027, linea blu", amount: 123_450 }, { reason: "Occupazione suolo pubblico", dueDate: "2031-01-31" });
  owner = someone;
  Object.assign(owed, { first, paid, waiting });
  const { context } = await visitor();
  await login(context, owner);
  const api = async (method, path, data, key) => {
    const response = await context.request.fetch(`${PORTAL}${path}`, { method, data, headers: key ? { "Idempotency-Key": key } : {} });
    assert.ok(response.ok(), `${method} ${path}: ${response.status()} ${await response.text()}`);
    return response.status() === 204 ? null : response.json();
  };
  const { reference } = await api("POST", "/api/search", { fiscalCode: owner.fiscalCode, noticeNumber: first.noticeNumber });
  await api("POST", "/api/debts/associate", { reference });
  const pay = async ({ noticeNumber }, outcome) => {
    const started = await api("POST", "/api/payments", { noticeNumbers: [noticeNumber] }, `pictures-${noticeNumber}`);
    await atPsp(started.redirectUrl, { outcome });
    owed.psp = started.redirectUrl;
    return started.paymentId;
  };
  owed.payment = await pay(paid, "success");
  owed.pending = await pay(waiting, "abandon");
  const made = await api("POST", "/api/debts", { serviceCode: "TEST1", reason: "Pratica spontanea", amount: 2500 }, `pictures-own-${first.noticeNumber}`);
  owed.own = made.debt;
  await context.close();
});

const submit = (page) => page.locator("main form [type=submit]").first().click();
const summary = async (page) => {
  await submit(page);
  await page.locator(".riepilogo-errori").waitFor();
};
const activated = (shows) => async (page) => {
  await page.fill("#password", PASSWORD);
  await submit(page);
  await page.locator(shows).waitFor();
};
const put = async (page, values) => {
  for (const [name, value] of Object.entries(values)) await page.fill(`[name="${name}"]`, value);
};
const found = async (page) => {
  await put(page, { cf: owner.fiscalCode, codice: owed.first.noticeNumber });
  await submit(page);
  await page.locator(".importo-grande").waitFor();
};
const registering = (cf) => async (page) => {
  await page.fill("#cf", cf());
  await page.click("#continua");
  await page.waitForURL(/dati$/);
  await page.waitForFunction(() => document.getElementById("cf").value !== "");
};
const registered = async (page) => {
  await registering(fiscalCode)(page);
  const someone = person();
  await put(page, { nome: someone.firstName, cognome: someone.lastName, indirizzo: someone.address, citta: someone.city, cap: someone.postalCode,
    email: someone.email, telefono: someone.phone, password: PASSWORD, conferma: PASSWORD });
  await page.selectOption("#provincia", "RM");
  await page.check("#privacy");
  await page.check("#termini");
  await submit(page);
  await page.waitForURL(/completata/);
};
const answer = (pattern, how) => (page) => page.route(pattern, (route) => route.fulfill(how));
const outcome = (status, more = {}) => answer(/\/api\/payments\/p(\/cancel)?$/, { json: { paymentId: "p", status, debts: [{ noticeNumber: "301000000000000017", iuv: "01000000000000017",
  creditor: { name: "Comune di Test", fiscalCode: "12345678903" }, service: { code: "TEST1", name: "TEST1" }, reason: "Mensa", amount: 4550, status: "to-pay", payable: true }], ...more } });

/** [name, address, what it waits for, { first, then, logged }]; `first` prepares the page, `then` acts on it. */
const PUBLIC = [
  ["S01", "/", "form"],
  ["S01-errori", "/", "form", { then: summary }],
  ["S01-dove", "/", "form", { then: async (page) => {
    await page.setViewportSize({ width: 360, height: 640 });
    await page.locator("summary", { hasText: "Dove trovo" }).click();
  } }],
  ["S01-da-codice", "/?avviso=301000000000000178", "#cf-aiuto strong"],
  ["S01-ricerca-scaduta", "/?ricerca-scaduta=1", ".alert-info"],
  ["S01-lingue", "/", "form", { then: (page) => page.click("#menu-lingua summary") }],
  ["S01-en", "/en/", "form"],
  ["S02", "/", "form", { then: found }],
  ["S03", "/registrazione", "form"],
  ["S03-errori", "/registrazione", "form", { then: summary }],
  ["S04", "/registrazione", "form", { then: registering(fiscalCode) }],
  ["S04-azienda", "/registrazione", "form", { then: registering(companyCode) }],
  ["S04-errori", "/registrazione", "form", { then: async (page) => {
    await registering(fiscalCode)(page);
    await summary(page);
  } }],
  ["S04-en", "/en/registrazione", "form", { then: registering(fiscalCode) }],
  ["S05", "/registrazione", "form", { then: registered }],
  ["S06", "/attiva#t=x", "form"],
  ["S06-codice", "/attiva", "#code"],
  ["S06-errori", "/attiva", "form", { then: summary }],
  ["S06-attivato", "/attiva#t=x", "form", { first: answer("**/api/activate", { json: { status: "active", account: {} } }), then: activated(".esito-riuscito") }],
  ["S06-gia-attivo", "/attiva#t=x", "form", { first: answer("**/api/activate", { json: { status: "active" } }), then: activated(".esito-riuscito") }],
  ["S06-non-valido", "/attiva#t=x", "form", { first: answer("**/api/activate", problem(400, "link_not_valid")), then: activated("#email") }],
  ["S06-preso", "/attiva#t=x", "form", { first: answer("**/api/activate", problem(409, "username_taken")), then: activated(".esito-attenzione") }],
  ["S06-rete", "/attiva#t=x", "form", { first: answer("**/api/activate", problem(503, "temporarily_unavailable")), then: activated(".riepilogo-errori") }],
  ["S07", "/accedi", "form"],
  ["S07-errori", "/accedi", "form", { then: summary }],
  ["S07-non-attivo", "/accedi", "form", { first: answer("**/api/login", problem(403, "account_not_active")), then: async (page) => {
    await put(page, { username: "a@example.it", password: "x" });
    await summary(page);
  } }],
  ["S07-bloccato", "/accedi", "form", { first: answer("**/api/login", { ...problem(429, "too_many_requests"), headers: { "retry-after": "600" } }), then: async (page) => {
    await put(page, { username: "a@example.it", password: "x" });
    await summary(page);
  } }],
  ["S08", "/password-dimenticata", "form"],
  ["S08-inviato", "/password-dimenticata", "form", { then: async (page) => {
    await page.fill("#username", "nessuno@example.it");
    await submit(page);
    await headingIs(page, "Controlla la posta");
  } }],
  ["S09", "/reimposta-password#t=x", "form"],
  ["S09-errori", "/reimposta-password#t=x", "form", { then: summary }],
  ["S09-codice", "/reimposta-password", "#code"],
  ["S22", "/uscita", "h1"],
  ["S23", "/privacy", "h1"], ["S23-en", "/en/privacy", "h1"],
  ["S24", "/termini", "h1"], ["S25", "/note-legali", "h1"], ["S26", "/aiuto", "h1"], ["S27", "/accessibilita", "h1"],
  ["S28", "/non-esiste", "h1"],
  ["S29", `${CLOSED}/`, "h1"],
  ["S30", "/", "form", { then: async (page) => {
    await put(page, { cf: owner.fiscalCode, codice: owed.first.noticeNumber });
    await page.context().setOffline(true);
    await summary(page);
    await page.context().setOffline(false);
  } }],
  ["S31", "/accedi?scaduta=1&torna=%2Fpratiche", "form"],
  ["S35", "/verifica", "form"],
  ["S35-errori", "/verifica", "form", { then: summary }],
  ["S35-autentica", "/verifica", "form", { first: answer("**/api/receipts/*", { json: { valid: true, creditor: { name: "Comune di Test", fiscalCode: "12345678903" }, iuv: "01000000000000017", amount: 4550, paidOn: "2026-10-12", paymentToken: "ABC123" } }),
    then: async (page) => {
      await page.fill("#codice_ricevuta", "ABC-123");
      await submit(page);
      await page.locator("#esito .alert-success").waitFor();
    } }],
];

/** The local stack's own pages. */
const LOCAL_PAGES = [
  ["S33", () => owed.psp, "form"],
  ["S34", `${LOCAL}/_local/mail`, "table"],
  ["S34-messaggio", `${LOCAL}/_local/mail`, "pre", { then: (page) => page.locator("tbody a").first().click() }],
  ["locale", `${LOCAL}/_local/`, "dl"],
];

const at = (name, path) => () => path.replace("{}", owed[name].noticeNumber ?? owed[name]);
const PRIVATE = [
  ["S01-dentro", "/", "#account .btn-primary"],
  ["S10", "/pratiche", "table"],
  ["S10-en", "/en/pratiche", "table"],
  ["S10-menu", "/pratiche", "#menu-utente", { then: (page) => page.click("#menu-utente summary") }],
  ["S10-insieme", "/pratiche", "table", { then: async (page) => {
    await page.check(`#scelta-${owed.first.noticeNumber}`);
    await page.check(`#scelta-${owed.own.noticeNumber}`);
  } }],
  ["S10-vuoto", "/pratiche", ".alert-info", { first: answer("**/api/debts", { json: { items: [], count: 0, total: 0 } }) }],
  ["S10-errore", "/pratiche", ".alert-danger", { first: answer("**/api/debts", problem(503, "temporarily_unavailable")) }],
  ["S10-caricamento", "/pratiche", ".scheletro:not([hidden])", { first: (page) => page.route("**/api/debts", () => {}) }],
  ["S11", "/pratiche/storico", "table"],
  ["S11-filtrato", "/pratiche/storico?q=nulla&dal=2026-01-01&al=2026-01-02", ".filtri-attivi"],
  ["S11-vuoto", "/pratiche/storico", ".alert-info", { first: answer("**/api/history*", { json: { items: [] } }) }],
  ["S12", "/spontaneo", ".elenco-servizi"],
  ["S12-vuoto", "/spontaneo", ".alert-info", { first: answer("**/api/services", { json: { items: [] } }) }],
  ["S13", "/spontaneo/08.MENSA%20SCOLASTICA", "#causale"],
  ["S13-errori", "/spontaneo/TEST1", "#causale", { then: summary }],
  ["S13-uscire", "/spontaneo/TEST1", "#causale", { then: async (page) => {
    await page.fill("#causale", "Qualcosa");
    await page.locator("main form").getByText("Annulla", { exact: true }).click();
    await page.locator("dialog[open]").waitFor();
  } }],
  ["S14", "/spontaneo/TEST1", "#causale", { then: async (page) => {
    await put(page, { importo: "12,50", causale: "Prova" });
    await submit(page);
    await headingIs(page, "Controlla i dati");
    await page.locator(".riepilogo").waitFor();
  } }],
  ["S15", at("first", "/pratiche/{}"), ".importo-grande"],
  ["S15-pagata", at("paid", "/pratiche/{}"), ".importo-grande"],
  ["S10-sessione", "/pratiche", "table", { first: (page) => page.clock.install(), then: async (page) => {
    await page.clock.fastForward("18:30");
    await page.locator("dialog#sessione[open]").waitFor();
    await focusIsOn(page, "dialog button");
  } }],
  ["S11-pagata", "/pratiche/storico?stato=confermato", "table"],
  ["S15-in-corso", at("waiting", "/pratiche/{}"), ".importo-grande"],
  ["S15-annullare", at("own", "/pratiche/{}"), ".importo-grande", { then: (page) => page.getByRole("button", { name: "Annulla pratica" }).first().click() }],
  ["S16", at("first", "/paga/{}"), ".colonne"],
  ["S16-en", at("first", "/en/paga/{}"), ".colonne"],
  ["S16-email", at("first", "/paga/{}"), ".colonne", { then: async (page) => {
    await page.getByRole("button", { name: /^Cambia/ }).click();
    await page.fill("#email", "x");
    await summary(page);
  } }],
  ["S16-insieme", () => `/paga/${owed.first.noticeNumber},${owed.own.noticeNumber}`, ".colonne"],
  ["S16-nessun-psp", at("first", "/paga/{}"), "#regione .alert-warning", { first: answer("**/api/payment-methods*", { json: { items: [] } }) }],
  ["S16-pagata", at("paid", "/paga/{}"), ".alert-success"],
  ["S17-riuscito", at("payment", "/paga/{}/esito"), ".esito-riuscito"],
  ["S17-riuscito-en", at("payment", "/en/paga/{}/esito"), ".esito-riuscito"],
  ["S17-verifica", at("pending", "/paga/{}/esito"), ".riepilogo"],
  ["S17-non-riuscito", "/paga/p/esito", ".esito-errore", { first: outcome("failed", { reason: "insufficient_funds" }) }],
  ["S17-annullato", "/paga/p/esito", ".titolo-esito", { first: outcome("cancelled") }],
  ["S17-altro-importo", "/paga/p/esito", ".esito-attenzione", { first: outcome("failed", { moneyReceived: true }) }],
  ["S17-errore-di-ritorno", "/paga/p/esito?come=errore", ".titolo-esito", { first: outcome("cancelled") }],
  ["S17-scaduto", "/paga/p/esito", ".titolo-esito", { first: outcome("expired") }],
  ["S17-ignoto", "/paga/p/esito", ".titolo-esito", { first: outcome("refunding") }],
  ["S18", at("paid", "/pratiche/{}/ricevuta"), ".riepilogo"],
  ["S20", "/profilo", "#regione .riepilogo"],
  ["S21", "/profilo/revoca-consenso", "form"],
  ["S21-errori", "/profilo/revoca-consenso", "form", { then: summary }],
  ["S28-dati", "/pratiche/301999999999999999", ".introduzione"],
  ["S32", at("first", "/pratiche/{}"), ".introduzione", { first: answer(/\/api\/debts\/\d+$/, problem(403, "forbidden")) }],
];

/** What a reader may set: WCAG 1.4.12, and letters twice as large. */
const WIDE_TEXT = "* { line-height: 1.5 !important; letter-spacing: 0.12em !important; word-spacing: 0.16em !important; } p { margin-bottom: 2em !important; }";
const LARGE_TEXT = ":root { font-size: 200% !important; }";

async function look(guest, name, { logged, ours = true }) {
  const { page } = guest;
  for (const width of WIDTHS) {
    await page.setViewportSize({ width, height: width === 360 ? 640 : 900 });
    await picture(page, `${name}-${width}`);
    if (width !== 768) await axe(page, `${name} at ${width} px`);
  }
  await reflows(page, 320, name);
  await targets(page, name);
  if (!ours) return;
  assert.match(await page.title(), / · (Pagamenti|Payments) · /, name);
  assert.ok(logged || (await page.locator("h1").count()) === 1, `${name} has one h1`);
  await underStyle(page, WIDE_TEXT, async () => {
    await reflows(page, 360, `${name} with wide text`);
    await nothingCut(page, `${name} with wide text`);
  });
  await page.setViewportSize({ width: 1280, height: 900 });
  await underStyle(page, LARGE_TEXT, async () => {
    // Chromium asks container queries again when a box changes, not when a style sheet is adopted later.
    await page.setViewportSize({ width: 1270, height: 900 });
    await page.setViewportSize({ width: 1280, height: 900 });
    await reflows(page, 1280, `${name} with large text`);
    await nothingCut(page, `${name} with large text`);
  });
}

for (const [screens, { logged = false, ours = true }] of [[PUBLIC, {}], [PRIVATE, { logged: true }], [LOCAL_PAGES, { ours: false }]]) {
  for (const [name, address, ready, { first, then } = {}] of screens) {
    test(`${name}`, async () => {
      const guest = await visitor();
      const { page, context } = guest;
      if (logged) await login(context, owner);
      await first?.(page);
      await open(page, typeof address === "function" ? address() : address);
      if (!then || ours) await page.locator(`main ${ready}, header ${ready}`).first().waitFor();
      if (logged) await page.locator("#menu-utente").waitFor();
      await then?.(page);
      await look(guest, name, { logged, ours });
      await quiet(guest);
    });
  }
}

test("400 % of 1280 px: nothing is cut", async () => {
  const guest = await visitor({ width: 320, height: 256 });
  await login(guest.context, owner);
  for (const address of ["/", "/pratiche", `/paga/${owed.first.noticeNumber}`, "/profilo", "/spontaneo/TEST1"]) {
    await open(guest.page, address);
    await guest.page.waitForLoadState("networkidle");
    await reflows(guest.page, 320, address);
    await nothingCut(guest.page, address);
  }
  await quiet(guest);
});

/** The accessibility tree as the browser gives it to screen readers; the table must stay one where it looks like cards. */
const TREES = [["S01", "/", "form", 1280, false], ["S04", "/registrazione", "form", 1280, false], ["S10", "/pratiche", "table", 1280, true], ["S10-schede", "/pratiche", "table", 360, true],
  ["S16", at("first", "/paga/{}"), ".colonne", 1280, true], ["S17", at("payment", "/paga/{}/esito"), ".esito-riuscito", 1280, true]];
for (const [name, address, ready, width, logged] of TREES) {
  test(`accessibility tree of ${name}`, async () => {
    const guest = await visitor({ width });
    const { page, context } = guest;
    if (logged) await login(context, owner);
    await open(page, typeof address === "function" ? address() : address);
    await page.locator(`main ${ready}`).first().waitFor();
    if (logged) await page.locator("#menu-utente").waitFor();
    if (name === "S04") await registering(fiscalCode)(page);
    // The countries abroad are called as this browser calls them.
    const abroad = await page.locator("#nazione option:not([value=IT])").allTextContents();
    const main = (await accessibilityTree(page)).filter((line) => !/^\s*(RootWebArea|status|alert)/.test(line) && !abroad.includes(line.match(/^ *option “(.*)”$/)?.[1]));
    stored(`albero-${name}`, main);
    await quiet(guest);
  });
}

test("detail, outcome and receipt print on one page each", async () => {
  const guest = await visitor();
  await login(guest.context, owner);
  for (const [name, address] of [["S15", `/pratiche/${owed.first.noticeNumber}`], ["S17", `/paga/${owed.payment}/esito`], ["S18", `/pratiche/${owed.paid.noticeNumber}/ricevuta`]]) {
    await open(guest.page, address);
    await guest.page.locator(".riepilogo").first().waitFor();
    const file = path.join(SCREENSHOTS, `${name}-stampa.pdf`);
    const paper = (await guest.page.pdf({ format: "A4", preferCSSPageSize: true, path: file })).toString("latin1");
    assert.equal(paper.match(/\/Type\s*\/Page\b(?!s)/g).length, 1, address);
    const onOneLine = (text) => text.replace(/\s+/g, " ");
    const words = onOneLine(execFileSync("pdftotext", [file, "-"], { encoding: "utf8" }));
    for (const wanted of ["Comune di Test", "Stampato il", await guest.page.locator("h1").innerText()]) assert.ok(words.includes(onOneLine(wanted)), `${wanted} is printed of ${name}`);
    for (const not of ["Vai al contenuto", "Esci", "Contatti"]) assert.ok(!words.includes(not), `${not} is not printed of ${name}`);
    // Of the addresses only that which a reader of the paper may want to type.
    assert.deepEqual(words.match(/https?:\S*/g) ?? [], name === "S18" ? [`${PORTAL}/verifica`] : [], name);
  }
  await quiet(guest);
});

test("high contrast and no motion: the pages stay whole", async () => {
  const guest = await visitor({ forcedColors: "active", reducedMotion: "reduce" });
  await login(guest.context, owner);
  for (const [name, address, ready] of [["S10", "/pratiche", "table"], ["S16", `/paga/${owed.first.noticeNumber}`, ".colonne"], ["S20", "/profilo", ".riepilogo"]]) {
    await open(guest.page, address);
    await guest.page.locator(ready).first().waitFor();
    await picture(guest.page, `${name}-contrasto`);
    await axe(guest.page, `${name} in forced colours`);
    const bare = await guest.page.evaluate(() => [...document.querySelectorAll("main .btn, main .stato, main .scelta, main .form-control, main .form-select, main .alert")]
      .filter((node) => node.offsetParent && parseFloat(getComputedStyle(node).borderTopWidth) === 0).map((node) => node.outerHTML.slice(0, 80)));
    assert.deepEqual(bare, [], `no border in ${name}`);
    assert.equal(await guest.page.evaluate(() => document.getAnimations().filter((one) => one instanceof CSSTransition).length), 0);
  }
  await quiet(guest);
});

test("names of repeated actions are their own and begin with what is seen", async () => {
  const guest = await visitor();
  await login(guest.context, owner);
  await open(guest.page, "/pratiche");
  await guest.page.locator("table").waitFor();
  for (const seen of ["Paga", "Stampa bollettino"]) {
    const links = guest.page.locator("tbody").getByRole("link", { name: new RegExp(`^${seen} ?: `) });
    const names = await links.evaluateAll((nodes) => nodes.map((node) => node.textContent));
    assert.ok(names.length > 1);
    assert.equal(new Set(names).size, names.length, names.join(" · "));
  }
  await quiet(guest);
});
