// What several screens show of a debt: its state, its documents.

import { errorSummary } from "./forms.js";
import { el, hidden, icon, pdf } from "./nodes.js";
import { Refusal, TIMEOUT_MS, supportCode } from "./requests.js";
import { toLogin } from "./session.js";
import { page, t } from "./words.js";


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

export const noticePdf = (debt, classes) =>
  withReason(pdf(t("js.bollettino"), `/api/debts/${debt.noticeNumber}/notice.pdf`, `avviso-${debt.noticeNumber}.pdf`, classes), debt);
export const receiptPdf = (debt, classes = "btn btn-primary") =>
  pdf(t("js.ricevuta_pdf"), `/api/debts/${debt.noticeNumber}/receipt.pdf`, `ricevuta-${debt.iuv}.pdf`, classes);

/** Adds the reason to an accessible name that would repeat on the page. */
export function withReason(node, debt, more = "") {
  node.append(hidden(`: ${debt.reason}${more}`));
  return node;
}

/** Fetches a PDF so that a failure can be told; without script the link does the same alone. */
export async function download(link) {
  if (link.getAttribute("aria-disabled") === "true") return;
  link.setAttribute("aria-disabled", "true");
  try {
    const response = await fetch(link.href, { headers: { "Accept-Language": page.language }, signal: AbortSignal.timeout(TIMEOUT_MS) });
    if (!response.ok) {
      const problem = await response.json().catch(() => ({}));
      if (response.status === 401 && page.private) return toLogin();
      throw new Refusal(response.status >= 500 ? "server" : "refused", response.status, problem);
    }
    const address = URL.createObjectURL(await response.blob());
    el("a", { href: address, download: link.download }).click();
    setTimeout(() => URL.revokeObjectURL(address), 60_000);
  } catch (refusal) {
    errorSummary([{ text: t("js.scarico_fallito") }], [refusal instanceof Refusal ? supportCode(refusal) : null].filter(Boolean));
  } finally {
    link.removeAttribute("aria-disabled");
  }
}
