// What several screens show of a debt: its state, its documents.

import { dateLong, money, today } from "./formats.js";
import { errorSummary, once } from "./forms.js";
import { button, el, hidden, icon, paragraph, pdf, primary, save } from "./nodes.js";
import { Refusal, get, patience, post, supportCode } from "./requests.js";
import { toLogin } from "./session.js";
import { page, t } from "./messages.js";


const STATES = { non_confermato: ["stato stato-info", "clock"], in_corso: ["stato stato-attenzione", "clock"],
  confermato: ["stato stato-riuscito", "check-circle"], scaduto: ["stato stato-errore", "warning-circle"],
  annullato: ["stato stato-neutro", "close-circle"] };

/** The state's key, as the catalogue has it. */
export function stateOf(debt) {
  if (debt.status === "paid") return "confermato";
  if (debt.status === "expired") return "scaduto";
  if (debt.status === "cancelled") return "annullato";
  return debt.paymentInProgress || /progress/.test(debt.notPayableReason ?? "") ? "in_corso" : "non_confermato";
}

/** The state in words and icon, never in colour alone. */
export function stateChip(debt) {
  const state = stateOf(debt);
  const [classes, name] = STATES[state];
  return el("span", { class: classes }, icon(name),
    el("span", {}, t(`stato.${state}`), " ", el("small", {}, t(`stato.${state}.breve`))));
}

/** A method of the circuit in words; one that is not known as it came. */
export const methodName = (code) => (code ? (page.messages[`metodo.${code}`] ?? code) : null);

/** When it should be paid, in words, as far as that still matters. */
export function dueLine(debt) {
  if (!debt.dueDate || debt.status !== "to-pay") return null;
  const data = dateLong(debt.dueDate);
  return el("p", { class: "entro" }, debt.dueDate < today() ? t("js.era_scaduta", { data }) : t("js.entro", { data }));
}

/**
 * The ways out of a payment that has begun and not ended: its page, giving it up, the paper.
 * @param {import("./messages.js").Payment} payment @param {(now: import("./messages.js").Payment) => void} settled what to do with what came of giving it up
 */
export function waysOut(payment, settled) {
  const giveUp = once(button(t("js.annulla_pagamento"), () => {}), async () => {
    try {
      settled(await post(`/api/payments/${encodeURIComponent(payment.paymentId)}/cancel`));
    } catch (refusal) {
      if (!(refusal instanceof Refusal) || refusal.code !== "payment_in_progress") throw refusal;
      errorSummary([{ text: t("js.sta_pagando") }]);
    }
  });
  return [payment.resumeUrl && primary(t("js.riprendi"), payment.resumeUrl), giveUp];
}

/** The payment of a debt that has not ended yet, or null. */
export async function underWay(/** @type {import("./messages.js").Debt} */ debt) {
  const { payments } = await get(`/api/debts/${debt.noticeNumber}`);
  const begun = (payments ?? []).find(({ status }) => status === "pending");
  return begun ? get(`/api/payments/${encodeURIComponent(begun.paymentId)}`) : null;
}

/** The notice: without it the codes are enough, at any counter. */
const notice = (debt, text, address, classes) =>
  pdf({ text, address, name: `avviso-${debt.noticeNumber}.pdf`, classes, failed: t("problem.temporarily_unavailable.detail"),
    instead: t("js.bollettino_no", { avviso: debt.noticeNumber.replace(/(.{4})(?=.)/g, "$1\u00a0"), ente: debt.creditor.fiscalCode, importo: money(debt.amount) }) });
export const noticePdf = (debt, classes) => withReason(notice(debt, t("js.bollettino"), `/api/debts/${debt.noticeNumber}/notice.pdf`, classes), debt);
export const foundNoticePdf = (debt, reference) =>
  notice(debt, t("js.bollettino_pdf"), `/api/search/${encodeURIComponent(reference)}/notice.pdf`);
export const receiptPdf = (debt, text = t("js.ricevuta_pdf")) =>
  pdf({ text, address: `/api/debts/${debt.noticeNumber}/receipt.pdf`, name: `ricevuta-${debt.iuv}.pdf`, classes: "btn btn-primary",
    failed: t("js.ricevuta_no") });

/** Adds the reason to an accessible name that would repeat on the page. */
export function withReason(node, debt, more = "") {
  node.append(hidden(`: ${debt.reason}${more}`));
  return node;
}

/** The document behind a link, or the refusal to say. */
async function documentOf(link) {
  const response = await fetch(link.href, { headers: { "Accept-Language": page.language }, signal: patience() });
  if (response.ok) return response.blob();
  const problem = await response.json().catch(() => ({}));
  throw new Refusal(response.status >= 500 ? "server" : "refused", response.status, problem);
}

/** Documents that were fetched before anybody pressed their link. @type {WeakMap<HTMLAnchorElement, Blob>} */
const fetched = new WeakMap();

/** Fetches a link's document at once, so that the link can say what it weighs in thousands of bytes. */
export async function weigh(link, say) {
  try {
    const document = await documentOf(link);
    fetched.set(link, document);
    link.textContent = say(Math.ceil(document.size / 1000));
  } catch {
    // Nobody asked for it yet: the link keeps its words and tries again when it is pressed.
  }
}

/** Fetches a PDF so that a failure can be told; without script the link does the same alone. */
export async function download(link) {
  if (link.getAttribute("aria-disabled") === "true") return;
  link.setAttribute("aria-disabled", "true");
  try {
    save(fetched.get(link) ?? (await documentOf(link)), link.download);
  } catch (refusal) {
    if (refusal instanceof Refusal && refusal.status === 401 && page.private) return toLogin();
    const { pdf: failed, invece: instead } = link.dataset;
    errorSummary([{ text: failed }], [instead && paragraph(instead), refusal instanceof Refusal && supportCode(refusal)].filter(Boolean));
  } finally {
    link.removeAttribute("aria-disabled");
  }
}
