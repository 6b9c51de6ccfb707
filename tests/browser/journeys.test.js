// J1 to J21: what people come for, from the first page to the last.

import assert from "node:assert/strict";
import { test } from "node:test";
import { PORTAL, announces, focusIsOn, headingIs, login, open, story, summaryIs } from "./support/browser.js";
import { MARIO, PASSWORD, atPsp, citizen, companyCode, debt, debtor, fiscalCode, linkOf, mailTo, person } from "./support/people.js";

const submit = (page) => page.locator("main form [type=submit]").first().click();
const fill = async (page, values) => {
  for (const [name, value] of Object.entries(values)) await page.fill(`[name="${name}"]`, value);
};
const search = async (page, cf, codice, address = "/") => {
  await open(page, address);
  await fill(page, { cf, codice });
  await submit(page);
};
const cents = (amount) => new Intl.NumberFormat("it-IT", { style: "currency", currency: "EUR", useGrouping: "always" }).format(amount / 100);
const numbersIn = (text) => text.match(/[\d.]*\d,\d\d/)[0].replace(".", "").replace(",", "");

async function register(page, someone) {
  await open(page, "/registrazione");
  await page.fill("#cf", someone.fiscalCode);
  await page.click("#continua");
  await page.waitForURL(/registrazione\/dati/);
  const names = someone.companyName ? { ragione_sociale: someone.companyName } : { nome: someone.firstName, cognome: someone.lastName };
  await fill(page, { ...names, indirizzo: someone.address, citta: someone.city, cap: someone.postalCode, email: someone.email, telefono: someone.phone,
    password: someone.password, conferma: someone.password });
  await page.selectOption("#provincia", someone.province);
  assert.equal(await page.inputValue("#username"), someone.email, "the username follows the email");
  await page.check("#privacy");
  await page.check("#termini");
  await submit(page);
  await page.waitForURL(/registrazione\/completata/);
}

async function logIn(page, { username, password }) {
  await fill(page, { username, password });
  await submit(page);
}

/** The choice is there, not only its heading. */
async function choosing(page) {
  await headingIs(page, "Scegli come pagare");
  await page.locator(".colonne").waitFor();
}

