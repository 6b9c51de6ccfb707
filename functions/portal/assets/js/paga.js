// S16: method, provider and fee, then to the provider's page. The total is on the button before it is pressed.

import { account, actions, announce, callout, contact, el, focusHeading, form, get, hidden, href, idempotencyKey,
  italian, load, money, noticePdf, outline, outcomeHeading, page, paragraph, post, problemText, segment, stateOf, summaryList, t, tab } from "./core.js";

const SHOWN = 5;
const LEAVING_MS = 5_000;
const region = document.getElementById("regione");
const numbers = segment(1).split(",");

load(region, async () => {
  const person = account();
  const debts = await Promise.all(numbers.map(findDebt));
  const blocked = debts.map(whyNot).find(Boolean);
  if (blocked) return [el("h1", {}, t("paga.js.titolo")), blocked];
  const amount = debts.reduce((sum, debt) => sum + debt.amount, 0);
  const methods = (await get(`/api/payment-methods?amount=${amount}`)).items;
  return draw(debts, amount, methods, await person);
});

/** A debt of the account, or the one just found by search, which joins the account now. */
async function findDebt(number) {
  const address = `/api/debts/${encodeURIComponent(number)}`;
  try {
    return (await get(address)).debt;
  } catch (refusal) {
    const searched = tab.get("ricerca");
    if (refusal.status !== 404 || searched?.noticeNumber !== number) throw refusal;
    const { debt } = await post("/api/debts/associate", { reference: searched.reference });
    tab.drop("ricerca");
    return debt;
  }
}

/** The reason for which a debt cannot be paid, with what to do instead. */
function whyNot(/** @type {import("./core.js").Debt} */ debt) {
  const state = stateOf(debt);
  const detail = href(`/pratiche/${debt.noticeNumber}`);
  if (state === "confermato") return [callout("success", paragraph(problemText("debt_already_paid"))), actions(outline(t("paga.js.ricevuta"), `${detail}/ricevuta`))];
  if (state === "in_corso") return [callout("warning", paragraph(problemText("payment_in_progress"))), actions(outline(t("paga.js.vedi"), detail))];
  if (!debt.payable) return [callout("danger", paragraph(problemText("debt_not_payable"))), actions(contact(), outline(t("js.pratiche"), href("/pratiche")))];
  return null;
}

const cheapest = (psps) => [...psps].sort((a, b) => a.fee - b.fee || a.name.localeCompare(b.name));

/**
 * @param {import("./core.js").Debt[]} debts @param {number} amount the sum of the debts, in cents
 * @param {import("./core.js").PaymentMethod[]} methods @param {import("./core.js").Account} person
 */
function draw(debts, amount, methods, person) {
  const usable = methods.filter(({ psps }) => psps.length > 0).map((method) => ({ ...method, psps: cheapest(method.psps) }));
  const unusable = methods.filter(({ psps }) => psps.length === 0);
  const summary = el("aside", { class: "riquadro riquadro-tenue", "aria-labelledby": "riepilogo-titolo" });
  if (usable.length === 0) {
    return [el("h1", {}, t("paga.js.titolo")), callout("warning", paragraph(t("paga.js.nessun_psp"))), actions(debts.map((debt) => noticePdf(debt)))];
  }
  const lowest = [...usable].sort((a, b) => a.psps[0].fee - b.psps[0].fee)[0];
  const last = usable.find(({ code }) => code === localStorage.getItem("metodo"));
  const chosen = { method: last ?? lowest, psp: (last ?? lowest).psps[0], email: person.email };

  const providers = el("div");
  const pay = el("button", { class: "btn btn-primary", type: "submit" });
  const mobileTotal = el("p", { class: "solo-mobile" });
  const total = () => amount + chosen.psp.fee;
  const settle = (said) => {
    pay.textContent = t("paga.js.paga_ora", { totale: money(total()) });
    mobileTotal.textContent = t("paga.js.totale_riga", { totale: money(total()), commissione: money(chosen.psp.fee) });
    summary.replaceChildren(el("h2", { id: "riepilogo-titolo" }, t("paga.js.riepilogo")), summaryRows(debts, amount, chosen.psp.fee, total()));
    if (said) announce(t("paga.js.totale_detto", { totale: money(total()) }));
  };
  const showProviders = () => {
    const choice = (psp, index) => radio("psp", psp.id, psp === chosen.psp, [el("span", {}, psp.name),
      el("small", {}, money(psp.fee), index === 0 ? ` · ${t("paga.js.piu_economica")}` : "")], () => {
      chosen.psp = psp;
      settle(true);
    });
    const all = chosen.method.psps.map(choice);
    const rest = all.slice(SHOWN);
    providers.replaceChildren(el("fieldset", {}, el("legend", {}, t("paga.js.psp")), el("div", { class: "scelte" }, all.slice(0, SHOWN)),
      rest.length > 0 && el("details", { class: "apri" }, el("summary", {}, t("paga.js.altri", { n: String(rest.length) })), el("div", { class: "scelte" }, rest))));
  };
  const methodChoice = (method) => radio("metodo", method.code, method === chosen.method, [el("span", {}, methodName(method)),
    el("small", {}, t("paga.js.da", { commissione: money(method.psps[0].fee) }))], () => {
    chosen.method = method;
    chosen.psp = method.psps[0];
    showProviders();
    settle(true);
  });
  showProviders();
  settle(false);

  const modulo = el("form", { id: "modulo", method: "post", novalidate: true },
    el("fieldset", {}, el("legend", {}, t("paga.js.metodo")),
      el("p", { class: "nota" }, last && last !== lowest ? t("paga.js.ultimo") : t("paga.js.scelta")),
      el("div", { class: "scelte" }, usable.map(methodChoice)),
      unusable.length > 0 && el("div", {}, el("p", { class: "nota" }, t("paga.js.non_disponibili")),
        el("ul", {}, unusable.map((method) => el("li", {}, methodName(method), `: ${t("paga.js.non_per_importo")}`))))),
    providers,
    el("details", { class: "apri" }, el("summary", {}, t("paga.js.perche")), paragraph(t("paga.js.perche_testo"))),
    emailChoice(chosen), mobileTotal,
    actions(pay, el("a", { class: "collegamento", href: href("/pratiche") }, t("paga.js.annulla"))),
    el("p", { class: "nota" }, t("paga.js.portiamo")));
  listen(modulo, chosen);
  return [el("h1", {}, t("paga.js.titolo")), el("div", { class: "colonne" }, modulo, summary)];
}

