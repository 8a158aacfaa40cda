// The dashboard of the hunt for Cloud Shells: what did a caller do in the hour
// in which they opened one?

import {
  accountVariable, bar, CLOUDSHELL_USAGE, countsPanel, dataSourceVariable, field, fromThenOn, hasPart, HUNT_COLORS, indent, kept,
  keyOf, listBelow, MATCHES, newDashboard, RESULT, ROWS, ruleVariable, shortId, statPanel, tablePanel, trustPanel, url,
} from './library';

const SHOWN = hasPart('m.account', 'account');

const QUIET =
  'Nobody that the filters above let through opened a Cloud Shell and did anything with it in this time. Whether that can be trusted, ' +
  'the panel on the top left says.';

// Callers of this time with their first Cloud Shell of all times, which is the first
// that an index has of the rule and the caller.
const FIRST = `SELECT c.caller, c.sessions, c.operations, c.bin,
       (SELECT e."time"
        FROM azhunt.screened_matches AS e
        WHERE e.rule = c.rule AND e.account OPERATOR(azhunt.=~) c.caller
        ORDER BY e."time"
        LIMIT 1) AS first
FROM (
    SELECT u.rule, min(m.account) AS caller, count(DISTINCT m.result_id) AS sessions, count(*) AS operations, min(u.bin) AS bin
    FROM ${indent(MATCHES, 4)}
    WHERE ${indent(SHOWN, 4)}
    GROUP BY u.rule, lower(m.account)
) AS c`;

const onlyCaller = {
  title: 'Only this caller',
  url: url(CLOUDSHELL_USAGE, { ...kept('rule'), account: field('Caller key') }),
};

const listSessions = listBelow(CLOUDSHELL_USAGE, 5, 'rule', 'account');
const listFirst = listBelow(CLOUDSHELL_USAGE, 6, 'rule', 'account');

export function cloudshellUsage() {
  return newDashboard(
    CLOUDSHELL_USAGE,
    'azhunt: Cloud Shell usage',
    'Who opened a Cloud Shell, and what did they do in the same hour? Times are in UTC unless the time picker or a ' +
      'title says otherwise. What the allow-list hides is not counted.'
  )
    .withVariable(dataSourceVariable())
    .withVariable(
      ruleVariable(
        "WHERE r.hunt = 'cloudshell_usage' ORDER BY r.rule <> r.hunt, r.rule",
        'cloudshell_usage',
        false
      )
    )
    .withVariable(accountVariable())
    .withPanel(trustPanel(1, 8))
    .withPanel(numbers())
    .withPanel(sessionsOverTime())
    .withPanel(hoursOfDay())
    .withPanel(sessions())
    .withPanel(firstTimeCallers());
}

const numbers = () =>
  statPanel({
    id: 2,
    title: 'How much was found?',
    description: 'Of this time: sessions, each of one caller and hour; their callers; and those who had never opened a Cloud Shell before.',
    noValue: 'None',
    width: 16,
    height: 4,
    columns: {
      Sessions: { thresholds: [[1, 'watch']], link: listSessions },
      Callers: { link: listSessions },
      'First-time callers': { thresholds: [[1, 'attend']], link: listFirst },
      Operations: { link: listSessions },
    },
    sql: `
      SELECT sum(f.sessions)::bigint AS "Sessions",
             count(*) AS "Callers",
             count(*) FILTER (WHERE f.first > $__timeFrom()::timestamptz - f.bin) AS "First-time callers",
             sum(f.operations)::bigint AS "Operations"
      FROM (
          ${indent(FIRST, 10)}
      ) AS f
      HAVING count(*) > 0`,
  });

const sessionsOverTime = () =>
  countsPanel({
    id: 3,
    title: 'When were Cloud Shells used?',
    description: 'Sessions, each of one caller and hour.',
    noValue: QUIET,
    width: 24,
    height: 6,
    interval: '1h',
    stacked: false,
    total: true,
    link: fromThenOn(CLOUDSHELL_USAGE, 'rule', 'account'),
    colors: { Sessions: HUNT_COLORS.cloudshell_usage },
    sql: `
      SELECT ${bar('m."time"')} AS "time",
             count(DISTINCT m.result_id) AS "Sessions"
      FROM ${indent(MATCHES, 6)}
      WHERE ${indent(SHOWN, 6)}
      GROUP BY 1
      ORDER BY 1`,
  });

// Two hours of the day are a column: no table of Grafana's has room for 24.
const HOURS = [...Array(12).keys()].map((pair) => [2 * pair, 2 * pair + 2].map((hour) => String(hour).padStart(2, '0')).join('-'));

