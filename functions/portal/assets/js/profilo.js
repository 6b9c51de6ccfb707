// S20: who the person is for us, and what they can change.

import { account, actions, announce, call, contact, dateLong, el, find, form, fullName, get, load, once, page, paragraph, post, rememberLanguage, save, summaryList, t } from "./core.js";

/** Versions are the days they began on. */
const version = (name) => (/^\d{4}-\d{2}-\d{2}$/.test(name) ? dateLong(name) : name);

load(document.getElementById("regione"), async () => {
  const person = await account();
  for (const id of ["sezione-lingua", "sezione-consenso", "sezione-esci"]) document.getElementById(id).hidden = false;
  document.getElementById("consenso").replaceChildren(summaryList([
    [t("profilo.js.dato_il"), dateLong(person.consent.privacyAcceptedAt)],
    [t("profilo.js.versione"), version(person.consent.privacyVersion)],
  ]));
  const address = `${person.address}, ${person.postalCode} ${person.city} (${person.province})`;
  const outcome = el("p", { class: "eco" });
  const change = once(el("button", { type: "button", class: "btn btn-outline-primary" }, t("profilo.js.cambia_password")), async () => {
    await post("/api/password/forgot", { username: person.username });
    outcome.textContent = t("profilo.js.scritto", { email: person.email });
    announce(outcome.textContent);
  });
  return [
    el("h2", {}, t("profilo.js.personali")),
    summaryList([
      [person.companyName ? t("profilo.js.ragione") : t("profilo.js.nome"), fullName(person)],
      [t("profilo.js.cf"), el("span", { class: "codice" }, person.fiscalCode)],
      [t("profilo.js.indirizzo"), address],
      [t("profilo.js.email"), person.email],
      [t("profilo.js.telefono"), person.phone],
      [t("profilo.js.identita"), person.identityProven ? t("profilo.js.provata") : t("profilo.js.non_provata")],
    ]),
    paragraph(t("profilo.js.correggere")), actions(contact()),
    el("h2", {}, t("profilo.js.accesso")),
    summaryList([[t("profilo.js.username"), person.username]]),
    actions(change), outcome,
  ];
});

/** All data in one file: of many debts the answer comes in pages. */
async function takeAlong() {
  const all = await get("/api/account/export");
  for (let { nextCursor } = all; nextCursor; ) {
    const more = await get(`/api/account/export?${new URLSearchParams({ cursor: nextCursor })}`);
    all.debts.push(...more.debts);
    nextCursor = more.nextCursor;
  }
  delete all.nextCursor;
  save(new Blob([JSON.stringify(all, null, 2)], { type: "application/json" }), "dati-personali.json");
}
const taking = document.querySelector("a[href='/api/account/export']");
taking.addEventListener("click", (event) => event.preventDefault());
once(taking, takeAlong);

form(find("form", "modulo-lingua"), {
  async send({ lingua }) {
    await call("PATCH", "/api/account", { language: lingua });
    rememberLanguage(lingua);
    if (lingua === page.language) {
      announce(t("profilo.js.salvato"));
      return null;
    }
    location.assign(lingua === "it" ? "/profilo" : `/${lingua}/profilo`);
    return "leaving";
  },
});
