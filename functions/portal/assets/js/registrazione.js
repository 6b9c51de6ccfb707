// S03: the tax code says whether a person or a company registers.

import { fieldsOf, find, form, href, post, tab } from "./core.js";
import { fiscalCode, taxCode } from "./rules.js";

const modulo = find("form", "modulo");
const known = tab.get("registrazione");
if (known) fieldsOf(modulo).cf.value = known.fiscalCode;

form(modulo, {
  name: "registrazione",
  check: ({ cf }) => [{ field: "cf", code: fiscalCode(cf) }].filter(({ code }) => code),
  async send({ cf }, submitter) {
    const answer = await post("/api/register/check", { fiscalCode: taxCode(cf) });
    // Eleven digits are a company's and sixteen characters a person's, unless somebody says otherwise: a person with a
    // provisional code, a sole trader.
    const personType = submitter?.dataset.persona ?? (/^\d/.test(answer.fiscalCode) ? "legal" : "natural");
    tab.set("registrazione", { fiscalCode: answer.fiscalCode, personType });
    location.assign(href("/registrazione/dati"));
    return "leaving";
  },
});
