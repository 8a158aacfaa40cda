// Alert rules, as Grafana provisions them.
//
// Nothing here has a dollar sign: Grafana would take what follows it for a
// variable of the environment.

import { CLOUDSHELL_USAGE, HUNT_STATE, indent, LAST_RUNS, LATE, sqlModel, STORAGE_UPLOAD, unindent } from './library';

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
        rules: [newResult(), logTableStopped(), huntDoesNotSucceed()],
      },
    ],
  };
}

// One alert for each finding that got matches in the last ten minutes.  The
// latest thousand runs are those of days, and the primary key finds them.
const newResult = () =>
  rule({
    uid: 'azhunt-new-result',
    title: 'new result',
    labels: { source: 'azhunt' },
    annotations: {
      summary: '{{ .Labels.summary }}',
      description: 'Hunt {{ .Labels.hunt }} found this in the last ten minutes, or more of it.',
      link: GRAFANA + '/d/{{ .Labels.dashboard }}?var-hunt={{ .Labels.hunt | urlquery }}&var-finding={{ .Labels.finding }}',
    },
    sql: `
      SELECT r.hunt,
             r.severity,
             left(r.summary, 300) AS summary,
             r.result_id::text AS finding,
             CASE h.hunt WHEN 'cloudshell_usage' THEN '${CLOUDSHELL_USAGE}'
                         ELSE '${STORAGE_UPLOAD}' END AS dashboard,
             r.matches
      FROM azhunt.results AS r
      JOIN azhunt.rules AS h ON h.name = r.hunt
      WHERE r.result_id = ANY (ARRAY(
          SELECT DISTINCT m.result_id
          FROM azhunt.matches AS m
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
        'It has been loaded before, and nothing arrived for 24 hours, or nothing is known of it. Hunts that read it find nothing new meanwhile.',
      link: GRAFANA + '/d/azhunt-overview',
    },
    sql: `
      SELECT s.log_table, s.state, (s.state NOT IN ('flowing', 'quiet'))::int AS stopped
      FROM azhunt.source_health AS s
      WHERE s.state <> 'never loaded'`,
  });

const huntDoesNotSucceed = () =>
  rule({
    uid: 'azhunt-hunt-does-not-succeed',
    title: 'a hunt does not succeed',
    labels: { source: 'azhunt' },
    annotations: {
      summary: 'Hunt {{ .Labels.hunt }}: {{ .Labels.state }}',
      description: 'Its last run failed, or none succeeded within ' + LATE + '. It finds nothing new meanwhile.',
      link: GRAFANA + '/d/azhunt-overview',
    },
    sql: `
      SELECT f.hunt, f.state, (f.state <> 'on time')::int AS broken
      FROM (
          SELECT h.name AS hunt,
                 ${indent(HUNT_STATE, 17)} AS state
          FROM azhunt.rules AS h
          ${indent(LAST_RUNS, 10)}
      ) AS f
      WHERE f.state <> 'never run'`,
  });
