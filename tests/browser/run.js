// Starts the local stacks that no variable names, then runs every test file, one at a time.

import { spawn } from "node:child_process";
import { existsSync, readdirSync } from "node:fs";
import { createServer } from "node:net";
import path from "node:path";
import { fileURLToPath } from "node:url";

const here = path.dirname(fileURLToPath(import.meta.url));
const root = path.join(here, "../..");
const START_MS = 15 * 60_000;

const browser = process.env.CHROMIUM ?? "/usr/bin/chromium";
if (!existsSync(browser)) {
  console.error(`There is no browser at ${browser}. Install one with: apt-get install -y chromium`);
  process.exit(1);
}

function freePort() {
  return new Promise((resolve) => {
    const server = createServer().listen(0, "127.0.0.1", () => {
      const { port } = server.address();
      server.close(() => resolve(port));
    });
  });
}

/** A portal that is closed answers too. */
async function answers(address) {
  return fetch(address).then(() => true, () => false);
}

const stacks = [];
/** The address of a stack of our own. */
async function startStack(...options) {
  const port = await freePort();
  const stack = spawn("cargo", ["run", "--quiet", "-p", "local", "--", "--port", String(port), ...options],
    { cwd: root, stdio: ["ignore", "inherit", "inherit"] });
  stacks.push(stack);
  const address = `http://localhost:${port}`;
  const deadline = Date.now() + START_MS;
  while (!(await answers(address))) {
    if (stack.exitCode !== null || Date.now() > deadline) throw new Error("the local stack does not start");
    await new Promise((done) => setTimeout(done, 500));
  }
  return address;
}

const env = { ...process.env, CHROMIUM: browser };
env.PORTAL_URL ??= await startStack("--limits", "off");
env.LOCAL_URL ??= env.PORTAL_URL;
env.STRICT_URL ??= await startStack("--set", "SpontaneousPayments=false");
env.CHECKOUT_URL ??= await startStack("--limits", "off", "--channel", "checkout");
env.CLOSED_URL ??= await startStack("--set", "MaintenanceUntil=le 18");

const wanted = process.argv.slice(2);
const files = wanted.length > 0 ? wanted : readdirSync(here).filter((name) => name.endsWith(".test.js")).sort();
const script = wanted[0] === "--script" ? wanted.slice(1) : ["--test", "--test-concurrency=1", ...files];
const tests = spawn(process.execPath, script, { cwd: here, env, stdio: "inherit" });
tests.on("exit", (code) => {
  for (const stack of stacks) stack.kill("SIGTERM");
  process.exit(code ?? 1);
});
