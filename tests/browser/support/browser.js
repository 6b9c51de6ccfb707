// One browser per test file, one context per visitor, and what must hold on every page they see.

import assert from "node:assert/strict";
import { mkdirSync, readFileSync } from "node:fs";
import { createRequire } from "node:module";
import path from "node:path";
import { fileURLToPath } from "node:url";
import { after } from "node:test";
import { chromium } from "playwright-core";

const here = path.dirname(fileURLToPath(import.meta.url));
export const PORTAL = process.env.PORTAL_URL;
/** Another creditor: limits on attempts, no spontaneous payments. */
export const STRICT = process.env.STRICT_URL;
/** A portal whose payments are made at pagoPA's. */
export const CHECKOUT = process.env.CHECKOUT_URL;
/** A portal that is closed for maintenance. */
export const CLOSED = process.env.CLOSED_URL;
if (!PORTAL) throw new Error("PORTAL_URL is not set: run the tests with `npm test`, which starts a local stack");

const AXE = readFileSync(createRequire(import.meta.url).resolve("axe-core/axe.min.js"), "utf8");
const TAGS = ["wcag2a", "wcag2aa", "wcag21a", "wcag21aa", "wcag22aa", "best-practice"];
export const SCREENSHOTS = process.env.SCREENSHOTS ?? path.join(here, "../../../build/screenshots");
mkdirSync(SCREENSHOTS, { recursive: true });

const ARGUMENTS = ["--headless", "--no-sandbox", "--disable-gpu", "--disable-quic", "--no-first-run", "--disable-background-networking",
  "--disable-component-update", "--disable-sync", "--lang=it"];

/** Started by the first visitor, whichever test or preparation that is. */
let started = null;
function browser() {
  started ??= chromium.launch({ executablePath: process.env.CHROMIUM ?? "/usr/bin/chromium", args: ARGUMENTS });
  return started;
}
after(async () => (await started)?.close());

/** A visitor with a browser of their own. `watch.expect` lists console lines that the story provokes. */
export async function visitor({ locale = "it-IT", width = 1280, height = 900, ...more } = {}) {
  const context = await (await browser()).newContext({ baseURL: PORTAL, locale, timezoneId: "Europe/Rome", viewport: { width, height }, ...more });
  // A breach of the policy is told to the page; here it becomes a line that no story expects.
  await context.addInitScript(() => addEventListener("securitypolicyviolation", (event) =>
    console.error(`policy: ${event.violatedDirective} ${event.blockedURI} ${event.sample}`)));
  const page = await context.newPage();
  page.setDefaultTimeout(15_000);
  const watch = { noise: [], foreign: [], expected: [] };
  page.on("console", (message) => {
    // A refused request is a line in the console whatever the page does with it.
    if (["error", "warning"].includes(message.type()) && !message.text().startsWith("Failed to load resource")) watch.noise.push(message.text());
  });
  page.on("pageerror", (error) => watch.noise.push(String(error)));
  page.on("request", (request) => {
    const { origin, protocol } = new URL(request.url());
    const ours = [PORTAL, process.env.LOCAL_URL, STRICT, CHECKOUT, CLOSED].some((stack) => stack && new URL(stack).origin === origin);
    if (!ours && !["data:", "blob:"].includes(protocol)) watch.foreign.push(request.url());
  });
  return { context, page, watch };
}

/** Nothing in the console, nobody else asked; closes the browser of the visitor. */
export async function quiet({ context, watch }) {
  await context.close();
  assert.deepEqual(watch.noise.filter((line) => !watch.expected.some((known) => line.includes(known))), [], "console");
  assert.deepEqual(watch.foreign, [], "requests to others");
}

/** Runs a story with a visitor, and checks that it was quiet. */
export const story = (options, tell) => async (t) => {
  const guest = await visitor(options);
  try {
    await tell(guest);
  } catch (failure) {
    await picture(guest.page, `failed-${t.name.replace(/\W+/g, "-").slice(0, 40)}`).catch(() => {});
    throw failure;
  }
  await quiet(guest);
};

export const open = (page, address) => page.goto(new URL(address, PORTAL).href);

/** Logs in through the API: for stories about something else. */
export async function login(context, { username, password }) {
  const response = await context.request.post(`${PORTAL}/api/login`, { data: { username, password } });
  assert.equal(response.status(), 200, await response.text());
  // Some stacks set the readable cookie from the page's own login; make sure that it is there.
  const cookies = await context.cookies(PORTAL);
  if (!cookies.some(({ name }) => name === "accesso")) await context.addCookies([{ name: "accesso", value: "1", url: PORTAL }]);
}

export const heading = (page) => page.locator("h1").innerText();
export async function headingIs(page, text) {
  await page.locator("h1", { hasText: text }).first().waitFor();
  assert.equal(await page.locator("h1").count(), 1, "one h1");
}

/** The summary has focus and these lines, each repeated under its field. */
export async function summaryIs(page, lines) {
  const summary = page.locator(".riepilogo-errori");
  await summary.waitFor();
  await page.waitForFunction(() => document.activeElement?.classList.contains("riepilogo-errori"));
  const told = lines.length > 0 && (await summary.locator("li").count()) > 0 ? await summary.locator("li").allInnerTexts() : [await summary.locator("p").first().innerText()];
  assert.deepEqual(told, lines);
  assert.match(await page.title(), /^(Errore|Error): /);
}

/** The live region says (something like) this, soon. */
export async function announces(page, text) {
  await page.waitForFunction((wanted) => ["live", "live-alert"].some((id) => document.getElementById(id).textContent.includes(wanted)), text);
}

/** What is said to whoever runs no script: words inside `noscript` are found by their box, never by text. */
export const needsScript = (page) => page.locator("p:visible", { hasText: "Questa pagina ha bisogno di JavaScript." });

