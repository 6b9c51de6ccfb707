// What every page shares: words, formats, nodes, announcements, requests, session, regions that load, forms.
// Nothing here writes HTML from text: nodes are built one by one, as the page's policy demands.

/**
 * @typedef {{ noticeNumber: string, iuv: string, creditor: {name: string, fiscalCode: string},
 *   service: {code: string, name: string}, reason: string, amount: number, dueDate?: string, status: string,
 *   payable: boolean, notPayableReason?: string, debtor?: {name: string, fiscalCode: string}, createdOn?: string,
 *   origin?: string, paidOn?: string, paymentInProgress?: boolean, receiptAvailable?: boolean }} Debt
 */

export const page = JSON.parse(document.getElementById("pagina").textContent);
const LOCALE = { it: "it-IT", en: "en-GB" }[page.language];
const ROME = "Europe/Rome";

// ------------------------------------------------------------------ words and formats

/** The message of a key, with its `{names}` filled in. */
export function t(key, params = {}) {
  const message = page.words[key] ?? page.words["err.generic"];
  return message.replace(/\{(\w+)\}/g, (whole, name) => params[name] ?? whole);
}

/** The message for a number: `key.one` or `key.other`, by the language's plural rules. */
export function tn(key, n, params = {}) {
  const form = new Intl.PluralRules(LOCALE).select(n) === "one" ? "one" : "other";
  return t(`${key}.${form}`, { n: String(n), ...params });
}

/** The address of one of our pages in the page's language. */
export const href = (path) => (page.language === "it" ? path : `/${page.language}${path}`);

/** The current address without its language. */
export const here = () =>
  page.language === "it" ? location.pathname : location.pathname.slice(page.language.length + 1) || "/";

/** The segment of the current address at a position (0 is the first). */
export const segment = (index) => decodeURIComponent(here().split("/")[index + 1] ?? "");

const EURO = new Intl.NumberFormat(LOCALE, { style: "currency", currency: "EUR", useGrouping: "always" });
export const money = (cents) => EURO.format(cents / 100);

const day = (iso) => (iso.length === 10 ? new Date(`${iso}T12:00:00Z`) : new Date(iso));
const formatter = (options) => new Intl.DateTimeFormat(LOCALE, { timeZone: ROME, ...options });
const SHORT = formatter({ day: "2-digit", month: "2-digit", year: "numeric" });
const LONG = formatter({ day: "numeric", month: "long", year: "numeric" });
const TIME = formatter({ hour: "2-digit", minute: "2-digit" });
export const dateShort = (iso) => SHORT.format(day(iso));
export const dateLong = (iso) => LONG.format(day(iso));
export const dateTime = (iso) => t("js.data_ora", { data: dateLong(iso), ora: TIME.format(day(iso)) });

/** Today in Rome, as on the wire. */
export const today = () => new Intl.DateTimeFormat("sv-SE", { timeZone: ROME }).format(new Date());
export const daysUntil = (iso) => Math.round((day(iso) - day(today())) / 86_400_000);

// ------------------------------------------------------------------ nodes

/** A node: attributes that are false or null are left out, texts become text nodes. */
export function el(tag, attributes = {}, ...children) {
  const node = document.createElement(tag);
  for (const [name, value] of Object.entries(attributes)) {
    if (value === false || value === null || value === undefined) continue;
    if (name.startsWith("on")) node.addEventListener(name.slice(2), value);
    else node.setAttribute(name, value === true ? "" : value);
  }
  node.append(...children.flat(Infinity).filter((child) => child !== null && child !== undefined && child !== false));
  return node;
}

const SVG = "http://www.w3.org/2000/svg";
export function icon(name, classes = "icon") {
  const svg = document.createElementNS(SVG, "svg");
  svg.setAttribute("class", classes);
  svg.setAttribute("aria-hidden", "true");
  const use = document.createElementNS(SVG, "use");
  use.setAttribute("href", `${page.icons}#it-${name}`);
  svg.append(use);
  return svg;
}

export const hidden = (text) => el("span", { class: "visually-hidden" }, text);

/** The entity's own words stay Italian on pages in other languages. */
export const italian = (text, tag = "span") => el(tag, { lang: page.language === "it" ? null : "it" }, text);

