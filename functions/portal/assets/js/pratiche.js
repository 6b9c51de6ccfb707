// S10 and S11: the debts to pay and those of the past, as a table (cards on small screens) with numbered pages.

import { account, actions, announce, callout, code, dateShort, daysUntil, el, errorSummary, failureText, fieldsOf, find, form, get, hidden, href, italian,
  load, money, noticePdf, once, outline, page, paragraph, patience, primary, Refusal, restore, save, stateChip, stateOf, t, tab, tn, withReason } from "./core.js";

const MOST_TOGETHER = 5;
/** The most that the API gives at once. */
const MOST_AT_ONCE = 50;
const region = document.getElementById("regione");

const cell = (label, attributes, ...children) =>
  el("td", { role: "cell", ...attributes }, el("span", { class: "etichetta" }, label), ...children);

/** An address with parameters, if there are any. */
const withQuery = (address, query) => (query.toString() ? `${address}?${query}` : address);

/** How near the due date is, in words, when that matters. */
function dueWords(debt) {
  if (!debt.dueDate || stateOf(debt) !== "non_confermato") return null;
  const days = daysUntil(debt.dueDate);
  if (days > 7) return null;
  const words = days < 0 ? tn("pratica.js.scaduta_da", -days) : days === 0 ? t("pratica.js.scade_oggi") : tn("pratica.js.scade_tra", days);
  return el("span", { class: "scadenza-vicina" }, words);
}

function rowActions(debt, toPay) {
  const state = stateOf(debt);
  if (state === "confermato") {
    if (!debt.receiptAvailable) return [el("span", {}, t("pratica.js.ricevuta_arrivo")), el("small", {}, t("pratica.js.ricevuta_24"))];
    return [withReason(el("a", { class: "btn btn-outline-primary btn-sm", href: href(`/pratiche/${debt.noticeNumber}/ricevuta`) }, t("pratica.js.ricevuta")), debt)];
  }
  if (!toPay) return [];
  const notice = noticePdf(debt, "btn btn-outline-primary btn-sm");
  notice.append(hidden(" PDF"));
  if (state === "in_corso") {
    return [withReason(el("a", { class: "btn btn-primary btn-sm", href: href(`/pratiche/${debt.noticeNumber}`) }, t("pratica.js.riprendi_annulla")), debt), notice];
  }
  if (state !== "non_confermato") return [];
  const pay = debt.payable &&
    withReason(el("a", { class: "btn btn-primary btn-sm", href: href(`/paga/${debt.noticeNumber}`) }, t("js.paga")), debt, `, ${money(debt.amount)}`);
  return [pay, notice];
}

/** @param {import("./core.js").Debt[]} debts */
function debtTable(debts, { caption, owner = null, fresh = null, toPay = false, onSelect = null }) {
  const chosen = new Set();
  const head = [t("pratica.js.nome"), t("pratica.js.servizio"), t("pratica.js.causale"), t("pratica.js.stato"), t("pratica.js.data"),
    toPay ? t("pratica.js.scadenza") : t("pratica.js.pagata_giorno"), t("pratica.js.riferimento"), t("pratica.js.importo"), t("pratica.js.azioni")];
  const columns = head.map((name, index) => el("th", { scope: "col", role: "columnheader", class: index === 7 ? "a-destra" : null }, name));
  if (onSelect) columns.unshift(el("th", { scope: "col", role: "columnheader" }, hidden(t("pratica.js.scegli"))));

  const tick = (debt) => {
    if (!debt.payable || debt.paymentInProgress) return el("td", { role: "cell", class: "seleziona" });
    const box = el("input", { type: "checkbox", id: `scelta-${debt.noticeNumber}`, onchange: () => {
      if (box.checked) chosen.add(debt);
      else chosen.delete(debt);
      onSelect([...chosen]);
    } });
    return el("td", { role: "cell", class: "seleziona" },
      el("label", {}, box, el("span", { class: "parola" }, t("pratica.js.paga_con_altre"), hidden(`: ${debt.reason}`))));
  };

  const none = (words) => [el("span", { "aria-hidden": "true" }, "—"), hidden(words)];
  // What is one's own needs no name.
  const whose = (debt) => (owner && debt.debtor?.fiscalCode === owner.fiscalCode
    ? cell(t("pratica.js.nome"), { class: "proprio" }, t("pratica.js.tu")) : cell(t("pratica.js.nome"), { class: "testo-libero" }, italian(debt.debtor?.name ?? "")));
  const day = (debt) => (toPay
    ? cell(t("pratica.js.scadenza"), { class: "scadenza" }, debt.dueDate ? el("span", { class: "cifra" }, dateShort(debt.dueDate)) : none(t("pratica.js.senza_scadenza")), dueWords(debt))
    : cell(t("pratica.js.pagata_giorno"), { class: "scadenza" }, debt.paidOn ? el("span", { class: "cifra" }, dateShort(debt.paidOn)) : none(t("pratica.js.non_pagata"))));

  const row = (debt) => el("tr", { role: "row" },
    onSelect && tick(debt),
    whose(debt),
    cell(t("pratica.js.servizio"), { class: "testo-libero" }, italian(debt.service.name)),
    el("th", { scope: "row", role: "rowheader" }, debt.noticeNumber === fresh && el("span", { class: "nuova" }, t("pratica.js.nuova")),
      el("a", { href: href(`/pratiche/${debt.noticeNumber}`), lang: page.language === "it" ? null : "it" }, debt.reason)),
    cell(t("pratica.js.stato"), { class: "cella-stato" }, stateChip(debt)),
    cell(t("pratica.js.data"), { class: "cifra" }, debt.createdOn ? dateShort(debt.createdOn) : "—"),
    day(debt),
    cell(t("pratica.js.riferimento"), {}, code(debt.iuv)),
    cell(t("pratica.js.importo"), { class: "importo a-destra cifra" }, money(debt.amount)),
    el("td", { role: "cell" }, el("div", { class: "azioni" }, rowActions(debt, toPay))));

  return el("div", { class: "elenco" }, el("table", { class: "table tabella pratiche", role: "table" }, el("caption", {}, caption),
    el("thead", { role: "rowgroup" }, el("tr", { role: "row" }, columns)), el("tbody", { role: "rowgroup" }, debts.map(row))));
}

