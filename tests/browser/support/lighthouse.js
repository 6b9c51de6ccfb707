// Lighthouse on the screens that its budgets name, as a phone on a slow network sees them.

import assert from "node:assert/strict";
import { createServer } from "node:net";
import { mkdtempSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import path from "node:path";
import { chromium } from "playwright-core";
import lighthouse from "lighthouse";
import puppeteer from "puppeteer-core";
import { login, PORTAL } from "./browser.js";
import { debtor } from "./people.js";

function freePort() {
  return new Promise((resolve) => {
    const server = createServer().listen(0, "127.0.0.1", () => {
      const { port } = server.address();
      server.close(() => resolve(port));
    });
  });
}

/** A browser of its own with somebody logged in, and the screens to look at; `audit` gives Lighthouse's result. */
export async function withLighthouse(tell) {
  const { someone, debts: [owed] } = await debtor();
  const port = await freePort();
  const profile = mkdtempSync(path.join(tmpdir(), "lighthouse-"));
  const context = await chromium.launchPersistentContext(profile, { executablePath: process.env.CHROMIUM ?? "/usr/bin/chromium",
    args: ["--headless", "--no-sandbox", "--disable-gpu", `--remote-debugging-port=${port}`, "--lang=it"], locale: "it-IT", baseURL: PORTAL });
  const browser = await puppeteer.connect({ browserURL: `http://127.0.0.1:${port}`, defaultViewport: null });
  const audit = async (address, onlyCategories) => {
    const flags = { onlyCategories, logLevel: "error", output: "json", disableStorageReset: true, extraHeaders: { "Accept-Language": "it" } };
    const page = await browser.newPage();
    // What S03 keeps in the tab, without which S04 leads back there.
    await page.evaluateOnNewDocument((kept) => sessionStorage.setItem("registrazione", kept), JSON.stringify({ fiscalCode: someone.fiscalCode, personType: "natural" }));
    const { lhr } = await lighthouse(new URL(address, PORTAL).href, flags, undefined, page);
    await page.close();
    assert.equal(new URL(lhr.finalDisplayedUrl).pathname, address, "the screen itself is audited");
    return lhr;
  };
  try {
    await tell(audit, [["S01", "/"], ["S04", "/registrazione/dati"], ["S07", "/accedi"]]);
    await login(context, someone);
    const { reference } = await (await context.request.post("/api/search", { data: { fiscalCode: someone.fiscalCode, noticeNumber: owed.noticeNumber } })).json();
    await context.request.post("/api/debts/associate", { data: { reference } });
    await tell(audit, [["S10", "/pratiche"], ["S11", "/pratiche/storico"], ["S16", `/paga/${owed.noticeNumber}`]]);
  } finally {
    await browser.disconnect();
    await context.close();
    rmSync(profile, { recursive: true, force: true });
  }
}

/** Scores of 100. */
export const scores = ({ categories }) => Object.fromEntries(Object.entries(categories).map(([name, { score }]) => [name, Math.round(score * 100)]));
/** What cost points, in words. */
export const faults = ({ audits, categories }) => Object.values(categories).flatMap(({ auditRefs }) => auditRefs)
  .map(({ id, weight }) => [weight, audits[id]]).filter(([weight, { score }]) => weight > 0 && score !== null && score < 1).map(([, { id, title, displayValue }]) => `${id}: ${title} ${displayValue ?? ""}`);
