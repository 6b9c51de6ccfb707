// Accessibility, best practices and findability by Lighthouse. Performance is measured by `npm run lighthouse`, since no
// test may depend on how fast a machine is; what makes it fast (bytes, requests, shifts) is in budgets.test.js.

import assert from "node:assert/strict";
import { test } from "node:test";
import { faults, scores, withLighthouse } from "./support/lighthouse.js";

const PUBLIC = ["S01", "S04", "S07"];

test("Lighthouse: accessibility 100, best practices and SEO at least 95", async (t) => {
  await withLighthouse(async (audit, screens) => {
    for (const [name, address] of screens) {
      const result = await audit(address, ["accessibility", "best-practices", "seo"]);
      const points = scores(result);
      t.diagnostic(`${name}: ${JSON.stringify(points)}`);
      assert.equal(points.accessibility, 100, `${name}: ${faults(result).join(" · ")}`);
      assert.ok(points["best-practices"] >= 95, `${name}: ${faults(result).join(" · ")}`);
      if (PUBLIC.includes(name)) assert.ok(points.seo >= 95, `${name}: ${faults(result).join(" · ")}`);
    }
  });
});
