// One result, of whatever hunt: what was found, of what it is made, what else is
// known of its accounts and addresses, and how to close it.

import {
  attack, dataSourceVariable, field, indent, isChosen, newDashboard, RESULT, ROWS, shortId, tablePanel, textVariable, url,
} from './library';

const CHOOSE = 'Choose a result: click on one on the overview, or paste its id above';

const show = (title: string, id: string) => ({ title, url: url(RESULT, { result: id }) });

export function result() {
  return newDashboard(
    RESULT,
    'azhunt: result',
    'One result of a rule, at whatever time: its matches, the log rows that they are made of, other results of its accounts and addresses, and how to ' +
      'set its status. Times are in UTC unless the time picker says otherwise.',
    []
  )
    .withVariable(dataSourceVariable())
    .withVariable(textVariable('result', 'Result', 'the result_id of a result, or at least its first 12 digits'))
    .withPanel(found())
    .withPanel(status())
    .withPanel(matches())
    .withPanel(logRows())
    .withPanel(others());
}

const found = () =>
  tablePanel({
    id: 1,
    title: 'What was found?',
    description: 'The result, with all its matches that the allow-list does not hide.',
    noValue: CHOOSE,
    width: 24,
    height: 4,
    columns: {
      Severity: { width: 105, state: true },
      Status: { width: 105, state: true },
      Rule: { width: 220, long: true },
      Hunt: { width: 170, long: true },
      'ATT&CK': { width: 130, long: true },
      'What was found': { minWidth: 110, long: true },
      Matches: { width: 75, unit: 'locale' },
      Note: { width: 160, long: true, none: 'none' },
    },
    sql: `
      SELECT r.severity AS "Severity",
             r.status AS "Status",
             r.rule AS "Rule",
             r.title AS "Hunt",
             ${attack('r')} AS "ATT&CK",
             r.summary AS "What was found",
             r.matches AS "Matches",
             concat_ws(', ', r.classification, r.note, r.changed_by) AS "Note"
      FROM azhunt.results AS r
      WHERE ${indent(isChosen('r.result_id'), 6)}`,
  });

const status = () =>
  tablePanel({
    id: 2,
    title: 'How is its status set?',
    description:
      'Copy the statement (the eye in the cell opens it), and run it with psql as a role that may execute azhunt.set_status(). This role reads only. ' +
      'The note is yours to write.',
    noValue: CHOOSE,
    width: 24,
    height: 7,
    columns: {
      'To say that': { width: 260 },
      Run: { minWidth: 300, long: true },
    },
    sql: `
      SELECT s.meaning AS "To say that",
             format('SELECT azhunt.set_status(%L, %L, %L%s);', r.result_id, s.status, 'why', ', ' || quote_literal(s.classification)) AS "Run"
      FROM (SELECT DISTINCT m.result_id FROM azhunt.screened_matches AS m WHERE ${indent(isChosen('m.result_id'), 6)} AND NOT m.hidden) AS r
      CROSS JOIN (VALUES (1, 'you look into it', 'investigating', NULL),
                         (2, 'it was an attack', 'closed', 'true positive'),
                         (3, 'it happened, and is harmless', 'closed', 'benign positive'),
                         (4, 'the rule was wrong', 'closed', 'false positive')) AS s (place, meaning, status, classification)
      ORDER BY r.result_id, s.place`,
  });

const matches = () =>
  tablePanel({
    id: 3,
    title: `Which matches make it up? The ${ROWS} latest`,
    description: 'Each match with its entities, and with what only its hunt knows. Hover over what is cut off, or open it with the eye in the cell.',
    noValue: CHOOSE,
    width: 24,
    height: 9,
    columns: {
      Time: { width: 165, unit: 'dateTimeAsIso' },
      Account: { width: 170, long: true },
      Address: { width: 125, long: true },
      'User agent': { width: 135, long: true, agent: true },
      'Storage account': { width: 130, long: true },
      Details: { minWidth: 195, long: true },
      Found: { width: 165, unit: 'dateTimeAsIso' },
    },
    sql: `
      SELECT m."time" AS "Time",
             m.account AS "Account",
             m.address AS "Address",
             m.useragent AS "User agent",
             m.storageaccount AS "Storage account",
             (SELECT string_agg(format('%s: %s', d.key, d.value), ', ' ORDER BY d.key) FROM jsonb_each_text(m.details) AS d) AS "Details",
             m.found_at AS "Found"
      FROM azhunt.screened_matches AS m
      WHERE ${indent(isChosen('m.result_id'), 6)} AND NOT m.hidden
      ORDER BY m."time" DESC, m.account, 6
      LIMIT ${ROWS}`,
  });

