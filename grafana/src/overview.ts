// The overview: what is open, of all rules; how much of it there is; and whether
// the rules and the logs that they read are alive.

import {
  accountVariable, addressVariable, attack, bar, BY_SEVERITY, choiceVariable, countsPanel, dataSourceVariable, field, FILTERED, HUNT_COLORS,
  indent, inTime, isChosenRule, isOneOf, kept, keyOf, MATCHES, newDashboard, OVERVIEW, RESULT, RESULTS, ROWS, RULES, ruleVariable, shortId, statPanel, tablePanel, url,
} from './library';

const QUIET = 'Nothing was found in this time that the filters above let through. Whether that can be trusted, the panel "Does everything run?" says.';

// The filters that a link keeps, but for those that it sets.
function filter(variables: Record<string, string>): string {
  return url(OVERVIEW, { ...kept('rule', 'severity', 'status', 'account', 'address'), ...variables });
}

// &var-status= twice is a value with two elements
const OPEN = 'new&var-status=investigating';

export function overview() {
  return newDashboard(
    OVERVIEW,
    'azhunt: overview',
    'What the rules found, and whether they and the logs that they read are alive. Times are in UTC unless ' +
      'the time picker says otherwise. What the allow-list hides is not counted.'
  )
    .withVariable(dataSourceVariable())
    .withVariable(choiceVariable('status', 'Status', 'of a result', ['new', 'investigating', 'closed'], ['new', 'investigating']))
    .withVariable(choiceVariable('severity', 'Severity', 'of the rule', ['High', 'Medium', 'Low', 'Informational']))
    .withVariable(ruleVariable('ORDER BY r.rule', '', true))
    .withVariable(accountVariable())
    .withVariable(addressVariable())
    .withPanel(numbers())
    .withPanel(results())
    .withPanel(comparison())
    .withPanel(health())
    .withPanel(byRule())
    .withPanel(techniques())
    .withPanel(triage())
    .withPanel(rowsRead())
    .withPanel(top(9, 'accounts', 'account', 'Account'))
    .withPanel(top(10, 'addresses', 'address', 'Address'))
    .withPanel(top(11, 'storage accounts', 'storageaccount', 'Storage account'))
    .withPanel(top(12, 'user agents', 'useragent', 'User agent'))
    .withPanel(rules())
    .withPanel(logTables());
}

const SEVERITY = isOneOf('f.severity', 'severity');
const STATUS = isOneOf('f.status', 'status');

const numbers = () =>
  statPanel({
    id: 1,
    title: 'How many results of this time are open?',
    description:
      'Results with an event in this time: open ones, which are new or under investigation, in all and by severity; and by status. ' +
      'Hidden by the filters are those that the filters for account and address leave out. A click on a number lists its results.',
    noValue: QUIET,
    width: 24,
    height: 3,
    columns: {
      Open: { link: { title: 'List those', url: filter({ status: OPEN }) } },
      High: { thresholds: [[1, 'broken']], link: { title: 'List those', url: filter({ status: OPEN, severity: 'High' }) } },
      Medium: { thresholds: [[1, 'attend']], link: { title: 'List those', url: filter({ status: OPEN, severity: 'Medium' }) } },
      Low: { thresholds: [[1, 'watch']], link: { title: 'List those', url: filter({ status: OPEN, severity: 'Low' }) } },
      Informational: { link: { title: 'List those', url: filter({ status: OPEN, severity: 'Informational' }) } },
      New: { link: { title: 'List those', url: filter({ status: 'new' }) } },
      Investigating: { link: { title: 'List those', url: filter({ status: 'investigating' }) } },
      Closed: { link: { title: 'List those', url: filter({ status: 'closed' }) } },
      'Hidden by filters': {
        thresholds: [[1, 'watch']],
        link: { title: 'Show all accounts and addresses', url: filter({ account: '$__all', address: '$__all' }) },
      },
    },
    sql: `
      SELECT count(*) FILTER (WHERE f.shown AND f.status <> 'closed') AS "Open",
             count(*) FILTER (WHERE f.shown AND f.status <> 'closed' AND f.severity = 'High') AS "High",
             count(*) FILTER (WHERE f.shown AND f.status <> 'closed' AND f.severity = 'Medium') AS "Medium",
             count(*) FILTER (WHERE f.shown AND f.status <> 'closed' AND f.severity = 'Low') AS "Low",
             count(*) FILTER (WHERE f.shown AND f.status <> 'closed' AND f.severity = 'Informational') AS "Informational",
             count(*) FILTER (WHERE f.shown AND f.status = 'new') AS "New",
             count(*) FILTER (WHERE f.shown AND f.status = 'investigating') AS "Investigating",
             count(*) FILTER (WHERE f.shown AND f.status = 'closed') AS "Closed",
             count(*) FILTER (WHERE NOT f.shown) AS "Hidden by filters"
      FROM ${indent(RESULTS, 6)}
      WHERE ${SEVERITY}
      HAVING count(*) > 0`,
  });