export const focusIsOn = (page, selector) => page.waitForFunction((wanted) => document.activeElement?.matches(wanted), selector);

/**
 * Where a journey has come to: the title (its own part, and whose portal), the heading, what has focus, what was
 * announced. A page that was just loaded has given focus to nothing and may have said nothing.
 */
export async function stands(page, { title, h1 = title, focus = "body", says = null }) {
  await headingIs(page, h1);
  await focusIsOn(page, focus);
  if (says !== null) await announces(page, says);
  const [own, portal, entity] = (await page.title()).split(" · ");
  assert.ok(title instanceof RegExp ? title.test(own) : own === title, `title: ${own}`);
  assert.ok(["Pagamenti", "Payments"].includes(portal) && entity === "Comune di Test", `title: ${portal} · ${entity}`);
}

/** What the page drew and what it would draw without its focus ring: the ring is seen if they differ around the stop. */
export async function ringIsSeen(page) {
  const box = await page.evaluate(() => {
    // The ring of a choice is drawn around its card.
    const { left, top, right, bottom } = document.activeElement.getBoundingClientRect();
    const [x, y] = [Math.max(0, left - 8), Math.max(0, top - 8)];
    return { x, y, width: Math.min(innerWidth, right + 8) - x, height: Math.min(innerHeight, bottom + 8) - y };
  });
  const shot = () => page.screenshot({ clip: box, animations: "disabled", caret: "hide" });
  const ringed = await shot();
  await page.evaluate(() => {
    const bare = new CSSStyleSheet();
    // Two ids that nothing has: above any rule of ours, important or not.
    const all = "*:not(#a-):not(#b-)";
    bare.replaceSync(`${all}, ${all}::before, ${all}::after { outline: none !important; box-shadow: none !important; }`);
    document.adoptedStyleSheets = [bare];
  });
  const plain = await shot();
  await page.evaluate(() => (document.adoptedStyleSheets = []));
  return !ringed.equals(plain);
}

/** Axe in a world of its own: the page's policy forbids evaluated text. Zero violations, no rule off. */
export async function axe(page, name) {
  const session = await page.context().newCDPSession(page);
  const { frameTree } = await session.send("Page.getFrameTree");
  const { executionContextId: contextId } = await session.send("Page.createIsolatedWorld", { frameId: frameTree.frame.id, worldName: "axe" });
  await session.send("Runtime.evaluate", { expression: AXE, contextId });
  const { result, exceptionDetails } = await session.send("Runtime.evaluate", { contextId, awaitPromise: true, returnByValue: true,
    expression: `axe.run(document, ${JSON.stringify({ runOnly: TAGS, resultTypes: ["violations"] })})
      .then(({ violations }) => violations.map((v) => v.id + ": " + v.nodes.map((n) => n.target.join(" ") + " " + n.failureSummary).join(" | ")))` });
  await session.detach();
  assert.equal(exceptionDetails, undefined, name);
  assert.deepEqual(result.value, [], `axe on ${name}`);
}

/** Runs `look` under a style sheet of the reader's own; the page's policy leaves no other way in. */
export async function underStyle(page, rules, look) {
  await page.evaluate((text) => {
    const sheet = new CSSStyleSheet();
    sheet.replaceSync(text);
    document.adoptedStyleSheets = [sheet];
  }, rules);
  await look();
  await page.evaluate(() => (document.adoptedStyleSheets = []));
}

/** No text is cut off by its own box, save what is for screen readers only. */
export async function nothingCut(page, name) {
  const cut = await page.evaluate(() => [...document.querySelectorAll("main *, header *, footer *")].filter((node) => {
    const style = getComputedStyle(node);
    const clips = style.overflowX !== "visible" && node.clientWidth > 1 && node.clientHeight > 1 && node.scrollWidth > node.clientWidth + 1;
    const lines = style.overflowY === "hidden" && node.clientHeight > 1 && node.scrollHeight > node.clientHeight + 1;
    return (clips || lines) && style.visibility !== "hidden" && style.clipPath === "none" && !(node instanceof HTMLInputElement) && !(node instanceof HTMLSelectElement);
  }).map((node) => node.outerHTML.slice(0, 100)));
  assert.deepEqual(cut, [], `cut in ${name}`);
}

/** Nothing sticks out sideways at a width. */
export async function reflows(page, width, name) {
  const before = page.viewportSize();
  await page.setViewportSize({ width, height: before.height });
  const out = await page.evaluate(() => {
    const { scrollWidth, clientWidth } = document.documentElement;
    if (scrollWidth <= clientWidth) return [];
    const wide = [...document.querySelectorAll("body *")].filter((node) => node.getBoundingClientRect().right > clientWidth + 1);
    return [`${scrollWidth} > ${clientWidth}`, ...wide.slice(0, 5).map((node) => node.outerHTML.slice(0, 100))];
  });
  await page.setViewportSize(before);
  assert.deepEqual(out, [], `${name} at ${width} px`);
}

/** Every box that can be pressed is at least 24 px each way, unless it is a link in a sentence. */
export async function targets(page, name) {
  const small = await page.evaluate(() => [...document.querySelectorAll("main a, main button, main input, main select, main summary")].filter((node) => {
    const box = node.getBoundingClientRect();
    return box.width > 0 && getComputedStyle(node).display !== "inline" && (box.height < 24 || box.width < 24);
  }).map((node) => node.outerHTML.slice(0, 100)));
  assert.deepEqual(small, [], `targets of ${name}`);
}

export const picture = (page, name) => page.screenshot({ path: path.join(SCREENSHOTS, `${name}.png`), fullPage: true });
