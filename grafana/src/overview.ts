// The overview: what all rules found, and whether they and the logs
// that they read are alive.

import {
  accountVariable, addressVariable, countsPanel, DASHBOARD, dataSourceVariable, field, hasText, HUNT_COLORS, indent,
  newDashboard, OVERVIEW, ROWS, RULE, ruleVariable, statPanel, tablePanel, url,
} from './library';

const SHOWN = `m.rule IN (${RULE}) AND $__timeFilter(m."time") AND NOT m.hidden
  AND ${hasText('m.account', 'account')}
  AND ${hasText('m.address', 'address')}`;

const QUIET = 'Nothing was found in this time. Whether that can be trusted, the states of rules and log tables say.';

const kept = { rule: '${rule:queryparam}' };

// url() writes var-rule=; this variable has several values, each with its name.
function filter(variable: string): string {
  return url(OVERVIEW, { [variable]: '${__value.raw:percentencode}' }) + '&' + kept.rule;
}

export function overview() {
  return newDashboard(
    OVERVIEW,
    'azhunt: overview',
    'What the rules found, and whether they and the logs that they read are alive. Times are in UTC unless ' +
      'the time picker says otherwise. What the allow-list hides is not counted.'
  )
    .withVariable(dataSourceVariable())
    .withVariable(ruleVariable('SELECT r.rule FROM azhunt.rules AS r ORDER BY r.rule', '', true))
    .withVariable(accountVariable())
    .withVariable(addressVariable())
    .withPanel(openResults())
    .withPanel(resultsOverTime())
    .withPanel(rules())
    .withPanel(logTables())
    .withPanel(top(5, 'accounts', 'account', 'Account'))
    .withPanel(top(6, 'addresses', 'address', 'Address'))
    .withPanel(latestResults())
    .withPanel(rowsRead());
}

const openResults = () =>
  statPanel({
    id: 1,
    title: 'How many results are open?',
    description:
      'Results with a match in this time that nobody has closed, or that got new matches since. ' +
      'azhunt.set_status() changes the status.',
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
                           AND EXISTS (SELECT FROM azhunt.screened_matches AS n
                                       WHERE n.result_id = k.result_id AND NOT n.hidden
                                         AND (n.run > k.last_run OR n.found_at > k.changed_at)) THEN 'new'
                      ELSE coalesce(k.status, 'new') END AS status
          FROM (
              SELECT DISTINCT m.result_id
              FROM azhunt.screened_matches AS m
              WHERE ${indent(SHOWN, 14)}
          ) AS m
          LEFT JOIN azhunt.latest_status AS k ON k.result_id = m.result_id
      ) AS f
      HAVING count(*) > 0`,
  });

const resultsOverTime = () =>
  countsPanel({
    id: 2,
    title: 'When did what the rules found happen?',
    description:
      'Results by the time of their events, which may be long before they were found: a result counts in each bar in ' +
      'which it has an upload or a Cloud Shell.',
    noValue: QUIET,
    width: 16,
    height: 7,
    interval: '1h',
    stacked: true,
    colors: HUNT_COLORS,
    sql: `
      SELECT $__timeGroupAlias(m."time", '$__interval'),
             m.rule AS metric,
             count(DISTINCT m.result_id) AS results
      FROM azhunt.screened_matches AS m
      WHERE ${indent(SHOWN, 6)}
      GROUP BY 1, 2
      ORDER BY 1, 2`,
  });

const rules = () =>
  tablePanel({
    id: 3,
    title: 'Do the rules run?',
    description:
      'The last run of each rule. Running: it succeeded. Failing: it failed. Late, or never run: no success for twice as ' +
      'long as run_every of the rule. New: not run yet, and not late. Runs that were skipped, because another one was going on, are left out.',
    noValue: 'There are no rules: azhunt.add_rule() makes one',
    width: 24,
    height: 6,
    columns: {
      Rule: { width: 250, long: true },
      State: { width: 90, state: true },
      'Last run': { width: 150, unit: 'dateTimeAsIso' },
      Took: { width: 90, unit: 's' },
      New: { width: 90, unit: 'short' },
      Error: { minWidth: 200, long: true },
    },
    sql: `
      SELECT h.rule AS "Rule",
             h.health AS "State",
             r.started AS "Last run",
             extract(epoch FROM r.duration) AS "Took",
             r.new_matches AS "New",
             h.last_error AS "Error"
      FROM azhunt.rule_health AS h
      LEFT JOIN azhunt.runs AS r ON r.run = h.last_run
      WHERE h.rule IN (${RULE})
      ORDER BY h.rule`,
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
    title: `Which ${plural} have most results?`,
    description: `The ten ${plural} with most results in this time, ignoring case. A click on one filters this dashboard by it.`,
    noValue: QUIET,
    width: 6,
    height: 9,
    columns: {
      [header]: { minWidth: 120, long: true, link: { title: `Only this ${column}`, url: filter(column) } },
      Results: { width: 70, unit: 'short', bar: true },
      Matches: { width: 60, unit: 'short' },
    },
    sql: `
      SELECT min(m.${column}) AS "${header}",
             count(DISTINCT m.result_id) AS "Results",
             count(*) AS "Matches"
      FROM azhunt.screened_matches AS m
      WHERE ${indent(SHOWN, 6)}
        AND m.${column} <> ''
      GROUP BY lower(m.${column})
      ORDER BY 2 DESC, 3 DESC, 1
      LIMIT 10`,
  });
}

const latestResults = () =>
  tablePanel({
    id: 7,
    title: 'What happened last?',
    description: `The ${ROWS} results of this time with the latest events. A click on one shows it on the dashboard of its hunt.`,
    noValue: QUIET,
    width: 12,
    height: 9,
    columns: {
      'Last event': { width: 150, unit: 'dateTimeAsIso' },
      Result: {
        minWidth: 200,
        long: true,
        link: {
          title: 'Show this result',
          url: url(field('dashboard').replace(':percentencode', ':raw'), { rule: field('rule'), result: field('result') }),
        },
      },
      Severity: { width: 80, state: true },
      Status: { width: 90, state: true },
      rule: { hidden: true },
      result: { hidden: true },
      dashboard: { hidden: true },
    },
    sql: `
      SELECT r."time" AS "Last event",
             r.summary AS "Result",
             r.severity AS "Severity",
             r.status AS "Status",
             r.rule,
             r.result_id::text AS result,
             ${DASHBOARD} AS dashboard
      FROM azhunt.results AS r
      WHERE r.result_id = ANY (ARRAY(
          SELECT m.result_id
          FROM azhunt.screened_matches AS m
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
      'New rows of each log table that the rules read, by the time of the run. Runs that started over, and so read all rows again, are left out.',
    noValue: 'The rules read no new rows in this time: they do not run, or no logs arrive.',
    width: 24,
    height: 7,
    interval: '1h',
    stacked: true,
    sql: `
      SELECT f."time", f.log_table AS metric, max(f.rows_read) AS rows_read
      FROM (
          SELECT $__timeGroup(r.started, '$__interval') AS "time", t.key AS log_table, r.rule,
                 sum(t.value::bigint)::bigint AS rows_read
          FROM azhunt.runs AS r
          CROSS JOIN LATERAL jsonb_each_text(r.rows_read) AS t
          WHERE $__timeFilter(r.started) AND r.rule IN (${RULE})
            AND r.status = 'succeeded' AND r.started_over IS NULL
          GROUP BY 1, 2, 3
      ) AS f
      GROUP BY 1, 2
      HAVING max(f.rows_read) > 0
      ORDER BY 1, 2`,
  });