const results = () =>
  tablePanel({
    id: 2,
    title: `Which results of this time have the chosen status? The ${ROWS} most severe and newest`,
    description:
      'Results with an event in this time: the last event and the accounts are those of this time. A click on what was found, or on the id, shows the ' +
      'result with its matches and log rows; one on a rule or an account filters by it.',
    noValue: QUIET,
    width: 24,
    height: 9,
    columns: {
      Severity: { width: 105, state: true },
      'Last event': { width: 128, unit: 'time:YYYY-MM-DD HH:mm' },
      Status: { width: 100, state: true },
      Rule: { width: 220, link: { title: 'Only this rule', url: filter({ rule: field('Rule key') }) } },
      'ATT&CK': { width: 175, long: true },
      Account: { width: 160, long: true, link: { title: 'Only these accounts', url: filter({ account: field('Account key') }) } },
      'What was found': { minWidth: 75, long: true, link: { title: 'Show this result', url: url(RESULT, { result: field('Id') }) } },
      Id: { width: 125, link: { title: 'Show this result', url: url(RESULT, { result: '${__value.raw:percentencode}' }) } },
      'Rule key': { key: true },
      'Account key': { key: true },
    },
    sql: `
      WITH listed AS MATERIALIZED (
          SELECT f.*
          FROM ${indent(RESULTS, 10)}
          WHERE f.shown AND ${indent(SEVERITY, 10)} AND ${indent(STATUS, 10)}
          ORDER BY ${BY_SEVERITY}, f."time" DESC, f.result_id
          LIMIT ${ROWS}
      )
      SELECT f.severity AS "Severity",
             f."time" AS "Last event",
             f.status AS "Status",
             f.rule AS "Rule",
             ${attack('f')} AS "ATT&CK",
             e.accounts AS "Account",
             r.summary AS "What was found",
             ${shortId('f.result_id')} AS "Id",
             ${keyOf('f.rule')} AS "Rule key",
             e.keys AS "Account key"
      FROM listed AS f
      CROSS JOIN LATERAL (
          SELECT string_agg(DISTINCT m.account, ', ') AS accounts, string_agg(DISTINCT ${keyOf('lower(m.account)')}, ',') AS keys
          FROM ${indent(RULES, 10)}
          JOIN azhunt.screened_matches AS m ON m.rule = u.rule AND ${inTime()} AND NOT m.hidden
          WHERE m.result_id = f.result_id AND u.rule = f.rule
      ) AS e
      JOIN azhunt.results AS r ON r.result_id = f.result_id AND r.rule = f.rule
      WHERE r.result_id = ANY (ARRAY(SELECT l.result_id FROM listed AS l))
      ORDER BY ${BY_SEVERITY}, f."time" DESC, f.result_id`,
  });

// in hours: a day of a time zone may have more or less than 24
const EARLIER = { 'This time': "interval '0'", 'A day before': "interval '24 hours'", 'A week before': "interval '168 hours'" };
const NAMES = Object.keys(EARLIER);

// Each by itself, so that the planner knows the times.
const bars = Object.entries(EARLIER).map(
  ([name, earlier]) => `SELECT '${name}' AS name, f.bar, count(*) AS results
FROM (
    SELECT DISTINCT ${bar(`m."time" + ${earlier}`)} AS bar, m.result_id
    FROM ${indent(RULES, 4)}
    JOIN azhunt.screened_matches AS m ON m.rule = u.rule AND ${indent(inTime(earlier), 4)} AND NOT m.hidden
    WHERE ${indent(FILTERED, 4)} AND ${indent(isOneOf('u.severity', 'severity'), 4)}
) AS f
GROUP BY f.bar`
);

