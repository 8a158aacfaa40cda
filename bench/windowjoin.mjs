// windowjoin.mjs
//
// The join of hunt 1 over all history, by every way that there is to write it:
//
//     script/bench windowjoin
//
// Each way must give the same rows.  README.md says how to read the tables, and
// what can be set in the environment.

import { execFileSync } from 'node:child_process';
import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';

import { installDuckdb, loadDuckdb } from './windowjoin/duckdb.mjs';
import { makeDatabase, psql, setting, warm } from './windowjoin/postgres.mjs';
import { report, saveResults } from './windowjoin/report.mjs';
import { inTurn } from './windowjoin/rounds.mjs';
import { azhuntQuery, duckdbWays, ways } from './windowjoin/ways.mjs';

const signins = Number(setting('SIGNINS', '2000000'));
const records = Number(setting('RECORDS', '5000000'));
const skews = setting('SKEWS', '0,0.2').split(',');
const lookbacks = setting('LOOKBACKS', '1 minute,1 hour,1 day').split(',');
const rounds = Number(setting('ROUNDS', '3'));
const limit = Number(setting('LIMIT', '120'));
const covering = setting('COVERING', 'false');
const daily = setting('DAILY', 'false');

if (!(rounds >= 3)) throw new Error(`ROUNDS must be at least 3, not ${rounds}.`);

// The logs of a week in a database of their own, those of half a week in
// another, and the week's for DuckDB.
function makeData(skew, duckdb, directory) {
  const name = `windowjoin_${skew.replace('.', '_')}`;
  const data = { skew, duckdb, database: name, half: { database: `${name}_half` } };

  console.log(`Making data: ${signins} sign-ins and ${records} storage records, skew ${skew}.`);
  makeDatabase(data.half.database, { signins: signins / 2, records: records / 2, skew, covering, daily, days: 3.5 });
  makeDatabase(data.database, { signins, records, skew, covering, daily, days: 7 });
  if (duckdb) loadDuckdb(data, directory);
  warm(data.half.database);
  warm(data.database);
  return data;
}

// Have a way answer as others did that must agree with it.
function agree(answers, name, { answer = 'join' }, run) {
  if (run.row !== (answers[answer] ??= run.row)) throw new Error(`${name}: ${run.row} instead of ${answers[answer]}`);
}

// Have all ways that end answer the same about every joined row.
async function check(data, lookback, ua, names, all) {
  const answers = {};

  for (const name of names.filter((way) => way !== 'half' && way !== 'floor')) {
    const run = await all[name].run(limit, data, 'checked', lookback, ua);

    if (run === null) console.log(`  ${name}: not checked, as that takes longer than ${limit} s`);
    else agree(answers, name, all[name], run);
  }
}

// What the join itself says that it takes, in MB.
function joinMemory(data, lookback, ua) {
  const plan = psql(data.database, [`EXPLAIN (ANALYZE, COSTS OFF, TIMING OFF) ${azhuntQuery(lookback, ua)}`]);
  const kilobytes = plan.match(/Memory Usage: (\d+) kB/)?.[1];

  if (kilobytes === undefined) return 'unused';
  return (kilobytes / 1024).toFixed(0) + (/Batches: (?!1$)/m.test(plan) ? ', files' : '');
}

// Run all ways in turn, after one run of ours that does not count, and have them give
// the same rows.
async function measure(data, lookback, ua, all) {
  const test = { skew: data.skew, lookback, ua, joinMemory: '' };
  const names = Object.keys(all).filter((name) => !ua || all[name].ua !== false);
  const answers = {};

  if (await all.azhunt.run(limit, data, 'timed', lookback, ua)) test.joinMemory = joinMemory(data, lookback, ua);
  Object.assign(test, await inTurn(names, rounds, async (name) => {
    const run = await all[name].run(limit, data, 'timed', lookback, ua);

    if (run) agree(answers, name, all[name], run);
    return run;
  }));
  test.row = answers.join;
  await check(data, lookback, ua, names.filter((name) => test.times[name] !== null), all);
  console.log(`${lookback}${ua ? ', user agent' : ''}: ${test.row?.split('|')[0]} rows,`
    + ` azhunt ${test.times.azhunt?.toFixed(2) ?? `>${limit}`} s`);
  return test;
}

const directory = mkdtempSync(join(tmpdir(), 'azhunt-windowjoin-'));
try {
  const duckdb = installDuckdb(directory);
  const all = duckdb ? { ...ways, ...duckdbWays } : ways;
  const tests = [];

  if (!duckdb) console.log('Without DuckDB, which npm cannot install.');
  for (const skew of skews) {
    const data = makeData(skew, duckdb, directory);

    for (const lookback of lookbacks) for (const ua of [true, false]) tests.push(await measure(data, lookback, ua, all));
    execFileSync('dropdb', [data.half.database]);
    execFileSync('dropdb', [data.database]);
  }
  report(tests, Object.keys(all), limit);
  saveResults('windowjoin', { signins, records, covering, daily }, tests);
} finally {
  rmSync(directory, { recursive: true });
}