/**
 * One numbered page of a list that the API gives by cursors: those met so far are kept in the tab, and
 * a page further on is reached by walking.
 */
async function pageOf(address, query = new URLSearchParams()) {
  const wanted = Math.max(1, Number(new URLSearchParams(location.search).get("pagina")) || 1);
  const key = `cursori.${address}?${query}`;
  let cursors = wanted === 1 ? [null] : (tab.get(key) ?? [null]);
  for (let number = Math.min(wanted, cursors.length); ; number += 1) {
    const asked = new URLSearchParams(query);
    if (cursors[number - 1]) asked.set("cursor", cursors[number - 1]);
    const list = await get(withQuery(address, asked));
    cursors = cursors.slice(0, number);
    if (list.nextCursor) cursors.push(list.nextCursor);
    tab.set(key, cursors);
    if (number === wanted || !list.nextCursor) return { ...list, number, pages: cursors.length };
  }
}

/** Links to the pages known so far. */
function pagesNav({ number, pages }) {
  if (pages < 2) return null;
  const link = (n) => {
    const query = new URLSearchParams(location.search);
    query.set("pagina", String(n));
    return el("li", {}, el("a", { href: `${location.pathname}?${query}`, "aria-current": n === number ? "page" : null },
      hidden(`${t("pratica.js.pagina")} `), String(n)));
  };
  return el("nav", { class: "paginazione", "aria-label": t("pratica.js.pagine") }, el("ul", {}, Array.from({ length: pages }, (_, i) => link(i + 1))));
}

/** A list that is longer than a page is counted to its end, at most so many requests far. */
const MOST_WALKED = 20;
async function whole({ items, nextCursor }) {
  const all = { count: items.length, total: items.reduce((sum, debt) => sum + debt.amount, 0) };
  for (let asked = 0; nextCursor; asked += 1) {
    if (asked === MOST_WALKED) return null;
    const more = await get(`/api/debts?limit=${MOST_AT_ONCE}&cursor=${encodeURIComponent(nextCursor)}`);
    all.count += more.items.length;
    all.total = more.items.reduce((sum, debt) => sum + debt.amount, all.total);
    nextCursor = more.nextCursor;
  }
  return all;
}

