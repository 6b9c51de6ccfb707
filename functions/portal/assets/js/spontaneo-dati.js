// S13: the data of a spontaneous payment. The debtor is the account's own and cannot be edited.

import { account, actions, announce, button, callout, dateLong, daysUntil, draft, el, fieldsOf, find, form, fullName, get, hidden, href, italian, load, money,
  openDialog, paragraph, post, segment, summaryList, systemPage, t, tab, tn } from "./core.js";
import { amount, length } from "./rules.js";

const LONGEST_REASON = 140;
/** How long somebody must stop typing before the price is asked for. */
const PAUSE_MS = 400;
const REASON = /^[\p{L}\p{M}\p{N}\s.,;:'’"()/\-–+&%°ªº_#@!?€]+$/u;
const HIGHEST = 99_999_999;

const serviceCode = segment(1);
const draftName = `bozza.spontaneo.${serviceCode}`;

load(document.getElementById("regione"), async () => {
  const [services, person] = await Promise.all([get("/api/services"), account()]);
  const service = services.items.find(({ code }) => code === serviceCode);
  if (!service) {
    systemPage("js.non_trovata", "js.non_trovata_testo");
    return null;
  }
  return draw(service, person);
});

const field = (name, label, hint, input, ...after) => {
  input.id = name;
  input.name = name;
  if (hint) input.setAttribute("aria-describedby", `${name}-aiuto`);
  return el("div", { class: "campo", "data-campo": name }, el("label", { class: "form-label", for: name }, label),
    hint && el("span", { class: "form-text", id: `${name}-aiuto` }, hint), input, ...after);
};
const textInput = (attributes = {}) => el("input", { class: "form-control", type: "text", required: true, autocomplete: "off", ...attributes });

/** The price list says what may be written as amount. @param {import("./core.js").Service["amount"]} amount */
function limits({ kind, fixed, min = 1, max = HIGHEST }) {
  return kind === "fixed" ? { fixed, min: fixed, max: fixed } : { min: Math.max(1, min), max };
}

function amountField(service) {
  const { fixed } = limits(service.amount);
  if (service.amount.kind === "tariff") return null;
  const input = textInput({ class: "form-control corto", inputmode: "decimal", readonly: fixed !== undefined });
  if (fixed !== undefined) input.value = money(fixed).replace(/[^\d.,]/g, "");
  const echo = el("p", { class: "eco" });
  input.addEventListener("change", () => {
    const cents = amount(input.value);
    echo.textContent = cents === null ? "" : t("spontaneo-dati.js.eco", { importo: money(cents) });
    if (cents !== null) announce(echo.textContent);
  });
  return field("importo", t("spontaneo-dati.js.importo"), t("spontaneo-dati.js.importo_aiuto"), input, echo);
}

function reasonField(proposed) {
  const input = textInput();
  const counter = el("p", { class: "eco", "aria-hidden": "true" });
  const count = () => {
    const n = length(input.value);
    counter.textContent = `${n}/${LONGEST_REASON}`;
    if (LONGEST_REASON - n === 20) announce(tn("spontaneo-dati.js.mancano", 20));
  };
  input.addEventListener("input", count);
  setTimeout(count);
  return field("causale", t("spontaneo-dati.js.causale"), proposed ? t("spontaneo-dati.js.causale_aiuto") : null, input, counter);
}

function serviceField({ name, label, type, required, options, help }) {
  const shown = required ? `${label}*` : `${label} ${t("spontaneo-dati.js.facoltativo")}`;
  const choices = options ?? [];
  const input = choices.length > 0
    ? el("select", { class: "form-select", required }, el("option", { value: "" }, t("spontaneo-dati.js.scegli")),
      choices.map((choice) => el("option", { value: choice.value ?? choice }, choice.label ?? choice)))
    : textInput({ type: type === "date" ? "date" : "text", inputmode: ["number", "year"].includes(type) ? "numeric" : null, required });
  return field(`campo-${name}`, shown, help, input);
}

/** Who will owe it, not to be edited; on a small screen two lines that open. @param {import("./core.js").Account} person */
function debtor(person) {
  const town = [person.postalCode, person.city].filter(Boolean).join(" ");
  const address = `${person.address}, ${town}${person.province && person.province !== "EE" ? ` (${person.province})` : ""}`;
  const wide = matchMedia("(min-width: 768px)");
  const folded = el("details", { class: "debitore", open: wide.matches },
    el("summary", {}, el("span", {}, fullName(person), el("br"), el("span", { class: "codice" }, person.fiscalCode)),
      el("span", { class: "apri-chiudi" }, t("spontaneo-dati.js.mostra"), hidden(` ${t("spontaneo-dati.js.mostra_dati")}`))),
    summaryList([[person.companyName ? t("spontaneo-dati.js.ragione") : t("spontaneo-dati.js.nome"), fullName(person)],
      [t("spontaneo-dati.js.cf"), el("span", { class: "codice" }, person.fiscalCode)], [t("spontaneo-dati.js.indirizzo"), address]], "riepilogo lungo"));
  wide.addEventListener?.("change", () => (folded.open = wide.matches));
  return el("section", { class: "riquadro riquadro-tenue", "aria-labelledby": "debitore" }, el("h2", { id: "debitore" }, t("spontaneo-dati.js.debitore")), folded);
}

/** @param {import("./core.js").Service} service @param {import("./core.js").Account} person */
function draw(service, person) {
  const instructions = service.instructions
    ? el("section", { id: "indicazioni", "aria-labelledby": "indicazioni-titolo", tabindex: "-1" },
      el("h2", { id: "indicazioni-titolo" }, t("spontaneo-dati.js.indicazioni")), plainText(service.instructions)) : null;
  const cancel = el("a", { class: "btn btn-outline-primary", href: href("/pratiche") }, t("spontaneo-dati.js.annulla"));
  const modulo = el("form", { id: "modulo", method: "post", novalidate: true },
    field("servizio", t("spontaneo-dati.js.servizio"), null, textInput({ readonly: true, value: service.code, lang: "it" }),
      el("p", { class: "eco" }, el("a", { href: href("/spontaneo") }, t("spontaneo-dati.js.cambia"), el("span", { class: "visually-hidden" }, ` ${t("spontaneo-dati.js.cambia_servizio")}`)))),
    amountField(service), service.fields.map(serviceField), priceBox(service), reasonField(service.fields.length > 0),
    actions(el("button", { class: "btn btn-primary", type: "submit" }, t("spontaneo-dati.js.continua")), cancel));
  const resumed = draft(modulo, draftName);
  fieldsOf(modulo).servizio.value = service.code;
  if (limits(service.amount).fixed !== undefined) fieldsOf(modulo).importo.value = money(service.amount.fixed).replace(/[^\d.,]/g, "");
  if (resumed && !tab.get("spontaneo.modifica")) {
    document.getElementById("avvisi").replaceChildren(callout("info", paragraph(t("spontaneo-dati.js.ripreso")),
      actions(button(t("spontaneo-dati.js.ricomincia"), () => {
        tab.drop(draftName);
        location.reload();
      }))));
  }
  tab.drop("spontaneo.modifica");
  let typed = resumed;
  modulo.addEventListener("input", () => (typed = true));
  const dialog = find("dialog", "uscire");
  cancel.addEventListener("click", (event) => {
    if (!typed) return;
    event.preventDefault();
    openDialog(dialog);
  });
  document.getElementById("uscire-si").addEventListener("click", () => tab.drop(draftName));
  listen(modulo, service);
  if (service.fields.length > 0) preview(modulo, service);
  return [
    el("p", { class: "nota" }, t("js.obbligatorio"), " ", instructions && el("a", { href: "#indicazioni" }, t("spontaneo-dati.js.leggi"))),
    debtor(person),
    modulo, instructions];
}

/** Where a price that is computed is shown, before anything is saved. */
const priceBox = (service) => (service.amount.kind === "tariff"
  ? el("div", { class: "riquadro riquadro-tenue", id: "prezzo" }, el("p", {}, t("spontaneo-dati.js.tariffa"))) : null);

/** How an amount comes about: its parts, and the sum. */
const computed = ({ amount: cents, computation = [] }) => summaryList([
  ...computation.map(({ text, amount: part }) => [t("spontaneo-dati.js.parte"), [italian(text), ", ", money(part)]]), [t("spontaneo-dati.js.totale"), money(cents), "totale"]]);

/** Asks what the fields so far come to, when somebody stops typing: the price of a tariff, a reason to begin with. */
function preview(modulo, service) {
  const box = modulo.querySelector("#prezzo");
  const reason = fieldsOf(modulo).causale;
  let proposed = reason.value === "" ? "" : null;
  let timer = 0;
  let latest = 0;
  const ask = async () => {
    const given = valuesOf(modulo, service);
    if (service.fields.some((wanted) => wrong(wanted, given[wanted.name] ?? ""))) return;
    latest += 1;
    const mine = latest;
    const told = await post("/api/debts?dryRun=true", bodyOf(modulo, service, proposed !== null)).catch(() => null);
    if (!told || mine !== latest) return;
    if (box) {
      box.replaceChildren(computed(told));
      announce(t("spontaneo-dati.js.eco", { importo: money(told.amount) }));
    }
    // One's own words are never written over.
    if (proposed !== null && (reason.value === "" || reason.value === proposed)) {
      proposed = told.reason;
      reason.value = told.reason;
      reason.dispatchEvent(new Event("input", { bubbles: true }));
    }
  };
  modulo.addEventListener("input", ({ target }) => {
    if (target === reason) {
      if (reason.value !== proposed) proposed = null;
      return;
    }
    clearTimeout(timer);
    timer = setTimeout(ask, PAUSE_MS);
  });
  ask();
}

/** The service's fields as typed, without those left empty. */
function valuesOf(modulo, service) {
  const given = fieldsOf(modulo);
  return Object.fromEntries(service.fields.map(({ name }) => [name, given[`campo-${name}`].value.trim().replace(/\s+/g, " ")]).filter(([, value]) => value));
}

/** What is asked of the API. @param {boolean} [propose] whether the reason is still to be proposed */
function bodyOf(modulo, service, propose = false) {
  const given = fieldsOf(modulo);
  const body = { serviceCode, reason: propose ? "" : given.causale.value.trim().replace(/\s+/g, " ") };
  // A reason is proposed before the amount is written too: any amount within the limits will do for that.
  if (service.amount.kind === "free") body.amount = amount(given.importo.value) ?? (propose ? limits(service.amount).min : undefined);
  if (service.fields.length > 0) body.fields = valuesOf(modulo, service);
  return body;
}

/** What the text must look like: `A` a letter, `9` a digit, `*` either, anything else itself. */
function looksLike(mask, text) {
  const kinds = { A: /\p{L}/u, 9: /\d/, "*": /[\p{L}\d]/u };
  const [wanted, given] = [[...mask], [...text]];
  return wanted.length === given.length && wanted.every((sign, index) => (kinds[sign] ? kinds[sign].test(given[index]) : sign === given[index]));
}

/** The error of a field that the service adds, or null. @param {import("./core.js").ServiceField} field @param {string} value */
function wrong({ name, label, type, required, mask, min, max, help }, value) {
  const refuse = (key, params = {}) => ({ field: `campo-${name}`, text: t(key, { etichetta: label, ...params }) });
  if (value === "") return required ? refuse(type === "choice" ? "err.campo.scegli" : "err.campo.required") : null;
  if (type === "choice") return null;
  const asHelped = () => refuse("err.campo.format", { aiuto: help ?? t("spontaneo-dati.js.ricontrolla") });
  if (type === "date") {
    const days = daysUntil(value);
    return Number.isNaN(days) || days < (min ?? -Infinity) || days > (max ?? Infinity) ? asHelped() : null;
  }
  if (type === "number" || type === "year") {
    if (!/^\d+$/.test(value) || (type === "year" && value.length !== 4)) return asHelped();
    const size = Number(value);
    if (size < (min ?? 0) || size > (max ?? Infinity)) {
      return max === undefined ? refuse("err.campo.min", { min }) : refuse("err.campo.tra", { min: min ?? 0, max });
    }
    return null;
  }
  const n = length(value);
  return n < (min ?? 0) || n > (max ?? 100) || (mask && !looksLike(mask, value)) ? asHelped() : null;
}

/** @param {HTMLFormElement} modulo @param {import("./core.js").Service} service */
function listen(modulo, service) {
  const { min, max } = limits(service.amount);
  const control = form(modulo, {
    name: "spontaneo-dati",
    check(given) {
      const errors = [];
      if (fieldsOf(modulo).importo && service.amount.kind !== "fixed") {
        const cents = amount(given.importo);
        if (given.importo === "") errors.push({ field: "importo", code: "required" });
        else if (cents === null) errors.push({ field: "importo", code: "format" });
        else if (cents < min) errors.push({ field: "importo", code: "min", params: { min } });
        else if (cents > max) errors.push({ field: "importo", code: "max", params: { max } });
      }
      const n = length(given.causale);
      if (n === 0) errors.push({ field: "causale", code: "required" });
      else if (n > LONGEST_REASON) errors.push({ field: "causale", code: "too_long", params: { n } });
      else if (!REASON.test(given.causale)) errors.push({ field: "causale", code: "format" });
      errors.push(...service.fields.map((wanted) => wrong(wanted, given[`campo-${wanted.name}`])).filter(Boolean));
      return errors;
    },
    async send(given) {
      const shown = ({ name, label, type }) => {
        const value = given[`campo-${name}`];
        return [label, type === "date" && value ? dateLong(value) : value, `campo-${name}`];
      };
      tab.set("spontaneo", { body: bodyOf(modulo, service), service: service.code, shown: service.fields.map(shown) });
      location.assign(href(`/spontaneo/${encodeURIComponent(serviceCode)}/riepilogo`));
      return "leaving";
    },
  });
  // The summary page sends back here what the server refused.
  const refused = tab.take("spontaneo.rifiuto");
  if (refused) setTimeout(() => control.show(refused));
  else if (location.hash.length > 1) setTimeout(() => document.getElementById(location.hash.slice(1))?.focus());
}

/** Paragraphs, lists and links of the entity's plain text; nothing in it is taken as HTML. */
function plainText(text) {
  const linked = (line) => line.split(/(https?:\/\/[^\s<>"]+[^\s<>".,;:)])/).map((part, index) =>
    index % 2 === 1 ? el("a", { href: part, rel: "noopener" }, part) : part);
  const blocks = text.trim().split(/\n\s*\n/).map((block) => {
    const lines = block.split("\n");
    const list = lines.every((line) => /^\s*[-*•]\s/.test(line));
    return list ? el("ul", {}, lines.map((line) => el("li", {}, linked(line.replace(/^\s*[-*•]\s+/, "")))))
      : el("p", {}, lines.flatMap((line, index) => [index > 0 && el("br"), ...linked(line)]));
  });
  return italian("", "div").appendChild(el("div", {}, blocks)).parentNode;
}
