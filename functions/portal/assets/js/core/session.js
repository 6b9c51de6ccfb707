// Who is here: the account, the header that shows it, the end of the session before it comes.

import { errorSummary } from "./forms.js";
import { actions, button, closeDialog, el, find, icon, openDialog, paragraph } from "./nodes.js";
import { failureText, get, post } from "./requests.js";
import { cookie, forgetSession, memory, tab } from "./tab.js";
import { href, page, t } from "./messages.js";


const IDLE_MS = page.idleMinutes * 60_000;
const WARNING_MS = Math.max(IDLE_MS - 2 * 60_000, IDLE_MS / 2);
const REFRESH_MS = IDLE_MS / 4;
let active = false;

export function sessionTouched() {
  memory.set("contatto", String(Date.now()));
}

let leaving = false;
/** To the login page, and back here afterwards. */
export function toLogin() {
  if (leaving) return;
  leaving = true;
  const query = new URLSearchParams({ torna: location.pathname + location.search });
  if (cookie("accesso")) query.set("scaduta", "1");
  forgetSession();
  location.replace(`${href("/accedi")}?${query}`);
}

/** @type {Promise<import("./messages.js").Account> | null} */
let accountAsked = null;
/** The person's account; asked once per page. */
export function account() {
  accountAsked ??= get("/api/account").then((data) => data.account);
  return accountAsked;
}

/** Whether a session may exist: enough to choose what to offer, never to show anything private. */
export const mayBeLoggedIn = () => page.private || cookie("accesso");

/** The account if there is a session, otherwise null. */
export async function accountIfAny() {
  if (!mayBeLoggedIn()) return null;
  try {
    return await account();
  } catch (refusal) {
    if (refusal.status === 401) forgetSession();
    return null;
  }
}

export const fullName = (person) => person.companyName ?? [person.firstName, person.lastName].filter(Boolean).join(" ");

export async function logout() {
  try {
    await post("/api/logout");
  } catch (refusal) {
    if (refusal.status !== 401) return errorSummary([{ text: failureText(refusal) }]);
  }
  forgetSession();
  tab.clear();
  memory.clear();
  location.replace(href("/uscita"));
}

export async function settleHeader() {
  const person = await accountIfAny();
  if (!person) return;
  if (page.loggedOut) return location.replace(href("/pratiche"));
  const first = person.companyName ?? person.firstName ?? person.username;
  const entry = (text, path) => el("li", {}, el("a", { href: href(path) }, text));
  const menu = el("details", { class: "menu", id: "menu-utente" },
    el("summary", {}, icon("user"), el("span", { class: "utente-nome" }, first,
      person.lastName ? el("span", { class: "utente-cognome" }, ` ${person.lastName}`) : null), icon("expand", "icon gira")),
    el("ul", { class: "menu-voci" }, entry(t("js.pratiche"), "/pratiche"), entry(t("js.utenza"), "/profilo"),
      el("li", {}, el("button", { type: "button", "data-esci": true }, t("js.esci")))));
  document.getElementById("accesso").replaceChildren(menu);
}

function warnOfExpiry() {
  let dialog = find("dialog", "sessione");
  if (dialog?.open) return;
  dialog ??= el("dialog", { id: "sessione", "aria-labelledby": "sessione-titolo" },
    el("h2", { id: "sessione-titolo" }, t("js.sessione")), paragraph(t("js.sessione_testo")),
    actions(button(t("js.resta"), () => closeDialog(dialog), "btn btn-primary"), button(t("js.esci"), logout)));
  // Escape and the first button mean the same: the person is here.
  dialog.onclose = () => get("/api/account").catch(() => {});
  document.body.append(dialog);
  openDialog(dialog);
}

export function watchSession() {
  for (const kind of ["pointerdown", "keydown", "input"]) addEventListener(kind, () => (active = true), { passive: true });
  sessionTouched();
  setInterval(() => {
    const idle = Date.now() - Number(memory.get("contatto"));
    if (idle >= IDLE_MS) toLogin();
    else if (active && idle >= REFRESH_MS && !find("dialog", "sessione")?.open) {
      active = false;
      get("/api/account").catch(() => {});
    } else if (idle >= WARNING_MS) warnOfExpiry();
    else if (find("dialog", "sessione")?.open) closeDialog(find("dialog", "sessione"));
  }, 15_000);
}
