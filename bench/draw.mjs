// draw.mjs
//
// Draw what was measured, as SVG: how long azhunt takes of what DuckDB does.
//
//     node bench/draw.mjs RESULTS > PICTURE.svg
//
// RESULTS is the file that "script/bench hunt" or "script/bench windowjoin" wrote.

import { readFileSync } from 'node:fs';

import { labelOf, short } from './windowjoin/report.mjs';

const { name, data, tests } = JSON.parse(readFileSync(process.argv[2], 'utf8'));

// Which ways are compared: whose time, by whose
const pairs = {
  hunt: [['one process, one thread', 'azhunt', 'duckdb1'], ['two of each', 'parallel', 'duckdb2']],
  windowjoin: [['one process, one thread', 'azhunt', 'duckdbBuckets1'], ['two of each', 'parallel', 'duckdbBuckets2']],
}[name];
const titles = { hunt: 'The whole hunt for uploads', windowjoin: 'The join of the hunt for uploads' };

const width = 720;
const left = 220;
const right = 60;
const bar = 14;
const top = 62;
const step = pairs.length * bar + 18;
// both are seen on a white page and on a black one
const colours = ['#3b7dd8', '#8a63c9'];
const ink = '#777777';

const bars = tests.map((test) => pairs.map(([, own, other]) =>
  (test.times[own] && test.times[other] ? test.times[own] / test.times[other] : null)));
const largest = Math.max(1.2, ...bars.flat().filter((ratio) => ratio !== null)) * 1.1;
const x = (ratio) => left + ratio / largest * (width - left - right);
const text = (at, y, words, more = '') => `<text x="${at.toFixed(1)}" y="${y}" ${more}>${words}</text>`;

const lines = [
  text(10, 20, `${titles[name]}: time of azhunt divided by that of DuckDB`, 'font-weight="bold"'),
  text(10, 36, `${data.signins} sign-ins and ${data.records} storage records of a week${data.daily === 'true' ? ', partitioned by day' : ''}`),
  ...pairs.map(([title], index) => `<rect x="${10 + index * 190}" y="44" width="10" height="10" fill="${colours[index]}"/>`
    + text(26 + index * 190, 53, title)),
  ...bars.flatMap((ratios, row) => [
    text(left - 8, top + row * step + bar + 8, labelOf(tests[row]), 'text-anchor="end"'),
    ...ratios.flatMap((ratio, index) => (ratio === null ? [] : [
      `<rect x="${left}" y="${top + row * step + index * bar + 4}" width="${(x(ratio) - left).toFixed(1)}" height="${bar - 2}" fill="${colours[index]}"/>`,
      text(x(ratio) + 4, top + row * step + index * bar + 14, short(ratio)),
    ])),
  ]),
];
const height = top + tests.length * step + 8;

lines.push(`<line x1="${x(1).toFixed(1)}" y1="${top - 4}" x2="${x(1).toFixed(1)}" y2="${height - 8}" stroke="${ink}" stroke-dasharray="4 3"/>`);
console.log(`<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 ${width} ${height}" width="${width}" height="${height}"`
  + ` font-family="sans-serif" font-size="12" fill="${ink}">\n${lines.join('\n')}\n</svg>`);