/** S10: what must be paid. */
function showToPay() {
  const told = tab.take("avviso.pratiche");
  const fresh = tab.take("pratica.nuova");
  const done = { annullata: t("pratiche.js.annullata"), aggiunta: t("pratiche.js.aggiunta") }[told] ?? (fresh && t("pratiche.js.inserita"));
  if (done) document.getElementById("avvisi").append(callout("success", paragraph(done)));

  load(region, async () => {
    const [list, person] = await Promise.all([pageOf("/api/debts"), account()]);
    const debts = list.items;
    const proven = person.identityProven;
    if (debts.length === 0) {
      const words = proven ? t("pratiche.js.nessuna") : t("pratiche.js.non_sappiamo");
      announce(words);
      if (!proven) return callout("info", el("p", {}, el("strong", {}, words)), paragraph(t("pratiche.js.non_provata_testo")), actions(primary(t("pratiche.js.associa"), href("/"))));
      return callout("info", paragraph(words),
        actions(primary(t("pratiche.js.cerca"), href("/")), page.spontaneous && outline(t("pratiche.js.spontaneo"), href("/spontaneo"))));
    }
    if (fresh) debts.sort((a, b) => Number(b.noticeNumber === fresh) - Number(a.noticeNumber === fresh));
    const line = el("p", {});
    const count = (all) => {
      line.textContent = all ? tn("pratiche.js.conteggio", all.count, { totale: money(all.total) }) : t("pratiche.js.pagina", { pagina: String(list.number) });
      announce(line.textContent);
    };
    const full = list.pages === 1 ? { count: list.count ?? debts.length, total: list.total ?? debts.reduce((sum, debt) => sum + debt.amount, 0) } : null;
    count(full);
    if (!full && list.number === 1) whole(list).then((all) => all && count(all)).catch(() => {});
    const payable = debts.filter((debt) => debt.payable && !debt.paymentInProgress);
    const bar = payable.length > 1 ? togetherBar() : null;
    const all = full && payable.length > 1 && payable.length <= MOST_TOGETHER
      ? outline(t("pratiche.js.paga_tutto"), href(`/paga/${payable.map(({ noticeNumber }) => noticeNumber).join(",")}`)) : null;
    return [el("div", { class: "conteggio" }, line, all),
      proven ? null : callout("info", el("p", {}, el("strong", {}, t("pratiche.js.non_provata"))), paragraph(t("pratiche.js.non_provata_testo"))),
      debtTable(debts, { caption: t("pratiche.js.didascalia"), owner: person, fresh, toPay: true, onSelect: bar?.update }),
      bar?.node, pagesNav(list), el("p", {}, el("a", { href: href("/") }, t("pratiche.js.associa")))];
  });
}

/** The bar that sums what was ticked. */
function togetherBar() {
  const text = el("p", {});
  const pay = primary(t("pratiche.js.paga_insieme"), "#");
  const node = el("div", { class: "insieme", hidden: true }, text, pay);
  const update = (chosen) => {
    node.hidden = chosen.length === 0;
    document.documentElement.classList.toggle("con-insieme", chosen.length > 0);
    const total = money(chosen.reduce((sum, debt) => sum + debt.amount, 0));
    const tooMany = chosen.length > MOST_TOGETHER;
    text.textContent = tooMany ? t("pratiche.js.al_massimo") : tn("pratiche.js.scelte", chosen.length, { totale: total });
    pay.hidden = tooMany;
    pay.href = href(`/paga/${chosen.map((debt) => debt.noticeNumber).join(",")}`);
    announce(text.textContent);
  };
  return { node, update };
}

const STATUS = { confermato: "paid", annullato: "cancelled", scaduto: "expired" };
const DAY = /^\d{4}-\d{2}-\d{2}$/;

/** What the address asks for; a day that is none is not asked for. */
function wanted() {
  const query = new URLSearchParams(location.search);
  for (const name of ["dal", "al"]) if (query.has(name) && !(DAY.test(query.get(name)) && Date.parse(query.get(name)))) query.delete(name);
  if (query.get("dal") && query.get("al") && query.get("dal") > query.get("al")) query.delete("al");
  return query;
}

/** S11: what is no longer to pay, with the filter that the address holds. */
function showHistory() {
  const modulo = find("form", "modulo");
  const fields = fieldsOf(modulo);
  const filter = find("details", "filtro");
  const wide = matchMedia("(min-width: 62em)");
  const query = wanted();
  filter.open = wide.matches;
  wide.addEventListener?.("change", () => (filter.open = wide.matches));
  restore(modulo, Object.fromEntries(query));
  // What is open to anybody may be chosen too; asked for when the filter is seen.
  let asked = false;
  const offer = () => {
    if (asked || !filter.open) return;
    asked = true;
    get("/api/services").then(({ items }) => offerServices(items, wanted().get("servizio"))).catch(() => {});
  };
  filter.addEventListener("toggle", offer);
  offer();
  showHistoryPage();

  form(modulo, {
    name: "storico",
    check: ({ dal, al }) => [
      fields.dal.validity.badInput && { field: "dal", code: "format" },
      fields.al.validity.badInput && { field: "al", code: "format" },
      dal && al && dal > al && { field: "al", code: "range" },
    ].filter(Boolean),
    async send(given) {
      const chosen = new URLSearchParams(Object.entries(given).filter(([, value]) => value));
      history.pushState(null, "", withQuery(location.pathname, chosen));
      await showHistoryPage();
    },
  });
  addEventListener("popstate", () => {
    modulo.reset();
    restore(modulo, Object.fromEntries(wanted()));
    showHistoryPage();
  });
}

