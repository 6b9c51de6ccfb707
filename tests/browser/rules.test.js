// The rules that the browser checks, tried with the same vectors as Rust's.

import assert from "node:assert/strict";
import { readFileSync } from "node:fs";
import { test } from "node:test";
import { amount, clean, email, fiscalCode, likelyDomain, noticeOrIuv, password, phone, searchCode, understood } from "../../functions/portal/assets/js/rules.js";

const vectors = (name) => JSON.parse(readFileSync(new URL(`../../shared/domain/tests/data/${name}.json`, import.meta.url), "utf8"));

test("tax codes", () => {
  const { person, elevenDigits } = vectors("fiscal_codes");
  for (const { value } of person.valid) assert.equal(fiscalCode(value), null, value);
  // Sixteen characters in the wrong places are told as “check each character”: the length is right.
  for (const { value } of [...person.invalid, ...elevenDigits.invalid]) assert.notEqual(fiscalCode(value), null, value);
  for (const { value } of elevenDigits.valid) assert.equal(fiscalCode(value), null, value);
  assert.equal(fiscalCode(" rssmra80a01-h501u "), null);
  assert.equal(fiscalCode("12345678903"), null);
  assert.equal(fiscalCode("12345678901"), "checksum");
  assert.equal(fiscalCode(""), "required");
  assert.equal(fiscalCode("RSSMRA"), "format");
});

test("notice codes and IUUV", () => {
  for (const { noticeNumber, iuv } of vectors("notices").noticeNumbers) {
    assert.equal(noticeOrIuv(noticeNumber), null, noticeNumber);
    assert.deepEqual(searchCode(noticeNumber), { noticeNumber });
    assert.deepEqual(searchCode(iuv), { iuv });
  }
  assert.equal(noticeOrIuv("123"), "format");
  assert.equal(clean("3010 0000.0000-1066 83"), "301000000000106683");
});

test("JRN-06 what was meant by what was pasted", () => {
  const [cf, notice] = ["RSSMRA80A01H501U", "301000000000000144"];
  const meant = { cf, codice: notice };
  const qr = `PAGOPA|002|${notice}|01199250158|01`;
  for (const [first, second] of [[cf, notice], [notice, cf], [`C.F. ${cf}`, `Codice Avviso ${notice}`], ["", `${cf}`].reverse(), [`cod. fiscale: ${cf}`, `N° avviso: ${notice}`]]) {
    const { cf: who, codice: what } = understood(first, second);
    assert.equal(who, cf);
    assert.ok(what === notice || what === "", what);
  }
  assert.deepEqual(understood(cf, qr), { ...meant, creditor: "01199250158" });
  assert.deepEqual(understood(qr, cf), { ...meant, creditor: "01199250158" });
  assert.deepEqual(understood(cf, qr.replaceAll("|", "%7C")), { ...meant, creditor: "01199250158" });
  assert.deepEqual(understood("", qr), { cf: "", codice: notice, creditor: "01199250158" });
  const slip = `codfase=NBPA;18${notice}12000001234567${"10"}00000222503896${"1"}P101199250158${cf}ROSSI MARIO`;
  assert.deepEqual(understood("", slip), { ...meant, creditor: "01199250158" });
  assert.equal(fiscalCode("IT12345678903"), null);
  assert.equal(clean("\u202a3010\u20110000\u200b0000 000144\u202c"), notice);
  // A code with a wrong letter stays where it was typed, whatever the other field might pass for.
  assert.deepEqual(understood("RSSMRA80A01H501X", "12345678903"), { cf: "RSSMRA80A01H501X", codice: "12345678903" });
  assert.deepEqual(understood(cf, "RF18539007547034"), { cf, codice: "RF18539007547034" });
});

test("amounts as people write them", () => {
  const written = { "45": 4500, "45,5": 4550, "45,50": 4550, "45.50": 4550, "1.234,50": 123_450, "€ 45": 4500, "1.234": 123_400, "1.234.567,80": 123_456_780, "0,01": 1, "12.5": 1250 };
  for (const [text, cents] of Object.entries(written)) assert.equal(amount(text), cents, text);
  for (const text of ["", "abc", "1,234", "-5", "1..2", "12,345", "1e3"]) assert.equal(amount(text), null, text);
});

test("email, telephone, password", () => {
  for (const good of ["a@b.it", "nome.cognome+x@sotto.esempio.it"]) assert.ok(email(good), good);
  for (const bad of ["a@b", "a b@c.it", "@b.it", "a@.it", "a@b..it"]) assert.ok(!email(bad), bad);
  for (const good of ["06 1234567", "+39 333 1234567", "(06) 12-34.56"]) assert.ok(phone(good), good);
  for (const bad of ["12", "telefono", "1234567890123456"]) assert.ok(!phone(bad), bad);
  assert.equal(likelyDomain("a@gmial.com"), "gmail.com");
  assert.equal(likelyDomain("a@gmail.com"), null);
  assert.equal(likelyDomain("a@comune.roma.it"), null);
  assert.deepEqual(password("corta", [], 12), { code: "too_short", params: { min: 12, n: 5 } });
  assert.deepEqual(password("mario.rossi va al mare", ["Rossi"], 12), { code: "personal" });
  assert.equal(password("👍👍👍👍👍👍👍👍👍👍👍👍", [], 12), null);
  assert.equal(password("il cane verde salta", ["Anna"], 12), null);
});