const TONES = { info: ["alert-info", "info-circle"], success: ["alert-success", "check-circle"],
  warning: ["alert-warning", "warning-circle"], danger: ["alert-danger", "error"] };

/** A message box. */
export function callout(tone, ...children) {
  const [classes, name] = TONES[tone];
  return el("div", { class: `alert ${classes}` }, icon(name), el("div", {}, ...children));
}

export const paragraph = (...text) => el("p", {}, ...text);
export const actions = (...children) => el("div", { class: "azioni" }, ...children);
export const primary = (text, address) => el("a", { class: "btn btn-primary", href: address }, text);
export const outline = (text, address, attributes = {}) =>
  el("a", { class: "btn btn-outline-primary", href: address, ...attributes }, text);
export const button = (text, onclick, classes = "btn btn-outline-primary") =>
  el("button", { type: "button", class: classes, onclick }, text);
export const contact = () => outline(t("js.contatta"), `mailto:${page.contact}`);

/** A link to a PDF that says so when the file cannot be had (see `download`). */
export const pdf = (text, address, name, classes = "btn btn-outline-primary") =>
  el("a", { class: classes, href: address, download: name, "data-pdf": true }, text);

/** Rows of a summary list: `[term, value]`, values are texts or nodes; empty rows are left out. */
export function summaryList(rows, classes = "riepilogo") {
  const shown = rows.filter((row) => row && row[1] !== null && row[1] !== undefined && row[1] !== "");
  return el("dl", { class: classes },
    shown.map(([term, value, rowClasses]) => el("div", { class: rowClasses }, el("dt", {}, term), el("dd", {}, value))));
}

/** A code in blocks of four, unless it has its own; copied, it has no spaces. */
export function code(text) {
  const blocks = /^\w+$/.test(text) ? text.match(/.{1,4}/g) : [text];
  return el("span", { class: "codice" }, blocks.map((block) => el("span", {}, block)));
}

/** A code with its copy button. */
export function copyable(text, name) {
  const copy = async () => {
    await navigator.clipboard.writeText(text).catch(() => {});
    announce(t("js.copiato"));
  };
  return [code(text), el("button", { type: "button", class: "copia", onclick: copy },
    icon("copy"), t("js.copia"), hidden(` ${name}`))];
}

/** Puts focus on a heading that appeared after waiting; screen readers then read it. */
export function focusHeading(heading) {
  heading.setAttribute("tabindex", "-1");
  heading.focus();
}

const BASE_TITLE = document.title;
const TITLE_END = BASE_TITLE.slice(BASE_TITLE.indexOf(" · "));
/** Changes the title's first part. */
export const setTitle = (text) => (document.title = text + TITLE_END);

/** An outcome: heading with icon, which takes focus and title. */
export function outcomeHeading(text, name = null, tone = "") {
  const heading = el("h1", { class: "titolo-esito" }, name && icon(name, `icon ${tone}`), el("span", {}, text));
  setTitle(text);
  return heading;
}

// ------------------------------------------------------------------ announcements

function say(id, text) {
  const region = document.getElementById(id);
  region.textContent = "";
  setTimeout(() => (region.textContent = text), 50);
}
export const announce = (text) => say("live", text);
export const alarm = (text) => say("live-alert", text);

// ------------------------------------------------------------------ what is kept in the tab

/** Values that outlive a page but not the tab; never passwords. */
export const tab = {
  get: (name) => JSON.parse(sessionStorage.getItem(name) ?? "null"),
  set: (name, value) => sessionStorage.setItem(name, JSON.stringify(value)),
  drop: (name) => sessionStorage.removeItem(name),
  take(name) {
    const value = this.get(name);
    this.drop(name);
    return value;
  },
};

const cookie = (name) => document.cookie.split("; ").some((pair) => pair.startsWith(`${name}=`));
const forgetSession = () => (document.cookie = "accesso=; Max-Age=0; Path=/; SameSite=Lax");

// ------------------------------------------------------------------ requests

const TIMEOUT_MS = 20_000;

/** A request that did not go well. `kind`: refused, server, network, offline. */
export class Refusal extends Error {
  constructor(kind, status = 0, problem = {}, retryAfter = 0) {
    super(problem.code ?? kind);
    Object.assign(this, { kind, status, code: problem.code ?? "", errors: problem.errors ?? [], problem, retryAfter,
      requestId: problem.requestId ?? "" });
  }
}