async function showHistoryPage() {
  const query = wanted();
  const asked = new URLSearchParams();
  for (const [name, ours] of [["from", "dal"], ["to", "al"], ["service", "servizio"], ["q", "q"]]) {
    if (query.get(ours)) asked.set(name, query.get(ours));
  }
  const filtered = Boolean(asked.toString() || query.get("stato"));
  asked.set("status", STATUS[query.get("stato")] ?? "all");
  await load(region, async () => {
    const [list, person] = await Promise.all([pageOf("/api/history", asked), account()]);
    offerServices(list.items.map(({ service }) => service), query.get("servizio"));
    showFilters(query);
    if (list.items.length === 0) {
      const text = filtered ? t("storico.js.nessuna") : t("storico.js.vuoto");
      announce(text);
      return [callout("info", paragraph(text)), filtered && actions(outline(t("storico.js.azzera"), href("/pratiche/storico")))];
    }
    const line = list.pages > 1 ? t("storico.js.pagina", { pagina: String(list.number) }) : tn("storico.js.trovate", list.items.length);
    announce(line);
    const table = once(el("button", { type: "button", class: "btn btn-outline-primary" }, t("storico.js.csv")), () => takeAlong(asked));
    return [el("div", { class: "conteggio" }, el("p", {}, line), table), debtTable(list.items, { caption: t("storico.js.didascalia"), owner: person }), pagesNav(list)];
  });
}

/** All rows of the filter as one file: the API gives them by pages, each under its header. */
async function takeAlong(asked) {
  let file = "";
  for (let cursor = ""; ;) {
    const query = new URLSearchParams(asked);
    query.set("limit", String(MOST_AT_ONCE));
    if (cursor) query.set("cursor", cursor);
    const response = await fetch(`/api/history?${query}`, { headers: { Accept: "text/csv", "Accept-Language": page.language }, signal: patience() }).catch(() => null);
    if (!response?.ok) return errorSummary([{ text: failureText(new Refusal(response ? "server" : "network", response?.status)) }]);
    const rows = new TextDecoder("utf-8", { ignoreBOM: true }).decode(await response.arrayBuffer());
    file += file ? rows.slice(rows.indexOf("\n") + 1) : rows;
    cursor = response.headers.get("x-next-cursor") ?? "";
    if (!cursor) break;
  }
  save(new Blob([file], { type: "text/csv;charset=utf-8" }), "storico-pratiche.csv");
}

/** The filters in force, in words, each with its way out. */
function showFilters(query) {
  const chosen = (select) => select.selectedOptions[0]?.textContent ?? select.value;
  const words = { q: (value) => t("storico.js.filtro_q", { testo: value }), servizio: () => chosen(find("select", "servizio")),
    stato: () => chosen(find("select", "stato")), dal: (value) => t("storico.js.filtro_dal", { data: dateShort(value) }),
    al: (value) => t("storico.js.filtro_al", { data: dateShort(value) }) };
  const items = Object.entries(words).filter(([name]) => query.get(name)).map(([name, say]) => {
    const rest = new URLSearchParams(query);
    rest.delete(name);
    rest.delete("pagina");
    const text = say(query.get(name));
    return el("li", {}, text, el("a", { href: withQuery(location.pathname, rest) }, t("storico.js.togli"), hidden(`: ${text}`)));
  });
  document.getElementById("attivi").replaceChildren(...(items.length > 0 ? [el("ul", { class: "filtri-attivi", "aria-label": t("storico.js.attivi") }, items)] : []));
}

/** The services that can be chosen: those offered, those of the debts that were seen in this tab, the one in the address. */
function offerServices(services, current) {
  const select = find("select", "servizio");
  const chosen = select.value || current || "";
  const known = new Map(tab.get("servizi.storico") ?? []);
  if (chosen && !known.has(chosen)) known.set(chosen, chosen);
  for (const { code: theirs, name } of services) known.set(theirs, name);
  tab.set("servizi.storico", [...known]);
  select.replaceChildren(select.options[0], ...[...known].sort(([, a], [, b]) => a.localeCompare(b)).map(([theirs, name]) =>
    el("option", { value: theirs, lang: page.language === "it" ? null : "it" }, name)));
  select.value = chosen;
}

if (page.screen === "S10") showToPay();
else showHistory();
