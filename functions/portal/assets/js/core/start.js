// What happens on every page, whatever its screen.

import { download } from "./debts.js";
import { dateTime } from "./formats.js";
import { brokenPage, kept, showPassword } from "./forms.js";
import { closeDialog } from "./nodes.js";
import { logout, mayBeLoggedIn, settleHeader, watchSession } from "./session.js";
import { rememberLanguage, tab } from "./tab.js";
import { announce } from "./announcements.js";
import { page, t } from "./messages.js";


/** @returns {HTMLDetailsElement[]} */
const menus = () => [...document.querySelectorAll("details.menu[open]")].filter((menu) => menu instanceof HTMLDetailsElement);

function onClick(event) {
  const target = event.target.closest("[data-esci], [data-mostra], [data-chiudi], [data-pdf], [data-lingua]");
  for (const menu of menus()) if (!menu.contains(event.target)) menu.open = false;
  if (!target) return;
  if ("esci" in target.dataset) logout();
  else if (target.dataset.mostra) {
    const shown = target.getAttribute("aria-pressed") !== "true";
    showPassword(target, shown);
    announce(shown ? t("js.password_visibile") : t("js.password_nascosta"));
  } else if ("chiudi" in target.dataset) closeDialog(target.closest("dialog"));
  else if ("pdf" in target.dataset) {
    event.preventDefault();
    download(target);
  } else if (target.dataset.lingua) changeLanguage(target);
}

/** Remembers the choice and what was typed; the link itself does the rest. */
function changeLanguage(link) {
  rememberLanguage(link.dataset.lingua);
  const typed = {};
  for (const element of document.forms) if (element.id) typed[element.id] = kept(element);
  tab.set("lingua.valori", typed);
  link.hash = location.hash;
}

function onKey(event) {
  if (event.key !== "Escape") return;
  const menu = menus()[0];
  if (!menu) return;
  menu.open = false;
  menu.querySelector("summary").focus();
}

document.documentElement.classList.add("pronta");
document.addEventListener("click", onClick);
document.addEventListener("keydown", onKey);
// What nobody expected is said, and never leaves a page that waits for ever.
addEventListener("error", ({ error }) => error && brokenPage());
addEventListener("unhandledrejection", brokenPage);
addEventListener("pageshow", ({ persisted }) => {
  // Nothing private is shown from the browser's memory without asking again.
  if (persisted && page.private) location.reload();
});
document.getElementById("ora-stampa").textContent = t("js.stampato", { data: dateTime(new Date().toISOString()) });
if (mayBeLoggedIn()) settleHeader();
if (page.private) watchSession();