/** Calls our API. Without session on a private page: to the login, and nothing more happens here. */
export async function call(method, address, body, headers = {}) {
  const options = { method, cache: "no-store", credentials: "same-origin", signal: AbortSignal.timeout(TIMEOUT_MS) };
  options.headers = { Accept: "application/json", "Accept-Language": page.language, ...headers };
  if (body !== undefined) {
    options.headers["Content-Type"] = "application/json";
    options.body = JSON.stringify(body);
  }
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

export const get = (address) => call("GET", address);
export const post = (address, body = {}, headers) => call("POST", address, body, headers);

/** A key for a request that must have one effect only. */
export const idempotencyKey = () => crypto.randomUUID();

/** The words for a failure that is not about one field. */
export function failureText(refusal) {
  if (refusal.status === 429) return tn("js.troppi", Math.max(1, Math.ceil(refusal.retryAfter / 60)));
  if (refusal.kind === "offline") return t("js.offline");
  if (refusal.kind === "network") return t("js.rete");
  if (refusal.kind === "server") return t("js.server");
  return t("err.generic");
}

const supportCode = (refusal) =>
  refusal.kind === "server" && refusal.requestId ? el("p", { class: "nota" }, t("js.codice_assistenza"), " ", code(refusal.requestId)) : null;

// ------------------------------------------------------------------ session

const IDLE_MS = 20 * 60_000;
const WARNING_MS = 18 * 60_000;
const REFRESH_MS = 5 * 60_000;
let active = false;

function sessionTouched() {
  localStorage.setItem("contatto", String(Date.now()));
}

let leaving = false;
/** To the login page, and back here afterwards. */
function toLogin() {
  if (leaving) return;
  leaving = true;
  const query = new URLSearchParams({ torna: location.pathname + location.search });
  if (cookie("accesso")) query.set("scaduta", "1");
  forgetSession();
  location.replace(`${href("/accedi")}?${query}`);
}

let accountAsked = null;
/** The person's account; asked once per page. */
export function account() {
  accountAsked ??= get("/api/account").then((data) => data.account);
  return accountAsked;
}

/** Whether a session may exist: enough to choose what to offer, never to show anything private. */
export const mayBeLoggedIn = () => page.private || cookie("accesso");

/** The account if there is a session, otherwise null. */
export async function accountIfAny() {
  if (!mayBeLoggedIn()) return null;
  try {
    return await account();
  } catch (refusal) {
    if (refusal.status === 401) forgetSession();
    return null;
  }
}

export const fullName = (person) => person.companyName ?? [person.firstName, person.lastName].filter(Boolean).join(" ");

async function logout() {
  try {
    await post("/api/logout");
  } catch (refusal) {
    if (refusal.status !== 401) return alarm(failureText(refusal));
  }
  forgetSession();
  sessionStorage.clear();
  localStorage.clear();
  location.replace(href("/uscita"));
}

async function settleHeader() {
  const person = await accountIfAny();
  if (!person) return;
  if (page.loggedOut) return location.replace(href("/pratiche"));
  const first = person.companyName ?? person.firstName ?? person.username;
  const entry = (text, path) => el("li", {}, el("a", { href: href(path) }, text));
  const menu = el("details", { class: "menu", id: "menu-utente" },
    el("summary", {}, icon("user"), el("span", { class: "utente-nome" }, first,
      person.lastName ? el("span", { class: "utente-cognome" }, ` ${person.lastName}`) : null), icon("expand", "icon gira")),
    el("ul", { class: "menu-voci" }, entry(t("js.pratiche"), "/pratiche"), entry(t("js.utenza"), "/profilo"),
      el("li", {}, el("button", { type: "button", "data-esci": true }, t("js.esci")))));
  document.getElementById("accesso").replaceChildren(menu);
}

function warnOfExpiry() {
  let dialog = document.getElementById("sessione");
  if (dialog?.open) return;
  dialog ??= el("dialog", { id: "sessione", "aria-labelledby": "sessione-titolo" },
    el("h2", { id: "sessione-titolo" }, t("js.sessione")), paragraph(t("js.sessione_testo")),
    actions(button(t("js.resta"), () => dialog.close(), "btn btn-primary"), button(t("js.esci"), logout)));
  // Escape and the first button mean the same: the person is here.
  dialog.onclose = () => get("/api/account").catch(() => {});
  document.body.append(dialog);
  dialog.showModal();
}

function watchSession() {
  for (const kind of ["pointerdown", "keydown", "input"]) addEventListener(kind, () => (active = true), { passive: true });
  sessionTouched();
  setInterval(() => {
    const idle = Date.now() - Number(localStorage.getItem("contatto"));
    if (idle >= IDLE_MS) toLogin();
    else if (active && idle >= REFRESH_MS && !document.getElementById("sessione")?.open) {
      active = false;
      get("/api/account").catch(() => {});
    } else if (idle >= WARNING_MS) warnOfExpiry();
    else if (document.getElementById("sessione")?.open) document.getElementById("sessione").close();
  }, 15_000);
}

// ------------------------------------------------------------------ regions that load

const SKELETON_MS = 300;
const SLOW_MS = 8_000;

/**
 * Fills a region with what `task` gives (nodes, or nothing if it did the work itself), showing the skeleton,
 * the wait and the failure of section 1.7. Failures that are pages of their own take the whole page.
 */
export async function load(region, task) {
  const skeleton = region.querySelector(".scheletro") ?? el("div", { class: "scheletro", "aria-hidden": "true" }, el("span"));
  const kept = region.querySelector("h1");
  const reset = () => region.replaceChildren(...[kept, skeleton].filter(Boolean));
  region.setAttribute("aria-busy", "true");
  skeleton.hidden = true;
  reset();
  const timers = [
    setTimeout(() => {
      skeleton.hidden = false;
      announce(t("js.caricamento"));
    }, SKELETON_MS),
    setTimeout(() => {
      region.prepend(callout("info", paragraph(t("js.lento"))));
      announce(t("js.lento"));
    }, SLOW_MS),
  ];
  try {
    const nodes = await task();
    if (nodes) region.replaceChildren(...[nodes].flat(Infinity).filter(Boolean));
    return true;
  } catch (refusal) {
    if (!(refusal instanceof Refusal)) throw refusal;
    if (refusal.status === 404) systemPage("js.non_trovata", "js.non_trovata_testo");
    else if (refusal.status === 403) systemPage("js.non_consentita", "js.non_consentita_testo");
    else region.replaceChildren(...[kept, failure(refusal, () => load(region, task))].filter(Boolean));
    return false;
  } finally {
    timers.forEach(clearTimeout);
    region.removeAttribute("aria-busy");
  }
}

/** The failure's message with **Riprova**; offline, it tries again by itself. */
export function failure(refusal, retry) {
  const text = failureText(refusal);
  const again = () => {
    removeEventListener("online", back);
    retry();
  };
  const back = () => {
    announce(t("js.connesso"));
    again();
  };
  if (refusal.kind === "offline") addEventListener("online", back, { once: true });
  alarm(text);
  return callout("danger", paragraph(text), supportCode(refusal), actions(button(t("js.riprova"), again)));
}

/** S28 and S32: put in place of the page when the data say so. */
export function systemPage(title, text) {
  const heading = el("h1", {}, t(title));
  const box = document.querySelector("main .container");
  box.replaceChildren(el("div", { class: "misura" }, heading, el("p", { class: "introduzione" }, t(text)),
    actions(primary(t("js.cerca"), href("/")), outline(t("js.pratiche"), href("/pratiche")))));
  setTitle(t(title));
  focusHeading(heading);
}

// ------------------------------------------------------------------ forms

/** The API's field names and the page's. */
const FIELDS = { fiscalCode: "cf", noticeNumber: "codice", iuv: "codice", firstName: "nome", lastName: "cognome",
  companyName: "ragione_sociale", address: "indirizzo", country: "nazione", city: "citta", province: "provincia",
  postalCode: "cap", phone: "telefono", passwordConfirmation: "conferma", privacyAccepted: "privacy",
  termsAccepted: "termini", currentPassword: "password", amount: "importo", reason: "causale" };

/** The words of an error: those of this form, of this field, of this code, in that order. */
function errorText(form, { field, code: name, params = {}, text }) {
  if (text) return text;
  const keys = [`err.${form}.${field}.${name}`, `err.${field}.${name}`, `err.${name}`, "err.generic"];
  return t(keys.find((key) => key in page.words), params);
}

/** What was typed: texts trimmed, passwords as they are, check boxes as booleans. */
export function values(form) {
  const found = {};
  for (const field of form.elements) {
    if (!field.name) continue;
    if (field.type === "checkbox") found[field.name] = field.checked;
    else if (field.type === "radio") found[field.name] = field.checked ? field.value : (found[field.name] ?? "");
    else found[field.name] = field.type === "password" ? field.value : field.value.trim().replace(/\s+/g, " ");
  }
  return found;
}

const kept = (form) => Object.fromEntries(Object.entries(values(form)).filter(([name]) => form.elements[name]?.type !== "password"));

/** Writes values back into a form. */
export function restore(form, saved) {
  for (const [name, value] of Object.entries(saved ?? {})) {
    const field = form.elements[name];
    if (!field || field.type === "password") continue;
    if (field.type === "checkbox") field.checked = value;
    else field.value = value;
  }
}

/** Keeps what is typed in the tab until it is sent, cancelled or logged out. Answers whether something was there. */
export function draft(form, name) {
  const saved = tab.get(name);
  restore(form, saved);
  form.addEventListener("input", () => tab.set(name, kept(form)));
  form.addEventListener("change", () => tab.set(name, kept(form)));
  return Boolean(saved);
}

/** Writes or clears a field's error. `still` keeps its room: a button must not move while it is being pressed. */
function fieldError(form, field, text, still = false) {
  const input = form.querySelector(`[name="${CSS.escape(field)}"]`);
  const box = input?.closest(".campo, fieldset");
  if (!box) return;
  const id = `${field}-errore`;
  const old = box.querySelector(`#${CSS.escape(id)}`);
  if (still) old?.classList.add("vuoto");
  else old?.remove();
  const described = (input.getAttribute("aria-describedby") ?? "").split(" ").filter((part) => part && part !== id);
  if (text) {
    box.append(el("p", { class: "invalid-feedback", id }, icon("error"), el("span", {}, hidden(`${t("js.errore")}: `), text)));
    input.setAttribute("aria-invalid", "true");
    described.push(id);
  } else {
    input.removeAttribute("aria-invalid");
  }
  if (described.length > 0) input.setAttribute("aria-describedby", described.join(" "));
  else input.removeAttribute("aria-describedby");
}

/** The error summary above the heading: links to the fields, or only sentences. */
export function errorSummary(entries, extra = []) {
  const place = document.getElementById("errori");
  if (entries.length === 0 && extra.length === 0) {
    place.replaceChildren();
    return;
  }
  const linked = entries.filter(({ field }) => field && document.getElementById(field));
  const bare = entries.filter((entry) => !linked.includes(entry));
  const jump = (event) => {
    event.preventDefault();
    document.getElementById(event.currentTarget.hash.slice(1)).focus();
  };
  const box = callout("danger",
    el("h2", {}, linked.length > 0 ? t("js.controlla") : t("js.attenzione")),
    bare.map(({ text }) => paragraph(text)),
    linked.length > 0 && el("ul", {}, linked.map(({ field, text }) => el("li", {}, el("a", { href: `#${field}`, onclick: jump }, text)))),
    extra);
  box.classList.add("riepilogo-errori");
  box.setAttribute("role", "alert");
  box.setAttribute("tabindex", "-1");
  place.replaceChildren(box);
  document.title = `${t("js.errore")}: ${BASE_TITLE}`;
  box.focus();
}

/**
 * Sends a form by script. `check` gives the errors of the values (`[{field, code, params}]`), `send` does the
 * request; a refusal goes to `refused`, which may give the entries to show, then to the common words.
 */
export function form(element, { name = "", check = () => [], send, refused = () => null, waiting = null }) {
  let sending = false;
  let failed = false;

  const show = (errors, extra = []) => {
    const entries = errors.map((error) => ({ field: error.field, text: errorText(name, error) }));
    for (const input of element.elements) if (input.name) fieldError(element, input.name, null);
    const shown = new Set();
    for (const { field, text } of entries) if (field && !shown.has(field)) {
      shown.add(field);
      fieldError(element, field, text);
    }
    failed = true;
    errorSummary(entries, extra);
  };

  const give = (refusal) => {
    if (!(refusal instanceof Refusal)) throw refusal;
    const special = refused(refusal);
    if (special) return show(special.errors ?? [special], special.extra);
    if (refusal.errors.length > 0) {
      return show(refusal.errors.map(({ field, code: what, params }) => ({ field: FIELDS[field] ?? field.replace("fields.", "campo-"), code: what, params })));
    }
    if (refusal.kind === "offline") {
      addEventListener("online", () => announce(t("js.connesso")), { once: true });
    }
    show([{ text: failureText(refusal) }], [supportCode(refusal)].filter(Boolean));
  };

  element.addEventListener("submit", async (event) => {
    event.preventDefault();
    if (sending) return;
    for (const toggle of element.querySelectorAll("[data-mostra]")) showPassword(toggle, false);
    const given = values(element);
    const errors = check(given, event.submitter);
    if (errors.length > 0) return show(errors);
    show.clear();
    sending = true;
    const submitter = event.submitter ?? element.querySelector("[type=submit]");
    const restoreButton = wait(submitter);
    announce(waiting ?? t("js.invio"));
    try {
      // A page that leaves keeps its button waiting: `send` answers "leaving".
      if ((await send(given, submitter)) === "leaving") return;
    } catch (refusal) {
      give(refusal);
    }
    sending = false;
    restoreButton();
  });

  show.clear = () => {
    for (const input of element.elements) if (input.name) fieldError(element, input.name, null);
    document.getElementById("errori").replaceChildren();
    document.title = BASE_TITLE;
  };

  // After a failed send, leaving a field may only clear its error.
  element.addEventListener("focusout", ({ target }) => {
    if (!failed || target.getAttribute?.("aria-invalid") !== "true") return;
    if (!check(values(element)).some(({ field }) => field === target.name)) fieldError(element, target.name, null, true);
  });

  const typed = tab.get("lingua.valori");
  if (typed?.[element.id]) {
    restore(element, typed[element.id]);
    tab.drop("lingua.valori");
  }
  return { show };
}

/** A button that waits, and the way back. */
export function wait(element) {
  const before = [...element.childNodes];
  element.setAttribute("aria-disabled", "true");
  element.replaceChildren(t("js.attendi"));
  return () => {
    element.removeAttribute("aria-disabled");
    element.replaceChildren(...before);
  };
}

/** Runs an action once however often its button is pressed. */
export function once(element, action) {
  element.addEventListener("click", async () => {
    if (element.getAttribute("aria-disabled") === "true") return;
    const again = wait(element);
    try {
      if ((await action()) === "leaving") return;
    } catch (refusal) {
      if (!(refusal instanceof Refusal)) throw refusal;
      errorSummary([{ text: failureText(refusal) }]);
    }
    again();
  });
  return element;
}

function showPassword(toggle, shown) {
  const input = document.getElementById(toggle.dataset.mostra);
  if (toggle.getAttribute("aria-pressed") === String(shown)) return;
  const label = input.closest(".campo").querySelector("label").textContent.replace("*", "");
  input.type = shown ? "text" : "password";
  toggle.setAttribute("aria-pressed", String(shown));
  toggle.setAttribute("aria-label", `${shown ? t("js.nascondi") : t("js.mostra")}: ${label}`);
  toggle.replaceChildren(icon(shown ? "password-invisible" : "password-visible"),
    el("span", {}, shown ? t("js.nascondi_breve") : t("js.mostra_breve")));
}

/** Resends a mail, one minute apart. */
export function resend(trigger, place, send) {
  const PAUSE_MS = 60_000;
  let last = 0;
  trigger.addEventListener("click", async () => {
    const left = Math.ceil((last + PAUSE_MS - Date.now()) / 1000);
    let text;
    if (left > 0) {
      text = tn("js.rinvio_tra", left);
    } else {
      last = Date.now();
      text = await send().then(() => t("js.rinviato")).catch((refusal) => {
        last = 0;
        return failureText(refusal);
      });
    }
    place.textContent = text;
    announce(text);
  });
}

// ------------------------------------------------------------------ debts

const STATES = { non_confermato: ["stato stato-info", "clock"], in_corso: ["stato stato-attenzione", "clock"],
  confermato: ["stato stato-riuscito", "check-circle"], scaduto: ["stato stato-errore", "warning-circle"],
  annullato: ["stato stato-neutro", "close-circle"] };

/** The state's key, as the catalogue has it. */
export function stateOf(debt) {
  if (debt.status === "paid") return "confermato";
  if (debt.status === "expired") return "scaduto";
  if (debt.status === "cancelled") return "annullato";
  return debt.paymentInProgress || /progress/.test(debt.notPayableReason ?? "") ? "in_corso" : "non_confermato";
}

/** The state in words and icon, never in colour alone. */
export function stateChip(debt) {
  const state = stateOf(debt);
  const [classes, name] = STATES[state];
  return el("span", { class: classes }, icon(name),
    el("span", {}, t(`stato.${state}`), " ", el("small", {}, t(`stato.${state}.breve`))));
}

export const noticePdf = (debt, classes) =>
  withReason(pdf(t("js.bollettino"), `/api/debts/${debt.noticeNumber}/notice.pdf`, `avviso-${debt.noticeNumber}.pdf`, classes), debt);
export const receiptPdf = (debt, classes = "btn btn-primary") =>
  pdf(t("js.ricevuta_pdf"), `/api/debts/${debt.noticeNumber}/receipt.pdf`, `ricevuta-${debt.iuv}.pdf`, classes);

/** Adds the reason to an accessible name that would repeat on the page. */
export function withReason(node, debt, more = "") {
  node.append(hidden(`: ${debt.reason}${more}`));
  return node;
}

/** Fetches a PDF so that a failure can be told; without script the link does the same alone. */
async function download(link) {
  if (link.getAttribute("aria-disabled") === "true") return;
  link.setAttribute("aria-disabled", "true");
  try {
    const response = await fetch(link.href, { headers: { "Accept-Language": page.language }, signal: AbortSignal.timeout(TIMEOUT_MS) });
    if (!response.ok) {
      const problem = await response.json().catch(() => ({}));
      if (response.status === 401 && page.private) return toLogin();
      throw new Refusal(response.status >= 500 ? "server" : "refused", response.status, problem);
    }
    const address = URL.createObjectURL(await response.blob());
    el("a", { href: address, download: link.download }).click();
    setTimeout(() => URL.revokeObjectURL(address), 60_000);
  } catch (refusal) {
    errorSummary([{ text: t("js.scarico_fallito") }], [refusal instanceof Refusal ? supportCode(refusal) : null].filter(Boolean));
  } finally {
    link.removeAttribute("aria-disabled");
  }
}

// ------------------------------------------------------------------ every page

function onClick(event) {
  const target = event.target.closest("[data-esci], [data-mostra], [data-chiudi], [data-pdf], [data-lingua]");
  for (const menu of document.querySelectorAll("details.menu[open]")) if (!menu.contains(event.target)) menu.open = false;
  if (!target) return;
  if ("esci" in target.dataset) logout();
  else if (target.dataset.mostra) {
    const shown = target.getAttribute("aria-pressed") !== "true";
    showPassword(target, shown);
    announce(shown ? t("js.password_visibile") : t("js.password_nascosta"));
  } else if ("chiudi" in target.dataset) target.closest("dialog").close();
  else if ("pdf" in target.dataset) {
    event.preventDefault();
    download(target);
  } else if (target.dataset.lingua) changeLanguage(target);
}

/** Remembers the choice and what was typed; the link itself does the rest. */
function changeLanguage(link) {
  document.cookie = `lingua=${link.dataset.lingua}; Max-Age=31536000; Path=/; SameSite=Lax`;
  const typed = {};
  for (const element of document.forms) if (element.id) typed[element.id] = kept(element);
  tab.set("lingua.valori", typed);
  link.hash = location.hash;
}

function onKey(event) {
  if (event.key !== "Escape") return;
  const menu = document.querySelector("details.menu[open]");
  if (!menu) return;
  menu.open = false;
  menu.querySelector("summary").focus();
}

document.documentElement.classList.add("pronta");
document.addEventListener("click", onClick);
document.addEventListener("keydown", onKey);
addEventListener("pageshow", ({ persisted }) => {
  // Nothing private is shown from the browser's memory without asking again.
  if (persisted && page.private) location.reload();
});
document.getElementById("ora-stampa").textContent = t("js.stampato", { data: dateTime(new Date().toISOString()) });
if (mayBeLoggedIn()) settleHeader();
if (page.private) watchSession();
