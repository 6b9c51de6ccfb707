// Nodes, built one by one: nothing here or elsewhere writes HTML from text, as the page's policy demands.

import { page, t } from "./messages.js";
import { announce } from "./announcements.js";


/**
 * A node: attributes that are false or null are left out, texts become text nodes.
 * @template {keyof HTMLElementTagNameMap} T
 * @param {T} tag @param {Record<string, unknown>} [attributes] @param {...unknown} children
 * @returns {HTMLElementTagNameMap[T]}
 */
export function el(tag, attributes = {}, ...children) {
  const node = document.createElement(tag);
  for (const [name, value] of Object.entries(attributes)) {
    if (value === false || value === null || value === undefined) continue;
    if (name.startsWith("on")) node.addEventListener(name.slice(2), /** @type {EventListener} */ (value));
    else node.setAttribute(name, value === true ? "" : String(value));
  }
  const kept = children.flat(Infinity).filter((child) => child !== null && child !== undefined && child !== false);
  node.append(.../** @type {(Node | string)[]} */ (kept));
  return node;
}

/**
 * The element of a kind that the page has under an id.
 * @template {keyof HTMLElementTagNameMap} T
 * @param {T} tag @param {string} id @returns {HTMLElementTagNameMap[T]}
 */
export const find = (tag, id) => document.querySelector(`${tag}#${id}`);

const SVG = "http://www.w3.org/2000/svg";
export function icon(name, classes = "icon") {
  const svg = document.createElementNS(SVG, "svg");
  svg.setAttribute("class", classes);
  svg.setAttribute("aria-hidden", "true");
  const use = document.createElementNS(SVG, "use");
  use.setAttribute("href", `#it-${name}`);
  svg.append(use);
  return svg;
}

export const hidden = (text) => el("span", { class: "visually-hidden" }, text);

/** The entity's own words stay Italian on pages in other languages. */
export const italian = (text, /** @type {keyof HTMLElementTagNameMap} */ tag = "span") => el(tag, { lang: page.language === "it" ? null : "it" }, text);

const TONES = { info: ["alert-info", "info-circle"], success: ["alert-success", "check-circle"],
  warning: ["alert-warning", "warning-circle"], danger: ["alert-danger", "error"] };

/** A message box. */
export function callout(tone, ...children) {
  const [classes, name] = TONES[tone];
  return el("div", { class: `alert ${classes}` }, icon(name), el("div", {}, ...children));
}

export const paragraph = (...text) => el("p", {}, ...text);
export const actions = (...children) => el("div", { class: "azioni" }, ...children);
export const primary = (text, address) => el("a", { class: "btn btn-primary", href: address }, text);
export const outline = (text, address, attributes = {}) =>
  el("a", { class: "btn btn-outline-primary", href: address, ...attributes }, text);
export const button = (text, onclick, classes = "btn btn-outline-primary") =>
  el("button", { type: "button", class: classes, onclick }, text);
export const contact = () => outline(t("js.contatta"), `mailto:${page.contact}`);

/**
 * A link to a PDF. When the document cannot be had (see `download`) `failed` says so, and `instead` what to do without it.
 * @param {{ text: string, address: string, name: string, classes?: string, failed: string, instead?: string }} document
 */
export const pdf = ({ text, address, name, classes = "btn btn-outline-primary", failed, instead = "" }) =>
  el("a", { class: classes, href: address, download: name, "data-pdf": failed, "data-invece": instead }, text);

/** Gives the person a file. */
export function save(file, name) {
  const address = URL.createObjectURL(file);
  el("a", { href: address, download: name }).click();
  setTimeout(() => URL.revokeObjectURL(address), 60_000);
}

/** Rows of a summary list: `[term, value]`, values are texts or nodes; empty rows are left out. */
export function summaryList(rows, classes = "riepilogo") {
  const shown = rows.filter((row) => row && row[1] !== null && row[1] !== undefined && row[1] !== "");
  return el("dl", { class: classes },
    shown.map(([term, value, rowClasses]) => el("div", { class: rowClasses }, el("dt", {}, term), el("dd", {}, value))));
}

/** A code in blocks of four, unless it has its own; copied, it has no spaces. */
export function code(text) {
  const blocks = /^\w+$/.test(text) ? text.match(/.{1,4}/g) : [text];
  return el("span", { class: "codice" }, blocks.map((block) => el("span", {}, block)));
}

const COPIED_MS = 4_000;

/** A code with its copy button, which says whether it did. */
export function copyable(text, name) {
  const shown = code(text);
  const word = el("span", {}, t("js.copia"));
  const copy = async () => {
    const done = await copied(text, shown);
    word.textContent = t(done ? "js.copiato" : "js.copia_no");
    announce(word.textContent);
    if (done) setTimeout(() => (word.textContent = t("js.copia")), COPIED_MS);
  };
  return [shown, el("button", { type: "button", class: "copia", onclick: copy }, icon("copy"), word, hidden(` ${name}`))];
}

/** Returns whether a text is on the clipboard; where it may not be put there, it is marked for the person to copy. */
async function copied(text, shown) {
  try {
    await navigator.clipboard.writeText(text);
    return true;
  } catch {
    getSelection().selectAllChildren(shown);
    return false;
  }
}

/** Opens a dialog over the page; where the browser has none, in its place on the page. */
export function openDialog(/** @type {HTMLDialogElement} */ dialog) {
  if (dialog.showModal) dialog.showModal();
  else {
    dialog.setAttribute("open", "");
    dialog.querySelector("h2").scrollIntoView();
  }
}
export function closeDialog(/** @type {HTMLDialogElement} */ dialog) {
  if (dialog.close) dialog.close();
  else {
    dialog.removeAttribute("open");
    dialog.dispatchEvent(new Event("close"));
  }
}

/** Puts focus on a heading that appeared after waiting; screen readers then read it. */
export function focusHeading(heading) {
  heading.setAttribute("tabindex", "-1");
  heading.focus();
}

export const BASE_TITLE = document.title;
const TITLE_END = BASE_TITLE.slice(BASE_TITLE.indexOf(" · "));
/** Changes the title's first part. */
export const setTitle = (text) => (document.title = text + TITLE_END);

/** An outcome: heading with icon, which takes focus and title. */
export function outcomeHeading(text, name = null, tone = "") {
  const heading = el("h1", { class: "titolo-esito" }, name && icon(name, `icon ${tone}`), el("span", {}, text));
  setTitle(text);
  return heading;
}
