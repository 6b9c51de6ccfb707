// That nothing breaks where people have long words, large letters, narrow screens or paper.

import assert from "node:assert/strict";
import { before, test } from "node:test";
import { PORTAL, focusIsOn, headingIs, login, nothingCut, open, picture, quiet, reflows, underStyle, visitor, story } from "./support/browser.js";
import { atPsp, citizen, debtor } from "./support/people.js";

const LARGE_TEXT = ":root { font-size: 200% !important; }";
const LONG = `/RFB/01000000000000017/45.50/TXT/${"Incomprensibilissimamente".repeat(2)}`;
const WORD = "W".repeat(63);

let owner;
let notices;
before(async () => {
  const { someone, debts } = await debtor({ reason: WORD, amount: 99_999_999 }, { reason: LONG }, { reason: "Mensa" }, { reason: `Tassa ${WORD}` });
  owner = someone;
  notices = debts.map(({ noticeNumber }) => noticeNumber);
  const { context } = await visitor();
  await login(context, owner);
  await context.request.post(`${PORTAL}/api/debts/associate`, { data: { fiscalCode: owner.fiscalCode, noticeNumber: notices[2] } });
  const started = await (await context.request.post(`${PORTAL}/api/payments`, { data: { noticeNumbers: [notices[3]] }, headers: { "Idempotency-Key": `look-${notices[3]}` } })).json();
  await atPsp(started.redirectUrl, { outcome: "success" });
  await context.close();
});

/** Our own words that stand on two lines, or stick out of their box. What is for screen readers only is not seen. */
const broken = (page) => page.evaluate(() => {
  const clipped = (element) => element.classList.contains("visually-hidden") || getComputedStyle(element).clipPath !== "none";
  const seen = (element) => element === document.body || (!clipped(element) && seen(element.parentElement));
  const found = new Set();
  for (const box of document.querySelectorAll("main dt, main label, main th[scope=col], main button, main .btn, main legend, main .nav-link")) {
    const { left, right } = box.getBoundingClientRect();
    const texts = document.createTreeWalker(box, NodeFilter.SHOW_TEXT);
    for (let text = texts.nextNode(); text; text = texts.nextNode()) {
      if (!text.parentElement.checkVisibility({ visibilityProperty: true }) || !seen(text.parentElement)) continue;
      for (const { 0: word, index } of text.data.matchAll(/[^\s-]+/g)) {
        const range = document.createRange();
        range.setStart(text, index);
        range.setEnd(text, index + word.length);
        const lines = [...range.getClientRects()];
        const whole = new Set(lines.map(({ top }) => Math.round(top))).size === 1 && lines.every((line) => line.left > left - 2 && line.right < right + 2);
        if (!whole) found.add(`${box.tagName} “${word}” ${Math.round(right - left)}px`);
      }
    }
  }
  return [...found];
});

const SCREENS = () => [["/", "form"], ["/pratiche", "table"], ["/pratiche/storico", "table"], [`/paga/${notices[0]}`, ".colonne"], [`/paga/${notices.slice(0, 3).join(",")}`, ".colonne"],
  [`/pratiche/${notices[1]}`, ".riepilogo"], [`/pratiche/${notices[3]}/ricevuta`, ".riepilogo"], ["/spontaneo/14.TOSAP%20TEMPORANEA", "#causale"], ["/profilo", ".riepilogo"], ["/registrazione/dati", "h1"]];
for (let index = 0; index < 10; index += 1) {
  test(`JRN-11 JRN-12 no word of ours is broken, nothing is pushed off, at any width and at 200 % (${index})`, async () => {
    const [address, ready] = SCREENS()[index];
    const guest = await visitor();
    const { page, context } = guest;
    if (address !== "/registrazione/dati") await login(context, owner);
    else await page.addInitScript(() => sessionStorage.setItem("registrazione", JSON.stringify({ fiscalCode: "RSSMRA80A01H501U", personType: "natural" })));
    await open(page, address);
    await page.locator(`main ${ready}`).first().waitFor();
    const look = async (name) => {
      for (const width of [320, 360, 576, 768, 992, 1280, 1440]) {
        await page.setViewportSize({ width, height: 900 });
        assert.deepEqual(await broken(page), [], `${address} at ${width} px ${name}`);
        await reflows(page, width, `${address} ${name}`);
        await nothingCut(page, `${address} at ${width} px ${name}`);
      }
    };
    await look("");
    await underStyle(page, LARGE_TEXT, () => look("with large text"));
    await quiet(guest);
  });
}

