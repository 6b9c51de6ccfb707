// The rules that the browser checks before it asks the server, which checks them again and decides.
// The same vectors try them here and in Rust.

const ODD = { 0: 1, 1: 0, 2: 5, 3: 7, 4: 9, 5: 13, 6: 15, 7: 17, 8: 19, 9: 21, A: 1, B: 0, C: 5, D: 7, E: 9, F: 13, G: 15,
  H: 17, I: 19, J: 21, K: 2, L: 4, M: 18, N: 20, O: 11, P: 3, Q: 6, R: 8, S: 12, T: 14, U: 16, V: 10, W: 22, X: 25, Y: 24, Z: 23 };
const PERSON = /^[A-Z]{6}[0-9LMNPQRSTUV]{2}[ABCDEHLMPRST][0-9LMNPQRSTUV]{2}[A-Z][0-9LMNPQRSTUV]{3}[A-Z]$/;

/** Marks that nobody sees and that come along when a text is copied. */
const INVISIBLE = /[\u00ad\u034f\u061c\u115f\u1160\u17b4\u17b5\u180b-\u180f\u200b-\u200f\u202a-\u202e\u2060-\u206f\u3164\ufeff\uffa0]/g;
export const pasted = (text) => text.replace(INVISIBLE, "").replace(/[\u2010\u2011]/g, "-");

/** A code as typed or pasted, without spaces, dots and dashes, in capitals. */
export const clean = (text) => pasted(text).replace(/[\s.\u2012-\u2015\u2212-]/g, "").toUpperCase();

/** A tax code; a VAT number abroad has the country before it. */
export const taxCode = (text) => clean(text).replace(/^IT(?=\d{11}$)/, "");

function personCheck(code) {
  let sum = 0;
  for (let i = 0; i < 15; i += 1) {
    const c = code[i];
    sum += i % 2 === 0 ? ODD[c] : c >= "A" ? c.charCodeAt(0) - 65 : Number(c);
  }
  return String.fromCharCode(65 + (sum % 26)) === code[15];
}

function companyCheck(code) {
  if (Number(code) === 0) return false;
  let sum = 0;
  for (let i = 0; i < 10; i += 1) {
    const digit = Number(code[i]);
    const doubled = i % 2 === 1 ? digit * 2 : digit;
    sum += doubled > 9 ? doubled - 9 : doubled;
  }
  return (10 - (sum % 10)) % 10 === Number(code[10]);
}

const OMOCODIC = "LMNPQRSTUV";
const LONGEST_MONTH = { A: 31, B: 29, C: 31, D: 30, E: 31, H: 30, L: 31, M: 31, P: 30, R: 31, S: 30, T: 31 };

/** The day of birth exists in its month (women's days are 40 more); digits may be replaced by letters. */
function dayExists(code) {
  const digit = (c) => (OMOCODIC.includes(c) ? OMOCODIC.indexOf(c) : Number(c));
  const written = digit(code[9]) * 10 + digit(code[10]);
  const day = written > 40 ? written - 40 : written;
  return day >= 1 && day <= LONGEST_MONTH[code[8]];
}

/** The error of a tax code, or null. */
export function fiscalCode(text) {
  const code = taxCode(text);
  if (code === "") return "required";
  if (/^\d{11}$/.test(code)) return companyCheck(code) ? null : "checksum";
  if (!/^[A-Z0-9]{16}$/.test(code)) return "format";
  return PERSON.test(code) && dayExists(code) && personCheck(code) ? null : "checksum";
}

/** The error of a notice code or IUUV, or null. */
export function noticeOrIuv(text) {
  const code = clean(text);
  if (code === "") return "required";
  return /^\d{18}$/.test(code) || /^[A-Z0-9]{10,35}$/.test(code) ? null : "format";
}

