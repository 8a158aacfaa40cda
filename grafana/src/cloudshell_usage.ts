// The dashboard of the hunt for Cloud Shells: what did a caller do in the hour
// in which they opened one?

import {
  accountVariable, CLOUDSHELL_USAGE, countsPanel, dataSourceVariable, field, hasText, heatmapPanel, HUNT_COLORS, indent,
  newDashboard, RESULT_ID, ROWS, RULE, ruleVariable, statPanel, tablePanel, textVariable, trustPanel, url,
} from './library';

const SHOWN = `m.rule = ${RULE} AND $__timeFilter(m."time") AND NOT m.hidden
  AND ${hasText('m.account', 'account')}`;

const QUIET = 'Nobody opened a Cloud Shell and did anything with it in this time. Whether that can be trusted, the panel on the top left says.';

// Callers of this time with their first Cloud Shell of all times; an index
// finds each.
const FIRST = `SELECT c.caller, c.sessions, c.operations,
       (SELECT min(e."time")
        FROM azhunt.screened_matches AS e
        WHERE e.rule = ${RULE} AND e.account OPERATOR(azhunt.=~) c.caller) AS first
FROM (
    SELECT min(m.account) AS caller, count(DISTINCT m.result_id) AS sessions, count(*) AS operations
    FROM azhunt.screened_matches AS m
    WHERE ${indent(SHOWN, 4)}
    GROUP BY lower(m.account)
) AS c`;

