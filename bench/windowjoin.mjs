// windowjoin.mjs
//
// The join of hunt 1 over all history, by every way that there is to write it:
//
//     script/with-cluster node bench/windowjoin.mjs
//
// Each way must give the same rows.  Printed are medians in seconds, and how
// many times as long as azhunt in one process each of them takes.  DuckDB is
// among them where node finds @duckdb/node-api (npm install @duckdb/node-api).
//
// SIGNINS, RECORDS, SKEWS, LOOKBACKS, ROUNDS and LIMIT (seconds that a query
// may take) can be set in the environment.

import { execFileSync, spawnSync } from 'node:child_process';
import { mkdtempSync, rmSync } from 'node:fs';
import { createRequire } from 'node:module';
import { tmpdir } from 'node:os';
import { dirname, join } from 'node:path';
import { fileURLToPath } from 'node:url';

const here = dirname(fileURLToPath(import.meta.url));
const setting = (name, otherwise) => process.env[name] ?? otherwise;
const signins = setting('SIGNINS', '2000000');
const records = setting('RECORDS', '5000000');
const skews = setting('SKEWS', '0,0.2').split(',');
const lookbacks = setting('LOOKBACKS', '1 minute,1 hour,1 day').split(',');
const rounds = Number(setting('ROUNDS', '3'));
const limit = Number(setting('LIMIT', '120'));
const seconds = { '1 minute': 60, '1 hour': 3600, '1 day': 86400 };

const psql = (database, ...options) =>
  execFileSync('psql', ['--no-psqlrc', '--quiet', '--tuples-only', '--no-align', '--set=ON_ERROR_STOP=1',
    `--dbname=${database}`, ...options], { encoding: 'utf8', stdio: ['ignore', 'pipe', 'pipe'] });

// What the ways have in common: uploads u and sign-ins s, and what is counted.
const answer = 'count(*), min(s.t), max(s.t), min(u.t), max(u.t)';
const postgresSides = `
  WITH u AS NOT MATERIALIZED (SELECT timegenerated AS t, calleripaddress AS ip, useragentheader AS ua
    FROM azhunt.uploads() WHERE calleripaddress <> ''),
  s AS NOT MATERIALIZED (SELECT timegenerated AS t, ipaddress AS ip, useragent AS ua FROM azhunt.signins())`;
const duckdbSides = `
  WITH u AS (SELECT t, split_part(ip, ':', 1) AS ip, lower(ua) AS ua FROM uploads
    WHERE lower(operation) IN ('putblob', 'putrange') AND lower(status) IN ('success', 'succeeded')),
  s AS (SELECT t, ip, lower(ua) AS ua FROM signins)`;

const within = (lookback) => `s.t BETWEEN u.t - interval '${lookback}' AND u.t`;
const literal = (lookback, ua, lower) =>
  `SELECT ${answer} FROM u JOIN s ON s.ip = u.ip${ua ? ` AND ${lower('s.ua')} = ${lower('u.ua')}` : ''} AND ${within(lookback)}`;
const buckets = (lookback, ua, lower, bucket, fence = '') =>
  `SELECT ${answer} FROM (SELECT u.*, ${bucket('u.t')} - d.d AS bucket FROM u CROSS JOIN (VALUES (0), (1)) AS d (d) ${fence}) AS u
   JOIN (SELECT s.*, ${bucket('s.t')} AS bucket FROM s) AS s
   ON s.ip = u.ip AND s.bucket = u.bucket${ua ? ` AND ${lower('s.ua')} = ${lower('u.ua')}` : ''} AND ${within(lookback)}`;

const azhunt = (lookback, ua) => `${postgresSides}
  SELECT ${answer} FROM u JOIN s ON s.ip = u.ip${ua ? ' AND s.ua OPERATOR(azhunt.=~) u.ua' : ''}
  AND azhunt.within(s.t, u.t, '${lookback}')`;
const lowerOf = (column) => `lower(${column})`;
const asIs = (column) => column;
const off = (...names) => names.map((name) => `SET ${name} = off;`).join(' ');
const workers = (number) => `SET max_parallel_workers_per_gather = ${number};`;

