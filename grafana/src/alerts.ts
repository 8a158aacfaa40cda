// Alert rules, as Grafana provisions them.
//
// Nothing here has a dollar sign: Grafana would take what follows it for a
// variable of the environment.

import { OVERVIEW, RESULT, sqlModel, unindent } from './library';

const DATA_SOURCE = 'azhunt';

interface Rule {
  uid: string;
  title: string;
  // text columns become labels; the one number is compared with zero
  sql: string;
  labels: Record<string, string>;
  annotations: Record<string, string>;
}

function rule({ uid, title, sql, labels, annotations }: Rule) {
  return {
    uid,
    title,
    condition: 'above_zero',
    for: '0s',
    // no row is the good case; a query that fails is not
    noDataState: 'OK',
    execErrState: 'Error',
    isPaused: false,
    labels,
    annotations,
    data: [
      {
        refId: 'rows',
        datasourceUid: DATA_SOURCE,
        relativeTimeRange: { from: 600, to: 0 },
        model: { ...sqlModel('table', unindent(sql), 'rows', { type: 'postgres', uid: DATA_SOURCE }), intervalMs: 60000, maxDataPoints: 100 },
      },
      {
        refId: 'above_zero',
        datasourceUid: '__expr__',
        relativeTimeRange: { from: 0, to: 0 },
        model: {
          refId: 'above_zero',
          datasource: { type: '__expr__', uid: '__expr__' },
          type: 'threshold',
          expression: 'rows',
          conditions: [{ evaluator: { type: 'gt', params: [0] } }],
        },
      },
    ],
  };
}

// Grafana's own address may end in a slash.
const GRAFANA = '{{ reReplaceAll "/*\\\\z" "" externalURL }}';

export function alerts() {
  return {
    apiVersion: 1,
    groups: [
      {
        orgId: 1,
        name: 'azhunt',
        // of its own: the dashboards' folder has the uid that their provider gives it
        folder: 'azhunt alerts',
        interval: '1m',
        rules: [openResult(), logTableStopped(), ruleDoesNotSucceed()],
      },
    ],
  };
}

// One alert for each open result, until somebody closes it.  No label changes
// with what later runs find.  Runs of 30 days are found by index, and by them
// their matches.
const openResult = () =>
  rule({
    uid: 'azhunt-open-result',
    title: 'an open result',
    labels: { source: 'azhunt' },
    annotations: {
      summary: '{{ .Labels.severity }}: {{ .Labels.title }} ({{ .Labels.rule }})',
      description: 'Rule {{ .Labels.rule }} found this, and nobody has closed it.',
      link: GRAFANA + '/d/' + RESULT + '?var-result={{ .Labels.result }}',
    },
    sql: `
      SELECT f.severity, f.rule, f.title, f.result_id::text AS result, f.matches
      FROM (
          SELECT m.result_id, u.rule, u.severity, h.title, max(m.run) AS run, count(*) AS matches
          FROM azhunt.rules AS u
          JOIN azhunt.hunts AS h ON h.hunt = u.hunt
          JOIN azhunt.screened_matches AS m ON m.rule = u.rule
          WHERE m.run >= (SELECT min(r.run) FROM azhunt.runs AS r WHERE r.started > now() - interval '30 days') AND NOT m.hidden
          GROUP BY m.result_id, u.rule, u.severity, h.title
      ) AS f
      LEFT JOIN LATERAL (SELECT s.status FROM azhunt.result_status AS s WHERE s.result_id = f.result_id OFFSET 0) AS s ON true
      WHERE coalesce(s.status, 'new') <> 'closed'
      ORDER BY array_position('{High,Medium,Low,Informational}', f.severity), f.run DESC, f.result_id
      LIMIT 100`,
  });

const logTableStopped = () =>
  rule({
    uid: 'azhunt-log-table-stopped',
    title: 'a log table stopped',
    labels: { source: 'azhunt' },
    annotations: {
      summary: 'No rows arrive in {{ .Labels.log_table }}: {{ .Labels.state }}',
      description:
        'It has been loaded before, and nothing arrived for 24 hours, or nothing is known of it. Rules that read it find nothing new meanwhile.',
      link: GRAFANA + '/d/' + OVERVIEW,
    },
    sql: `
      SELECT s.log_table, s.state, (s.state NOT IN ('flowing', 'quiet'))::int AS stopped
      FROM azhunt.source_health AS s
      WHERE s.state <> 'never loaded'`,
  });

const ruleDoesNotSucceed = () =>
  rule({
    uid: 'azhunt-rule-does-not-succeed',
    title: 'a rule does not succeed',
    labels: { source: 'azhunt' },
    annotations: {
      summary: 'Rule {{ .Labels.rule }}: {{ .Labels.health }}',
      description: 'Its last run failed, or none succeeded for twice as long as its run_every. It finds nothing new meanwhile.',
      link: GRAFANA + '/d/' + OVERVIEW,
    },
    sql: `
      SELECT h.rule, h.health, (h.health NOT IN ('running', 'new'))::int AS broken
      FROM azhunt.rule_health AS h`,
  });
