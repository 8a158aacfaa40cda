// duckdb.mjs
//
// DuckDB, as npm installs it, each query in a process of its own.

import { spawnSync } from 'node:child_process';
import { existsSync } from 'node:fs';
import { join } from 'node:path';

import { psql } from './postgres.mjs';

const version = '1.5.6-r.1';

// Find or install DuckDB; nothing where npm can't.
export function installDuckdb(directory) {
  if (existsSync('node_modules/@duckdb/node-api')) {
    console.log('DuckDB of node_modules');
    return process.cwd();
  }
  const npm = spawnSync('npm', ['install', '--silent', '--no-save', '--prefix', directory, `@duckdb/node-api@${version}`]);

  if (npm.status !== 0) return null;
  console.log(`DuckDB ${version}`);
  return directory;
}

// Run a program that has a "connection"; its output, or nothing where it took
// longer than the limit.
function runProgram(data, options, body, limit) {
  const program = `
    const { DuckDBInstance } = require('@duckdb/node-api');
    (async () => {
      const instance = await DuckDBInstance.create(${JSON.stringify(data.file)}, ${JSON.stringify(options)});
      const connection = await instance.connect();
      ${body}
    })().catch((error) => { console.error(error); process.exit(1); });`;
  const run = spawnSync('node', ['--eval', program],
    { encoding: 'utf8', timeout: limit * 1000, killSignal: 'SIGKILL', cwd: data.duckdb });

  if (run.error?.code === 'ETIMEDOUT') return null;
  if (run.status !== 0) throw new Error(run.stderr);
  return run.stdout;
}

// What the hunt needs of the logs, in DuckDB's own format.
export function loadDuckdb(data, directory) {
  const tables = {
    signins: 'SELECT timegenerated AS t, ipaddress AS ip, useragent AS ua, userprincipalname AS account FROM azhunt.signinlogs',
    uploads: `SELECT timegenerated AS t, calleripaddress AS ip, useragentheader AS ua, operationname AS operation,
              statustext AS status, uri, correlationid AS correlation FROM azhunt.storagebloblogs`,
  };

  data.file = join(directory, `${data.database}.duckdb`);
  for (const [name, query] of Object.entries(tables)) {
    const csv = join(directory, `${name}.csv`);

    psql(data.database, [`\\copy (${query.replaceAll('\n', ' ')}) TO '${csv}' (FORMAT csv, HEADER)`]);
    runProgram(data, {}, `await connection.run("CREATE TABLE ${name} AS SELECT *`
      + ` FROM read_csv('${csv}', types = {'t': 'TIMESTAMPTZ', 'ip': 'VARCHAR'})");`, 3600);
  }
}

// Run a query: seconds, its row and the largest memory of the process in MB.
// The tables were read before.
export function runDuckdb(limit, data, query, threads) {
  const output = runProgram(data, { threads: String(threads), access_mode: 'READ_ONLY' }, `
    await connection.run("SET TimeZone = 'UTC'");
    for (const table of ['signins', 'uploads']) await connection.run('SELECT count(COLUMNS(*)) FROM ' + table);
    const started = process.hrtime.bigint();
    const result = await connection.runAndReadAll(${JSON.stringify(query)});
    const time = Number(process.hrtime.bigint() - started) / 1e9;
    console.log(JSON.stringify({ time, row: result.getRows()[0].map((value) => value ?? '').join('|'),
                                 memory: process.resourceUsage().maxRSS / 1024 }));`, limit + 10);

  return output && JSON.parse(output);
}
