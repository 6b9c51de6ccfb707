// `npm run lighthouse`: scores and times of each screen, the median of three runs. To be written into README.md.

import { scores, withLighthouse } from "./support/lighthouse.js";

const RUNS = 3;
const TIMES = { FCP: "first-contentful-paint", LCP: "largest-contentful-paint", TBT: "total-blocking-time", CLS: "cumulative-layout-shift" };
const median = (numbers) => [...numbers].sort((a, b) => a - b)[Math.floor(numbers.length / 2)];

console.log("| Screen | Performance | Accessibility | Best practices | FCP (s) | LCP (s) | TBT (ms) | CLS |\n|---|---:|---:|---:|---:|---:|---:|---:|");
await withLighthouse(async (audit, screens) => {
  for (const [name, address] of screens) {
    const results = [];
    for (let run = 0; run < RUNS; run += 1) results.push(await audit(address, ["performance", "accessibility", "best-practices"]));
    const score = (category) => median(results.map((result) => scores(result)[category]));
    const time = (id) => median(results.map(({ audits }) => audits[id].numericValue));
    console.log(`| ${name} | ${score("performance")} | ${score("accessibility")} | ${score("best-practices")} | ${(time(TIMES.FCP) / 1000).toFixed(1)} | ${(time(TIMES.LCP) / 1000).toFixed(1)} | ${Math.round(time(TIMES.TBT))} | ${time(TIMES.CLS).toFixed(3)} |`);
  }
});