const comparison = () =>
  countsPanel({
    id: 3,
    title: 'Is this time unlike the day and the week before? Results by the time of their events',
    description:
      'Results of the chosen rules, accounts and addresses, as bars; and as lines those of a day and of a week earlier, at the same place. ' +
      'A result counts in each bar in which it has an event, so the bars do not add up to the results.',
    noValue: QUIET,
    width: 24,
    height: 5,
    interval: '1h',
    stacked: false,
    colors: { [NAMES[0]]: 'blue', [NAMES[1]]: 'orange', [NAMES[2]]: 'text' },
    lines: NAMES.slice(1),
    link: { title: 'List results from then on', url: filter({ status: '$__all' }).replace('${__url_time_range}', 'from=${__value.time}&to=${__to}') },
    sql: `
      WITH bars AS (
          ${indent(bars.join('\nUNION ALL\n'), 10)}
      )
      SELECT t.bar AS "time", s.name AS metric, coalesce(b.results, 0) AS results
      FROM (SELECT DISTINCT b.name FROM bars AS b) AS s
      -- a line falls to zero where there is nothing
      CROSS JOIN generate_series(${bar('$__timeFrom()::timestamptz')}, $__timeTo()::timestamptz, make_interval(secs => $__interval_ms / 1000)) AS t (bar)
      LEFT JOIN bars AS b ON b.name = s.name AND b.bar = t.bar
      WHERE b.results > 0 OR s.name <> '${NAMES[0]}'
      ORDER BY 1, 2`,
  });

// Of things with a state: are all well, or which are not?  As much as fits on three
// lines, of each thing as much as fits on one.
const summary = (things: string, name: string, state: string, well: string, doing: string) => `
       CASE WHEN count(*) = 0 THEN 'none'
            WHEN bool_and(${well}) THEN format('all %s ${doing}', count(*))
            ELSE regexp_replace(format('%s of %s: %s', count(*) FILTER (WHERE NOT ${well}), count(*),
                                       string_agg(regexp_replace(format('%s %s', ${name}, ${state}), '^(.{57}).{4,}$', '\\1...'), ', '
                                                  ORDER BY ${name}) FILTER (WHERE NOT ${well})), '^(.{147}).{4,}$', '\\1...') END
       FROM ${things}`;

const health = () =>
  statPanel({
    id: 4,
    title: 'Does everything run? Only then nothing found means something',
    description:
      'Rules run if their last run succeeded, not longer ago than twice their run_every. Logs arrive if each table that was ever loaded got rows in the last ' +
      '24 hours. Red names what is wrong; a click leads to the panel with the details.',
    noValue: 'There are no rules: azhunt.add_rule() makes one',
    width: 24,
    height: 3,
    textSize: 15,
    columns: {
      Rules: { link: { title: 'Show the rules', url: filter({}) + '&viewPanel=13' } },
      'Log tables': { link: { title: 'Show the log tables', url: filter({}) + '&viewPanel=14' } },
    },
    sql: `
      SELECT (SELECT ${summary('azhunt.rule_health AS h', 'h.rule', 'h.health', "h.health IN ('running', 'new')", 'run')}) AS "Rules",
             (SELECT ${summary("azhunt.source_health AS s WHERE s.state <> 'never loaded'", 's.log_table', 's.state', "s.state IN ('flowing', 'quiet')", 'arrive')}) AS "Log tables"`,
  });

const byRule = () =>
  countsPanel({
    id: 5,
    title: 'Which rules found it? Results by the time of their events',
    description: 'Results of each rule. A result counts in each bar in which it has an event, so the bars do not add up to the results.',
    noValue: QUIET,
    width: 12,
    height: 9,
    interval: '1h',
    stacked: true,
    colors: HUNT_COLORS,
    link: {
      title: 'List results of this rule from then on',
      url: filter({ rule: '${__field.displayName:percentencode}', status: '$__all' }).replace('${__url_time_range}', 'from=${__value.time}&to=${__to}'),
    },
    sql: `
      SELECT f."time", f.metric, count(*) AS results
      FROM (
          SELECT DISTINCT ${bar('m."time"')} AS "time", m.rule AS metric, m.result_id
          FROM ${indent(MATCHES, 10)}
          WHERE ${indent(FILTERED, 10)} AND ${indent(isOneOf('u.severity', 'severity'), 10)}
      ) AS f
      GROUP BY 1, 2
      ORDER BY 1, 2`,
  });

