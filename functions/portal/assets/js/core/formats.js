// Amounts and dates as each language writes them, always in the time of Rome.

import { page, t } from "./messages.js";

const ROME = "Europe/Rome";
const LOCALES = { it: "it-IT", en: "en-GB", de: "de-DE", sl: "sl-SI", fr: "fr-FR" };

/** Noon, so that a day of the wire is the same day everywhere. */
const day = (/** @type {string} */ iso) => (iso.length === 10 ? new Date(`${iso}T12:00:00Z`) : new Date(iso));

/** How a language writes what the API tells: cents, `YYYY-MM-DD`, instants. @param {keyof typeof LOCALES} language */
export function formats(language) {
  const locale = LOCALES[language];
  const dates = (/** @type {Intl.DateTimeFormatOptions} */ options) => new Intl.DateTimeFormat(locale, { timeZone: ROME, ...options });
  // Without "always", Italian and Slovene leave four digits ungrouped.
  const euro = new Intl.NumberFormat(locale, { style: "currency", currency: "EUR", useGrouping: "always" });
  const short = dates({ day: "2-digit", month: "2-digit", year: "numeric" });
  const long = dates({ day: "numeric", month: "long", year: "numeric" });
  const hour = dates({ hour: "2-digit", minute: "2-digit" });
  return {
    /** The typeface has no narrow no-break space, which French uses between thousands. */
    money: (/** @type {number} */ cents) => euro.format(cents / 100).replaceAll("\u202f", "\u00a0"),
    dateShort: (/** @type {string} */ iso) => short.format(day(iso)),
    dateLong: (/** @type {string} */ iso) => long.format(day(iso)),
    time: (/** @type {string} */ iso) => hour.format(day(iso)),
  };
}

const OURS = formats(page.language);
export const { money, dateShort, dateLong } = OURS;
export const dateTime = (/** @type {string} */ iso) => t("js.data_ora", { data: dateLong(iso), ora: OURS.time(iso) });

/** Today in Rome, as on the wire. */
export const today = () => new Intl.DateTimeFormat("sv-SE", { timeZone: ROME, year: "numeric", month: "2-digit", day: "2-digit" }).format(new Date());
export const daysUntil = (/** @type {string} */ iso) => Math.round((day(iso).getTime() - day(today()).getTime()) / 86_400_000);
