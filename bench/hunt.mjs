// hunt.mjs
//
// The whole hunt for uploads against the same answer from DuckDB:
//
//     script/bench hunt
//
// The join is DuckDB's fastest, by buckets of time.  README.md says what can be set
// in the environment.

import { execFileSync } from 'node:child_process';
import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';

import { installDuckdb, loadDuckdb, runDuckdb } from './windowjoin/duckdb.mjs';
import { forgetData, makeDatabase, runQuery, setting, warm } from './windowjoin/postgres.mjs';
import { labelOf, printTable, saveResults, short } from './windowjoin/report.mjs';
import { inTurn } from './windowjoin/rounds.mjs';
import { duckdbBuckets } from './windowjoin/ways.mjs';

const signins = Number(setting('SIGNINS', '2000000'));
const records = Number(setting('RECORDS', '5000000'));
const rounds = Number(setting('ROUNDS', '3'));
const limit = Number(setting('LIMIT', '120'));
const skew = setting('SKEWS', '0').split(',')[0];
const daily = setting('DAILY', 'false');
const database = 'hunt';

// How long azhunt may take of what DuckDB does.
const cases = [
  { lookback: '1 minute', ua: true, most: 1 },
  { lookback: '1 minute', ua: false, most: 1.5 },
  { lookback: '1 hour', ua: true, most: 1.5 },
];

// What is asked of the answer.  All of its columns are counted, so that none is left
// out; what they hold is compared once, as that takes longer.
const questions = {
  timed: {
    postgres: `count(*), sum(uploads), count(loginevents), sum(cardinality(accounts)), sum(jsonb_array_length(logins)),
      (extract(epoch FROM min(first_upload)) * 1000000)::bigint, (extract(epoch FROM max(last_upload)) * 1000000)::bigint`,
    duckdb: `count(*), sum(uploads), count(loginevents), sum(len(accounts)), sum(json_array_length(logins)),
      epoch_us(min(first_upload)), epoch_us(max(last_upload))`,
  },
  checked: {
    postgres: `count(*), md5(string_agg(concat_ws(',', uploads, array_to_string(accounts, ';'), loginevents ->> 'AccountUsed'), ' '
      ORDER BY fileuploadpath COLLATE "C", operationname COLLATE "C", uploaduseragent COLLATE "C"))`,
    duckdb: `count(*), md5(string_agg(concat_ws(',', uploads, array_to_string(accounts, ';'), loginevents ->> '$.AccountUsed'), ' '
      ORDER BY fileuploadpath, operationname, uploaduseragent))`,
  },
};

const azhunt = (question, { lookback, ua }) => `
  SELECT ${questions[question].postgres} FROM azhunt.storage_upload_link_account('${lookback}', match_user_agent => ${ua})`;

const duckdb = (question, { lookback, ua }) => `
  WITH joined AS (${duckdbBuckets('u.uri, u.operation, u.raw_ua, u.t, u.ip, u.correlation, s.account, s.t AS signin_t, s.raw_ua AS signin_ua', lookback, ua)}),
  logins AS (SELECT *, {'AccountUsed': account, 'IPUsed': ip, 'AzureLoginTime': signin_t, 'UserAgent': signin_ua} AS login FROM joined),
  answer AS (SELECT uri AS fileuploadpath, operation AS operationname, raw_ua AS uploaduseragent,
      to_json(max_by(login, (signin_t, account, signin_ua, ip))) AS loginevents,
      list_sort(list(DISTINCT account)) AS accounts, to_json(list(DISTINCT login)) AS logins,
      count(DISTINCT (t, ip, correlation)) AS uploads, min(t) AS first_upload, max(t) AS last_upload
    FROM logins GROUP BY ALL)
  SELECT ${questions[question].duckdb} FROM answer`;