const techniques = () =>
  tablePanel({
    id: 6,
    title: 'Which ATT&CK techniques were found in this time?',
    description:
      'Each technique of a rule, with the results of this time; a technique that nobody used has none. One on which no rule looks is not here. ' +
      'A click on a technique opens its page at MITRE, one on a rule filters by it.',
    noValue: 'There are no rules: azhunt.add_rule() makes one',
    width: 12,
    height: 9,
    columns: {
      Tactic: { width: 150, long: true },
      Technique: { width: 90, link: { title: 'Read about it at MITRE', url: `https://attack.mitre.org/techniques/${field('Page')}/` } },
      Rule: { minWidth: 160, long: true, link: { title: 'Only this rule', url: filter({ rule: field('Rule key') }) } },
      Open: { width: 60, unit: 'locale', thresholds: [[1, 'attend']] },
      Results: { width: 70, unit: 'locale' },
      Page: { key: true },
      'Rule key': { key: true },
    },
    sql: `
      SELECT regexp_replace(array_to_string(u.tactics, ', '), '([a-z])([A-Z])', '\\1 \\2', 'g') AS "Tactic",
             t.technique AS "Technique",
             u.rule AS "Rule",
             coalesce(f.open, 0) AS "Open",
             coalesce(f.results, 0) AS "Results",
             -- that of T1059.001 is T1059/001
             replace(t.technique, '.', '/') AS "Page",
             ${keyOf('u.rule')} AS "Rule key"
      FROM ${indent(RULES, 6)}
      LEFT JOIN LATERAL unnest(u.techniques) AS t (technique) ON true
      LEFT JOIN (
          SELECT f.rule, count(*) AS results, count(*) FILTER (WHERE f.status <> 'closed') AS open
          FROM ${indent(RESULTS, 10)}
          WHERE f.shown
          GROUP BY f.rule
      ) AS f ON f.rule = u.rule
      WHERE ${indent(isOneOf('u.severity', 'severity'), 6)}
      ORDER BY 4 DESC, 5 DESC, 1, 2, 3`,
  });

const triage = () =>
  tablePanel({
    id: 7,
    title: 'How often was a rule wrong? Closed results of this time',
    description:
      'Results with an event in this time that are closed, by the classification that azhunt.set_status() was given. The rate of false positives is ' +
      'that among true, benign and false positives; a rule with none of these has none.',
    noValue: 'No result of this time is closed that the filters above let through',
    width: 12,
    height: 9,
    columns: {
      Rule: { minWidth: 134, long: true, link: { title: 'Only this rule', url: filter({ rule: field('Rule key'), status: 'closed' }) } },
      Closed: { width: 65, unit: 'locale' },
      True: { width: 60, unit: 'locale' },
      Benign: { width: 65, unit: 'locale' },
      False: { width: 60, unit: 'locale' },
      Unknown: { width: 75, unit: 'locale' },
      Wrong: { width: 75, unit: 'percentunit', decimals: 0, thresholds: [[0, 'good'], [0.3, 'watch'], [0.7, 'attend']] },
      'Rule key': { key: true },
    },
    sql: `
      SELECT f.rule AS "Rule",
             count(*) AS "Closed",
             count(*) FILTER (WHERE f.classification = 'true positive') AS "True",
             count(*) FILTER (WHERE f.classification = 'benign positive') AS "Benign",
             count(*) FILTER (WHERE f.classification = 'false positive') AS "False",
             count(*) FILTER (WHERE f.classification IS NULL OR f.classification = 'undetermined') AS "Unknown",
             (count(*) FILTER (WHERE f.classification = 'false positive')
              / nullif(count(*) FILTER (WHERE f.classification LIKE '%positive'), 0)::double precision) AS "Wrong",
             ${keyOf('f.rule')} AS "Rule key"
      FROM ${indent(RESULTS, 6)}
      WHERE f.shown AND f.status = 'closed' AND ${indent(SEVERITY, 6)}
      GROUP BY f.rule
      ORDER BY 7 DESC NULLS LAST, 2 DESC, 1`,
  });

const rowsRead = () =>
  countsPanel({
    id: 8,
    title: 'How many log rows came in? By the time of the run',
    description:
      'New rows of each log table that the rules read, by the time of the run. Runs that started over, and so read all rows again, are left out.',
    noValue: 'The rules read no new rows in this time: they do not run, or no logs arrive.',
    width: 12,
    height: 9,
    interval: '1h',
    stacked: true,
    total: true,
    sql: `
      SELECT f."time", f.log_table AS metric, max(f.rows_read) AS rows_read
      FROM (
          SELECT ${bar('r.started')} AS "time", t.key AS log_table, r.rule,
                 sum(t.value::bigint)::bigint AS rows_read
          FROM azhunt.runs AS r
          CROSS JOIN LATERAL jsonb_each_text(r.rows_read) AS t
          WHERE $__timeFilter(r.started) AND ${indent(isChosenRule('r.rule'), 10)}
            AND r.status = 'succeeded' AND r.started_over IS NULL
          GROUP BY 1, 2, 3
      ) AS f
      GROUP BY 1, 2
      HAVING max(f.rows_read) > 0
      ORDER BY 1, 2`,
  });

