// The overview: what all scheduled hunts found, and whether they and the logs
// that they read are alive.

import {
  accountVariable, addressVariable, CLOUDSHELL_USAGE, countsPanel, dataSourceVariable, field, hasText, HUNT,
  HUNT_COLORS, HUNT_STATE, huntVariable, indent, LAST_RUNS, LATE, newDashboard, OVERVIEW, ROWS, statPanel,
  STORAGE_UPLOAD, tablePanel, url,
} from './library';

const SHOWN = `m.hunt IN (${HUNT}) AND $__timeFilter(m."time") AND NOT m.hidden
  AND ${hasText('m.account', 'account')}
  AND ${hasText('m.address', 'address')}`;

const QUIET = 'Nothing was found in this time. Whether that can be trusted, the states of hunts and log tables say.';

const kept = { hunt: '${hunt:queryparam}' };

// url() writes var-hunt=; this variable has several values, each with its name.
function filter(variable: string): string {
  return url(OVERVIEW, { [variable]: '${__value.raw:percentencode}' }) + '&' + kept.hunt;
}

export function overview() {
  return newDashboard(
    OVERVIEW,
    'azhunt: overview',
    'What the scheduled hunts found, and whether they and the logs that they read are alive. Times are in UTC unless ' +
      'the time picker says otherwise. What the allow-list hides is not counted.'
  )
    .withVariable(dataSourceVariable())
    .withVariable(huntVariable('SELECT h.name FROM azhunt.rules AS h ORDER BY h.name', '', true))
    .withVariable(accountVariable())
    .withVariable(addressVariable())
    .withPanel(openFindings())
    .withPanel(findingsOverTime())
    .withPanel(hunts())
    .withPanel(logTables())
    .withPanel(top(5, 'accounts', 'account', 'Account'))
    .withPanel(top(6, 'addresses', 'address', 'Address'))
    .withPanel(latestFindings())
    .withPanel(rowsRead());
}

const openFindings = () =>
  statPanel({
    id: 1,
    title: 'How many findings are open?',
    description:
      'Findings with a match in this time that nobody has closed, or that got new matches since. ' +
      'azhunt.set_status() marks them.',
    noValue: 'None',
    width: 8,
    height: 7,
    columns: {
      New: { thresholds: [[1, 'attend']] },
      'Under investigation': { thresholds: [[1, 'watch']] },
      Closed: { thresholds: [[1, 'good']] },
    },
    sql: `
      SELECT count(*) FILTER (WHERE f.status = 'new') AS "New",
             count(*) FILTER (WHERE f.status = 'investigating') AS "Under investigation",
             count(*) FILTER (WHERE f.status = 'closed') AS "Closed"
      FROM (
          SELECT CASE WHEN k.status = 'closed'
                           AND EXISTS (SELECT FROM azhunt.matches AS n
                                       WHERE n.result_id = k.result_id AND n.run > k.last_run AND NOT n.hidden) THEN 'new'
                      ELSE coalesce(k.status, 'new') END AS status
          FROM (
              SELECT DISTINCT m.result_id
              FROM azhunt.matches AS m
              WHERE ${indent(SHOWN, 14)}
          ) AS m
          LEFT JOIN azhunt.latest_status AS k ON k.result_id = m.result_id
      ) AS f
      HAVING count(*) > 0`,
  });

const findingsOverTime = () =>
  countsPanel({
    id: 2,
    title: 'When did what the hunts found happen?',
    description:
      'Findings by the time of their events, which may be long before they were found: a finding counts in each bar in ' +
      'which it has an upload or a Cloud Shell.',
    noValue: QUIET,
    width: 16,
    height: 7,
    interval: '1h',
    stacked: true,
    colors: HUNT_COLORS,
    sql: `
      SELECT $__timeGroupAlias(m."time", '$__interval'),
             m.hunt AS metric,
             count(DISTINCT m.result_id) AS findings
      FROM azhunt.matches AS m
      WHERE ${indent(SHOWN, 6)}
      GROUP BY 1, 2
      ORDER BY 1, 2`,
  });

const hunts = () =>
  tablePanel({
    id: 3,
    title: 'Do the hunts run?',
    description:
      'The last run of each hunt. On time: its last run succeeded, within ' +
      LATE +
      '. Late: no success for longer. Runs that were skipped, because another one was going on, are left out.',
    noValue: 'There are no scheduled hunts: look into azhunt.rules',
    width: 24,
    height: 6,
    columns: {
      Hunt: { width: 250, long: true },
      State: { width: 90, state: true },
      'Last run': { width: 150, unit: 'dateTimeAsIso' },
      Took: { width: 90, unit: 's' },
      New: { width: 90, unit: 'short' },
      Error: { minWidth: 200, long: true },
    },
    sql: `
      SELECT h.name AS "Hunt",
             ${indent(HUNT_STATE, 13)} AS "State",
             last.started AS "Last run",
             extract(epoch FROM success.duration) AS "Took",
             success.new_matches AS "New",
             CASE WHEN last.status = 'failed' THEN last.error END AS "Error"
      FROM azhunt.rules AS h
      ${indent(LAST_RUNS, 6)}
      WHERE h.name IN (${HUNT})
      ORDER BY h.name`,
  });

