// Builds the look into a temporary folder and compares it with what is committed: any difference fails.

import { execFileSync } from "node:child_process";
import { mkdtemp, readdir, readFile, rm } from "node:fs/promises";
import { tmpdir } from "node:os";
import path from "node:path";
import { fileURLToPath } from "node:url";

const here = path.dirname(fileURLToPath(import.meta.url));
const committed = path.join(here, "../assets");
const fresh = await mkdtemp(path.join(tmpdir(), "portal-assets-"));

execFileSync(process.execPath, [path.join(here, "build.js"), fresh], { stdio: "inherit" });
const different = [];
for (const entry of await readdir(fresh, { recursive: true, withFileTypes: true })) {
  if (!entry.isFile()) continue;
  const name = path.relative(fresh, path.join(entry.parentPath, entry.name));
  const [built, kept] = await Promise.all([
    readFile(path.join(fresh, name)),
    readFile(path.join(committed, name)).catch(() => Buffer.alloc(0)),
  ]);
  if (!built.equals(kept)) different.push(name);
}
await rm(fresh, { recursive: true });
if (different.length > 0) {
  console.error(`The committed look is stale: ${different.join(", ")}. Run "npm run assets" and commit the result.`);
  process.exit(1);
}
console.log("The committed look is what the sources give.");
