// S04: personal and access data of who registers.

import { announce, draft, el, fieldsOf, find, form, href, page, post, t, tab } from "./core.js";
import { email, length, likelyDomain, password, personName, phone } from "./rules.js";

const modulo = find("form", "modulo");
const fields = fieldsOf(modulo);
const known = tab.get("registrazione");
if (!known) location.replace(href("/registrazione"));
const company = known?.personType === "legal";

fields.cf.value = known?.fiscalCode ?? "";
document.getElementById("persona").hidden = company;
document.getElementById("azienda").hidden = !company;
if (company) document.getElementById("legenda-dati").textContent = t("registrazione-dati.js.azienda");

// The page is lighter for what is written here: countries by their codes, whose names browsers know in its language,
// and the code behind each province.
const names = Intl.DisplayNames && new Intl.DisplayNames(page.language, { type: "region" });
const others = fields.nazione.dataset.altre.match(/../g).map((code) => ({ code, name: names?.of(code) ?? code }));
others.sort((a, b) => a.name.localeCompare(b.name, page.language));
fields.nazione.append(...others.map(({ code, name }) => el("option", { value: code }, name)));
for (const option of fields.provincia.querySelectorAll("option")) if (option.value) option.append(` (${option.value})`);

draft(modulo, "bozza.registrazione");
fields.cf.value = known?.fiscalCode ?? "";

// The username is the email until the person writes another.
let usernameTyped = fields.username.value !== "" && fields.username.value !== fields.email.value;
fields.username.addEventListener("input", () => (usernameTyped = fields.username.value !== ""));
fields.email.addEventListener("input", () => {
  if (!usernameTyped) fields.username.value = fields.email.value;
});

const suggestion = el("p", { class: "eco", id: "email-consiglio" });
fields.email.closest(".campo").append(suggestion);
fields.email.addEventListener("change", () => {
  const domain = likelyDomain(fields.email.value.trim());
  suggestion.textContent = domain ? t("registrazione-dati.js.dominio", { dominio: domain }) : "";
  if (domain) announce(suggestion.textContent);
});

const capLabel = modulo.querySelector("label[for=cap]").textContent;
const abroad = () => fields.nazione.value !== "IT";
function settleCountry() {
  fields.provincia.closest(".campo").toggleAttribute("hidden", abroad());
  // Some countries have no postal codes.
  modulo.querySelector("label[for=cap]").textContent = abroad() ? t("registrazione-dati.js.cap_facoltativo") : capLabel;
  fields.cap.required = !abroad();
  fields.cap.setAttribute("inputmode", abroad() ? "text" : "numeric");
}
fields.nazione.addEventListener("change", () => {
  settleCountry();
  announce(abroad() ? t("registrazione-dati.js.provincia_no") : t("registrazione-dati.js.provincia_si"));
});
settleCountry();

/**
 * Required, a letter or two counting as nothing; then as long as allowed, then well formed.
 * @param {string} field @param {string} value @param {number} max @param {(value: string) => boolean} [fits] @param {number} [min]
 */
function text(field, value, max, fits = () => true, min = 1) {
  if (value === "") return { field, code: "required" };
  const n = length(value);
  if (n > max) return { field, code: "too_long", params: { max, n } };
  if (n < min) return { field, code: "required" };
  return fits(value) ? null : { field, code: "format" };
}

function check(given) {
  const names = company ? [text("ragione_sociale", given.ragione_sociale, 150)]
    : [text("nome", given.nome, 70, personName), text("cognome", given.cognome, 70, personName)];
  const postcode = abroad() ? (cap) => /^[\p{L}\d -]{2,12}$/u.test(cap) : (cap) => /^\d{5}$/.test(cap);
  const personal = [given.nome, given.cognome, given.ragione_sociale, given.email, given.email.split("@")[0], given.username, given.cf];
  const secret = password(given.password, personal, page.shortestPassword);
  const repeated = given.conferma === "" ? "required" : given.conferma !== given.password ? "mismatch" : null;
  return [
    ...names,
    text("indirizzo", given.indirizzo, 150, undefined, 3),
    given.nazione === "" && { field: "nazione", code: "required" },
    text("citta", given.citta, 100),
    !abroad() && given.provincia === "" && { field: "provincia", code: "required" },
    (given.cap !== "" || !abroad()) && text("cap", given.cap, 12, postcode),
    text("email", given.email, 254, email),
    text("telefono", given.telefono, 30, phone),
    text("username", given.username, 254, email),
    secret && { field: "password", ...secret },
    repeated && { field: "conferma", code: repeated },
    !given.privacy && { field: "privacy", code: "required" },
    !given.termini && { field: "termini", code: "required" },
  ].filter(Boolean);
}

form(modulo, {
  name: "registrazione-dati",
  check,
  async send(given) {
    const names = company ? { companyName: given.ragione_sociale } : { firstName: given.nome, lastName: given.cognome };
    await post("/api/register", {
      fiscalCode: known.fiscalCode,
      personType: known.personType,
      ...names,
      address: given.indirizzo,
      country: given.nazione,
      city: given.citta,
      province: abroad() ? "EE" : given.provincia,
      postalCode: given.cap,
      email: given.email,
      phone: given.telefono,
      username: given.username,
      password: given.password,
      passwordConfirmation: given.conferma,
      privacyAccepted: given.privacy,
      termsAccepted: given.termini,
    });
    tab.set("registrata", { email: given.email, username: given.username });
    location.assign(href("/registrazione/completata"));
    return "leaving";
  },
});
