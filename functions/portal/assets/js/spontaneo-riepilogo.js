// S14: everything once more, then saved; however often it is sent, one debt is made.

import { actions, announce, el, errorSummary, failureText, find, hidden, href, idempotencyKey, italian, load, money, pageErrors, post, Refusal, segment,
  summaryList, t, tab, wait } from "./core.js";

const serviceCode = segment(1);
const dataPage = href(`/spontaneo/${encodeURIComponent(serviceCode)}`);
const prepared = tab.get("spontaneo");
find("a", "indietro").href = dataPage;
if (prepared?.body.serviceCode === serviceCode) {
  // The key belongs to these data: a reload or a second click repeats, other data ask for another.
  prepared.key ??= idempotencyKey();
  tab.set("spontaneo", prepared);
  load(document.getElementById("regione"), async () => {
    try {
      return draw(await post("/api/debts?dryRun=true", prepared.body));
    } catch (refusal) {
      if (!(refusal instanceof Refusal) || refusal.errors.length === 0) throw refusal;
      refuse(refusal);
      return new Promise(() => {});
    }
  });
} else {
  location.replace(dataPage);
}

/** @param {{ amount: number, computation?: { text: string, amount: number }[] }} told what it will come to, and how */
function draw({ amount, computation = [] }) {
  const change = (id, what) => el("a", { href: `${dataPage}#${id}`, onclick: () => tab.set("spontaneo.modifica", true) }, t("spontaneo-riepilogo.js.modifica"), hidden(` ${what}`));
  const row = (term, value, id) => [term, [value, " ", change(id, term)]];
  const { body, service, shown } = prepared;
  let busy = false;
  const save = (text, classes, then) => {
    const trigger = el("button", { type: "button", class: classes }, text);
    trigger.addEventListener("click", async () => {
      if (busy) return;
      busy = true;
      const again = wait(trigger);
      announce(t("spontaneo-riepilogo.js.attesa"));
      try {
        const { debt } = await post("/api/debts", body, { "Idempotency-Key": prepared.key });
        for (const name of ["spontaneo", `bozza.spontaneo.${serviceCode}`]) tab.drop(name);
        then(debt);
      } catch (refusal) {
        if (!(refusal instanceof Refusal)) throw refusal;
        busy = false;
        again();
        refuse(refusal);
      }
    });
    return trigger;
  };
  return [
    summaryList([
      [t("spontaneo-riepilogo.js.servizio"), [italian(service), " ", el("a", { href: href("/spontaneo") }, t("spontaneo-riepilogo.js.modifica"), hidden(` ${t("spontaneo-riepilogo.js.servizio")}`))]],
      body.amount === undefined ? null : row(t("spontaneo-riepilogo.js.importo"), money(amount), "importo"),
      ...shown.map(([label, value, id]) => (value ? row(label, value, id) : null)),
      row(t("spontaneo-riepilogo.js.causale"), body.reason, "causale"),
      ...computation.map(({ text, amount: part }) => [t("spontaneo-riepilogo.js.parte"), [italian(text), ", ", money(part)]]),
      body.amount === undefined ? [t("spontaneo-riepilogo.js.importo"), money(amount), "totale"] : null,
    ]),
    el("p", {}, t("spontaneo-riepilogo.js.testo")),
    actions(
      save(t("spontaneo-riepilogo.js.salva_paga"), "btn btn-primary", (debt) => location.replace(href(`/paga/${debt.noticeNumber}`))),
      save(t("spontaneo-riepilogo.js.salva"), "btn btn-outline-primary", (debt) => {
        tab.set("pratica.nuova", debt.noticeNumber);
        location.replace(href("/pratiche"));
      }),
      el("a", { class: "collegamento", href: href("/pratiche"), onclick: () => tab.drop("spontaneo") }, t("spontaneo-riepilogo.js.annulla"))),
  ];
}

/** What is wrong with a field is mended on the page of the fields. */
function refuse(refusal) {
  if (refusal.errors.length === 0) {
    const closed = refusal.status === 404 ? t("err.serviceCode.not_allowed") : failureText(refusal);
    return errorSummary([{ text: closed }]);
  }
  tab.set("spontaneo.rifiuto", pageErrors(refusal));
  tab.set("spontaneo.modifica", true);
  location.replace(dataPage);
}
