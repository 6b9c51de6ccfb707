// The weight of a first view, counted on the wire: cold, no cache, as the browser asks.

import assert from "node:assert/strict";
import { before, test } from "node:test";
import { axe, headingIs, login, open, visitor } from "./support/browser.js";
import { debtor } from "./support/people.js";

const KB = 1024;
const BUDGET = { total: 75 * KB, requests: 10, document: 8 * KB, stylesheet: 16 * KB, script: 16 * KB, image: 4 * KB, font: 32 * KB };
const NEXT_PAGE = 12 * KB;

let someone;
let notice;
before(async () => {
  const made = await debtor();
  someone = made.someone;
  notice = made.debts[0].noticeNumber;
});

/** Bytes and requests of what happens until the network is quiet. */
async function weigh(page, context, act) {
  const session = await context.newCDPSession(page);
  await session.send("Network.enable");
  const kinds = new Map();
  const bytes = { total: 0 };
  const asked = [];
  session.on("Network.requestWillBeSent", ({ requestId, request, type }) => {
    if (!request.url.startsWith("http")) return;
    kinds.set(requestId, type.toLowerCase());
    asked.push(request.url);
  });
  session.on("Network.loadingFinished", ({ requestId, encodedDataLength }) => {
    const kind = kinds.get(requestId) ?? "other";
    bytes[kind] = (bytes[kind] ?? 0) + encodedDataLength;
    bytes.total += encodedDataLength;
  });
  await act();
  await page.waitForLoadState("networkidle");
  await session.detach();
  return { bytes, asked };
}

const VIEWS = [["S01", "/", false], ["S07", "/accedi", false], ["S10", "/pratiche", true], ["S11", "/pratiche/storico", true], ["S16", () => `/paga/${notice}`, true]];
for (const [name, address, logged] of VIEWS) {
  test(`first view of ${name}`, async (t) => {
    const { page, context } = await visitor({ width: 360, height: 640 });
    if (logged) {
      await login(context, someone);
      await associate(context);
    }
    const { bytes, asked } = await weigh(page, context, () => open(page, typeof address === "function" ? address() : address));
    t.diagnostic(`${name}: ${asked.length} requests, ${JSON.stringify(bytes)}`);
    assert.ok(asked.length <= BUDGET.requests, asked.join("\n"));
    for (const [kind, most] of Object.entries(BUDGET)) if (kind !== "requests") assert.ok((bytes[kind] ?? 0) <= most, `${kind}: ${bytes[kind]} > ${most}`);
    await context.close();
  });
}

async function associate(context) {
  const { reference } = await (await context.request.post(`${process.env.PORTAL_URL}/api/search`, { data: { fiscalCode: someone.fiscalCode, noticeNumber: notice } })).json();
  await context.request.post(`${process.env.PORTAL_URL}/api/debts/associate`, { data: { reference } });
}

test("first view of S04, and the next page with a warm cache", async (t) => {
  const { page, context } = await visitor({ width: 360, height: 640 });
  await open(page, "/registrazione");
  await page.fill("#cf", someone.fiscalCode);
  const { bytes, asked } = await weigh(page, context, async () => {
    await page.click("#continua");
    await page.waitForURL(/dati$/);
  });
  t.diagnostic(`S04 warm: ${asked.length} requests, ${JSON.stringify(bytes)}`);
  assert.ok(bytes.total <= NEXT_PAGE, `${bytes.total} bytes`);
  await context.close();

  const cold = await visitor({ width: 360, height: 640 });
  await cold.page.addInitScript(() => sessionStorage.setItem("registrazione", JSON.stringify({ fiscalCode: "RSSMRA80A01H501U", personType: "natural" })));
  const first = await weigh(cold.page, cold.context, () => open(cold.page, "/registrazione/dati"));
  t.diagnostic(`S04: ${first.asked.length} requests, ${JSON.stringify(first.bytes)}`);
  assert.ok(first.bytes.total <= BUDGET.total && first.asked.length <= BUDGET.requests);
  await cold.context.close();
});

test("nothing moves while a page fills", async () => {
  const { page, context } = await visitor({ width: 360, height: 640 });
  await login(context, someone);
  for (const address of ["/", "/pratiche", `/paga/${notice}`]) {
    await open(page, address);
    await page.waitForLoadState("networkidle");
    const shift = await page.evaluate(() => new Promise((resolve) => {
      let sum = 0;
      new PerformanceObserver((list) => list.getEntries().forEach((entry) => (sum += entry.hadRecentInput ? 0 : entry.value))).observe({ type: "layout-shift", buffered: true });
      setTimeout(() => resolve(sum), 200);
    }));
    assert.ok(shift <= 0.02, `${address}: ${shift}`);
  }
  await context.close();
});

test("the words are Titillium’s, and the library is seen", async () => {
  const { page, context } = await visitor();
  await open(page, "/");
  const seen = await page.evaluate(() => ({
    fonts: [...document.querySelectorAll("h1, h2, h3, p")].map((node) => getComputedStyle(node).fontFamily.split(",")[0].replaceAll('"', "")),
    version: getComputedStyle(document.body).getPropertyValue("--bootstrap-italia-version"),
  }));
  assert.ok(seen.fonts.every((font) => ["Titillium Web", "Lora", "Roboto Mono"].includes(font)), String(seen.fonts));
  assert.match(seen.version, /2\.\d+\.\d+/);
  await axe(page, "S01");
  await headingIs(page, "Paga un avviso");
  await context.close();
});
