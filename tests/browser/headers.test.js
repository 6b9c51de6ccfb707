// What every answer carries, as a bare client sees it.

import assert from "node:assert/strict";
import { test } from "node:test";

const PORTAL = process.env.PORTAL_URL;
const PUBLIC = ["/", "/en/", "/accedi", "/registrazione", "/registrazione/dati", "/password-dimenticata", "/privacy", "/termini", "/note-legali", "/aiuto", "/accessibilita", "/uscita", "/verifica"];
const PRIVATE = ["/pratiche", "/pratiche/storico", "/pratiche/301000000000000178", "/paga/301000000000000178", "/paga/x/esito", "/spontaneo", "/profilo"];
const get = (path, headers = {}) => fetch(PORTAL + path, { headers: { "accept-language": "it", ...headers }, redirect: "manual" });

const POLICY = "default-src 'none'; script-src 'self'; style-src 'self'; img-src 'self' data:; font-src 'self'; connect-src 'self'; form-action 'self'; base-uri 'none'; frame-ancestors 'none'; require-trusted-types-for 'script'; trusted-types 'none'";

test("the headers of every page and asset", async () => {
  const style = (await (await get("/")).text()).match(/href="(\/assets\/[^"]+app\.css)"/)[1];
  for (const path of [...PUBLIC, ...PRIVATE, "/non-esiste", style]) {
    const { headers } = await get(path);
    assert.equal(headers.get("content-security-policy"), POLICY, path);
    assert.equal(headers.get("x-content-type-options"), "nosniff", path);
    assert.equal(headers.get("referrer-policy"), "same-origin", path);
    assert.equal(headers.get("cross-origin-opener-policy"), "same-origin", path);
    assert.equal(headers.get("cross-origin-resource-policy"), "same-origin", path);
    assert.equal(headers.get("permissions-policy"), "camera=(), geolocation=(), microphone=(), payment=()", path);
    assert.equal(headers.get("set-cookie"), null, path);
  }
});

test("what may be kept", async () => {
  for (const path of PRIVATE) assert.equal((await get(path)).headers.get("cache-control"), "no-store", path);
  for (const path of PUBLIC) {
    const { headers } = await get(path);
    assert.equal(headers.get("cache-control"), "no-cache", path);
    const again = await get(path, { "if-none-match": headers.get("etag") });
    assert.equal(again.status, 304, path);
  }
  const page = await (await get("/")).text();
  for (const [, asset] of page.matchAll(/(?:href|src)="(\/assets\/[^"#]+)"/g)) {
    const response = await get(asset, { "accept-encoding": "br" });
    assert.equal(response.status, 200, asset);
    assert.equal(response.headers.get("cache-control"), "public, max-age=31536000, immutable", asset);
  }
});

test("nothing inline in any page", async () => {
  for (const path of [...PUBLIC, ...PRIVATE, "/non-esiste"]) {
    const page = await (await get(path)).text();
    assert.doesNotMatch(page, /<[^>]+\sstyle=|<style|<[^>]+\son[a-z]+="/, path);
    for (const [tag, rest] of page.matchAll(/<script([^>]*)>/g)) assert.match(rest, /src="\/assets\/|type="application\/json"/, `${path}: ${tag}`);
  }
});

test("status codes are real", async () => {
  assert.equal((await get("/non-esiste")).status, 404);
  assert.equal((await get("/en/non-esiste")).status, 404);
  const api = await get("/api/non-esiste");
  assert.equal(api.status, 404);
  assert.match(api.headers.get("content-type"), /json/);
});

test("the first visit follows the browser, the next ones the choice", async () => {
  assert.equal((await get("/", { "accept-language": "en-GB" })).headers.get("location"), "/en/");
  assert.equal((await get("/", { "accept-language": "en-GB", cookie: "lingua=it" })).status, 200);
  assert.equal((await get("/", { cookie: "lingua=en" })).headers.get("location"), "/en/");
});

test("the marks that public checkers look for", async () => {
  for (const path of PUBLIC) {
    const page = await (await get(path)).text();
    for (const mark of ["privacy-policy-link", "legal-notes", "accessibility-link", "faq", "report-inefficiency", "personal-area-login"]) {
      assert.ok(page.includes(`data-element="${mark}"`), `${path}: ${mark}`);
    }
  }
  const legal = await (await get("/note-legali")).text();
  assert.ok(legal.includes('data-element="legal-notes-section"') && legal.includes('data-element="legal-notes-body"'));
});
