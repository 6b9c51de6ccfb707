// S01: find a debt with the two codes of the notice.

import { accountIfAny, actions, announce, callout, el, fieldsOf, find, form, href, page, paragraph, post, primary, problemText, t, tab, tn } from "./core.js";
import { fiscalCode, noticeOrIuv, searchCode, taxCode, understood } from "./rules.js";

const modulo = find("form", "modulo");
const fields = fieldsOf(modulo);
const query = new URLSearchParams(location.search);

if (query.has("ricerca-scaduta")) {
  document.querySelector("h1").after(callout("info", paragraph(t("ricerca.js.scaduta"))));
  // What was found stays known in the tab: only who owes it is asked for again.
  const searched = tab.get("ricerca");
  if (searched) fillIn(searched.noticeNumber);
}
if (/^\d{18}$/.test(query.get("avviso") ?? "")) fillIn(query.get("avviso"));

function fillIn(notice) {
  fields.codice.value = notice;
  document.getElementById("cf-aiuto").prepend(el("strong", {}, t("ricerca.js.manca_cf")), " ");
}

/** Whose notices they are, as their QR codes told: what is written into the field tells it no more. */
const creditors = new Map();

/** Writes into the fields what was meant by what is in them. */
function understand() {
  const meant = understood(fields.cf.value, fields.codice.value);
  if (meant.creditor) creditors.set(meant.codice, meant.creditor);
  const before = fields.cf.value + fields.codice.value;
  for (const name of ["cf", "codice"]) if (fields[name].value !== meant[name]) fields[name].value = meant[name];
  if (before !== fields.cf.value + fields.codice.value) announce(t("ricerca.js.capito"));
  return { ...meant, creditor: creditors.get(meant.codice) };
}
// Nothing leaves a field for one that is still to be filled in: it would stand where somebody is about to write.
for (const name of ["cf", "codice"]) fields[name].addEventListener("change", () => {
  const meant = understood(fields.cf.value, fields.codice.value);
  if (meant[name] !== "") understand();
});

/** The body's own code, printed beside the notice's, is neither who owes nor the notice. */
const ofTheBody = (text) => taxCode(text) === page.creditorCode;

/** @param {{ cf: string, codice: string, creditor?: string }} meant */
function wrong({ cf, codice, creditor }) {
  if (creditor && creditor !== page.creditorCode) return [{ field: "codice", code: "altro_ente", params: { codice: creditor } }];
  return [
    { field: "cf", code: ofTheBody(cf) ? "ente" : fiscalCode(cf) },
    { field: "codice", code: ofTheBody(codice) ? "ente" : fiscalCode(codice) === null && codice.length === 16 ? "cf" : noticeOrIuv(codice) },
  ].filter(({ code }) => code);
}

form(modulo, {
  name: "ricerca",
  waiting: t("ricerca.js.attesa"),
  check: () => wrong(understand()),
  async send() {
    const { cf, codice } = understand();
    const found = await post("/api/search", { fiscalCode: taxCode(cf), ...searchCode(codice) });
    tab.set("ricerca", { reference: found.reference, noticeNumber: found.debt.noticeNumber, amount: found.debt.amount,
      creditor: found.debt.creditor.name });
    location.assign(`${href("/ricerca/esito")}?r=${encodeURIComponent(found.reference)}`);
    return "leaving";
  },
  refused(refusal) {
    if (refusal.status === 404) return { text: problemText("debt_not_found") };
    if (refusal.status === 429) return { text: tn("ricerca.js.troppe", Math.max(1, Math.ceil(refusal.retryAfter / 60))) };
    return null;
  },
});

// The camera is asked for when somebody wants it, and what reads its pictures is fetched then.
const camera = find("button", "inquadra-apri");
// Without one the button keeps its room: what is below must not move.
camera.classList.toggle("vuoto", !navigator.mediaDevices?.getUserMedia);
camera.addEventListener("click", async () => {
  const { scan } = await import("./inquadra.js");
  const text = await scan(document.getElementById("inquadra"));
  if (!text) return;
  fields.codice.value = text;
  const errors = wrong(understand()).filter(({ field }) => field === "codice");
  if (errors.length > 0) modulo.requestSubmit?.();
  else fields.cf.focus();
});

accountIfAny().then((person) => {
  if (!person) return;
  // Who is logged in most often looks for a debt of their own.
  const own = el("button", { type: "button", class: "collegamento collegamento-breve", onclick: () => {
    fields.cf.value = person.fiscalCode;
    fields.codice.focus();
  } }, t("ricerca.js.mio_cf"));
  document.getElementById("cf").after(el("p", { class: "eco" }, own));
  document.getElementById("account").replaceChildren(
    el("h2", { id: "account-titolo" }, t("js.pratiche")),
    actions(primary(t("ricerca.js.vai"), href("/pratiche"))));
});
