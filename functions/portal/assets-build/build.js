// Builds the committed look: app.css (library partials + portale.scss, unused rules removed), subset fonts,
// one sprite. Usage: node build.js <folder>. Reads the templates and modules to know which rules are used.

import { mkdir, readFile, writeFile, copyFile } from "node:fs/promises";
import path from "node:path";
import { fileURLToPath } from "node:url";
import { PurgeCSS } from "purgecss";
import * as sass from "sass";
import subsetFont from "subset-font";

const here = path.dirname(fileURLToPath(import.meta.url));
const library = path.join(here, "node_modules/bootstrap-italia");
const portal = path.join(here, "..");

const CENTRAL_EUROPE = "ĂăĄąĆćČčĎďĐđĘęĚěĹĺĽľŁłŃńŇňŐőŒœŔŕŘřŚśŠšŤťŮůŰűŸŹźŻżŽž";
/** Signs of Latin-1 that no page writes. */
const RARE = /[¡¢¤¥¦¨ª¬¯±²³´µ¶¸¹¼½¾¿×÷ÐðÞþ]/g;
const PUNCTUATION = "–—‘’‚“”„†•…‰‹›€";

/** ASCII, Latin-1, the letters of Central Europe, punctuation and the euro sign. */
function text() {
  const range = (from, to) => Array.from({ length: to - from + 1 }, (_, i) => String.fromCodePoint(from + i)).join("");
  const latin = range(0xa0, 0xff).replace(RARE, "");
  return range(0x20, 0x7e) + latin + CENTRAL_EUROPE + PUNCTUATION;
}

/** Codes only: digits, capitals and what separates them. */
const CODES = "0123456789ABCDEFGHIJKLMNOPQRSTUVWXYZ -_.";

const FONTS = [
  ["Titillium_Web/titillium-web-v10-latin-ext_latin-regular.woff2", "titillium-400.woff2", text()],
  ["Titillium_Web/titillium-web-v10-latin-ext_latin-600.woff2", "titillium-600.woff2", text()],
  ["Roboto_Mono/roboto-mono-v13-latin-ext_latin-regular.woff2", "roboto-mono-400.woff2", CODES],
];
const LICENCES = [
  ["Titillium_Web/OFL.txt", "titillium-licence.txt"],
  ["Roboto_Mono/LICENSE.txt", "roboto-mono-licence.txt"],
];

async function styles() {
  const compiled = sass.compile(path.join(here, "app.scss"), {
    loadPaths: [path.join(library, "src/scss")],
    style: "compressed",
    quietDeps: true,
    silenceDeprecations: ["import", "global-builtin", "color-functions", "slash-div", "if-function", "mixed-decls"],
    logger: sass.Logger.silent,
  });
  const [purged] = await new PurgeCSS().purge({
    content: [path.join(portal, "templates/**/*.html"), path.join(portal, "assets/js/*.js"), path.join(portal, "assets/js/core/*.js")],
    css: [{ raw: compiled.css }],
    // States that only scripts and the browser set, and the custom property that public checkers read.
    safelist: { standard: ["pronta", ":root", "::backdrop"], variables: ["--bootstrap-italia-version"] },
    variables: true,
    keyframes: true,
    fontFace: false,
    defaultExtractor: (content) => content.match(/[\w-/:]+(?<!:)/g) ?? [],
  });
  const notice = "/*! Bootstrap Italia 2.18.3, BSD-3-Clause, (c) Presidenza del Consiglio dei Ministri and contributors */\n";
  return notice + purged.css.replace(/^\uFEFF/, "").replace(/\/\*!?[\s\S]*?\*\//g, "") + "\n";
}

async function sprite() {
  const source = await readFile(path.join(library, "dist/svg/sprites.svg"), "utf8");
  const names = (await readFile(path.join(here, "icons.txt"), "utf8")).split("\n").filter((line) => line && !line.startsWith("#"));
  const symbols = names.map((name) => {
    const found = source.match(new RegExp(`<symbol id="it-${name}"[\\s\\S]*?</symbol>`));
    if (!found) throw new Error(`icon ${name} is not in the library's sprite`);
    return found[0];
  });
  const logo = (await readFile(path.join(here, "logo.svg"), "utf8"))
    .replace(/<svg[^>]*>/, '<symbol id="logo" viewBox="0 0 64 64">').replace("</svg>", "</symbol>").replace(/>\s+</g, "><").trim();
  const notice = "<!-- Icons of Bootstrap Italia, BSD-3-Clause -->";
  return `<svg xmlns="http://www.w3.org/2000/svg">${notice}${symbols.join("")}${logo}</svg>\n`;
}

async function main(target) {
  await mkdir(path.join(target, "fonts"), { recursive: true });
  await writeFile(path.join(target, "app.css"), await styles());
  await writeFile(path.join(target, "icons.svg"), await sprite());
  await copyFile(path.join(here, "favicon.svg"), path.join(target, "favicon.svg"));
  for (const [from, to, characters] of FONTS) {
    const font = await readFile(path.join(library, "dist/fonts", from));
    await writeFile(path.join(target, "fonts", to), await subsetFont(font, characters, { targetFormat: "woff2" }));
  }
  for (const [from, to] of LICENCES) {
    await copyFile(path.join(library, "dist/fonts", from), path.join(target, "fonts", to));
  }
  await mkdir(path.join(target, "vendor/qr"), { recursive: true });
  for (const name of ["decode.js", "index.js"]) {
    const source = await readFile(path.join(here, "node_modules/qr", name), "utf8");
    await writeFile(path.join(target, "vendor/qr", name), `// @ts-nocheck\n${source.replace(/\n\/\/# sourceMappingURL=.*/, "")}`);
  }
  await copyFile(path.join(here, "node_modules/qr/LICENSE"), path.join(target, "vendor/qr-licence.txt"));
  await copyFile(path.join(library, "LICENSE"), path.join(target, "bootstrap-italia-licence.txt"));
}

await main(path.resolve(process.argv[2] ?? path.join(portal, "assets")));