/** The words that papers print before a code, in both languages. */
const LABEL = /^(?:(?:codice|cod|code|numero|number|num|nr|no|n|avviso|notice|pagamento|iuuv|iuv|nav|fiscale|tax|c\.?\s?f|partita|p|iva|vat|del|di|debitore|debtor|intestatario)(?=[\s.:°º#]|$)[\s.:°º#]*)+/i;
const bare = (text) => pasted(text).replace(/\s+/g, " ").trim().replace(LABEL, "").replace(/^iuu?v\s?(?=[\dr])/i, "");

/** The QR code of a notice: whose it is can be read, who owes it cannot. */
const QR = /PAGOPA\|\d{3}\|(\d{18})\|(\d{11})\|\d+/i;
/** The square code of a postal slip, which also tells who owes it. */
const SLIP = /codfase=NBPA;18(\d{18})12\d{12}10\d{10}3896.?P1(\d{11})([A-Z]{6}[A-Z0-9]{10}|\d{11})/i;

const looksFiscal = (text) => /^(?:[A-Z]{6}[A-Z0-9]{10}|\d{11})$/.test(taxCode(text));

/**
 * What was meant by two fields, whatever was pasted into which: the words before a code, the text of a notice's QR
 * code, codes in each other's field. `creditor` is whose notice it is, where that was told.
 * @param {string} cf @param {string} codice @returns {{ cf: string, codice: string, creditor?: string }}
 */
export function understood(cf, codice) {
  const texts = [codice, cf].map((text) => pasted(text).replace(/%7c/gi, "|"));
  for (const [index, text] of texts.entries()) {
    const slip = text.replace(/ {2,}/g, " ").match(SLIP);
    if (slip) return { cf: slip[3].toUpperCase(), codice: slip[1], creditor: slip[2] };
    const qr = text.replace(/\s/g, "").match(QR);
    if (qr) {
      const other = texts[1 - index];
      return { cf: bare(other), codice: qr[1], creditor: qr[2] };
    }
  }
  const [first, second] = [bare(cf), bare(codice)];
  const swapped = !looksFiscal(first) && looksFiscal(second) && fiscalCode(second) === null;
  return swapped ? { cf: second, codice: first } : { cf: first, codice: second };
}

/** What the search sends: 18 digits are a notice code, anything else an IUUV. */
export const searchCode = (text) => (/^\d{18}$/.test(clean(text)) ? { noticeNumber: clean(text) } : { iuv: clean(text) });

/** Cents of an amount as people write it, or null. */
export function amount(text) {
  let plain = text.replace(/[\s\u00a0€]/g, "");
  if (/^\d{1,3}(\.\d{3})+(,\d{1,2})?$/.test(plain)) plain = plain.replaceAll(".", "").replace(",", ".");
  else plain = plain.replace(",", ".");
  if (!/^\d{1,9}(\.\d{1,2})?$/.test(plain)) return null;
  const [euros, cents = ""] = plain.split(".");
  return Number(euros) * 100 + Number(cents.padEnd(2, "0"));
}

/** Marks that nobody sees are dropped on the way, so they are no mistake. */
export const email = (typed) => emailFits(pasted(typed));
const emailFits = (text) => text.length <= 254 && /^[^\s@<>()",;:]+@[^\s@.<>()",;:]+(\.[^\s@.<>()",;:]+)+$/.test(text);
export const phone = (typed) => phoneFits(pasted(typed));
const phoneFits = (text) => /^\+?[\d\s./()-]+$/.test(text) && /^\d{6,15}$/.test(text.replace(/\D/g, ""));
export const personName = (text) => /^[\p{L}\p{M} .,'’‘ʼ`´·()/–-]+$/u.test(text) && /\p{L}/u.test(text);

/** Characters as people see them; older browsers count an accent apart from its letter. */
export const length = (text) => (Intl.Segmenter ? [...new Intl.Segmenter().segment(text)] : [...text]).length;

/** The error of a new password, or null; the list of common ones is the server's. */
export function password(text, personal, shortest) {
  const n = length(text);
  if (text === "") return { code: "required" };
  if (n < shortest) return { code: "too_short", params: { min: shortest, n } };
  if (n > 256) return { code: "too_long", params: { max: 256, n } };
  const lower = text.toLowerCase();
  const told = personal.filter((value) => value && value.length >= 4);
  return told.some((value) => lower.includes(value.toLowerCase())) ? { code: "personal" } : null;
}

const COMMON_DOMAINS = ["gmail.com", "hotmail.it", "hotmail.com", "libero.it", "outlook.it", "outlook.com", "yahoo.it", "yahoo.com",
  "icloud.com", "virgilio.it", "alice.it", "tiscali.it"];

/** The domain that was probably meant, when it is one slip away from a common one. */
export function likelyDomain(address) {
  const domain = address.split("@")[1]?.toLowerCase();
  if (!domain || COMMON_DOMAINS.includes(domain)) return null;
  return COMMON_DOMAINS.find((common) => oneSlip(domain, common)) ?? null;
}

/** One letter missing, added, wrong, or two swapped. */
function oneSlip(a, b) {
  if (Math.abs(a.length - b.length) > 1) return false;
  let start = 0;
  while (start < a.length && a[start] === b[start]) start += 1;
  const [restA, restB] = [a.slice(start), b.slice(start)];
  const swapped = restA[0] === restB[1] && restA[1] === restB[0] && restA.slice(2) === restB.slice(2);
  return swapped || restA.slice(1) === restB.slice(1) || restA.slice(1) === restB || restA === restB.slice(1);
}
