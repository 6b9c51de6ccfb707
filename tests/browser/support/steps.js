// What people do on the way to somewhere, as several journeys need it.

import assert from "node:assert/strict";
import { headingIs, open } from "./browser.js";
import { PASSWORD, debtor } from "./people.js";

export const submit = (page) => page.locator("main form [type=submit]").first().click();
export const fill = async (page, values) => {
  for (const [name, value] of Object.entries(values)) await page.fill(`[name="${name}"]`, value);
};
export const search = async (page, cf, codice, address = "/") => {
  await open(page, address);
  await fill(page, { cf, codice });
  await submit(page);
};

export async function register(page, someone, prefix = "") {
  await open(page, `${prefix}/registrazione`);
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

export async function logIn(page, { username, password }) {
  await fill(page, { username, password });
  await submit(page);
}

/** On the page of the mailed link. */
export async function activate(page, password = PASSWORD) {
  await page.fill("#password", password);
  await submit(page);
}

/** The choice is there, not only its heading. */
export async function choosing(page) {
  await headingIs(page, "Scegli come pagare");
  await page.locator(".colonne").waitFor();
}

/** From the choice of the method to the PSP's page; gives the address that the PSP knows. */
export async function goToPsp(page) {
  await page.locator("main button[type=submit]").click();
  await page.waitForURL(/\/_local\/psp\/|\/psp\//);
  return page.url();
}

/** Somebody logged in who sees one debt, on the page that pays it. */
export async function readyToPay(context, page, ...more) {
  const { someone, debts } = await debtor(...more);
  await search(page, someone.fiscalCode, debts[0].noticeNumber);
  await page.getByText("Accedi e paga", { exact: true }).click();
  await page.waitForURL(/accedi/);
  await logIn(page, someone);
  await page.locator(".colonne").waitFor();
  return { someone, debts };
}
