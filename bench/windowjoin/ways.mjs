// ways.mjs
//
// All ways to write the join of hunt 1, for a lookback, with or without the user
// agent.

import { runDuckdb } from './duckdb.mjs';
import { runQuery } from './postgres.mjs';

const seconds = { minute: 60, hour: 3600, day: 86400 };
const secondsOf = (lookback) => parseInt(lookback, 10) * seconds[lookback.match(/minute|hour|day/)[0]];

// What is asked of the joined rows.  Times of a row are hashed together only to
// check the answers, as that takes longer than the join.  Microseconds of the
// minute are what both databases compute fast.
const microseconds = { postgres: (time) => `date_part('microseconds', ${time})::bigint`, duckdb: (time) => `microsecond(${time})` };
const epoch = { postgres: (time) => `(extract(epoch FROM ${time}) * 1000000)::bigint`, duckdb: (time) => `epoch_us(${time})` };
const questions = {
  timed: (database) => ['min(s.t)', 'max(s.t)', 'min(u.t)', 'max(u.t)'].map(epoch[database]).join(', '),
  checked: (database) => {
    const [event, anchor] = ['s.t', 'u.t'].map(microseconds[database]);

    return `sum(${database === 'duckdb' ? `xor(${event}, ${anchor} * 7)` : `${event} # ${anchor} * 7`})`;
  },
};

// as the hunt reads them
const sides = {
  postgres: `
    WITH u AS NOT MATERIALIZED (SELECT timegenerated AS t, calleripaddress AS ip, useragentheader AS ua
      FROM azhunt.read_uploads(NULL, '{PutBlob,PutRange}', '-infinity', 'infinity') WHERE calleripaddress <> ''),
    s AS NOT MATERIALIZED (SELECT timegenerated AS t, ipaddress AS ip, useragent AS ua FROM azhunt.read_signins(false, false, false, '-infinity', 'infinity'))`,
  duckdb: `
    WITH u AS (SELECT t, split_part(ip, ':', 1) AS ip, lower(ua) AS ua, ua AS raw_ua, operation, uri, correlation FROM uploads
      WHERE lower(operation) IN ('putblob', 'putrange') AND lower(status) IN ('success', 'succeeded')),
    s AS (SELECT t, ip, lower(ua) AS ua, ua AS raw_ua, account FROM signins)`,
};

// of which the entries of the indexes have all: no status, no user agent
const sidesOfTimes = {
  postgres: `
    WITH u AS NOT MATERIALIZED (SELECT timegenerated AS t, azhunt.strip_port(calleripaddress) AS ip FROM azhunt.storagebloblogs
      WHERE azhunt.is_upload(operationname)),
    s AS NOT MATERIALIZED (SELECT timegenerated AS t, azhunt.strip_port(ipaddress) AS ip FROM azhunt.signinlogs)`,
  duckdb: `
    WITH u AS (SELECT t, split_part(ip, ':', 1) AS ip FROM uploads WHERE lower(operation) IN ('putblob', 'putrange', 'putblock')),
    s AS (SELECT t, ip FROM signins)`,
};
const isWithin = (lookback) => `s.t BETWEEN u.t - interval '${lookback}' AND u.t`;
const sameAgent = { postgres: 'lower(s.ua) = lower(u.ua)', duckdb: 's.ua = u.ua' };

const joinOf = (side) => (question, lookback, ua) => `${side.postgres}
  SELECT count(*), ${questions[question]('postgres')} FROM u JOIN s ON s.ip = u.ip
  ${ua ? 'AND s.ua OPERATOR(azhunt.=~) u.ua' : ''} AND azhunt.within(s.t, u.t, '${lookback}')`;
const azhunt = joinOf(sides);
const literal = (database) => (question, lookback, ua) => `${sides[database]}
  SELECT count(*), ${questions[question](database)} FROM u JOIN s ON s.ip = u.ip
  ${ua ? `AND ${sameAgent[database]}` : ''} AND ${isWithin(lookback)}`;