const hoursOfDay = () =>
  tablePanel({
    id: 4,
    title: 'At what hour of the day (UTC) is the most done in Cloud Shells?',
    description:
      'Operations by day and by two hours of the day, both in UTC whatever the time picker says, the latest day first. Operations at unusual hours stand out.',
    noValue: QUIET,
    width: 24,
    height: 9,
    columns: {
      Day: { minWidth: 100 },
      Total: { width: 60, unit: 'locale' },
      ...Object.fromEntries(HOURS.map((name) => [name, { width: 72, unit: 'locale', none: '', thresholds: [[1, 'watch'], [10, 'attend'], [50, 'broken']] }])),
    },
    sql: `
      WITH operations AS (
          SELECT azhunt.bin(m."time", interval '1 day') AS day, extract(hour FROM m."time" AT TIME ZONE 'UTC')::integer AS hour
          FROM ${indent(MATCHES, 10)}
          WHERE ${indent(SHOWN, 10)}
      )
      SELECT to_char(d.day AT TIME ZONE 'UTC', 'YYYY-MM-DD') AS "Day",
             count(o.hour) AS "Total",
             ${HOURS.map((name, pair) => `nullif(count(o.hour) FILTER (WHERE o.hour / 2 = ${pair}), 0) AS "${name}"`).join(',\n             ')}
      FROM generate_series((SELECT min(o.day) FROM operations AS o), (SELECT max(o.day) FROM operations AS o), '24 hours') AS d (day)
      LEFT JOIN operations AS o ON o.day = d.day
      GROUP BY d.day
      ORDER BY d.day DESC
      LIMIT 400`,
  });

const sessions = () =>
  tablePanel({
    id: 5,
    title: `Who did what in a Cloud Shell? The ${ROWS} latest sessions of this time`,
    description:
      'Sessions, each of one caller and hour, that overlap this time. A click on a caller filters this dashboard by them, one on the operations shows the session.',
    noValue: QUIET,
    width: 15,
    height: 10,
    columns: {
      Hour: { width: 135, unit: 'time:YYYY-MM-DD HH:mm' },
      Caller: { width: 150, long: true, link: onlyCaller },
      Operations: { minWidth: 120, long: true, link: { title: 'Show this session', url: url(RESULT, { result: field('Id') }) } },
      Status: { width: 105, state: true },
      Id: { width: 125, link: { title: 'Show this session', url: url(RESULT, { result: '${__value.raw:percentencode}' }) } },
      'Caller key': { key: true },
    },
    sql: `
      SELECT f.hour AS "Hour",
             f.caller AS "Caller",
             f.operations AS "Operations",
             coalesce(s.status, 'new') AS "Status",
             ${shortId('f.result_id')} AS "Id",
             ${keyOf('lower(f.caller)')} AS "Caller key"
      FROM (
          SELECT m.result_id, max(m."time") AS hour, min(m.account) AS caller,
                 string_agg(DISTINCT m.details ->> 'OperationNameValue', ', ') AS operations
          FROM ${indent(MATCHES, 10)}
          WHERE ${indent(SHOWN, 10)}
          GROUP BY m.result_id
          ORDER BY max(m."time") DESC
          LIMIT ${ROWS}
      ) AS f
      LEFT JOIN LATERAL (SELECT s.status FROM azhunt.result_status AS s WHERE s.result_id = f.result_id OFFSET 0) AS s ON true
      ORDER BY 1 DESC, 2`,
  });

const firstTimeCallers = () =>
  tablePanel({
    id: 6,
    title: 'Who opened a Cloud Shell for the first time?',
    description: 'Callers of this time of whom the rule knows no earlier Cloud Shell, with the number of their operations. ' +
      'The longer the results are kept, the more this says.',
    noValue: 'Nobody new in this time',
    width: 9,
    height: 10,
    columns: {
      'First hour': { width: 135, unit: 'time:YYYY-MM-DD HH:mm' },
      Caller: { minWidth: 140, long: true, link: onlyCaller },
      Operations: { width: 95, unit: 'locale' },
      'Caller key': { key: true },
    },
    sql: `
      SELECT f.first AS "First hour", f.caller AS "Caller", f.operations AS "Operations", ${keyOf('lower(f.caller)')} AS "Caller key"
      FROM (
          ${indent(FIRST, 10)}
      ) AS f
      WHERE f.first > $__timeFrom()::timestamptz - f.bin
      ORDER BY f.first DESC, f.caller
      LIMIT ${ROWS}`,
  });