const onlyCaller = {
  title: 'Only this caller',
  url: url(CLOUDSHELL_USAGE, { rule: '${rule:percentencode}', account: '${__value.raw:percentencode}' }),
};

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
        "SELECT r.rule FROM azhunt.rules AS r WHERE r.hunt = 'cloudshell_usage' ORDER BY r.rule <> r.hunt, r.rule",
        'cloudshell_usage',
        false
      )
    )
    .withVariable(accountVariable())
    .withVariable(textVariable('result', 'Result', 'the result_id of the session that is shown at the bottom'))
    .withPanel(trustPanel(1, 8))
    .withPanel(numbers())
    .withPanel(sessionsOverTime())
    .withPanel(heatMap())
    .withPanel(sessions())
    .withPanel(firstTimeCallers())
    .withPanel(session());
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
      Sessions: { thresholds: [[1, 'watch']] },
      Callers: {},
      'First-time callers': { thresholds: [[1, 'attend']] },
      Operations: {},
    },
    sql: `
      SELECT sum(f.sessions)::bigint AS "Sessions",
             count(*) AS "Callers",
             count(*) FILTER (WHERE f.first >= $__timeFrom()) AS "First-time callers",
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
    description: 'Sessions, each of one caller and hour, and how many callers they had.',
    noValue: QUIET,
    width: 12,
    height: 9,
    interval: '1h',
    stacked: false,
    colors: { Sessions: HUNT_COLORS.cloudshell_usage, Callers: 'text' },
    sql: `
      SELECT $__timeGroupAlias(m."time", '$__interval'),
             count(DISTINCT m.result_id) AS "Sessions",
             count(DISTINCT lower(m.account)) AS "Callers"
      FROM azhunt.screened_matches AS m
      WHERE ${indent(SHOWN, 6)}
      GROUP BY 1
      ORDER BY 1`,
  });

// Each hour of the day is a column of the query and a row of the panel.
const HOURS = [...Array(24).keys()].map((hour) => {
  const name = String(hour).padStart(2, '0') + ':00';
  return `count(o.hour) FILTER (WHERE o.hour = ${hour}) AS "${name}"`;
});

const heatMap = () =>
  heatmapPanel({
    id: 4,
    title: 'At what hour of the day (UTC) is the most done in Cloud Shells?',
    description: 'Operations by day and by hour of the day, both in UTC whatever the time picker says. Operations at unusual hours stand out.',
    noValue: QUIET,
    width: 12,
    height: 9,
    unit: 'short',
    value: 'Operations',
    sql: `
      WITH operations AS (
          SELECT azhunt.bin(m."time", interval '1 day') AS day, extract(hour FROM m."time" AT TIME ZONE 'UTC') AS hour
          FROM azhunt.screened_matches AS m
          WHERE ${indent(SHOWN, 10)}
      )
      SELECT d.day AS "time",
             ${HOURS.join(',\n             ')}
      FROM generate_series((SELECT min(o.day) FROM operations AS o), (SELECT max(o.day) FROM operations AS o), '24 hours') AS d (day)
      LEFT JOIN operations AS o ON o.day = d.day
      GROUP BY d.day
      ORDER BY d.day`,
  });

const sessions = () =>
  tablePanel({
    id: 5,
    title: 'Who did what in a Cloud Shell?',
    description:
      `The ${ROWS} latest sessions of this time, each of one caller and hour. A click on a caller filters this dashboard ` +
      'by them, one on the operations lists them below.',
    noValue: QUIET,
    width: 16,
    height: 10,
    columns: {
      Hour: { width: 150, unit: 'dateTimeAsIso' },
      Caller: { width: 170, long: true, link: onlyCaller },
      Number: { width: 70, unit: 'short', bar: true },
      Operations: {
        minWidth: 230,
        long: true,
        link: {
          title: 'List them below',
          url: url(CLOUDSHELL_USAGE, { rule: '${rule:percentencode}', result: field('result') }),
        },
      },
      Status: { width: 80, state: true },
      result: { hidden: true },
    },
    sql: `
      SELECT r.timekey AS "Hour",
             r.caller AS "Caller",
             jsonb_array_length(r.set_operationnamevalue) AS "Number",
             (SELECT string_agg(o.name, ', ' ORDER BY o.name)
              FROM jsonb_array_elements_text(r.set_operationnamevalue) AS o (name)) AS "Operations",
             r.status AS "Status",
             r.result_id::text AS result
      FROM azhunt.cloudshell_usage_results AS r
      WHERE r.result_id = ANY (ARRAY(
          SELECT m.result_id
          FROM azhunt.screened_matches AS m
          WHERE ${indent(SHOWN, 10)}
          GROUP BY m.result_id
          ORDER BY max(m."time") DESC
          LIMIT ${ROWS}))
      ORDER BY r.timekey DESC, r.caller`,
  });

const firstTimeCallers = () =>
  tablePanel({
    id: 6,
    title: 'Who opened a Cloud Shell for the first time?',
    description: 'Callers of this time of whom the rule knows no earlier Cloud Shell, with the number of their operations. The longer the results are kept, the more this says.',
    noValue: 'Nobody new in this time',
    width: 8,
    height: 10,
    columns: {
      'First hour': { width: 145, unit: 'dateTimeAsIso' },
      Caller: { minWidth: 140, long: true, link: onlyCaller },
      Number: { width: 60, unit: 'short' },
    },
    sql: `
      SELECT f.first AS "First hour", f.caller AS "Caller", f.operations AS "Number"
      FROM (
          ${indent(FIRST, 10)}
      ) AS f
      WHERE f.first >= $__timeFrom()
      ORDER BY f.first DESC, f.caller
      LIMIT ${ROWS}`,
  });

const session = () =>
  tablePanel({
    id: 7,
    title: 'Which operations make up the session?',
    description: `Of the session chosen above or in the variable Result, at whatever time: the first ${ROWS} operations by name.`,
    noValue: 'Choose a session: click on its operations in the table above',
    width: 24,
    height: 9,
    columns: {
      Hour: { width: 150, unit: 'dateTimeAsIso' },
      Caller: { width: 250, long: true },
      Operation: { minWidth: 300, long: true },
      Found: { width: 150, unit: 'dateTimeAsIso' },
    },
    sql: `
      SELECT m."time" AS "Hour", m.account AS "Caller", m.details ->> 'OperationNameValue' AS "Operation", m.found_at AS "Found"
      FROM azhunt.screened_matches AS m
      WHERE m.result_id = ${RESULT_ID} AND NOT m.hidden
      ORDER BY 3
      LIMIT ${ROWS}`,
  });