// As an expert writes it: times are cut into buckets as long as the lookback,
// and each upload is joined with its bucket and the one before.
const bucketOf = {
  postgres: (time, length) => `floor(extract(epoch FROM ${time})::double precision / ${length})::bigint`,
  duckdb: (time, length) => `epoch_us(${time}) // ${length}000000`,
};
// or PostgreSQL 15 multiplies the joined rows, not the uploads
const fence = { postgres: 'OFFSET 0', duckdb: '' };
const bucketJoin = (side, database, columns, lookback, ua) => {
  const bucket = (time) => bucketOf[database](time, secondsOf(lookback));

  return `${side[database]}
    SELECT ${columns}
    FROM (SELECT u.*, ${bucket('u.t')} - d.d AS bucket FROM u CROSS JOIN (VALUES (0), (1)) AS d (d) ${fence[database]}) AS u
    JOIN (SELECT s.*, ${bucket('s.t')} AS bucket FROM s) AS s ON s.ip = u.ip AND s.bucket = u.bucket
    ${ua ? `AND ${sameAgent[database]}` : ''} AND ${isWithin(lookback)}`;
};
const buckets = (database, side = sides) => (question, lookback, ua) =>
  bucketJoin(side, database, `count(*), ${questions[question](database)}`, lookback, ua);

// The rows that DuckDB joins so, for the whole hunt.
export const duckdbBuckets = (columns, lookback, ua) => bucketJoin(sides, 'duckdb', columns, lookback, ua);

const floor = (question, lookback, ua) => `${sides.postgres}
  SELECT (SELECT count(t) + count(ip)${ua ? ' + count(ua)' : ''} FROM u),
         (SELECT count(t) + count(ip)${ua ? ' + count(ua)' : ''} FROM s)`;

const off = (...names) => Object.fromEntries(names.map((name) => [name, 'off']));
const postgres = (query, settings = {}) => (limit, data, question, lookback, ua) =>
  runQuery(limit, data.database, query(question, lookback, ua), settings);
const duckdb = (query, threads) => (limit, data, question, lookback, ua) =>
  runDuckdb(limit, data, query(question, lookback, ua), threads);

// Each way's "run" takes the limit in seconds, the data, the question, the
// lookback and whether user agents must be the same.  Ways with the same "answer"
// must agree, and so must those without; with "ua: false" it is a way to join without
// user agents only.
export const ways = {
  azhunt: { title: 'azhunt', run: postgres(azhunt) },
  parallel: { title: 'azhunt, 2 processes', run: postgres(azhunt, { max_parallel_workers_per_gather: 1 }) },
  merge: {
    title: 'index merge',
    run: postgres(azhunt, off('enable_seqscan', 'enable_indexscan', 'enable_bitmapscan', 'enable_nestloop', 'enable_hashjoin', 'enable_mergejoin')),
  },
  parallelMerge: {
    title: 'index merge, 2 processes',
    run: postgres(azhunt, {
      ...off('enable_seqscan', 'enable_indexscan', 'enable_bitmapscan', 'enable_nestloop', 'enable_hashjoin', 'enable_mergejoin'),
      max_parallel_workers_per_gather: 1,
      parallel_setup_cost: 0,
    }),
  },
  littleMemory: { title: 'azhunt, 4 MB', run: postgres(azhunt, { work_mem: '4MB' }) },
  tables: { title: 'no index merge', run: postgres(azhunt, off('azhunt.enable_windowmerge')) },
  half: { title: 'half', run: (limit, data, ...rest) => postgres(azhunt)(limit, data.half, ...rest), answer: 'half' },
  literal: { title: 'literal SQL', run: postgres(literal('postgres'), off('enable_nestloop')) },
  index: {
    title: 'index nested loop',
    run: postgres(azhunt, off('azhunt.enable_windowjoin', 'enable_hashjoin', 'enable_mergejoin')),
  },
  buckets: { title: 'time buckets', run: postgres(buckets('postgres'), off('enable_mergejoin', 'enable_nestloop')) },
  floor: { title: 'floor', run: postgres(floor), answer: 'floor' },
  times: { title: 'times alone', run: postgres(joinOf(sidesOfTimes)), answer: 'times', ua: false },
};
export const duckdbWays = {
  duckdb1: { title: 'DuckDB literal', run: duckdb(literal('duckdb'), 1) },
  duckdb2: { title: 'DuckDB literal, 2 threads', run: duckdb(literal('duckdb'), 2) },
  duckdbBuckets1: { title: 'DuckDB buckets', run: duckdb(buckets('duckdb'), 1) },
  duckdbBuckets2: { title: 'DuckDB buckets, 2 threads', run: duckdb(buckets('duckdb'), 2) },
  duckdbTimes: { title: 'DuckDB buckets, times alone', run: duckdb(buckets('duckdb', sidesOfTimes), 1), answer: 'times', ua: false },
};

// The query of azhunt's own way, to be explained.
export const azhuntQuery = (lookback, ua) => azhunt('timed', lookback, ua);
