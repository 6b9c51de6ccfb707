// S16: what is paid, to whom, how, and then the page where the money is taken. The total is on the button before it is
// pressed; where method and fee are chosen elsewhere, none is promised here.

import { account, actions, announce, callout, contact, el, focusHeading, form, get, hidden, href, idempotencyKey, italian, load, memory, money, noticePdf,
  outline, outcomeHeading, page, paragraph, post, problemText, segment, stateOf, summaryList, t, tab, tn, underWay, waysOut } from "./core.js";

const SHOWN = 5;
const LEAVING_MS = 5_000;
const region = document.getElementById("regione");
const numbers = segment(1).split(",");
/** Whether the person came back to choose differently. */
const otherwise = new URLSearchParams(location.search).has("altro");

load(region, async () => {
  const person = account();
  // Several come with the list, as one answer.
  const listed = numbers.length > 1 ? (await get("/api/debts?limit=50")).items : [];
  const debts = await Promise.all(numbers.map((number) => listed.find(({ noticeNumber }) => noticeNumber === number) ?? findDebt(number)));
  for (const debt of debts) {
    const blocked = await whyNot(debt);
    if (blocked) return [el("h1", {}, title(page.channel)), blocked];
  }
  const amount = debts.reduce((sum, debt) => sum + debt.amount, 0);
  const { items, channel = page.channel } = await get(`/api/payment-methods?amount=${amount}`);
  return channel === "checkout" ? drawCheckout(debts, amount, await person) : draw(debts, amount, items, await person);
});

const title = (channel) => (channel === "checkout" ? t("paga.js.titolo_checkout") : t("paga.js.titolo"));

/** A debt of the account, or the one just found by search, which joins the account now. */
async function findDebt(number) {
  const address = `/api/debts/${encodeURIComponent(number)}`;
  try {
    return (await get(address)).debt;
  } catch (refusal) {
    const searched = tab.get("ricerca");
    if (refusal.status !== 404 || searched?.noticeNumber !== number) throw refusal;
    try {
      const { debt } = await post("/api/debts/associate", { reference: searched.reference });
      tab.drop("ricerca");
      return debt;
    } catch (late) {
      if (late.status !== 404) throw late;
      // What stood for both codes has lapsed meanwhile: the notice is known, who owes it is asked for again.
      location.replace(`${href("/")}?ricerca-scaduta=1&avviso=${encodeURIComponent(number)}`);
      return new Promise(() => {});
    }
  }
}

/** The reason for which a debt cannot be paid, with what to do instead. */
async function whyNot(/** @type {import("./core.js").Debt} */ debt) {
  const state = stateOf(debt);
  const detail = href(`/pratiche/${debt.noticeNumber}`);
  if (state === "confermato") return [callout("success", paragraph(problemText("debt_already_paid"))), actions(outline(t("paga.js.ricevuta"), `${detail}/ricevuta`))];
  if (state === "in_corso") {
    const payment = await underWay(debt).catch(() => null);
    const ways = payment ? waysOut(payment, () => location.reload()) : [];
    return [callout("warning", paragraph(problemText("payment_in_progress"))), actions(ways, noticePdf(debt), outline(t("paga.js.vedi"), detail))];
  }
  if (!debt.payable) return [callout("danger", paragraph(problemText("debt_not_payable"))), actions(contact(), outline(t("js.pratiche"), href("/pratiche")))];
  return null;
}

const cheapest = (psps) => [...psps].sort((a, b) => a.fee - b.fee || a.name.localeCompare(b.name));

/** How much, to whom, for what: before everything else where the summary stands below. */
const inShort = (debts, amount) => el("p", { class: "solo-mobile in-breve" }, el("strong", {}, money(amount)), " ",
  t("paga.js.per", { ente: debts[0].creditor.name, causale: debts.length === 1 ? debts[0].reason : tn("paga.js.pratiche", debts.length) }));

const aside = (...children) => el("aside", { class: "riquadro riquadro-tenue", "aria-labelledby": "riepilogo-titolo" },
  el("h2", { id: "riepilogo-titolo" }, t("paga.js.riepilogo")), ...children);

const cancel = () => el("a", { class: "collegamento", href: href("/pratiche") }, t("paga.js.annulla"));

/** Method and fee are chosen at pagoPA's: nothing is asked here, and nothing that we cannot keep is said. */
function drawCheckout(debts, amount, person) {
  const chosen = { method: null, psp: null, email: person.email };
  const modulo = el("form", { id: "modulo", method: "post", novalidate: true }, inShort(debts, amount),
    paragraph(t("paga.js.su_pagopa")),
    actions(el("button", { class: "btn btn-primary", type: "submit" }, t("paga.js.paga", { totale: money(amount) })), cancel()),
    emailChoice(chosen));
  listen(modulo, chosen);
  return [el("h1", {}, t("paga.js.titolo_checkout")), el("div", { class: "colonne" }, modulo, aside(summaryRows(debts, amount)))];
}

/**
 * @param {import("./core.js").Debt[]} debts @param {number} amount the sum of the debts, in cents
 * @param {import("./core.js").PaymentMethod[]} methods @param {import("./core.js").Account} person
 */
