// report.mjs
//
// The tables that the measurement of the windowed join ends with, and what others
// print theirs with.

import { writeFileSync } from 'node:fs';

import { ways, duckdbWays } from './ways.mjs';

const titles = Object.fromEntries(Object.entries({ ...ways, ...duckdbWays }).map(([name, way]) => [name, way.title]));

// A time, or less than infinity if a query did not end within the limit.
const atLeast = (time, limit) => (time === null ? limit : time);
export const short = (number) => (number >= 99.95 ? number.toFixed(0) : number.toPrecision(number >= 9.995 ? 3 : 2));
export const labelOf = (test) => `${Number(test.skew) > 0 ? `${100 * test.skew} % one` : 'Zipf'}, ${test.lookback}${test.ua ? ', ua' : ''}`;

// Markdown, which can be read in a terminal as well.
export function printTable(head, rows) {
  const widths = head.map((_, column) => Math.max(3, ...[head, ...rows].map((row) => row[column].length)));
  const line = (cells) => `| ${cells.join(' | ')} |`;

  console.log(line(head.map((text, column) => text.padEnd(widths[column]))));
  console.log(line(widths.map((width) => '-'.repeat(width))));
  for (const row of rows)
    console.log(line(row.map((text, column) => (column === 0 ? text.padEnd(widths[0]) : text.padStart(widths[column])))));
}

// Keep what was measured in the file RESULTS, if there is to be one, for draw.mjs.
export function saveResults(name, data, tests) {
  if (process.env.RESULTS) writeFileSync(process.env.RESULTS, `${JSON.stringify({ name, data, tests }, null, 1)}\n`);
}

// A line for each of these, a column for each test.
function printTests(tests, lines) {
  printTable(['', ...tests.map(labelOf)], lines.map(([title, cell]) => [title, ...tests.map(cell)]));
}

// How many times as long as azhunt in one process each way takes.
function printRatios(tests, names, limit) {
  const others = names.filter((name) => name !== 'azhunt' && name !== 'half');
  const bound = (time) => (time === null ? '>' : '');
  const own = (test) => atLeast(test.times.azhunt, limit);
  const ratio = (time, by) => (time === undefined || by === null ? '' : `${bound(time)}${short(atLeast(time, limit) / by)}`);

  console.log(`\nazhunt: seconds; others: how many times as long; >: not ended in ${limit} s;`
    + ' ua: same user agent; growth: from half a week\n');
  printTests(tests, [
    ['rows', (test) => test.row?.split('|')[0] ?? ''],
    ['azhunt, s', (test) => bound(test.times.azhunt) + own(test).toFixed(own(test) < 100 ? 2 : 0)],
    ...others.map((name) => [titles[name], (test) => (test.times.azhunt === null ? '' : ratio(test.times[name], own(test)))]),
    ['growth', (test) => ratio(test.times.azhunt, test.times.half)],
  ]);
}

function printMemory(tests, names) {
  const shown = names.filter((name) => name !== 'half' && name !== 'floor');

  console.log('\nMB: of PostgreSQL, what the processes have beside shared_buffers, for the join what EXPLAIN says;'
    + ' of DuckDB, the process\n');
  printTests(tests, [
    ['the join itself', (test) => test.joinMemory],
    ...shown.map((name) => [titles[name], (test) => test.memory[name]?.toFixed(0) ?? '']),
  ]);
}

// Targets: of which tests, what by what, and how much it must be at least or at
// most.
const skewed = (test) => Number(test.skew) > 0;
const targets = [
  { text: 'literal SQL / azhunt, one address with a fifth', of: skewed, ratio: ['literal', 'azhunt'], least: 20 },
  { text: 'index nested loop / azhunt', ratio: ['index', 'azhunt'], least: 4 },
  { text: 'azhunt / floor', ratio: ['azhunt', 'floor'], most: 2 },
  { text: 'azhunt / azhunt in 2 processes', ratio: ['azhunt', 'parallel'], least: 1.5 },
  { text: 'DuckDB literal / azhunt', ratio: ['duckdb1', 'azhunt'], least: 1 },
  { text: 'DuckDB literal / azhunt, 2 threads', ratio: ['duckdb2', 'parallel'], least: 1 },
  { text: 'the same, a fifth, without user agent', of: (test) => skewed(test) && !test.ua, ratio: ['duckdb1', 'azhunt'], least: 10 },
  { text: 'the same, 2 threads', of: (test) => skewed(test) && !test.ua, ratio: ['duckdb2', 'parallel'], least: 10 },
  { text: 'azhunt / DuckDB buckets', ratio: ['azhunt', 'duckdbBuckets1'], most: 2.5 },
  { text: 'azhunt / DuckDB buckets, 2 threads', ratio: ['parallel', 'duckdbBuckets2'], most: 2.5 },
  { text: 'the same, 1 minute and user agent', of: (test) => test.lookback === '1 minute' && test.ua, ratio: ['azhunt', 'duckdbBuckets1'], most: 1 },
  { text: 'times alone / DuckDB buckets', ratio: ['times', 'duckdbTimes'], most: 0.6 },
  { text: 'azhunt / without merge of indexes', ratio: ['azhunt', 'tables'], most: 1.05 },
  { text: 'azhunt, a week / half of it', ratio: ['azhunt', 'half'], most: 2.4 },
];

// How a target fares in one test: its ratio, whether that is a bound only, and
// whether it is met, which is undefined where the limit leaves it open.
function judge(target, test, limit) {
  const [above, below] = target.ratio.map((name) => test.times[name]);

  if (above === undefined || below === undefined || (above === null && below === null)) return null;
  const ratio = atLeast(above, limit) / atLeast(below, limit);
  const met = target.least === undefined ? ratio <= target.most : ratio >= target.least;
  // a way above that did not end only makes the ratio larger, one below smaller
  const bound = above === null ? '>' : below === null ? '<' : '';
  const open = bound !== '' && met !== (bound === (target.least === undefined ? '<' : '>'));

  return { ratio, bound, met: open ? undefined : met };
}

function printTargets(tests, limit) {
  const rows = [];

  for (const target of targets) {
    const judged = tests.filter(target.of ?? (() => true))
      .map((test) => ({ test, ...judge(target, test, limit) })).filter(({ ratio }) => ratio !== undefined);

    if (judged.length === 0) continue;
    const direction = target.least === undefined ? -1 : 1;
    const worst = judged.reduce((a, b) => (direction * a.ratio <= direction * b.ratio ? a : b));
    const open = judged.filter(({ met }) => met === undefined).length;

    rows.push([target.text, target.least === undefined ? `≤ ${target.most}` : `≥ ${target.least}`,
      `${judged.filter(({ met }) => met).length} of ${judged.length}${open > 0 ? `, ${open} open` : ''}`,
      `${worst.bound}${short(worst.ratio)}`, labelOf(worst.test)]);
  }
  console.log();
  printTable(['ratio', 'target', 'met', 'worst', 'in'], rows);
}

export function report(tests, names, limit) {
  printRatios(tests, names, limit);
  printMemory(tests, names);
  printTargets(tests, limit);
}
