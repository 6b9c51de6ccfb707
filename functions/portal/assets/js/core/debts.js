// What several screens show of a debt: its state, its documents.

import { money } from "./formats.js";
import { errorSummary } from "./forms.js";
import { el, hidden, icon, paragraph, pdf } from "./nodes.js";
import { Refusal, TIMEOUT_MS, supportCode } from "./requests.js";
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
  const response = await fetch(link.href, { headers: { "Accept-Language": page.language }, signal: AbortSignal.timeout(TIMEOUT_MS) });
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
    const address = URL.createObjectURL(fetched.get(link) ?? (await documentOf(link)));
    el("a", { href: address, download: link.download }).click();
    setTimeout(() => URL.revokeObjectURL(address), 60_000);
  } catch (refusal) {
    if (refusal instanceof Refusal && refusal.status === 401 && page.private) return toLogin();
    const { pdf: failed, invece: instead } = link.dataset;
    errorSummary([{ text: failed }], [instead && paragraph(instead), refusal instanceof Refusal && supportCode(refusal)].filter(Boolean));
  } finally {
    link.removeAttribute("aria-disabled");
  }
}