const logRows = () =>
  tablePanel({
    id: 4,
    title: 'Which log rows are behind it? For a role that may read the logs',
    description:
      'The rows of the log tables of which its latest 100 matches are made, with the place of the address where the log says it. ' +
      'The data source that comes with azhunt may not read the logs; choose one above that may. ' +
      'A hunt in KQL does not say which log rows its matches are made of.',
    noValue: 'No log rows: choose a result, not of a hunt in KQL, and a data source whose role may read the logs (doc/grafana.md)',
    width: 24,
    height: 9,
    columns: {
      Time: { width: 165, unit: 'dateTimeAsIso' },
      'Log table': { width: 160, long: true },
      Address: { width: 125, long: true },
      Place: { width: 130, long: true },
      'Log row': { minWidth: 300, long: true },
    },
    sql: `
      SELECT (l.log_row ->> 'timegenerated')::timestamptz AS "Time",
             l.log_table AS "Log table",
             azhunt.strip_port(coalesce(l.log_row ->> 'ipaddress', l.log_row ->> 'calleripaddress')) AS "Address",
             nullif(concat_ws(', ', l.log_row -> 'locationdetails' ->> 'city', l.log_row -> 'locationdetails' ->> 'state',
                              coalesce(l.log_row -> 'locationdetails' ->> 'countryOrRegion', l.log_row ->> 'location')), '') AS "Place",
             jsonb_strip_nulls(l.log_row)::text AS "Log row"
      FROM (
          SELECT DISTINCT m.result_id
          FROM azhunt.screened_matches AS m
          JOIN azhunt.hunts AS h ON h.hunt = m.hunt
          WHERE ${indent(isChosen('m.result_id'), 10)}
            AND has_table_privilege('azhunt.matches', 'SELECT')
            AND azhunt.hunt_function(h.schema, h.hunt, '_log_rows') IS NOT NULL
            AND (SELECT bool_and(coalesce(has_table_privilege(to_regclass('azhunt.' || t.name), 'SELECT'), false)) FROM unnest(h.tables) AS t (name))
          -- before any log row is looked for
          OFFSET 0
      ) AS r
      CROSS JOIN LATERAL azhunt.log_rows(r.result_id, 100) AS l
      GROUP BY l.log_table, l.log_row
      ORDER BY 1 DESC, 2
      LIMIT ${ROWS}`,
  });

const others = () =>
  tablePanel({
    id: 5,
    title: `What else was found of its accounts and addresses? The ${ROWS} latest within 30 days of it`,
    description:
      'Other results of any rule, from 30 days before its first event to 30 days after its last, that share an account or an address ' +
      'with it, ignoring case. A click shows one here.',
    noValue: 'No other result has one of its accounts or addresses',
    width: 24,
    height: 9,
    columns: {
      'Last event': { width: 135, unit: 'time:YYYY-MM-DD HH:mm' },
      Severity: { width: 105, state: true },
      Status: { width: 105, state: true },
      Rule: { width: 220, long: true },
      Shares: { width: 200, long: true },
      'What was found': { minWidth: 150, long: true, link: show('Show this result', field('Id')) },
      Id: { width: 125, link: show('Show this result', '${__value.raw:percentencode}') },
    },
    sql: `
      WITH own AS MATERIALIZED (
          SELECT array_agg(DISTINCT lower(m.account)) FILTER (WHERE m.account <> '') AS accounts,
                 array_agg(DISTINCT lower(m.address)) FILTER (WHERE m.address <> '') AS addresses,
                 min(m."time") - interval '30 days' AS since, max(m."time") + interval '30 days' AS until
          FROM azhunt.screened_matches AS m
          WHERE ${indent(isChosen('m.result_id'), 10)} AND NOT m.hidden
      ), others AS MATERIALIZED (
          SELECT f.result_id, max(f."time") AS "time", string_agg(DISTINCT f.shared, ', ') AS shared
          FROM (
              SELECT m.result_id, m."time", e.entity AS shared
              FROM azhunt.rules AS r
              CROSS JOIN own AS o
              JOIN azhunt.screened_matches AS m ON m.rule = r.rule AND m."time" BETWEEN o.since AND o.until AND NOT m.hidden
              CROSS JOIN LATERAL (VALUES (m.account, lower(m.account) = ANY (o.accounts)), (m.address, lower(m.address) = ANY (o.addresses))) AS e (entity, shared)
              WHERE e.shared
          ) AS f
          WHERE NOT (${indent(isChosen('f.result_id'), 10)})
          GROUP BY f.result_id
          ORDER BY max(f."time") DESC
          LIMIT ${ROWS}
      )
      SELECT o."time" AS "Last event",
             r.severity AS "Severity",
             r.status AS "Status",
             r.rule AS "Rule",
             o.shared AS "Shares",
             r.summary AS "What was found",
             ${shortId('o.result_id')} AS "Id"
      FROM others AS o
      JOIN azhunt.results AS r ON r.result_id = o.result_id
      WHERE r.result_id = ANY (ARRAY(SELECT o.result_id FROM others AS o))
      ORDER BY 1 DESC, 7`,
  });
