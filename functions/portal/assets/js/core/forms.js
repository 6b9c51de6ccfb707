// Forms sent by script: what was typed, what is wrong with it, where it is said.

import { BASE_TITLE, callout, el, find, hidden, icon, paragraph } from "./nodes.js";
import { Refusal, failureText, supportCode } from "./requests.js";
import { tab } from "./tab.js";
import { announce } from "./announcements.js";
import { page, t, tn } from "./messages.js";


/** The API's field names and the page's. */
const FIELDS = { fiscalCode: "cf", noticeNumber: "codice", iuv: "codice", firstName: "nome", lastName: "cognome",
  companyName: "ragione_sociale", address: "indirizzo", country: "nazione", city: "citta", province: "provincia",
  postalCode: "cap", phone: "telefono", passwordConfirmation: "conferma", privacyAccepted: "privacy",
  termsAccepted: "termini", currentPassword: "password", amount: "importo", reason: "causale", serviceCode: "servizio",
  method: "metodo", pspId: "psp", from: "dal", to: "al" };

export const pageErrors = (/** @type {Refusal} */ refusal) =>
  refusal.errors.map(({ field, ...fault }) => ({ ...fault, field: FIELDS[field] ?? field.replace("fields.", "campo-") }));

/**
 * The sentence of an error: that of this form, of this field, of this code, in that order.
 * @param {string} form @param {FieldFault} fault
 */
function errorText(form, { field, code: name, params = {}, text }) {
  if (text) return text;
  const theirs = Object.keys(FIELDS).filter((key) => FIELDS[key] === field);
  const keys = [`${form}.${field}.${name}`, ...[...theirs, field].map((key) => `${key}.${name}`), name, "generic"].map((key) => `err.${key}`);
  // A sentence whose numbers were not told would have holes.
  const whole = (key) => [...(page.messages[key] ?? "{").matchAll(/\{(\w*)/g)].every(([, wanted]) => wanted in params);
  return t(keys.find(whole) ?? "err.generic", params);
}

/**
 * The fields of a form by their names.
 * @returns {Record<string, HTMLInputElement>}
 */
export const fieldsOf = (/** @type {HTMLFormElement} */ form) => /** @type {any} */ (form.elements);

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

export const kept = (form) => Object.fromEntries(Object.entries(values(form)).filter(([name]) => form.elements[name]?.type !== "password"));

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
    el("h2", {}, linked.length > 0 ? t("problem.invalid_input.title") : t("js.attenzione")),
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
 * @typedef {{ field?: string, code?: string, params?: Record<string, unknown>, text?: string }} FieldFault what is wrong, and where
 * @typedef {{ show: { (errors: FieldFault[], extra?: Node[]): void, clear: () => void } }} Sender
 */

/**
 * Sends a form by script. `check` gives the errors of the values (`[{field, code, params}]`), `send` does the
 * request; a refusal goes to `refused`, which may give the entries to show, then to the common words.
 * @param {HTMLFormElement} element
 * @param {{ name?: string, check?: (given: any, submitter?: HTMLElement) => FieldFault[],
 *   send: (given: any, submitter?: HTMLElement) => Promise<unknown>,
 *   refused?: (refusal: Refusal) => (FieldFault & { errors?: FieldFault[], extra?: Node[] }) | null, waiting?: string | null }} how
 * @returns {Sender}
 */
export function form(element, { name = "", check = () => [], send, refused = () => null, waiting = null }) {
  let sending = false;
  let failed = false;
  /** What a server refused although nothing here had anything against it, as it was typed. */
  let refusedAs = {};

  /** @type {Sender["show"]} */
  const show = (errors, extra = []) => {
    const entries = errors.map((error) => ({ field: error.field, text: errorText(name, error) }));
    for (const name of Object.keys(values(element))) fieldError(element, name, null);
    const shown = new Set();
    for (const { field, text } of entries) if (field && !shown.has(field)) {
      shown.add(field);
      fieldError(element, field, text);
    }
    failed = true;
    const typed = values(element);
    const known = new Set(check(typed).map(({ field }) => field));
    refusedAs = Object.fromEntries(entries.filter(({ field }) => field && !known.has(field)).map(({ field }) => [field, typed[field]]));
    errorSummary(entries, extra);
  };

  const give = (/** @type {unknown} */ refusal) => {
    if (!(refusal instanceof Refusal)) return brokenPage();
    const special = refused(refusal);
    if (special) return show(special.errors ?? [special], special.extra);
    if (refusal.errors.length > 0) {
      return show(pageErrors(refusal));
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
    const submitter = event.submitter ?? element.querySelector("[type=submit]");
    let restoreButton = () => {};
    try {
      const given = values(element);
      const errors = check(given, submitter);
      if (errors.length > 0) return show(errors);
      show.clear();
      sending = true;
      restoreButton = wait(submitter);
      announce(waiting ?? t("js.invio"));
      // A page that leaves keeps its button waiting: `send` answers "leaving".
      if ((await send(given, submitter)) === "leaving") return;
    } catch (refusal) {
      give(refusal);
    }
    sending = false;
    restoreButton();
  });

  show.clear = () => {
    for (const name of Object.keys(values(element))) fieldError(element, name, null);
    document.getElementById("errori").replaceChildren();
    document.title = BASE_TITLE;
  };

  // After a failed send, leaving a field may only clear errors: its own, and those of fields that it settles.
  element.addEventListener("focusout", ({ target }) => {
    const red = [...element.querySelectorAll("[aria-invalid=true]")].map((field) => field.getAttribute("name"));
    if (!failed || red.length === 0 || !(target instanceof HTMLElement) || !("name" in target)) return;
    const typed = values(element);
    const wrong = new Set(check(typed).map(({ field }) => field));
    const mended = red.filter((name) => !wrong.has(name) && !(name in refusedAs && typed[name] === refusedAs[name]));
    for (const name of mended) fieldError(element, name, null, true);
    for (const line of document.querySelectorAll("#errori li a")) {
      // It keeps its room: what is about to be pressed must not move.
      if (mended.includes(line.getAttribute("href").slice(1))) line.closest("li").classList.add("vuoto");
    }
    if (mended.length === red.length) document.title = BASE_TITLE;
  });

  const typed = tab.get("lingua.valori");
  if (typed?.[element.id]) {
    restore(element, typed[element.id]);
    tab.drop("lingua.valori");
  }
  return { show };
}

/** What to say when the page itself is at fault. */
export function brokenPage() {
  errorSummary([{ text: t("js.pagina_rotta") }]);
}

/**
 * A mailed link's token, or the username and code that are typed where the link was broken: `of` gives what is sent.
 * @param {string} token
 */
export function codeInstead(token) {
  const place = find("div", "con-codice");
  const toggle = find("button", "usa-codice");
  const byCode = () => !place.hidden;
  const open = () => {
    place.hidden = false;
    toggle.hidden = true;
  };
  toggle.addEventListener("click", () => {
    open();
    find("input", "username").focus();
  });
  if (!token) open();
  return {
    byCode,
    /** @returns {FieldFault[]} */
    check: ({ username, code }) => (byCode() ? ["username", "code"].filter((field) => !{ username, code }[field]).map((field) => ({ field, code: "required" })) : []),
    of: ({ username, code }) => (byCode() ? { username, code } : { token }),
  };
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
      if (refusal instanceof Refusal) errorSummary([{ text: failureText(refusal) }]);
      else brokenPage();
    }
    again();
  });
  return element;
}

export function showPassword(toggle, shown) {
  const input = find("input", toggle.dataset.mostra);
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