test("JRN-12 the history’s filter can be used at 200 % text", story({}, async ({ page, context }) => {
  await login(context, owner);
  await open(page, "/pratiche/storico");
  await page.locator("table").waitFor();
  await underStyle(page, LARGE_TEXT, async () => {
    for (const id of ["q", "servizio", "stato", "dal", "al"]) assert.ok((await page.locator(`#${id}`).boundingBox()).width >= 150, id);
    await picture(page, "S11-testo-200");
  });
}));

test("JRN-13 the ring of a text field is black on white", story({}, async ({ page }) => {
  await open(page, "/");
  await page.locator("#cf").focus();
  const ring = await page.locator("#cf").evaluate((field) => getComputedStyle(field).boxShadow);
  assert.match(ring, /rgb\(0, 0, 0\) 0px 0px 0px 5px/);
}));

test("JRN-14 the history: its table to take along, days paid, any spelling, an address that makes no sense", story({ acceptDownloads: true }, async ({ page, context }) => {
  await login(context, owner);
  await open(page, "/pratiche/storico?dal=pippo");
  await page.getByRole("row").filter({ hasText: "Tassa" }).waitFor();
  assert.ok((await page.locator("thead").innerText()).includes("Data del pagamento"));
  assert.equal(await page.locator("caption").innerText(), "Storico delle pratiche: pagate, annullate e scadute");
  const download = page.waitForEvent("download");
  await page.getByText("Scarica la tabella (CSV)").click();
  assert.equal((await download).suggestedFilename(), "storico-pratiche.csv");
}));

test("JRN-18 a dialog’s focus is on what does no harm, and leaving is not logging out", story({}, async ({ page, context }) => {
  await login(context, await citizen());
  await open(page, "/spontaneo/TEST1");
  await page.fill("#causale", "Qualcosa");
  await page.locator("main form").getByText("Annulla", { exact: true }).click();
  await focusIsOn(page, "dialog [data-chiudi]");
  assert.equal(await page.locator("dialog").getByText("Esci", { exact: true }).count(), 0);
}));

test("JRN-19 a full list still offers to add a notice", story({}, async ({ page, context }) => {
  await login(context, owner);
  await open(page, "/pratiche");
  await page.locator("table").waitFor();
  await page.getByText("Aggiungi un avviso").click();
  await headingIs(page, "Paga un avviso");
}));

test("JRN-20 nothing moves while the list of a phone fills", story({ width: 360, height: 640 }, async ({ page, context }) => {
  await login(context, owner);
  for (const address of ["/pratiche", "/pratiche/storico", `/paga/${notices[2]}`, "/", `/pratiche/${notices[2]}`]) {
    await open(page, address);
    await page.waitForLoadState("networkidle");
    const shift = await page.evaluate(() => new Promise((resolve) => {
      let sum = 0;
      new PerformanceObserver((list) => list.getEntries().forEach((entry) => (sum += entry.hadRecentInput ? 0 : entry.value))).observe({ type: "layout-shift", buffered: true });
      requestAnimationFrame(() => requestAnimationFrame(() => resolve(sum)));
    }));
    assert.ok(shift < 0.02, `${address}: ${shift}`);
  }
}));

test("JRN-22 on paper lists are tables", story({}, async ({ page, context }) => {
  await login(context, owner);
  await open(page, "/pratiche");
  await page.locator("table").waitFor();
  await page.emulateMedia({ media: "print" });
  await page.setViewportSize({ width: 680, height: 900 });
  assert.equal(await page.locator("tbody tr").first().evaluate((row) => getComputedStyle(row).display), "table-row");
  assert.equal(await page.locator("thead").evaluate((head) => getComputedStyle(head).position), "static");
}));

test("JRN-24 a copy is seen to have been made, or not", story({ permissions: ["clipboard-read", "clipboard-write"] }, async ({ page, context }) => {
  await login(context, owner);
  await open(page, `/pratiche/${notices[2]}`);
  const copy = page.locator(".copia").first();
  await copy.click();
  await copy.getByText("Copiato").waitFor();
  await page.evaluate(() => Object.defineProperty(navigator, "clipboard", { value: undefined }));
  await page.locator(".copia").nth(1).click();
  await page.getByText("Copia a mano il codice evidenziato").first().waitFor();
}));
