// S10 and S11: the debts to pay and those of the past, as a table (cards on small screens) with numbered pages.

import { account, actions, announce, button, callout, code, dateShort, daysUntil, el, fieldsOf, find, form, get, hidden, href, italian, load, money,
  noticePdf, outline, page, paragraph, primary, restore, stateChip, stateOf, t, tab, tn, withReason } from "./core.js";

const MOST_TOGETHER = 5;
const region = document.getElementById("regione");

const cell = (label, attributes, ...children) =>
  el("td", { role: "cell", ...attributes }, el("span", { class: "etichetta" }, label), ...children);

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
  if (state === "in_corso") return [withReason(el("a", { class: "btn btn-outline-primary btn-sm", href: "" }, t("js.aggiorna")), debt)];
  if (!toPay || state !== "non_confermato") return [];
  const pay = debt.payable &&
    withReason(el("a", { class: "btn btn-primary btn-sm", href: href(`/paga/${debt.noticeNumber}`) }, t("js.paga")), debt, `, ${money(debt.amount)}`);
  const notice = noticePdf(debt, "btn btn-outline-primary btn-sm");
  notice.append(hidden(" PDF"));
  return [pay, notice];
}

/** @param {import("./core.js").Debt[]} debts */
function debtTable(debts, { caption, fresh = null, toPay = false, onSelect = null }) {
  const chosen = new Set();
  const head = [t("pratica.js.nome"), t("pratica.js.servizio"), t("pratica.js.causale"), t("pratica.js.stato"), t("pratica.js.data"),
    t("pratica.js.scadenza"), t("pratica.js.riferimento"), t("pratica.js.importo"), t("pratica.js.azioni")];
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

  const row = (debt) => el("tr", { role: "row" },
    onSelect && tick(debt),
    cell(t("pratica.js.nome"), {}, italian(debt.debtor?.name ?? "")),
    cell(t("pratica.js.servizio"), {}, italian(debt.service.name)),
    el("th", { scope: "row", role: "rowheader" }, debt.noticeNumber === fresh && el("span", { class: "nuova" }, t("pratica.js.nuova")),
      el("a", { href: href(`/pratiche/${debt.noticeNumber}`), lang: page.language === "it" ? null : "it" }, debt.reason)),
    cell(t("pratica.js.stato"), { class: "cella-stato" }, stateChip(debt)),
    cell(t("pratica.js.data"), { class: "cifra" }, debt.createdOn ? dateShort(debt.createdOn) : "—"),
    cell(t("pratica.js.scadenza"), { class: "scadenza" }, debt.dueDate ? el("span", { class: "cifra" }, dateShort(debt.dueDate))
      : [el("span", { "aria-hidden": "true" }, "—"), hidden(t("pratica.js.senza_scadenza"))], dueWords(debt)),
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
    const list = await get(asked.size > 0 ? `${address}?${asked}` : address);
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

/** S10: what must be paid. */
function showToPay() {
  const notices = document.getElementById("avvisi");

  const told = tab.take("avviso.pratiche");
  const fresh = tab.take("pratica.nuova");
  if (fresh) notices.append(callout("success", paragraph(t("pratiche.js.inserita"))));
  else if (told === "annullata") notices.append(callout("success", paragraph(t("pratiche.js.annullata"))));
  else if (told === "aggiunta") notices.append(callout("success", paragraph(t("pratiche.js.aggiunta"))));

  account().then((person) => {
    if (!person.identityProven) {
      notices.append(callout("info", el("p", {}, el("strong", {}, t("pratiche.js.non_provata"))), paragraph(t("pratiche.js.non_provata_testo")),
        actions(outline(t("pratiche.js.associa"), href("/")))));
    } else if (!localStorage.getItem("ho-capito")) {
      const box = callout("info", paragraph(t("pratiche.js.benvenuto")), actions(button(t("pratiche.js.capito"), () => {
        localStorage.setItem("ho-capito", "1");
        box.remove();
      })));
      notices.append(box);
    }
  }).catch(() => {});

  load(region, async () => {
    const list = await pageOf("/api/debts");
    const debts = list.items;
    if (debts.length === 0) {
      announce(t("pratiche.js.nessuna"));
      return [callout("info", paragraph(t("pratiche.js.nessuna")),
        actions(primary(t("pratiche.js.cerca"), href("/")), page.spontaneous && outline(t("pratiche.js.spontaneo"), href("/spontaneo"))))];
    }
    if (fresh) debts.sort((a, b) => Number(b.noticeNumber === fresh) - Number(a.noticeNumber === fresh));
    const count = list.count ?? debts.length;
    const total = list.total ?? debts.reduce((sum, debt) => sum + debt.amount, 0);
    const line = list.pages > 1 && list.count === undefined ? t("pratiche.js.pagina", { pagina: String(list.number) })
      : tn("pratiche.js.conteggio", count, { totale: money(total) });
    announce(line);
    const payable = debts.filter((debt) => debt.payable && !debt.paymentInProgress);
    const bar = payable.length > 1 ? togetherBar() : null;
    return [el("p", {}, line), debtTable(debts, { caption: t("pratiche.js.didascalia"), fresh, toPay: true, onSelect: bar?.update }),
      bar?.node, pagesNav(list)];
  });
}

/** The bar that sums what was ticked. */
function togetherBar() {
  const text = el("p", {});
  const pay = primary(t("pratiche.js.paga_insieme"), "#");
  const node = el("div", { class: "insieme", hidden: true }, text, pay);
  const update = (chosen) => {
    node.hidden = chosen.length === 0;
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

/** S11: what is no longer to pay, with the filter that the address holds. */
function showHistory() {
  const modulo = find("form", "modulo");
  const fields = fieldsOf(modulo);
  const filter = find("details", "filtro");
  const wide = matchMedia("(min-width: 992px)");
  const query = new URLSearchParams(location.search);
  filter.open = wide.matches;
  wide.addEventListener("change", () => (filter.open = wide.matches));
  restore(modulo, Object.fromEntries(query));
  // On a small screen the filter is closed: what it offers is asked for when it is opened.
  /** @type {Promise<void> | undefined} */
  let offered;
  const offer = () => (offered ??= offerServices(query.get("servizio")));
  if (filter.open || query.has("servizio")) offer();
  filter.addEventListener("toggle", () => {
    if (filter.open) offer();
  });
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
      history.pushState(null, "", chosen.size > 0 ? `${location.pathname}?${chosen}` : location.pathname);
      await showHistoryPage();
    },
  });
  addEventListener("popstate", async () => {
    const given = new URLSearchParams(location.search);
    if (given.has("servizio")) await offer();
    modulo.reset();
    restore(modulo, Object.fromEntries(given));
    showHistoryPage();
  });
}

async function showHistoryPage() {
  const query = new URLSearchParams(location.search);
  const asked = new URLSearchParams();
  for (const [name, ours] of [["from", "dal"], ["to", "al"], ["service", "servizio"], ["q", "q"]]) {
    if (query.get(ours)) asked.set(name, query.get(ours));
  }
  const filtered = asked.size > 0 || Boolean(query.get("stato"));
  asked.set("status", STATUS[query.get("stato")] ?? "all");
  showFilters(query);
  await load(region, async () => {
    const list = await pageOf("/api/history", asked);
    if (list.items.length === 0) {
      const text = filtered ? t("storico.js.nessuna") : t("storico.js.vuoto");
      announce(text);
      return [callout("info", paragraph(text)), filtered && actions(outline(t("storico.js.azzera"), href("/pratiche/storico")))];
    }
    const line = list.pages > 1 ? t("storico.js.pagina", { pagina: String(list.number) }) : tn("storico.js.trovate", list.items.length);
    announce(line);
    return [el("p", {}, line), debtTable(list.items, { caption: t("storico.js.didascalia") }), pagesNav(list)];
  });
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
    return el("li", {}, text, el("a", { href: rest.size > 0 ? `${location.pathname}?${rest}` : location.pathname }, t("storico.js.togli"), hidden(`: ${text}`)));
  });
  document.getElementById("attivi").replaceChildren(...(items.length > 0 ? [el("ul", { class: "filtri-attivi", "aria-label": t("storico.js.attivi") }, items)] : []));
}

/** The services that can be chosen: the entity's, and the one in the address if it is no longer among them. */
async function offerServices(current) {
  const select = find("select", "servizio");
  const known = (await get("/api/services").catch(() => ({ items: [] }))).items;
  if (current && !known.some(({ code: theirs }) => theirs === current)) known.push({ code: current, name: current });
  select.append(...known.map(({ code: theirs, name }) => el("option", { value: theirs, lang: page.language === "it" ? null : "it" }, name)));
  if (current) select.value = current;
  showFilters(new URLSearchParams(location.search));
}

if (page.screen === "S10") showToPay();
else showHistory();