const logTables = () =>
  tablePanel({
    id: 4,
    title: 'Do the logs still arrive?',
    description:
      'Flowing: rows arrived in the last hour. Quiet: in the last 24 hours. Stopped: not for longer. Not known: the reason is in the cell. The delay is that ' +
      'between event and arrival, of the latest 10,000 rows. Rows of the last hour, the one before, and the same hour a day before.',
    noValue: 'Nothing is known of the log tables: look into azhunt.source_health',
    width: 24,
    height: 8,
    columns: {
      Table: { width: 250, long: true },
      State: { minWidth: 90, state: true, long: true },
      'Newest event': { width: 150, unit: 'dateTimeAsIso' },
      'Newest arrival': { width: 150, unit: 'dateTimeAsIso' },
      'Median delay': { width: 100, unit: 's', thresholds: [[1800, 'watch'], [7200, 'attend']] },
      '95 % below': { width: 100, unit: 's', thresholds: [[3600, 'watch'], [14400, 'attend']] },
      'Last hour': { width: 80, unit: 'short' },
      Before: { width: 80, unit: 'short' },
      'Day before': { width: 80, unit: 'short' },
    },
    sql: `
      SELECT s.log_table AS "Table",
             s.state AS "State",
             s.newest_event AS "Newest event",
             s.newest_arrival AS "Newest arrival",
             extract(epoch FROM s.median_delay) AS "Median delay",
             extract(epoch FROM s.p95_delay) AS "95 % below",
             s.rows_last_hour AS "Last hour",
             s.rows_hour_before AS "Before",
             s.rows_hour_day_before AS "Day before"
      FROM azhunt.source_health AS s
      ORDER BY s.log_table`,
  });

function top(id: number, plural: string, column: string, header: string) {
  return tablePanel({
    id,
    title: `Which ${plural} have most findings?`,
    description: `The ten ${plural} with most findings in this time, ignoring case. A click on one filters this dashboard by it.`,
    noValue: QUIET,
    width: 6,
    height: 9,
    columns: {
      [header]: { minWidth: 120, long: true, link: { title: `Only this ${column}`, url: filter(column) } },
      Findings: { width: 70, unit: 'short', bar: true },
      Matches: { width: 60, unit: 'short' },
    },
    sql: `
      SELECT min(m.${column}) AS "${header}",
             count(DISTINCT m.result_id) AS "Findings",
             count(*) AS "Matches"
      FROM azhunt.matches AS m
      WHERE ${indent(SHOWN, 6)}
        AND m.${column} <> ''
      GROUP BY lower(m.${column})
      ORDER BY 2 DESC, 3 DESC, 1
      LIMIT 10`,
  });
}

const latestFindings = () =>
  tablePanel({
    id: 7,
    title: 'What happened last?',
    description: `The ${ROWS} findings of this time with the latest events. A click on one shows it on the dashboard of its hunt.`,
    noValue: QUIET,
    width: 12,
    height: 9,
    columns: {
      'Last event': { width: 150, unit: 'dateTimeAsIso' },
      Finding: {
        minWidth: 200,
        long: true,
        link: {
          title: 'Show this finding',
          url: url(field('dashboard').replace(':percentencode', ':raw'), { hunt: field('hunt'), finding: field('finding') }),
        },
      },
      Severity: { width: 80, state: true },
      Status: { width: 90, state: true },
      hunt: { hidden: true },
      finding: { hidden: true },
      dashboard: { hidden: true },
    },
    sql: `
      SELECT r."time" AS "Last event",
             r.summary AS "Finding",
             r.severity AS "Severity",
             r.status AS "Status",
             r.hunt,
             r.result_id::text AS finding,
             CASE h.hunt WHEN 'cloudshell_usage' THEN '${CLOUDSHELL_USAGE}'
                         ELSE '${STORAGE_UPLOAD}' END AS dashboard
      FROM azhunt.results AS r
      JOIN azhunt.rules AS h ON h.name = r.hunt
      WHERE r.result_id = ANY (ARRAY(
          SELECT m.result_id
          FROM azhunt.matches AS m
          WHERE ${indent(SHOWN, 10)}
          GROUP BY m.result_id
          ORDER BY max(m."time") DESC
          LIMIT ${ROWS}))
      ORDER BY r."time" DESC`,
  });

const rowsRead = () =>
  countsPanel({
    id: 8,
    title: 'How many log rows came in?',
    description:
      'New rows of each log table that the hunts read, by the time of the run. Runs that started over, and so read all rows again, are left out.',
    noValue: 'The hunts read no new rows in this time: they do not run, or no logs arrive.',
    width: 24,
    height: 7,
    interval: '1h',
    stacked: true,
    sql: `
      SELECT f."time", f.log_table AS metric, max(f.rows_read) AS rows_read
      FROM (
          SELECT $__timeGroup(r.started, '$__interval') AS "time", t.key AS log_table, r.hunt,
                 sum(t.value::bigint)::bigint AS rows_read
          FROM azhunt.runs AS r
          CROSS JOIN LATERAL jsonb_each_text(r.rows_read) AS t
          WHERE $__timeFilter(r.started) AND r.hunt IN (${HUNT})
            AND r.status = 'succeeded' AND r.started_over IS NULL
          GROUP BY 1, 2, 3
      ) AS f
      GROUP BY 1, 2
      HAVING max(f.rows_read) > 0
      ORDER BY 1, 2`,
  });
