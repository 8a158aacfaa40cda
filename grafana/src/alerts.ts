// Alert rules, as Grafana provisions them.
//
// Nothing here has a dollar sign: Grafana would take what follows it for a
// variable of the environment.

import { DASHBOARD, OVERVIEW, sqlModel, unindent } from './library';

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
        folder: 'azhunt',
        interval: '1m',
        rules: [newResult(), logTableStopped(), ruleDoesNotSucceed()],
      },
    ],
  };
}

// One alert for each result that got matches in the last ten minutes.  The
// latest thousand runs are those of days, and the primary key finds them.
const newResult = () =>
  rule({
    uid: 'azhunt-new-result',
    title: 'new result',
    labels: { source: 'azhunt' },
    annotations: {
      summary: '{{ .Labels.summary }}',
      description: 'Rule {{ .Labels.rule }} found this in the last ten minutes, or more of it.',
      link: GRAFANA + '/d/{{ .Labels.dashboard }}?var-rule={{ .Labels.rule | urlquery }}&var-result={{ .Labels.result }}',
    },
    sql: `
      SELECT r.rule,
             r.severity,
             left(r.summary, 300) AS summary,
             r.result_id::text AS result,
             ${DASHBOARD} AS dashboard,
             r.matches
      FROM azhunt.results AS r
      WHERE r.result_id = ANY (ARRAY(
          SELECT DISTINCT m.result_id
          FROM azhunt.screened_matches AS m
          WHERE m.run = ANY (ARRAY(
                    SELECT l.run
                    FROM (SELECT * FROM azhunt.runs AS r ORDER BY r.run DESC LIMIT 1000) AS l
                    WHERE l.finished > now() - interval '10 minutes' AND l.new_matches > 0))
            AND NOT m.hidden
          LIMIT 100))`,
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
