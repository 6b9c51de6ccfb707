// S12: the services that can be paid without a notice.

import { actions, announce, callout, el, get, href, icon, italian, load, paragraph, primary, t, tn } from "./core.js";

const MANY = 10;

load(document.getElementById("regione"), async () => {
  const services = (await get("/api/services")).items;
  if (services.length === 0) {
    return [callout("info", paragraph(t("spontaneo.js.nessuno"))), actions(primary(t("spontaneo.js.torna"), href("/pratiche")))];
  }
  const entries = services.map((service) => el("li", { "data-nome": `${service.code} ${service.name}`.toLowerCase() },
    el("a", { href: href(`/spontaneo/${encodeURIComponent(service.code)}`) },
      el("span", {}, italian(service.code, "strong"), italian(describe(service))), icon("chevron-right"))));
  const list = el("ul", { class: "elenco-servizi" }, entries);
  return services.length > MANY ? [finder(entries), list] : list;
});

/** The name, where it is not the code over again, and one line on what it is for. */
const describe = ({ code, name, description }) => [name === code ? null : name, description].filter(Boolean).join(". ");

function finder(entries) {
  const input = el("input", { class: "form-control medio", type: "search", id: "cerca-servizio", autocomplete: "off" });
  input.addEventListener("input", () => {
    const wanted = input.value.trim().toLowerCase();
    for (const entry of entries) entry.hidden = !entry.dataset.nome.includes(wanted);
    announce(tn("spontaneo.js.servizi", entries.filter((entry) => !entry.hidden).length));
  });
  return el("div", { class: "campo" }, el("label", { class: "form-label", for: "cerca-servizio" }, t("spontaneo.js.cerca")), input);
}