function draw(debts, amount, methods, person) {
  const usable = methods.filter(({ psps }) => psps.length > 0).map((method) => ({ ...method, psps: cheapest(method.psps) }));
  const unusable = methods.filter(({ psps }) => psps.length === 0);
  if (usable.length === 0) {
    return [el("h1", {}, t("paga.js.titolo")), callout("warning", paragraph(t("paga.js.nessun_psp"))), actions(debts.map((debt) => noticePdf(debt)))];
  }
  const lowest = [...usable].sort((a, b) => a.psps[0].fee - b.psps[0].fee)[0];
  const last = usable.find(({ code }) => code === memory.get("metodo"));
  const chosen = { method: last ?? lowest, psp: (last ?? lowest).psps[0], email: person.email };

  const summary = aside();
  const providers = el("div");
  const proposal = el("strong", {});
  const pay = el("button", { class: "btn btn-primary", type: "submit" });
  const total = () => amount + chosen.psp.fee;
  const settle = (said) => {
    const cheap = chosen.psp.fee === lowest.psps[0].fee;
    proposal.textContent = [chosen.psp.name, money(chosen.psp.fee), cheap && t("paga.js.piu_economica")].filter(Boolean).join(", ");
    pay.textContent = t("paga.js.paga_ora", { totale: money(total()) });
    summary.replaceChildren(summary.firstChild, summaryRows(debts, amount, chosen.psp.fee));
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

  const choice = el("details", { class: "proposta", open: otherwise },
    el("summary", {}, el("span", {}, el("small", {}, t("paga.js.con")), " ", proposal), el("span", { class: "apri-chiudi" }, t("paga.js.cambia"), hidden(` ${t("paga.js.cambia_metodo")}`))),
    el("fieldset", {}, el("legend", {}, t("paga.js.metodo")),
      el("p", { class: "nota" }, last && last !== lowest ? t("paga.js.ultimo") : t("paga.js.scelta")),
      el("div", { class: "scelte" }, usable.map(methodChoice)),
      unusable.length > 0 && el("div", {}, el("p", { class: "nota" }, t("paga.js.non_disponibili")),
        el("ul", {}, unusable.map((method) => el("li", {}, methodName(method), `: ${t("paga.js.non_per_importo")}`))))),
    providers);
  const modulo = el("form", { id: "modulo", method: "post", novalidate: true }, inShort(debts, amount), choice,
    actions(pay, cancel()),
    el("p", { class: "nota" }, t("paga.js.portiamo")),
    emailChoice(chosen),
    el("details", { class: "apri" }, el("summary", {}, t("paga.js.perche")), paragraph(t("paga.js.perche_testo"))));
  listen(modulo, chosen);
  return [el("h1", {}, t("paga.js.titolo")), el("div", { class: "colonne" }, modulo, summary)];
}

const methodName = ({ code, name }) => page.messages[`paga.js.metodo.${code}`] ?? name;

function radio(name, value, checked, label, onchange) {
  const id = `${name}-${value}`;
  const input = el("input", { type: "radio", id, name, value, checked, required: true, onchange });
  return el("div", { class: "scelta" }, input, el("label", { for: id }, label));
}

/** Without a fee that is known here there is no total either. @param {number} [fee] */
function summaryRows(debts, amount, fee) {
  const one = debts.length === 1;
  const cents = (value) => el("span", { class: "cifra" }, money(value));
  return summaryList([
    [t("paga.js.ente"), italian(debts[0].creditor.name)],
    ...debts.map((debt) => [t("paga.js.causale"), one ? italian(debt.reason) : [italian(debt.reason), ", ", cents(debt.amount)]]),
    [t("paga.js.importo"), cents(amount), fee === undefined ? "totale" : undefined],
    fee === undefined ? null : [t("paga.js.commissione"), cents(fee)],
    fee === undefined ? null : [t("paga.js.totale"), cents(amount + fee), "totale"],
  ]);
}

/** Where the receipt is sent to; another address for this payment only. */
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
      const body = { noticeNumbers: numbers, method: chosen.method?.code, pspId: chosen.psp?.id };
      if (given.email && given.email !== chosen.email) body.email = given.email;
      const print = JSON.stringify(body);
      if (!keys.has(print)) keys.set(print, idempotencyKey());
      const started = await post("/api/payments", body, { "Idempotency-Key": keys.get(print) });
      if (chosen.method) memory.set("metodo", chosen.method.code);
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
      if (refusal.code === "psp_unavailable") return { text: chosen.psp ? t("paga.js.psp_non_risponde") : t("paga.js.pagopa_non_risponde") };
      if (refusal.code === "amount_changed") {
        const now = refusal.problem.amount;
        return { errors: [{ text: now ? t("paga.js.importo_cambiato", { importo: money(now) }) : t("paga.js.importo_cambiato_senza") }],
          extra: link(t("js.aggiorna"), location.href) };
      }
      return null;
    },
  });
}

/** To the page where the money is taken; the history entry becomes the outcome's, so Back can never pay twice. */
function leave({ paymentId, redirectUrl }, psp) {
  const heading = outcomeHeading(psp ? t("paga.js.ti_portiamo", { psp: psp.name }) : t("paga.js.ti_portiamo_pagopa"), "card");
  const onwards = el("p", { hidden: true }, el("a", { class: "btn btn-primary", href: redirectUrl }, t("paga.js.continua")));
  region.replaceChildren(heading, el("p", { class: "introduzione" }, t("paga.js.attendi")), onwards);
  document.getElementById("indietro")?.remove();
  focusHeading(heading);
  setTimeout(() => (onwards.hidden = false), LEAVING_MS);
  history.replaceState(null, "", href(`/paga/${encodeURIComponent(paymentId)}/esito`));
  location.assign(redirectUrl);
}