// Each way: its name, and how to run it for a lookback, with or without the
// user agent, in a data set.
const postgres = (name, settings, query) => ({
  name,
  run: (data, lookback, ua) => runPostgres(data.database, settings, query(lookback, ua)),
});
const duckdb = (name, threads, query) => ({
  name,
  run: (data, lookback, ua) => runDuckdb(data.duckdb, threads, query(lookback, ua)),
});
const ways = [
  postgres('azhunt', workers(0), azhunt),
  postgres('azhunt, 2 processes', workers(1), azhunt),
  postgres('literal SQL', workers(0) + off('azhunt.enable_windowjoin', 'enable_nestloop'),
    (lookback, ua) => postgresSides + literal(lookback, ua, lowerOf)),
  postgres('index nested loop', workers(0) + off('azhunt.enable_windowjoin', 'enable_hashjoin', 'enable_mergejoin'), azhunt),
  postgres('time buckets', workers(0) + off('azhunt.enable_windowjoin', 'enable_mergejoin', 'enable_nestloop'),
    (lookback, ua) => postgresSides + buckets(lookback, ua, lowerOf,
      (time) => `floor(extract(epoch FROM ${time})::double precision / ${seconds[lookback]})::bigint`,
      // or PostgreSQL 15 multiplies the joined rows, not the uploads
      'OFFSET 0')),
  postgres('floor', workers(0), (lookback, ua) => `
    ${postgresSides} SELECT (SELECT count(t) + count(ip)${ua ? ' + count(ua)' : ''} FROM u),
                            (SELECT count(t) + count(ip)${ua ? ' + count(ua)' : ''} FROM s)`),
];
for (const threads of [1, 2]) {
  ways.push(duckdb(`DuckDB literal, ${threads} threads`, threads,
    (lookback, ua) => duckdbSides + literal(lookback, ua, asIs)));
  ways.push(duckdb(`DuckDB buckets, ${threads} threads`, threads,
    (lookback, ua) => duckdbSides + buckets(lookback, ua, asIs, (time) => `epoch_us(${time}) // ${seconds[lookback]}000000`)));
}

// A run: seconds, rows, and the memory that the join (azhunt) or all (DuckDB)
// took, in MB; nothing where it took longer than the limit.
function runPostgres(database, settings, query) {
  const started = process.hrtime.bigint();
  let output;

  try {
    output = psql(database, `--command=${off('jit')} SET work_mem = '256MB'; SET random_page_cost = 1.1;`
      + ` SET statement_timeout = '${limit}s'; ${settings} ${query}`);
  } catch (error) {
    if (/statement timeout/.test(error.stderr)) return null;
    throw error;
  }
  return { time: Number(process.hrtime.bigint() - started) / 1e9, rows: output.split('|')[0] };
}

function runDuckdb(file, threads, query) {
  const program = `
    const { DuckDBInstance } = require('@duckdb/node-api');
    (async () => {
      const instance = await DuckDBInstance.create(${JSON.stringify(file)}, { threads: '${threads}', access_mode: 'READ_ONLY' });
      const connection = await instance.connect();
      await connection.run('SELECT count(t), count(ip), count(ua) FROM signins');
      await connection.run('SELECT count(t), count(ip), count(ua), count(operation), count(status) FROM uploads');
      const started = process.hrtime.bigint();
      const result = await connection.runAndReadAll(${JSON.stringify(query)});
      const time = Number(process.hrtime.bigint() - started) / 1e9;
      console.log(JSON.stringify({ time, rows: String(result.getRows()[0][0]), memory: process.resourceUsage().maxRSS / 1024 }));
    })();`;
  const run = spawnSync('node', ['--eval', program], { encoding: 'utf8', timeout: (limit + 10) * 1000, cwd: process.cwd() });

  if (run.error?.code === 'ETIMEDOUT') return null;
  if (run.status !== 0) throw new Error(run.stderr);
  return JSON.parse(run.stdout);
}