const methodName = ({ code, name }) => page.messages[`paga.js.metodo.${code}`] ?? name;

function radio(name, value, checked, label, onchange) {
  const id = `${name}-${value}`;
  const input = el("input", { type: "radio", id, name, value, checked, required: true, onchange });
  return el("div", { class: "scelta" }, input, el("label", { for: id }, label));
}

function summaryRows(debts, amount, fee, total) {
  const one = debts.length === 1;
  return summaryList([
    [t("paga.js.ente"), italian(debts[0].creditor.name)],
    ...debts.map((debt) => [one ? t("paga.js.causale") : italian(debt.reason), one ? italian(debt.reason) : money(debt.amount)]),
    [t("paga.js.importo"), el("span", { class: "cifra" }, money(amount))],
    [t("paga.js.commissione"), el("span", { class: "cifra" }, money(fee))],
    [t("paga.js.totale"), el("span", { class: "cifra" }, money(total)), "totale"],
  ]);
}

/** Where the outcome is written to; another address for this payment only. */
function emailChoice(chosen) {
  const line = el("p", {}, t("paga.js.email_a", { email: chosen.email }), " ");
  const change = el("button", { type: "button", class: "collegamento collegamento-breve" }, t("paga.js.cambia"), hidden(` ${t("paga.js.cambia_email")}`));
  change.addEventListener("click", () => {
    const input = el("input", { class: "form-control medio", type: "email", id: "email", name: "email", required: true, autocomplete: "email", spellcheck: "false", value: chosen.email });
    line.replaceWith(el("div", { class: "campo" }, el("label", { class: "form-label", for: "email" }, t("paga.js.email")), input));
    input.focus();
  });
  line.append(change);
  return line;
}

function listen(modulo, chosen) {
  // Made when the page opens: a second click or a resend is the same payment, another choice is another one.
  const keys = new Map();
  const wellFormed = (address) => /^[^\s@]+@[^\s@]+\.[^\s@]+$/.test(address);
  form(modulo, {
    name: "paga",
    check(given) {
      const email = given.email;
      return email === undefined || wellFormed(email) ? [] : [{ field: "email", code: email === "" ? "required" : "format" }];
    },
    async send(given) {
      const body = { noticeNumbers: numbers, method: chosen.method.code, pspId: chosen.psp.id };
      if (given.email && given.email !== chosen.email) body.email = given.email;
      const print = JSON.stringify(body);
      if (!keys.has(print)) keys.set(print, idempotencyKey());
      const started = await post("/api/payments", body, { "Idempotency-Key": keys.get(print) });
      localStorage.setItem("metodo", chosen.method.code);
      leave(started, chosen.psp);
      return "leaving";
    },
    refused(refusal) {
      const [first] = numbers;
      const detail = href(`/pratiche/${first}`);
      const link = (text, address) => [actions(outline(text, address))];
      if (refusal.code === "debt_already_paid") return { errors: [{ text: problemText("debt_already_paid") }], extra: link(t("paga.js.ricevuta"), `${detail}/ricevuta`) };
      if (refusal.code === "payment_in_progress") return { errors: [{ text: problemText("payment_in_progress") }], extra: link(t("paga.js.vedi"), detail) };
      if (refusal.code === "debt_not_payable") return { errors: [{ text: problemText("debt_not_payable") }], extra: [actions(contact())] };
      if (refusal.code === "psp_unavailable") return { text: t("paga.js.psp_non_risponde") };
      if (refusal.code === "amount_changed") {
        const now = refusal.problem.amount;
        return { errors: [{ text: now ? t("paga.js.importo_cambiato", { importo: money(now) }) : t("paga.js.importo_cambiato_senza") }],
          extra: link(t("js.aggiorna"), location.href) };
      }
      return null;
    },
  });
}

/** To the provider's page; the history entry becomes the outcome's, so Back can never pay twice. */
function leave({ paymentId, redirectUrl }, psp) {
  const heading = outcomeHeading(t("paga.js.ti_portiamo", { psp: psp.name }), "card");
  const onwards = el("p", { hidden: true }, el("a", { class: "btn btn-primary", href: redirectUrl }, t("paga.js.continua")));
  region.replaceChildren(heading, el("p", { class: "introduzione" }, t("paga.js.attendi")), onwards);
  document.getElementById("indietro")?.remove();
  focusHeading(heading);
  setTimeout(() => (onwards.hidden = false), LEAVING_MS);
  history.replaceState(null, "", href(`/paga/${encodeURIComponent(paymentId)}/esito`));
  location.assign(redirectUrl);
}