function top(id: number, plural: string, column: 'account' | 'address' | 'storageaccount' | 'useragent', header: string) {
  const filters = column === 'account' || column === 'address';
  return tablePanel({
    id,
    title: `Which ${plural} come up most?`,
    description:
      `The ten ${plural} with most results in this time, ignoring case.` +
      (filters ? ' A click on one filters this dashboard by it.' : ' Hover over one to see all of it.'),
    noValue: QUIET,
    width: 6,
    height: 9,
    columns: {
      [header]: {
        minWidth: 110,
        long: true,
        agent: column === 'useragent',
        ...(filters ? { link: { title: `Only this ${column}`, url: filter({ [column]: field('Key') }) } } : {}),
      },
      Results: { width: 70, unit: 'locale' },
      Matches: { width: 75, unit: 'locale' },
      ...(filters ? { Key: { key: true } } : {}),
    },
    sql: `
      SELECT min(m.${column}) AS "${header}",
             count(DISTINCT m.result_id) AS "Results",
             count(*) AS "Matches"${filters ? `,\n             ${keyOf(`lower(m.${column})`)} AS "Key"` : ''}
      FROM ${indent(MATCHES, 6)}
      WHERE ${indent(FILTERED, 6)} AND ${indent(isOneOf('u.severity', 'severity'), 6)}
        AND m.${column} <> ''
      GROUP BY lower(m.${column})
      ORDER BY 2 DESC, 3 DESC, 1
      LIMIT 10`,
  });
}

const rules = () =>
  tablePanel({
    id: 13,
    title: 'Do the rules run now?',
    description:
      'The last run of each rule. Running: it succeeded. Failing: it failed. Late, or never run: no success for twice as ' +
      'long as run_every of the rule. New: not run yet, and not late. Runs that were skipped, because another one was going on, are left out.',
    noValue: 'There are no rules: azhunt.add_rule() makes one',
    width: 24,
    height: 8,
    columns: {
      Rule: { width: 250, long: true, link: { title: 'Only this rule', url: filter({ rule: field('Rule key') }) } },
      State: { width: 95, state: true },
      Every: { width: 90, unit: 's' },
      'Last run': { width: 165, unit: 'dateTimeAsIso', none: 'never' },
      Took: { width: 90, unit: 's' },
      'New matches': { width: 105, unit: 'locale' },
      Error: { minWidth: 200, long: true, none: 'none' },
      'Rule key': { key: true },
    },
    sql: `
      SELECT h.rule AS "Rule",
             h.health AS "State",
             extract(epoch FROM h.run_every) AS "Every",
             r.started AS "Last run",
             extract(epoch FROM r.duration) AS "Took",
             r.new_matches AS "New matches",
             h.last_error AS "Error",
             ${keyOf('h.rule')} AS "Rule key"
      FROM azhunt.rule_health AS h
      LEFT JOIN azhunt.runs AS r ON r.run = h.last_run
      WHERE ${indent(isChosenRule('h.rule'), 6)}
      ORDER BY h.rule`,
  });

const logTables = () =>
  tablePanel({
    id: 14,
    title: 'Do the logs arrive now?',
    description:
      'Flowing: rows arrived in the last hour. Quiet: in the last 24 hours. Stopped: not for longer. Not known: the reason is in the cell. The delay is that ' +
      'between event and arrival, of the latest 10,000 rows. Rows of the last hour, the one before, and the same hour a day before.',
    noValue: 'Nothing is known of the log tables: look into azhunt.source_health',
    width: 24,
    height: 9,
    columns: {
      Table: { width: 230, long: true },
      State: { minWidth: 100, state: true, long: true },
      'Newest event': { width: 135, unit: 'time:YYYY-MM-DD HH:mm' },
      'Newest arrival': { width: 135, unit: 'time:YYYY-MM-DD HH:mm' },
      'Median delay': { width: 110, unit: 's', thresholds: [[1800, 'watch'], [7200, 'attend']] },
      '95 % below': { width: 100, unit: 's', thresholds: [[3600, 'watch'], [14400, 'attend']] },
      'Last hour': { width: 85, unit: 'locale' },
      Before: { width: 75, unit: 'locale' },
      'Day before': { width: 95, unit: 'locale' },
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
