// The words: same keys, same placeholders, nothing left in the wrong language, nothing too long; amounts and dates.

import assert from "node:assert/strict";
import { readFileSync, readdirSync } from "node:fs";
import { test } from "node:test";
import { open, story } from "./support/browser.js";

const PORTAL_SOURCES = new URL("../../functions/portal/", import.meta.url);
const ANSWERS = new URL("../../shared/web/messages/", import.meta.url);
const sentences = (folder, language) => JSON.parse(readFileSync(new URL(`${language}.json`, folder), "utf8"));
/** The sentences of answers and those of pages. */
const catalogue = (language) => ({ ...sentences(ANSWERS, language), ...sentences(new URL("i18n/", PORTAL_SOURCES), language) });
const LANGUAGES = readdirSync(new URL("i18n/", PORTAL_SOURCES)).map((name) => name.slice(0, -5));
const LONGEST = 160;

test("the catalogues have the same keys and placeholders, and no long message", () => {
  assert.deepEqual(LANGUAGES.sort(), ["en", "it"]);
  const italian = catalogue("it");
  const placeholders = (message) => (message.match(/\{[\w:€]+\}/g) ?? []).sort();
  for (const language of LANGUAGES) {
    const messages = catalogue(language);
    assert.deepEqual(Object.keys(messages).sort(), Object.keys(italian).sort(), language);
    for (const [key, message] of Object.entries(messages)) {
      assert.deepEqual(placeholders(message), placeholders(italian[key]), `${language} ${key}`);
      assert.ok(message.trim() !== "", `${language} ${key} is empty`);
      assert.ok(message.length <= LONGEST, `${language} ${key} has ${message.length} characters`);
    }
  }
});

test("no Italian is left in English", () => {
  // Words that Italian cannot do without and English does not have.
  const ITALIAN = /\b(il|lo|gli|della|delle|dei|degli|nel|nella|alla|dal|che|con|per|una|sono|hai|tua|tuo|pratica|pratiche|ente|accedi|scegli|inserisci|paga|pagamento|avviso|ricevuta|commissione|importo|scadenza)\b/iu;
  const italian = catalogue("it");
  // Names that people find on Italian papers and keep in every language.
  const SAME = new Set(["IUUV", "PSP", "Email", "Email*", "Password*", "PEC"]);
  for (const [key, message] of Object.entries(catalogue("en"))) {
    const left = message.replaceAll(/\{[\w:€]+\}/g, "").match(ITALIAN);
    assert.ok(!left || (left[0].toLowerCase() === "per" && /per cent/.test(message)), `${key}: ${message}`);
    if (message.replaceAll(/\{[\w:€]+\}/g, "").length > 14 && !SAME.has(message)) assert.notEqual(message, italian[key], key);
  }
});

test("every error that our API tells of a field has its words on the pages that have the field", () => {
  const italian = catalogue("it");
  const words = readFileSync(new URL("../../shared/web/src/words.rs", import.meta.url), "utf8");
  const known = [...words.matchAll(/^ {4}\(\s*"(\w+)",\s*(\w+),/gm)].map(([, field, code]) => [field, code.replace(/(?<!^)[A-Z]/g, (letter) => `_${letter}`).toLowerCase()]);
  assert.ok(known.length > 30, "the table of words has moved");
  const source = readFileSync(new URL("assets/js/core/forms.js", PORTAL_SOURCES), "utf8");
  const fields = Object.fromEntries([...source.match(/const FIELDS = \{([\s\S]*?)\}/)[1].matchAll(/(\w+): "(\w+)"/g)].map(([, api, ours]) => [api, ours]));
  // What no page of ours sends, or no person can get wrong.
  const NOT_ON_PAGES = ["personType", "token", "noticeNumbers", "serviceCode", "reference", "language", "idempotencyKey"];
  const silent = known.filter(([field, code]) => {
    if (NOT_ON_PAGES.includes(field)) return false;
    const name = fields[field] ?? field;
    return !Object.keys(italian).some((key) => key === `err.${code}` || new RegExp(`^err\\.([\\w-]+\\.)?${name}\\.${code}$`).test(key));
  });
  assert.deepEqual(silent.map((pair) => pair.join(".")), []);
});

const NBSP = "\u00a0";
const AMOUNTS = {
  it: [`0,01${NBSP}€`, `45,50${NBSP}€`, `1.234,50${NBSP}€`, `1.234.567,80${NBSP}€`],
  en: ["€0.01", "€45.50", "€1,234.50", "€1,234,567.80"],
  de: [`0,01${NBSP}€`, `45,50${NBSP}€`, `1.234,50${NBSP}€`, `1.234.567,80${NBSP}€`],
  sl: [`0,01${NBSP}€`, `45,50${NBSP}€`, `1.234,50${NBSP}€`, `1.234.567,80${NBSP}€`],
  fr: [`0,01${NBSP}€`, `45,50${NBSP}€`, `1${NBSP}234,50${NBSP}€`, `1${NBSP}234${NBSP}567,80${NBSP}€`],
};
const DATES = {
  it: ["05/03/2026", "5 marzo 2026"], en: ["05/03/2026", "5 March 2026"], de: ["05.03.2026", "5. März 2026"],
  sl: ["05. 03. 2026", "5. marec 2026"], fr: ["05/03/2026", "5 mars 2026"],
};

test("amounts and dates as each of the five languages writes them", story({}, async ({ page }) => {
  await open(page, "/");
  const core = await page.locator('link[rel="modulepreload"]').getAttribute("href");
  for (const language of Object.keys(AMOUNTS)) {
    const written = await page.evaluate(async ({ address, tag }) => {
      const { formats } = await import(address);
      const { money, dateShort, dateLong, time } = formats(tag);
      return { amounts: [1, 4550, 123_450, 123_456_780].map(money), dates: [dateShort("2026-03-05"), dateLong("2026-03-05")], night: dateLong("2026-03-04T23:30:00Z"), hour: time("2026-07-05T12:05:00Z") };
    }, { address: core, tag: language });
    assert.deepEqual(written.amounts, AMOUNTS[language], language);
    assert.deepEqual(written.dates.map((date) => date.replaceAll(NBSP, " ")), DATES[language], language);
    assert.equal(written.night.replaceAll(NBSP, " "), DATES[language][1], "midnight is Rome’s");
    assert.equal(written.hour, "14:05", language);
  }
  const parts = await page.evaluate(async (address) => (await import(address)).dateTime("2026-03-05T13:05:00Z"), core);
  assert.equal(parts, "5 marzo 2026, ore 14:05");
  await open(page, "/en/");
  assert.equal(await page.evaluate(async (address) => (await import(address)).dateTime("2026-03-05T13:05:00Z"), core), "5 March 2026, 14:05");
}));