// The logs in a database of their own, and what the join needs of them in
// DuckDB's own format.
function makeData(skew, directory) {
  const data = { skew, database: setting(`DATABASE_${skew.replace('.', '_')}`, `windowjoin_${skew.replace('.', '_')}`) };

  if (!psql('postgres', `--command=SELECT 1 FROM pg_database WHERE datname = '${data.database}'`).length) {
    execFileSync('createdb', [data.database]);
    psql(data.database, '--command=CREATE EXTENSION azhunt');
    psql(data.database, `--set=signins=${signins}`, `--set=records=${records}`, `--set=skew=${skew}`,
      `--file=${join(here, 'windowjoin_data.sql')}`);
  }
  if (haveDuckdb) {
    const csv = (name) => join(directory, `${name}.csv`);

    data.duckdb = join(directory, `${data.database}.duckdb`);
    psql(data.database, `--command=\\copy (SELECT timegenerated AS t, ipaddress AS ip, useragent AS ua FROM azhunt.signinlogs) TO '${csv('signins')}' (FORMAT csv, HEADER)`);
    psql(data.database, `--command=\\copy (SELECT timegenerated AS t, calleripaddress AS ip, useragentheader AS ua, operationname AS operation, statustext AS status FROM azhunt.storagebloblogs) TO '${csv('uploads')}' (FORMAT csv, HEADER)`);
    const load = ['signins', 'uploads'].map((name) =>
      `await connection.run("CREATE TABLE ${name} AS SELECT * FROM read_csv('${csv(name)}', types = {'t': 'TIMESTAMPTZ', 'ip': 'VARCHAR'})");`);
    execFileSync('node', ['--eval', `
      const { DuckDBInstance } = require('@duckdb/node-api');
      (async () => {
        const instance = await DuckDBInstance.create(${JSON.stringify(data.duckdb)});
        const connection = await instance.connect();
        ${load.join('\n')}
      })();`]);
  }
  return data;
}

const median = (numbers) => numbers.sort((a, b) => a - b)[Math.floor(numbers.length / 2)];

// Run all ways, one after the other, in as many rounds; a way that did not end
// is not tried again.
function measure(data, lookback, ua) {
  const times = new Map(ways.map((way) => [way.name, []]));
  const memory = new Map();
  let rows;

  for (let round = 0; round < rounds; round++) {
    for (const way of ways) {
      if (!times.get(way.name) || (way.name.startsWith('DuckDB') && !haveDuckdb)) continue;
      const run = way.run(data, lookback, ua);

      if (run === null) {
        times.set(way.name, null);
        continue;
      }
      if (way.name !== 'floor') {
        rows ??= run.rows;
        if (run.rows !== rows) throw new Error(`${way.name}: ${run.rows} rows instead of ${rows}`);
      }
      times.get(way.name).push(run.time);
      if (run.memory) memory.set(way.name, run.memory);
    }
  }

  const own = median(times.get('azhunt') ?? [NaN]);

  console.log(`\nskew ${data.skew}, ${lookback}${ua ? ' with user agent' : ''}: ${rows} rows`);
  for (const way of ways) {
    const all = times.get(way.name);

    if (all?.length === 0) continue;
    const time = all && median(all);
    console.log(`  ${way.name.padEnd(26)} ${(time ? time.toFixed(2) : `>${limit}`).padStart(8)} s`
      + `${(time ? (time / own).toFixed(2) : `>${(limit / own).toFixed(1)}`).padStart(9)} ×`
      + `${memory.has(way.name) ? `${memory.get(way.name).toFixed(0).padStart(8)} MB` : ''}`);
  }
  const plan = psql(data.database, `--command=${off('jit')} SET work_mem = '256MB'; SET random_page_cost = 1.1;`
    + ` SET statement_timeout = 0; ${workers(0)} EXPLAIN (ANALYZE, COSTS OFF, TIMING OFF) ${azhunt(lookback, ua)}`);
  console.log(`  azhunt: ${plan.match(/Memory Usage: \d+ kB/)?.[0] ?? 'no windowed join'}, batches: ${plan.match(/Batches: (\d+)/)?.[1]}`);
}

let haveDuckdb = true;
try {
  createRequire(join(process.cwd(), 'x.js')).resolve('@duckdb/node-api');
} catch {
  haveDuckdb = false;
  console.log('Without DuckDB: there is no @duckdb/node-api.');
}

const directory = mkdtempSync(join(tmpdir(), 'azhunt-windowjoin-'));
try {
  for (const skew of skews) {
    const data = makeData(skew, directory);

    for (const lookback of lookbacks) for (const ua of [true, false]) measure(data, lookback, ua);
  }
} finally {
  rmSync(directory, { recursive: true });
}