const ways = {
  azhunt: (data, question, test) => runQuery(limit, database, azhunt(question, test)),
  parallel: (data, question, test) => runQuery(limit, database, azhunt(question, test), { max_parallel_workers_per_gather: 1 }),
  duckdb1: (data, question, test) => runDuckdb(limit, data, duckdb(question, test), 1),
  duckdb2: (data, question, test) => runDuckdb(limit, data, duckdb(question, test), 2),
};

// Where nothing is in memory: with as many pages read ahead, or by reading the tables.
const ahead = (pages) => (data, question, test) =>
  runQuery(limit, database, azhunt(question, test), { effective_io_concurrency: pages });
const coldWays = {
  none: ahead(0),
  one: ahead(1),
  many: ahead(200),
  tables: (data, question, test) => runQuery(limit, database, azhunt(question, test), { 'azhunt.enable_windowmerge': 'off' }),
};

async function measureCold(data) {
  const rows = [];

  if (!forgetData()) {
    console.log('\nCold data: not run, as only root may have the kernel forget it.');
    return;
  }
  for (const test of cases) {
    const { times } = await inTurn(Object.keys(coldWays), rounds, (name) => {
      forgetData();
      return coldWays[name](data, 'timed', test);
    });

    rows.push([labelOf(test), ...Object.keys(coldWays).map((name) => times[name]?.toFixed(2) ?? `>${limit}`)]);
  }
  console.log('\nCold data: seconds, with as many pages read ahead, and without the merge of indexes\n');
  printTable(['', '0', '1', '200', 'tables'], rows);
}

// Run all ways in turn and compare their answers.
async function measure(data, test) {
  const rows = {};
  const ask = async (name, question) => {
    const run = await ways[name](data, question, test);

    if (run && run.row !== (rows[question] ??= run.row)) throw new Error(`${name}: ${run.row} instead of ${rows[question]}`);
    return run;
  };

  for (const name of ['azhunt', 'duckdb1']) await ask(name, 'checked');
  return { ...test, skew, ...await inTurn(Object.keys(ways), rounds, (name) => ask(name, 'timed')), rows: rows.timed?.split('|')[0] ?? '' };
}

function report(tests) {
  const names = Object.keys(ways);
  const ratio = (above, below) => (above === null || below === null ? 'open' : short(above / below));

  console.log('\nThe whole hunt for uploads: seconds of each way, and ratios\n');
  printTable(['', 'rows', 'azhunt', '2 processes', 'DuckDB', '2 threads', 'azhunt/DuckDB', 'target', 'two by two', 'one/two processes'],
    tests.map((test) => [labelOf(test), test.rows, ...names.map((name) => test.times[name]?.toFixed(2) ?? `>${limit}`),
      ratio(test.times.azhunt, test.times.duckdb1), `≤ ${test.most}`, ratio(test.times.parallel, test.times.duckdb2),
      ratio(test.times.azhunt, test.times.parallel)]));
  console.log('\nMB\n');
  printTable(['', 'azhunt', '2 processes', 'DuckDB', '2 threads'],
    tests.map((test) => [labelOf(test), ...names.map((name) => test.memory[name]?.toFixed(0) ?? '')]));
}

const directory = mkdtempSync(join(tmpdir(), 'azhunt-hunt-'));
try {
  const data = { database, duckdb: installDuckdb(directory) };
  const tests = [];

  if (!data.duckdb) throw new Error('npm cannot install DuckDB, with which the hunt is compared.');
  console.log(`Making data: ${signins} sign-ins and ${records} storage records, skew ${skew}${daily === 'true' ? ', partitioned by day' : ''}.`);
  makeDatabase(database, { signins, records, skew, days: 7, daily });
  loadDuckdb(data, directory);
  warm(database);
  for (const test of cases) tests.push(await measure(data, test));
  report(tests);
  saveResults('hunt', { signins, records, skew, daily }, tests);
  await measureCold(data);
  execFileSync('dropdb', [database]);
} finally {
  rmSync(directory, { recursive: true });
}
