// J15 to J18: logout, consent, the end of a session, another language.

import assert from "node:assert/strict";
import { readFileSync } from "node:fs";
import { test } from "node:test";
import { PORTAL, focusIsOn, headingIs, login, open, stands, story, summaryIs } from "./support/browser.js";
import { PASSWORD, advance, citizen, fiscalCode, linkOf, mailTo } from "./support/people.js";
import { activate, fill, logIn, register, submit } from "./support/steps.js";

const MINUTE = 60;

test("J15 logout leaves nothing behind", story({}, async ({ page, context }) => {
  const someone = await citizen();
  await login(context, someone);
  await open(page, "/pratiche");
  await open(page, "/profilo");
  await page.getByText(someone.email).first().waitFor();
  await page.locator("main [data-esci]").click();
  await stands(page, { title: "Sei uscito dal portale" });
  assert.equal(await page.evaluate(() => sessionStorage.length), 0);
  assert.deepEqual((await context.cookies(PORTAL)).map(({ name }) => name).filter((name) => !["lingua", "browser", "__Host-browser"].includes(name)), []);
  await page.locator("main").getByText("Accedi di nuovo").waitFor();
  await page.goBack();
  await page.waitForURL(/\/accedi/);
  assert.ok(!(await page.content()).includes(someone.email));
  await stands(page, { title: "Accedi" });
}));

test("IDN-12 one’s own data: every page in one file, and a failure is said", story({}, async ({ page, context }) => {
  const someone = await citizen();
  await login(context, someone);
  await open(page, "/profilo");
  await page.getByText(someone.email).first().waitFor();
  const link = page.locator("a[href='/api/account/export']");
  await page.route("**/api/account/export*", (route) => route.fulfill({ status: 503, json: { code: "temporarily_unavailable", requestId: "7F3A-2" } }));
  await link.click();
  await page.locator(".riepilogo-errori").waitFor();
  await page.unroute("**/api/account/export*");
  await page.route("**/api/account/export*", (route) => {
    const cursor = new URL(route.request().url()).searchParams.get("cursor");
    const debts = [{ noticeNumber: cursor ?? "first" }];
    return route.fulfill({ json: cursor ? { debts } : { account: { email: someone.email }, debts, nextCursor: "a&b=" } });
  });
  const download = page.waitForEvent("download");
  await link.click();
  const file = await download;
  assert.equal(file.suggestedFilename(), "dati-personali.json");
  const all = JSON.parse(readFileSync(await file.path(), "utf8"));
  assert.deepEqual(all, { account: { email: someone.email }, debts: [{ noticeNumber: "first" }, { noticeNumber: "a&b=" }] });
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
  await stands(page, { title: "Consenso revocato", focus: "h1", says: "Consenso revocato" });
  await mailTo(someone.email, "Consenso revocato");
  await open(page, "/accedi");
  await logIn(page, someone);
  await summaryIs(page, ["Username o password non corretti"]);
  await register(page, { ...someone, email: `di-nuovo.${someone.email}`, username: `di-nuovo.${someone.email}` });
  await headingIs(page, "Registrazione avvenuta con successo");
  await page.goto(linkOf(await mailTo(`di-nuovo.${someone.email}`, "Attiva"), "/attiva"));
  await activate(page);
  await headingIs(page, "Account attivato");
  await open(page, "/pratiche");
  await stands(page, { title: "Le tue pratiche", says: "Non sappiamo ancora quali sono le tue pratiche." });
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
  await focusIsOn(page, "dialog button");
  await dialog.getByText("Resta collegato").click();
  await dialog.waitFor({ state: "hidden" });
  await focusIsOn(page, "#causale");
  await advance(21 * MINUTE);
  await page.clock.fastForward("21:00");
  await page.waitForURL(/\/accedi\?.*scaduta=1/);
  await stands(page, { title: "La sessione è scaduta" });
  await logIn(page, someone);
  await headingIs(page, "Inserimento pratica");
  await page.getByText("Abbiamo ripreso i dati che avevi scritto").waitFor();
  assert.equal(await page.inputValue("#causale"), "Non perdermi");
  await stands(page, { title: "Inserimento pratica" });
}));

test("J17 the session is as long as the server says, whatever the script was written for", story({}, async ({ page, context }) => {
  await login(context, await citizen());
  await page.route("**/pratiche", async (route) => {
    const response = await route.fetch();
    const body = (await response.text()).replace('"idleMinutes":20', '"idleMinutes":5');
    await route.fulfill({ response, body });
  });
  await page.clock.install();
  await open(page, "/pratiche");
  await headingIs(page, "Le tue pratiche");
  await page.clock.fastForward("02:30");
  assert.equal(await page.locator("dialog#sessione[open]").count(), 0);
  await page.clock.fastForward("00:45");
  await page.locator("dialog#sessione[open]").waitFor();
  await page.clock.fastForward("02:00");
  await page.waitForURL(/\/accedi\?.*scaduta=1/);
}));

test("J17 ended on the server: the next action leads to the login, and back to what was being done", story({}, async ({ page, context }) => {
  const someone = await citizen();
  await login(context, someone);
  await open(page, "/spontaneo/TEST1");
  await page.locator("#importo").waitFor();
  await fill(page, { importo: "12,00", causale: "Ripresa da dov’ero" });
  await submit(page);
  await headingIs(page, "Controlla i dati");
  await page.locator(".riepilogo").waitFor();
  await advance(21 * MINUTE);
  await page.getByText("Salva", { exact: true }).click();
  await stands(page, { title: "La sessione è scaduta" });
  await logIn(page, someone);
  await headingIs(page, "Controlla i dati");
  await page.getByText("Salva", { exact: true }).click();
  await page.getByText("Pratica inserita: la trovi qui sotto").waitFor();
  await page.locator("table").waitFor();
  assert.equal(await page.getByRole("row").filter({ hasText: "Ripresa da dov’ero" }).count(), 1);
  await page.goBack();
  await headingIs(page, /./);
  assert.ok(!page.url().includes("/accedi"), "Back does not bounce through the login");
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
  await stands(page, { title: "Your details", focus: "body" });
  assert.match(await page.locator("#menu-lingua summary").innerText(), /ENG/);
  await open(page, "/");
  await page.waitForURL(/\/en\/$/);
  await page.keyboard.press("Escape");
  await page.click("#menu-lingua summary");
  await page.keyboard.press("Escape");
  await focusIsOn(page, "#menu-lingua summary");
}));