/** From the choice of the method to the PSP's page; gives the address that the PSP knows. */
async function goToPsp(page) {
  await page.locator("main button[type=submit]").click();
  await page.waitForURL(/\/_local\/psp\/|\/psp\//);
  return page.url();
}

for (const [language, prefix, title, button, pay] of [["it", "", "Importo da pagare", "Accedi e paga", "Scegli come pagare"], ["en", "/en", "Amount to pay", "Log in and pay", "Choose how to pay"]]) {
  test(`J1 notice code, result, login, payment (${language})`, story({}, async ({ page, context }) => {
    const { someone, debts: [owed] } = await debtor();
    await context.addCookies([{ name: "lingua", value: language, url: PORTAL }]);
    await search(page, someone.fiscalCode.toLowerCase(), owed.noticeNumber.replace(/(.{4})/g, "$1 "), `${prefix}/`);
    await headingIs(page, title);
    assert.ok(!page.url().includes(someone.fiscalCode), "no tax code in the address");
    assert.match(await page.locator(".importo-grande").innerText(), /45[.,]50/);
    await page.getByText(button, { exact: true }).click();
    await page.waitForURL(/accedi/);
    await logIn(page, someone);
    await headingIs(page, pay);
    assert.match(await page.locator("aside").innerText(), /45[.,]50/);
  }));
}

test("J2 IUUV, wrong check letter, unknown code, too many", story({}, async ({ page }) => {
  const { someone, debts: [owed] } = await debtor();
  await open(page, "/");
  await submit(page);
  await summaryIs(page, ["Inserisci il codice fiscale del debitore", "Inserisci il codice avviso oppure l’IUUV"]);
  await search(page, `${someone.fiscalCode.slice(0, 15)}${someone.fiscalCode[15] === "A" ? "B" : "A"}`, "123");
  await summaryIs(page, ["Il codice fiscale non è valido: ricontrolla ogni carattere", "Il codice avviso ha 18 cifre; l’IUUV ha da 10 a 35 lettere e numeri"]);
  await page.locator(".riepilogo-errori a").first().click();
  await focusIsOn(page, "#cf");
  const unknown = ["Non troviamo una pratica con questi dati. Ricontrolla i due codici: devono essere uguali a quelli dell’avviso"];
  await search(page, fiscalCode(), owed.noticeNumber);
  await summaryIs(page, unknown);
  await search(page, someone.fiscalCode, "301000000000000001");
  await summaryIs(page, unknown);
  await page.route("**/api/search", (route) => route.fulfill({ status: 429, contentType: "application/problem+json", headers: { "retry-after": "230" }, body: JSON.stringify({ code: "too_many_requests" }) }));
  await submit(page);
  await summaryIs(page, ["Hai fatto troppe ricerche. Aspetta 4 minuti e riprova"]);
  await page.unroute("**/api/search");
  await search(page, someone.fiscalCode, owed.noticeNumber.slice(1));
  await headingIs(page, "Importo da pagare");
}));

test("J3 a person registers, activates and logs in", story({}, async ({ page }) => {
  const someone = person();
  await register(page, someone);
  await headingIs(page, "Registrazione avvenuta con successo");
  assert.match(await page.locator("#messaggio").innerText(), new RegExp(someone.email.replaceAll(".", "\\.")));
  await page.click("#rinvia");
  await announces(page, "Messaggio inviato di nuovo");
  await page.click("#rinvia");
  await announces(page, "Puoi chiedere un nuovo invio tra");
  await page.goto(linkOf(await mailTo(someone.email, "Attiva il tuo account"), "/attiva"));
  await headingIs(page, "Account attivato");
  await focusIsOn(page, "h1");
  await page.locator("#regione").getByText("Accedi", { exact: true }).click();
  await logIn(page, someone);
  await page.waitForURL(/\/pratiche$/);
  await headingIs(page, "Le tue pratiche");
  await page.getByText("Qui vedi solo le pratiche che hai aggiunto tu.").waitFor();
}));

for (const prefix of ["", "/en"]) {
  test(`J4 a company registers (${prefix || "/it"})`, story({}, async ({ page }) => {
    const cf = companyCode();
    await open(page, `${prefix}/registrazione`);
    await page.fill("#cf", cf);
    await page.click("#continua");
    await page.waitForURL(/dati/);
    assert.ok(await page.isVisible("#ragione_sociale"));
    assert.ok(!(await page.isVisible("#nome")) && !(await page.isVisible("#cognome")));
    const firm = person({ fiscalCode: cf, personType: "legal", companyName: "Officine Riunite S.r.l." });
    await fill(page, { ragione_sociale: firm.companyName, indirizzo: firm.address, citta: firm.city, cap: firm.postalCode, email: firm.email, telefono: firm.phone, password: PASSWORD, conferma: PASSWORD });
    await page.selectOption("#provincia", "RM");
    await page.check("#privacy");
    await page.check("#termini");
    await submit(page);
    await headingIs(page, prefix ? "Registration successful" : "Registrazione avvenuta con successo");
  }));
}

test("J5 what can be wrong with a registration", story({}, async ({ page }) => {
  await open(page, "/registrazione");
  await page.click("#continua");
  await summaryIs(page, ["Inserisci il codice fiscale"]);
  await page.fill("#cf", fiscalCode());
  await page.click("#continua");
  await page.waitForURL(/dati/);
  await submit(page);
  await summaryIs(page, ["Inserisci il nome", "Inserisci il cognome", "Inserisci l’indirizzo con il numero civico", "Inserisci la città", "Scegli la provincia",
    "Inserisci il Cap", "Inserisci l’email", "Inserisci il telefono", "Inserisci lo username: è un’email", "Scegli una password", "Ripeti la password",
    "Per registrarti devi acconsentire al trattamento dei dati", "Per registrarti devi accettare i termini e condizioni"]);
  assert.equal(await page.locator("#nome").getAttribute("aria-invalid"), "true");
  await fill(page, { nome: "Anna3", cognome: "D’Àngelo", indirizzo: "Via Verdi 3", citta: "Roma", cap: "0018", email: "anna@", telefono: "12", username: "anna", password: "corta", conferma: "diversa" });
  await submit(page);
  await summaryIs(page, ["Il nome può contenere lettere, spazi, apostrofi e trattini", "Scegli la provincia", "Il Cap italiano ha 5 cifre, per esempio 00185",
    "Scrivi un’email completa, per esempio nome@esempio.it", "Scrivi un numero di telefono valido, per esempio 06 1234567 o +39 333 1234567",
    "Lo username deve essere un’email completa", "La password deve avere almeno 12 caratteri: ora sono 5", "Le due password sono diverse",
    "Per registrarti devi acconsentire al trattamento dei dati", "Per registrarti devi accettare i termini e condizioni"]);
  assert.equal(await page.inputValue("#cognome"), "D’Àngelo", "values stay");
  assert.equal(await page.inputValue("#password"), "corta", "passwords too");
  await page.fill("#nome", "Anna");
  await page.locator("#cognome").focus();
  await page.waitForFunction(() => !document.getElementById("nome").hasAttribute("aria-invalid"));
  await page.selectOption("#nazione", "FR");
  await announces(page, "Provincia non richiesta");
  assert.ok(!(await page.isVisible("#provincia")));
  await page.fill("#email", "anna@gmial.com");
  await page.locator("#telefono").focus();
  await announces(page, "Volevi scrivere gmail.com?");
}));

test("J6 activation: incomplete, used and old links; another one", story({}, async ({ page }) => {
  const someone = person();
  await register(page, someone);
  const link = linkOf(await mailTo(someone.email, "Attiva"), "/attiva");
  await page.goto(link.slice(0, -4));
  await headingIs(page, "Il link non è valido");
  await page.fill("#email", someone.email);
  await submit(page);
  await page.getByText("Se l’email è registrata, riceverai un messaggio").first().waitFor();
  await page.goto("about:blank");
  const fresh = linkOf(await mailTo(someone.email, "Attiva"), "/attiva");
  await page.goto(fresh);
  await headingIs(page, "Account attivato");
  await page.goto("about:blank");
  await page.goto(fresh);
  await headingIs(page, /Il link non è valido|Account già attivo|Account attivato/);
  await open(page, "/en/attiva");
  await headingIs(page, "The link is not valid");
}));

test("J7 forgotten password", story({}, async ({ page }) => {
  const someone = await citizen();
  await open(page, "/accedi");
  await page.getByText("Hai dimenticato la password?").click();
  await page.fill("#username", someone.username);
  await submit(page);
  await headingIs(page, "Controlla la posta");
  await focusIsOn(page, "h1");
  const link = linkOf(await mailTo(someone.email, "Reimposta"), "/reimposta-password");
  await page.goto(link);
  const fresh = "tre gatti sul tetto rosso";
  await fill(page, { password: fresh, conferma: fresh });
  await submit(page);
  await page.waitForURL(/accedi/);
  await page.getByText("Password cambiata: accedi con quella nuova").waitFor();
  await logIn(page, someone);
  await summaryIs(page, ["Username o password non corretti"]);
  assert.equal(await page.inputValue("#password"), "");
  await logIn(page, { ...someone, password: fresh });
  await headingIs(page, "Le tue pratiche");
  await page.goto("about:blank");
  await page.goto(link);
  await fill(page, { password: fresh, conferma: fresh });
  await submit(page);
  await headingIs(page, "Il link è scaduto");
}));

/** Somebody logged in who sees one debt, on the page that pays it. */
async function readyToPay(context, page, ...more) {
  const { someone, debts } = await debtor(...more);
  await search(page, someone.fiscalCode, debts[0].noticeNumber);
  await page.getByText("Accedi e paga", { exact: true }).click();
  await page.waitForURL(/accedi/);
  await logIn(page, someone);
  await page.locator(".colonne").waitFor();
  return { someone, debts };
}

test("J8 paying with what is proposed: two clicks from the list", story({ acceptDownloads: true }, async ({ page, context }) => {
  const { someone, debts: [owed] } = await readyToPay(context, page);
  await open(page, "/pratiche");
  const row = page.getByRole("row").filter({ hasText: owed.reason });
  await row.getByRole("link", { name: /^Paga/ }).click();
  await choosing(page);
  const psp = await goToPsp(page);
  await page.goto(await atPsp(psp, { outcome: "success" }));
  await headingIs(page, /^Pagamento di .* riuscito$/);
  await focusIsOn(page, "h1");
  assert.match(await page.title(), /^Pagamento di .* riuscito · Pagamenti · /);
  await mailTo(someone.email, "Ricevuta del pagamento");
  await open(page, "/pratiche/storico");
  await page.getByRole("row").filter({ hasText: owed.reason }).getByRole("link", { name: /^Ricevuta/ }).click();
  await headingIs(page, /Ricevuta di pagamento/);
  const download = page.waitForEvent("download");
  await page.getByText("Scarica la ricevuta (PDF)").click();
  assert.match((await download).suggestedFilename(), /^ricevuta-\d+\.pdf$/);
}));

test("J9 another method and another PSP: the total follows, to the cent", story({}, async ({ page, context }) => {
  const { debts: [owed] } = await readyToPay(context, page);
  const button = page.locator("main button[type=submit]");
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
}));

const OUTCOMES = [["failure", "Pagamento non riuscito", "Non ti è stato addebitato nulla."], ["cancel", "Hai annullato il pagamento", "Non ti è stato addebitato nulla. La pratica resta da pagare."]];
for (const [outcome, title, text] of OUTCOMES) {
  test(`J10 ${outcome}, then tried again`, story({}, async ({ page, context }) => {
    await readyToPay(context, page);
    await page.goto(await atPsp(await goToPsp(page), { outcome }));
    await headingIs(page, title);
    await page.getByText(text, { exact: true }).waitFor();
    await page.getByText("Riprova", { exact: true }).click();
    await choosing(page);
    await page.goto(await atPsp(await goToPsp(page), { outcome: "success" }));
    await headingIs(page, /riuscito$/);
  }));
}

test("J10 no answer yet, then confirmed; Back never pays again", story({}, async ({ page, context }) => {
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
}));

test("J12 no service, no spontaneous payments", story({}, async ({ page, context }) => {
  await login(context, await citizen());
  await page.route("**/api/services", (route) => route.fulfill({ json: { items: [] } }));
  await open(page, "/spontaneo");
  await page.getByText("L’ente non prevede pagamenti spontanei.").waitFor();
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
  await fill(page, { dal: "2026-12-02", al: "2026-12-01" });
  await page.getByText("Applica filtro").click();
  await summaryIs(page, ["La data finale deve essere uguale o successiva a quella iniziale"]);
  await page.locator("#azzera").click();
  await page.getByRole("row").filter({ hasText: owed.reason }).waitFor();
}));

test("J14 the notice is printed from the search, the list and the detail", story({ acceptDownloads: true }, async ({ page, context }) => {
  const { someone, debts: [owed] } = await debtor();
  const name = `avviso-${owed.noticeNumber}.pdf`;
  const downloaded = async (click) => {
    const download = page.waitForEvent("download");
    await click();
    assert.equal((await download).suggestedFilename(), name);
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
  await summaryIs(page, ["Non riusciamo a scaricare il documento. Riprova."]);
  assert.ok(context);
}));

test("J15 logout leaves nothing behind", story({}, async ({ page, context }) => {
  const someone = await citizen();
  await login(context, someone);
  await open(page, "/pratiche");
  await open(page, "/profilo");
  await page.getByText(someone.email).first().waitFor();
  await page.locator("main [data-esci]").click();
  await headingIs(page, "Sei uscito dal portale");
  assert.equal(await page.evaluate(() => sessionStorage.length), 0);
  await page.goBack();
  await page.waitForURL(/\/accedi/);
  assert.ok(!(await page.content()).includes(someone.email));
}));

test("J16 consent withdrawn", story({}, async ({ page, context }) => {
  const someone = await citizen();
  await login(context, someone);
  await open(page, "/profilo");
  await page.getByText("Revoca il consenso").click();
  await headingIs(page, "Revoca il consenso");
  await submit(page);
  await summaryIs(page, ["Spunta la casella per continuare", "Inserisci la password"]);
  await page.check("#conferma");
  await page.fill("#password", "sbagliata di molto");
  await submit(page);
  await summaryIs(page, ["Password non corretta"]);
  await page.fill("#password", PASSWORD);
  await submit(page);
  await headingIs(page, "Consenso revocato");
  await focusIsOn(page, "h1");
  await mailTo(someone.email, "Consenso revocato");
  await open(page, "/accedi");
  await logIn(page, someone);
  await summaryIs(page, ["Username o password non corretti"]);
  await register(page, { ...someone, email: `di-nuovo.${someone.email}`, username: `di-nuovo.${someone.email}` });
  await headingIs(page, "Registrazione avvenuta con successo");
}));

test("J17 the session ends: warned, kept, then ended in the middle of a form", story({}, async ({ page, context }) => {
  const someone = await citizen();
  await login(context, someone);
  await page.clock.install();
  await open(page, "/spontaneo/TEST1");
  await page.locator("#importo").waitFor();
  await fill(page, { importo: "12,00", causale: "Non perdermi" });
  const refreshed = page.waitForResponse("**/api/account");
  await page.clock.fastForward("06:00");
  await refreshed;
  await page.clock.fastForward("18:30");
  const dialog = page.locator("dialog#sessione");
  await dialog.waitFor();
  await dialog.getByText("Resta collegato").click();
  await dialog.waitFor({ state: "hidden" });
  await context.clearCookies({ name: /session/ });
  await page.clock.fastForward("21:00");
  await page.waitForURL(/\/accedi\?.*scaduta=1/);
  await headingIs(page, "La sessione è scaduta");
  await logIn(page, someone);
  await headingIs(page, "Inserimento pratica");
  await page.getByText("Abbiamo ripreso i dati che avevi scritto").waitFor();
  assert.equal(await page.inputValue("#causale"), "Non perdermi");
}));

test("J18 another language loses nothing", story({}, async ({ page }) => {
  await open(page, "/registrazione");
  await page.fill("#cf", fiscalCode());
  await page.click("#continua");
  await page.waitForURL(/dati/);
  await fill(page, { nome: "Anna", citta: "Roma", password: PASSWORD });
  await page.click("#menu-lingua summary");
  await page.getByText("English", { exact: true }).click();
  await page.waitForURL(/\/en\/registrazione\/dati/);
  await headingIs(page, "Your details");
  assert.equal(await page.getAttribute("html", "lang"), "en");
  assert.equal(await page.inputValue("#nome"), "Anna");
  assert.equal(await page.inputValue("#citta"), "Roma");
  assert.equal(await page.inputValue("#password"), "", "passwords are never kept");
  await open(page, "/");
  await page.waitForURL(/\/en\/$/);
  await page.keyboard.press("Escape");
  await page.click("#menu-lingua summary");
  await page.keyboard.press("Escape");
  await focusIsOn(page, "#menu-lingua summary");
}));

test("J19 offline, back on line; server error; slow answer", story({}, async ({ page, context }) => {
  await open(page, "/");
  await fill(page, { cf: MARIO.fiscalCode, codice: "301000000000000001" });
  await context.setOffline(true);
  await submit(page);
  await summaryIs(page, ["Sei senza connessione. Controlla la rete e riprova."]);
  await context.setOffline(false);
  await announces(page, "Connessione ripristinata");
  await page.route("**/api/search", (route) => route.fulfill({ status: 503, contentType: "application/problem+json", body: JSON.stringify({ code: "temporarily_unavailable", requestId: "7F3A22" }) }));
  await submit(page);
  await page.getByText("Codice per l’assistenza:").waitFor();

  await login(context, await citizen());
  await page.route("**/api/debts*", async (route) => {
    await new Promise((done) => setTimeout(done, 9_000));
    await route.continue();
  });
  await open(page, "/pratiche");
  await announces(page, "Caricamento in corso");
  await announces(page, "Ci vuole più del solito. Stiamo ancora cercando.");
  await page.getByText("Non hai pratiche da pagare.").first().waitFor();
  await page.unroute("**/api/debts*");
  await page.route("**/api/debts*", (route) => route.fulfill({ status: 503, json: { code: "temporarily_unavailable", requestId: "7F3A22" } }));
  await page.reload();
  await page.getByText("Si è verificato un problema da parte nostra").first().waitFor();
  await page.unroute("**/api/debts*");
  await page.getByText("Riprova", { exact: true }).click();
  await page.getByText("Non hai pratiche da pagare.").first().waitFor();
}));

test("J20 unknown pages, somebody else’s debt, no script", story({}, async ({ page, context }) => {
  const response = await open(page, "/non-esiste");
  assert.equal(response.status(), 404);
  await headingIs(page, "Pagina non trovata");
  const someoneElse = await debt(person());
  await login(context, await citizen());
  await open(page, `/pratiche/${someoneElse.noticeNumber}`);
  await headingIs(page, "Pagina non trovata");
  await focusIsOn(page, "h1");
  await page.route("**/*.js", (route) => route.abort());
  await open(page, "/pratiche");
  await page.waitForTimeout(5_300);
  assert.ok(await page.locator(".senza-script").getByText("Questa pagina ha bisogno di JavaScript.").isVisible());
}));

test("J21 pressed twice, done once", story({}, async ({ page, context }) => {
  const { someone, debts: [owed] } = await debtor();
  let searches = 0;
  page.on("request", (request) => (searches += request.method() === "POST" && request.url().endsWith("/api/search") ? 1 : 0));
  await open(page, "/");
  await fill(page, { cf: someone.fiscalCode, codice: owed.noticeNumber });
  await page.locator("main form [type=submit]").first().dblclick();
  await headingIs(page, "Importo da pagare");
  assert.equal(searches, 1);
  await page.getByText("Accedi e paga", { exact: true }).click();
  await page.waitForURL(/accedi/);
  await logIn(page, someone);
  await choosing(page);
  let payments = 0;
  page.on("request", (request) => (payments += request.method() === "POST" && request.url().endsWith("/api/payments") ? 1 : 0));
  await page.locator("main button[type=submit]").dblclick({ noWaitAfter: true });
  await page.waitForURL(/psp/);
  assert.equal(payments, 1);
  assert.ok(context);
}));

test("what others wrote is shown as text", story({}, async ({ page, context }) => {
  const evil = "<img src=x onerror=alert(1)>";
  const { someone, debts: [owed] } = await debtor();
  page.on("dialog", () => assert.fail("a script ran"));
  await page.route("**/api/search/*", async (route) => {
    const response = await route.fetch();
    const found = await response.json();
    Object.assign(found.debt, { reason: `Prova ${evil}`, service: { code: "X", name: evil }, creditor: { name: evil, fiscalCode: "1" } });
    await route.fulfill({ response, json: found });
  });
  await search(page, someone.fiscalCode, owed.noticeNumber);
  await headingIs(page, "Importo da pagare");
  await page.getByText(evil).first().waitFor();
  assert.equal(await page.locator("main img").count(), 0);
  assert.ok(context);
}));
