// What the page says of itself, its messages, its addresses.

import { money } from "./formats.js";

/**
 * @typedef {object} PageData what the shell tells its scripts
 * @property {string} screen number of the screen, `S01`
 * @property {"it"|"en"} language
 * @property {boolean} private whether a session is needed
 * @property {boolean} loggedOut whether a session is in the way
 * @property {string} creditor name of the body
 * @property {string} creditorCode its fiscal code
 * @property {"psp"|"checkout"} channel where payments are made
 * @property {string} contact its e-mail
 * @property {boolean} spontaneous whether it takes payments without a notice
 * @property {number} shortestPassword
 * @property {number} idleMinutes of a session
 * @property {Record<string, string>} messages that the page may need
 */

/**
 * The data as the contract has them (see infra/openapi.yaml).
 * @typedef {import("api").components["schemas"]["Debt"]} Debt
 * @typedef {import("api").components["schemas"]["PublicDebt"]} PublicDebt
 * @typedef {import("api").components["schemas"]["Account"]} Account
 * @typedef {import("api").components["schemas"]["Service"]} Service
 * @typedef {import("api").components["schemas"]["ServiceField"]} ServiceField
 * @typedef {import("api").components["schemas"]["Payment"]} Payment
 * @typedef {import("api").components["schemas"]["PaymentMethod"]} PaymentMethod
 * @typedef {import("api").components["schemas"]["DebtDetail"]} DebtDetail
 * @typedef {import("api").components["schemas"]["ReceiptCheck"]} ReceiptCheck
 * @typedef {import("api").components["schemas"]["Problem"]} Problem
 */

/** @type {PageData} */
export const page = JSON.parse(document.getElementById("pagina").textContent);

/**
 * The message of a key, with its `{names}` filled in; `{name:€}` is an amount in cents.
 * @param {string} key @param {Record<string, unknown>} [params] @returns {string}
 */
export function t(key, params = {}) {
  const message = page.messages[key] ?? page.messages["err.generic"];
  return message.replace(/\{(\w+)(:€)?\}/g, (_, name, euro) => String(euro ? money(Number(params[name])) : (params[name] ?? "")));
}

/** A problem's sentence, without the full stop. */
export const problemText = (/** @type {string} */ code) => t(`problem.${code}.detail`).replace(/\.$/, "");

/**
 * The message for a number: `key.one` or `key.other`, by the language's plural rules.
 * @param {string} key @param {number} n @param {Record<string, unknown>} [params]
 */
export function tn(key, n, params = {}) {
  const form = new Intl.PluralRules(page.language).select(n) === "one" ? "one" : "other";
  return t(`${key}.${form}`, { n: String(n), ...params });
}

/** The address of one of our pages in the page's language. */
export const href = (/** @type {string} */ path) => (page.language === "it" ? path : `/${page.language}${path}`);

/** The current address without its language. */
export const here = () =>
  page.language === "it" ? location.pathname : location.pathname.slice(page.language.length + 1) || "/";

/** The segment of the current address at a position (0 is the first). */
export const segment = (/** @type {number} */ index) => decodeURIComponent(here().split("/")[index + 1] ?? "");
