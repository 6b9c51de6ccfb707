// S03: the tax code says whether a person or a company registers.

import { fieldsOf, find, form, href, post, tab } from "./core.js";
import { clean, fiscalCode } from "./rules.js";

const modulo = find("form", "modulo");
const known = tab.get("registrazione");
if (known) fieldsOf(modulo).cf.value = known.fiscalCode;

form(modulo, {
  name: "registrazione",
  check: ({ cf }) => [{ field: "cf", code: fiscalCode(cf) }].filter(({ code }) => code),
  async send({ cf }, submitter) {
    const answer = await post("/api/register/check", { fiscalCode: clean(cf) });
    // Eleven digits are a company's unless the person says that theirs is a provisional code.
    const personType = submitter?.dataset.persona ?? (answer.personType === "natural" ? "natural" : "legal");
    tab.set("registrazione", { fiscalCode: answer.fiscalCode, personType: /^\d/.test(answer.fiscalCode) ? personType : "natural" });
    location.assign(href("/registrazione/dati"));
    return "leaving";
  },
});
