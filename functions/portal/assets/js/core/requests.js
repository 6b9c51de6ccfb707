// Calls of our API, and what to say when they do not go well.

import { el, code } from "./nodes.js";
import { sessionTouched, toLogin } from "./session.js";
import { page, t, tn } from "./messages.js";


const TIMEOUT_MS = 20_000;
/** Ends a request that takes too long; browsers of three years ago have no signal of their own for it. */
export function patience() {
  const control = new AbortController();
  setTimeout(() => control.abort(), TIMEOUT_MS);
  return control.signal;
}

/** A request that did not go well. */
export class Refusal extends Error {
  /**
   * @param {"refused"|"server"|"network"|"offline"} kind
   * @param {number} [status] @param {Partial<import("./messages.js").Problem> & { amount?: number }} [problem] @param {number} [retryAfter] seconds
   */
  constructor(kind, status = 0, problem = {}, retryAfter = 0) {
    super(problem.code ?? kind);
    this.kind = kind;
    this.status = status;
    this.problem = problem;
    this.retryAfter = retryAfter;
    /** @type {string} */
    this.code = problem.code ?? "";
    this.errors = problem.errors ?? [];
    this.requestId = problem.requestId ?? "";
  }
}

/**
 * Calls our API. Without session on a private page: to the login, and nothing more happens here.
 * @param {string} method @param {string} address @param {unknown} [body] @param {Record<string, string>} [more] headers
 * @returns {Promise<any>} what the contract says of the address
 */
export async function call(method, address, body, more = {}) {
  const headers = { Accept: "application/json", "Accept-Language": page.language, ...more };
  if (body !== undefined) headers["Content-Type"] = "application/json";
  /** @type {RequestInit} */
  const options = { method, headers, cache: "no-store", credentials: "same-origin", signal: patience() };
  if (body !== undefined) options.body = JSON.stringify(body);
  let response;
  try {
    response = await fetch(address, options);
  } catch {
    throw new Refusal(navigator.onLine ? "network" : "offline");
  }
  if (response.ok) sessionTouched();
  if (response.status === 204) return null;
  const data = await response.json().catch(() => null);
  if (response.ok && data) return data;
  if (response.status === 401 && data?.code === "not_authenticated" && page.private) {
    toLogin();
    return new Promise(() => {});
  }
  const kind = response.status >= 500 || !data ? "server" : "refused";
  throw new Refusal(kind, response.status, data ?? {}, Number(response.headers.get("Retry-After")) || 0);
}

export const get = (/** @type {string} */ address) => call("GET", address);
export const post = (/** @type {string} */ address, body = {}, /** @type {Record<string, string>} */ headers = {}) => call("POST", address, body, headers);

/** A key for a request that must have one effect only. */
export const idempotencyKey = () => Array.from(crypto.getRandomValues(new Uint8Array(16)), (byte) => byte.toString(16).padStart(2, "0")).join("");

/** The sentence for a failure that is not about one field. */
export function failureText(/** @type {Refusal} */ refusal) {
  if (refusal.status === 429) return tn("js.troppi", Math.max(1, Math.ceil(refusal.retryAfter / 60)));
  if (refusal.kind === "offline") return t("js.offline");
  if (refusal.kind === "network") return t("js.rete");
  if (refusal.kind === "server") return t("problem.temporarily_unavailable.detail");
  return t("err.generic");
}

export const supportCode = (refusal) =>
  refusal.kind === "server" && refusal.requestId ? el("p", { class: "nota" }, t("js.codice_assistenza"), " ", code(refusal.requestId)) : null;
