// J1 to J7: in through the search, a registration, an activation, a forgotten password.

import assert from "node:assert/strict";
import { test } from "node:test";
import { PORTAL, STRICT, announces, focusIsOn, headingIs, open, stands, story, summaryIs } from "./support/browser.js";
import { MARIO, PASSWORD, advance, codeOf, companyCode, debtor, fiscalCode, linkOf, mailTo, citizen, person } from "./support/people.js";
import { activate, fill, logIn, register, search, submit } from "./support/steps.js";

const DAY = 24 * 3600;

for (const [language, prefix, title, button, pay] of [["it", "", "Importo da pagare", "Accedi e paga", "Scegli come pagare"], ["en", "/en", "Amount to pay", "Log in and pay", "Choose how to pay"]]) {
  test(`J1 notice code, result, login, payment (${language})`, story({}, async ({ page, context }) => {
    const { someone, debts: [owed] } = await debtor();
    await context.addCookies([{ name: "lingua", value: language, url: PORTAL }]);
    await search(page, someone.fiscalCode.toLowerCase(), owed.noticeNumber.replace(/(.{4})/g, "$1 "), `${prefix}/`);
    await stands(page, { title: language === "it" ? "Pratica trovata" : "Debt found", h1: title });
    assert.ok(!page.url().includes(someone.fiscalCode), "no tax code in the address");
    assert.match(await page.locator(".importo-grande").innerText(), /45[.,]50/);
    await page.getByText(button, { exact: true }).click();
    await page.waitForURL(/accedi/);
    await logIn(page, someone);
    await stands(page, { title: pay });
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
  await search(page, someone.fiscalCode, owed.noticeNumber.slice(1));
  await stands(page, { title: "Pratica trovata", h1: "Importo da pagare" });
}));

test("J2 the attempt after the limit", story({}, async ({ page }) => {
  await page.goto(`${STRICT}/`);
  await fill(page, { cf: MARIO.fiscalCode, codice: "301000000000000001" });
  const answered = async () => {
    const response = page.waitForResponse("**/api/search");
    await submit(page);
    return (await response).status();
  };
  let tries = 1;
  while ((await answered()) === 404 && tries < 30) {
    await summaryIs(page, ["Non troviamo una pratica con questi dati. Ricontrolla i due codici: devono essere uguali a quelli dell’avviso"]);
    tries += 1;
  }
  assert.ok(tries > 5 && tries < 30, `${tries} tries`);
  await page.locator(".riepilogo-errori", { hasText: /^Attenzione\s*Hai fatto troppe ricerche\. Aspetta \d+ minut[oi] e riprova$/ }).waitFor();
  await stands(page, { title: "Errore: Ricerca pratica", h1: "Paga un avviso", focus: ".riepilogo-errori" });
}));

test("J3 a person registers, activates and logs in", story({}, async ({ page }) => {
  const someone = person();
  await register(page, someone);
  await stands(page, { title: "Registrazione inviata", h1: "Registrazione avvenuta con successo" });
  assert.match(await page.locator("#messaggio").innerText(), new RegExp(someone.email.replaceAll(".", "\\.")));
  await page.click("#rinvia");
  await announces(page, "Messaggio inviato di nuovo");
  await page.click("#rinvia");
  await announces(page, "Puoi chiedere un nuovo invio tra");
  await page.goto(linkOf(await mailTo(someone.email, "Attiva il tuo account"), "/attiva"));
  await activate(page);
  await stands(page, { title: "Account attivato", focus: "h1", says: "Account attivato" });
  await page.locator("#regione").getByText("Continua", { exact: true }).click();
  await page.waitForURL(/\/pratiche$/);
  await stands(page, { title: "Le tue pratiche", says: "Non sappiamo ancora quali sono le tue pratiche." });
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
    await stands(page, prefix ? { title: "Registration sent", h1: "Registration successful" } : { title: "Registrazione inviata", h1: "Registrazione avvenuta con successo" });
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
  const countries = await page.locator("#nazione option").allTextContents();
  assert.deepEqual([countries.length, ...countries.slice(0, 3), countries.at(-1)], [243, "Italia", "Afghanistan", "Albania", "Zimbabwe"]);
  assert.equal(await page.locator("#provincia option[value=RM]").textContent(), "Roma (RM)");
  await page.selectOption("#nazione", "FR");
  await announces(page, "Provincia non richiesta");
  assert.ok(!(await page.isVisible("#provincia")));
  await page.fill("#email", "anna@gmial.com");
  await page.locator("#telefono").focus();
  await announces(page, "Volevi scrivere gmail.com?");
  await stands(page, { title: "Errore: I tuoi dati", h1: "I tuoi dati", focus: "#telefono" });
}));

/** What the page asks of our API while something is done. */
async function asked(page, something) {
  const paths = [];
  const listen = (request) => paths.push(new URL(request.url()).pathname);
  page.on("request", listen);
  await something();
  await page.waitForLoadState("networkidle");
  page.off("request", listen);
  return paths.filter((path) => path.startsWith("/api/"));
}

test("J6 IDN-08 activation: opened by a scanner that runs the page, incomplete, with another password, used", story({}, async ({ page }) => {
  const someone = person();
  await register(page, someone);
  const link = linkOf(await mailTo(someone.email, "Attiva"), "/attiva");
  assert.deepEqual(await asked(page, () => page.goto(link)), [], "opening the page asks for nothing");
  await stands(page, { title: "Attiva il tuo account", h1: "Attiva il tuo account" });
  await page.goto("about:blank");
  await page.goto(link.slice(0, -4));
  await activate(page);
  await headingIs(page, "Il link non è valido");
  await page.fill("#email", someone.email);
  await submit(page);
  await page.getByText("Se l’email è registrata, riceverai un messaggio").first().waitFor();
  await page.goto("about:blank");
  const fresh = linkOf(await mailTo(someone.email, "Attiva"), "/attiva");
  await page.goto(fresh);
  await submit(page);
  await summaryIs(page, ["Scrivi la password della registrazione"]);
  await activate(page, "un’altra password");
  await summaryIs(page, ["Non è la password scelta con questa registrazione. Se non la ricordi, registrati di nuovo"]);
  await activate(page);
  await headingIs(page, "Account attivato");
  await page.goto("about:blank");
  await page.goto(fresh);
  await activate(page);
  await stands(page, { title: "Account già attivo", focus: "h1", says: "Account già attivo" });
  await page.goto("about:blank");
  await open(page, "/pratiche");
  await stands(page, { title: "Le tue pratiche" });
}));

test("J6 IDN-08 a link without its end: the code is typed, on activation and reset", story({}, async ({ page }) => {
  const someone = person();
  await register(page, someone);
  const mailed = await mailTo(someone.email, "Attiva");
  await page.goto(linkOf(mailed, "/attiva").split("#")[0]);
  await submit(page);
  await summaryIs(page, ["Inserisci lo username: è un’email", "Inserisci il codice del messaggio", "Scrivi la password della registrazione"]);
  await fill(page, { username: someone.username, code: "ZZZZ-9999" });
  await activate(page);
  await summaryIs(page, ["Il codice non è valido: ricontrollalo, oppure usa il link o chiedi un altro messaggio"]);
  await page.fill("#code", codeOf(mailed).toLowerCase());
  await activate(page);
  await headingIs(page, "Account attivato");
  await page.context().clearCookies();
  await open(page, "/password-dimenticata");
  await page.fill("#username", someone.username);
  await submit(page);
  const reset = await mailTo(someone.email, "Reimposta");
  await page.goto(linkOf(reset, "/reimposta-password").split("#")[0]);
  const fresh = "tre gatti sul tetto rosso";
  await fill(page, { username: someone.username, code: codeOf(reset), password: fresh, conferma: fresh });
  await submit(page);
  await page.waitForURL(/accedi/);
  await logIn(page, { ...someone, password: fresh });
  await stands(page, { title: "Le tue pratiche" });
}));

for (const [language, prefix, title, sent] of [["it", "", "Il link non è valido", "Se l’email è registrata, riceverai un messaggio"],
  ["en", "/en", "The link is not valid", "If the email address is registered you will receive a message"]]) {
  test(`J6 a link after its day; registered once more (${language})`, story({}, async ({ page, context }) => {
    await context.addCookies([{ name: "lingua", value: language, url: PORTAL }]);
    const someone = person();
    await register(page, someone, prefix);
    const subject = language === "it" ? "Attiva" : "Activate";
    const link = linkOf(await mailTo(someone.email, subject), "/attiva");
    await advance(DAY + 60);
    await page.goto(link);
    await activate(page);
    await stands(page, { title, focus: "h1", says: title });
    await page.fill("#email", someone.email);
    await submit(page);
    await announces(page, sent);
    await register(page, someone, prefix);
    await page.goto(linkOf(await mailTo(someone.email, subject), "/attiva"));
    await activate(page);
    const done = language === "it" ? "Account attivato" : "Account activated";
    await stands(page, { title: done, focus: "h1", says: done });
  }));
}

test("J7 forgotten password", story({}, async ({ page }) => {
  const someone = await citizen();
  await open(page, "/accedi");
  await page.getByText("Hai dimenticato la password?").click();
  await page.fill("#username", someone.username);
  await submit(page);
  await stands(page, { title: "Controlla la posta", focus: "h1" });
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
  await stands(page, { title: "Le tue pratiche" });
  await page.goto("about:blank");
  await page.goto(link);
  await fill(page, { password: fresh, conferma: fresh });
  await submit(page);
  await stands(page, { title: "Il link è scaduto", focus: "h1" });
}));
