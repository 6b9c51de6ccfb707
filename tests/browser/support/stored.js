// What a page was when somebody last looked at it with care, kept in `stored/`. A difference fails; `STORE=1` keeps the new.

import assert from "node:assert/strict";
import { existsSync, mkdirSync, readFileSync, writeFileSync } from "node:fs";
import { fileURLToPath } from "node:url";

const FOLDER = fileURLToPath(new URL("../stored/", import.meta.url));

/** Words that differ from run to run: codes, addresses, days. */
export const steady = (text) => text
  .replace(/TX-[0-9A-F]{16}/g, "TX")
  .replace(/[\w.+-]+@[\w.-]+/g, "EMAIL")
  .replace(/\b[A-Z]{6}[0-9LMNP-V]{2}[A-Z][0-9LMNP-V]{2}[A-Z][0-9LMNP-V]{3}[A-Z]\b/g, "CODICE-FISCALE")
  .replace(/\b\d{1,2}[/ ](?:\d{2}|[a-z]+)[/ ]\d{4}(?:, ore \d{2}:\d{2}|, \d{2}:\d{2})?/g, "DATA")
  .replace(/\b(?:\d[\d ]{9,}\d)\b/g, "CODICE");

/** Compares lines with those stored under a name. */
export function stored(name, lines) {
  const file = `${FOLDER}${name}.txt`;
  const now = `${lines.map(steady).join("\n")}\n`;
  if (process.env.STORE) {
    mkdirSync(FOLDER, { recursive: true });
    writeFileSync(file, now);
    return;
  }
  assert.ok(existsSync(file), `nothing is stored as ${name}: run with STORE=1, read the file, commit it`);
  assert.equal(now, readFileSync(file, "utf8"), `${name} is not what is stored; if it is right, run with STORE=1 and commit it`);
}

/** The browser's own accessibility tree, as indented lines: role, name, states. Boxes without meaning are left out. */
export async function accessibilityTree(page) {
  const session = await page.context().newCDPSession(page);
  const { nodes } = await session.send("Accessibility.getFullAXTree");
  await session.detach();
  const byId = new Map(nodes.map((node) => [node.nodeId, node]));
  const SILENT = new Set(["none", "generic", "InlineTextBox", "StaticText", "paragraph", "LineBreak", "ListMarker", "Section", "LabelText", "Legend", "DisclosureTriangleGrouped"]);
  const STATES = ["checked", "disabled", "expanded", "invalid", "level", "pressed", "readonly", "required", "selected"];
  const lines = [];
  const walk = (node, depth) => {
    const role = node.role?.value ?? "none";
    // HTML-AAM: a form without a name is no landmark; only some Chromium versions tell it at all.
    const told = !node.ignored && !SILENT.has(role) && (role !== "form" || Boolean(node.name?.value));
    if (told) {
      const states = (node.properties ?? []).filter(({ name, value }) => STATES.includes(name) && value.value !== false && value.value !== "false")
        .map(({ name, value }) => (value.value === true || value.value === "true" ? name : `${name}=${value.value}`)).sort();
      const name = node.name?.value ? ` “${node.name.value.trim().replace(/\s+/g, " ")}”` : "";
      lines.push(`${"  ".repeat(depth)}${role}${name}${states.length > 0 ? ` [${states.join(" ")}]` : ""}`);
    }
    for (const id of node.childIds ?? []) if (byId.has(id)) walk(byId.get(id), depth + (told ? 1 : 0));
  };
  walk(nodes[0], 0);
  return lines;
}
