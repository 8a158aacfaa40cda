// crossing.mjs
//
// Where the windowed join overtakes the nested loop with an index, and what the
// planner takes there:
//
//     script/bench crossing
//
// Tables of uploads, from ten to a million, are joined with the sign-ins of a
// week by both plans and by what the planner chooses.  Printed are milliseconds
// and, for two settings of random_page_cost, the choice, and how many times as
// long it takes as the best of all.  SIGNINS, SKEWS, LOOKBACKS, UPLOADS and LIMIT
// (seconds that a query may take) can be set in the environment.

import { execFileSync } from 'node:child_process';

import { makeDatabase, psql, psqlWithin, setting, warm } from './windowjoin/postgres.mjs';

const signins = setting('SIGNINS', '2000000');
const skews = setting('SKEWS', '0,0.2').split(',');
const lookbacks = setting('LOOKBACKS', '1 minute,1 hour,1 day').split(',');
const sizes = setting('UPLOADS', '10,100,1000,3000,10000,30000,100000,300000,1000000').split(',').map(Number);
const limit = Number(setting('LIMIT', '10'));
const pageCosts = ['1.1', '4'];
const forced = {
  index: { 'azhunt.enable_windowjoin': 'off', enable_hashjoin: 'off', enable_mergejoin: 'off' },
  windowed: { enable_nestloop: 'off', enable_hashjoin: 'off', enable_mergejoin: 'off' },
};

function makeTables(database, skew) {
  makeDatabase(database, { signins, records: 1000, skew, days: 7 });
  psql(database, [
    'SELECT setseed(0.25)',
    `CREATE TABLE all_uploads AS
     SELECT '2026-01-05Z'::timestamptz + random() * interval '7 days' AS t,
            bench_address(CASE WHEN random() < ${skew} THEN 0 ELSE floor(exp(random() * ln(200000)))::integer END) AS ip,
            bench_user_agent(floor(random() ^ 2 * 100)::integer) AS ua
     FROM generate_series(1, ${Math.max(...sizes)})`,
    ...sizes.map((size) => `CREATE TABLE uploads_${size} AS TABLE all_uploads LIMIT ${size}`),
    'DROP TABLE all_uploads',
    'VACUUM ANALYZE']);
  warm(database);
}

const query = (size, lookback, ua) => `
  SELECT count(*), min(s.timegenerated), max(u.t)
  FROM uploads_${size} AS u JOIN azhunt.read_signins(false, false, false, '-infinity', 'infinity') AS s ON s.ipaddress = u.ip
   AND azhunt.within(s.timegenerated, u.t, '${lookback}')${ua ? ' AND s.useragent OPERATOR(azhunt.=~) u.ua' : ''}`;

// Milliseconds that the processor has worked for the session, which other load
// on the machine changes less than the time on the clock.
const clock = "SELECT 'clock ' || split_part(pg_read_file('/proc/self/schedstat'), ' ', 1)";

// Milliseconds of a query, the median of three runs after one that does not
// count, of one run if it is long or near the limit; infinity beyond the limit.
function time(database, text, settings) {
  const run = (times) => {
    const output = psqlWithin(limit, database,
      Array(times).fill(['SELECT pg_sleep(0.001)', clock, text, 'SELECT pg_sleep(0.001)', clock]).flat(), settings);
    const clocks = [...(output ?? '').matchAll(/^clock (\d+)/gm)].map((match) => Number(match[1]) / 1e6);

    return output === null ? [Infinity] : clocks.flatMap((now, i) => (i % 2 ? [now - clocks[i - 1]] : []));
  };
  const [first] = run(1);
  const [, ...later] = first > 3000 ? [] : run(4);

  return later.length === 3 ? later.sort((a, b) => a - b)[1] : first;
}

const nameOf = (plan) => {
  if (/AzhuntWindowJoin/.test(plan)) return 'windowed';
  if (/AzhuntWindowMerge/.test(plan)) return 'merge';
  if (/Nested Loop/.test(plan)) return 'index';
  return plan.match(/(Hash|Merge) Join/)?.[0].toLowerCase() ?? 'other';
};
const milliseconds = (number) => (number === Infinity ? `>${limit}000` : number.toFixed(number < 100 ? 1 : 0));

for (const skew of skews) {
  const database = `crossing_${skew.replace('.', '_')}`;

  makeTables(database, skew);
  for (const lookback of lookbacks) for (const ua of [true, false]) {
    let indexIsTooSlow = false;

    console.log(`\nskew ${skew}, ${lookback}${ua ? ', user agent' : ''}`);
    console.log(`${'uploads'.padStart(8)}${'index'.padStart(10)}${'windowed'.padStart(10)}`
      + pageCosts.map((cost) => `${`at ${cost}`.padStart(12)}${'ratio'.padStart(7)}`).join(''));
    for (const size of sizes) {
      const text = query(size, lookback, ua);
      const explain = (settings) => psql(database, [`EXPLAIN (COSTS OFF) ${text}`], settings);
      const times = new Map();
      const timeOf = (settings) => {
        const plan = explain(settings);

        if (!times.has(plan)) times.set(plan, time(database, text, settings));
        return times.get(plan);
      };
      const index = indexIsTooSlow ? Infinity : timeOf(forced.index);
      const windowed = timeOf(forced.windowed);

      indexIsTooSlow = index === Infinity;
      if (indexIsTooSlow) times.set(explain(forced.index), Infinity);
      const chosen = pageCosts.map((cost) => {
        const settings = { random_page_cost: cost };

        return { name: nameOf(explain(settings)), time: timeOf(settings) };
      });
      const best = Math.min(...times.values());

      console.log(`${String(size).padStart(8)}${milliseconds(index).padStart(10)}${milliseconds(windowed).padStart(10)}`
        + chosen.map((plan) => `${plan.name.padStart(12)}${(plan.time / best).toFixed(2).padStart(7)}`).join(''));
    }
  }
  execFileSync('dropdb', [database]);
}
