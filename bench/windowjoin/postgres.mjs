// postgres.mjs
//
// PostgreSQL as the measurements of the windowed join use it: through psql, with
// settings for data that is in memory.

import { execFileSync, spawn } from 'node:child_process';
import { readdirSync, readFileSync, statSync, writeFileSync } from 'node:fs';
import { dirname, join } from 'node:path';
import { fileURLToPath } from 'node:url';

const here = dirname(fileURLToPath(import.meta.url));

export const setting = (name, otherwise) => process.env[name] ?? otherwise;

const settings = {
  jit: 'off',
  work_mem: '256MB',
  maintenance_work_mem: '256MB',
  random_page_cost: '1.1',
  effective_cache_size: '8GB',
  effective_io_concurrency: '0',
  max_parallel_workers_per_gather: '0',
  synchronize_seqscans: 'off',
};

const psqlArguments = (database) =>
  ['--no-psqlrc', '--quiet', '--tuples-only', '--no-align', '--set=ON_ERROR_STOP=1', `--dbname=${database}`];
const environment = (changed) => ({
  ...process.env,
  PGOPTIONS: Object.entries({ ...settings, ...changed })
    .map(([name, value]) => `-c ${name}=${String(value).replaceAll(' ', '\\ ')}`).join(' '),
});
const isTimeout = (message) => /statement timeout/.test(message);

// What psql prints for a list of commands.
export const psql = (database, commands, changed = {}) =>
  execFileSync('psql', [...psqlArguments(database), ...commands.map((command) => `--command=${command}`)],
    { encoding: 'utf8', maxBuffer: 1e8, stdio: ['ignore', 'pipe', 'pipe'], env: environment(changed) });

// The same, but nothing where a command took longer than the limit in seconds.
export function psqlWithin(limit, database, commands, changed = {}) {
  try {
    return psql(database, commands, { ...changed, statement_timeout: limit * 1000 });
  } catch (error) {
    if (isTimeout(error.stderr)) return null;
    throw error;
  }
}

// A database with logs of sign-ins and storage records, made unless it is there.
export function makeDatabase(name, variables) {
  if (psql('postgres', [`SELECT 1 FROM pg_database WHERE datname = '${name}'`]) !== '') return;
  execFileSync('createdb', [name]);
  psql(name, ['CREATE EXTENSION azhunt', 'CREATE EXTENSION pg_prewarm']);
  execFileSync('psql', [...psqlArguments(name),
    ...Object.entries({ covering: false, daily: false, ...variables }).map(([variable, value]) => `--set=${variable}=${value}`),
    `--file=${join(here, 'data.sql')}`], { stdio: ['ignore', 'ignore', 'inherit'], env: environment({}) });
}

// Have all tables and indexes of the logs in memory.
export const warm = (database) => psql(database, [`
  SELECT sum(pg_prewarm(c.oid)) FROM pg_class AS c
  WHERE c.relnamespace = 'azhunt'::regnamespace AND c.relkind IN ('r', 'i')`]);

// Have nothing in memory; false where only root may do so.
export function forgetData() {
  const cluster = process.env.AZHUNT_CLUSTER;

  try {
    writeFileSync('/proc/sys/vm/drop_caches', '3');
  } catch {
    return false;
  }
  execFileSync('env', ['--chdir=/', 'runuser', '-u', 'postgres', '--', 'pg_ctl', '--silent', '--wait', `--pgdata=${cluster}/data`,
    `--log=${cluster}/log`, 'restart'], { stdio: 'ignore' });
  execFileSync('sync');
  writeFileSync('/proc/sys/vm/drop_caches', '3');
  return true;
}

// A file of the kernel's, or nothing where it has none.
function readKernel(path) {
  try {
    return readFileSync(path, 'utf8');
  } catch {
    return '';
  }
}

// The memory in MB that a server process, those that work for it and what they
// share have, without shared_buffers; 0 where the kernel does not tell.
function memoryOf(pid) {
  const status = readKernel(`/proc/${pid}/status`);
  const postmaster = status.match(/^PPid:\s+(\d+)/m)?.[1];
  const children = readKernel(`/proc/${postmaster}/task/${postmaster}/children`).trim().split(' ');
  const workers = children.filter((child) => readKernel(`/proc/${child}/cmdline`).includes(`worker for PID ${pid} `)
    || readKernel(`/proc/${child}/cmdline`).includes(`worker for PID ${pid}\0`));
  const kilobytes = [status, ...workers.map((worker) => readKernel(`/proc/${worker}/status`))]
    .map((text) => Number(text.match(/^RssAnon:\s+(\d+)/m)?.[1] ?? 0));

  return kilobytes.reduce((sum, number) => sum + number, 0) / 1024;
}

// The shared memory in MB that parallel queries have now.
function dynamicSharedMemory() {
  try {
    return readdirSync('/dev/shm').filter((name) => name.startsWith('PostgreSQL.'))
      .reduce((sum, name) => sum + statSync(`/dev/shm/${name}`).blocks / 2048, 0);
  } catch {
    return 0;
  }
}

// Run a query: seconds, its row and the largest memory in MB, or nothing where
// it took longer than the limit.
export const runQuery = (limit, database, query, changed = {}) => new Promise((resolve, reject) => {
  const shared = dynamicSharedMemory();
  const run = spawn('psql', [...psqlArguments(database), '--command=SELECT pg_backend_pid()',
    '--command=\\timing on', `--command=${query}`],
  { stdio: ['ignore', 'pipe', 'pipe'], env: environment({ ...changed, statement_timeout: limit * 1000 }) });
  let output = '';
  let errors = '';
  let memory = 0;
  const sampler = setInterval(() => {
    const pid = output.match(/^\d+/)?.[0];

    if (pid) memory = Math.max(memory, memoryOf(pid) + dynamicSharedMemory() - shared);
  }, 50);

  run.stdout.on('data', (text) => { output += text; });
  run.stderr.on('data', (text) => { errors += text; });
  run.on('close', (status) => {
    clearInterval(sampler);
    if (status === 0) {
      const [, row] = output.split('\n');

      resolve({ time: Number(output.match(/^Time: ([\d.]+)/m)[1]) / 1000, row, memory });
    } else if (isTimeout(errors)) resolve(null);
    else reject(new Error(errors));
  });
});
