// What the dashboards share: queries, colours, links and panels.

import type { Builder, Dataquery } from '@grafana/grafana-foundation-sdk/cog';
import * as common from '@grafana/grafana-foundation-sdk/common';
import * as dashboard from '@grafana/grafana-foundation-sdk/dashboard';
import * as stat from '@grafana/grafana-foundation-sdk/stat';
import * as table from '@grafana/grafana-foundation-sdk/table';
import * as timeseries from '@grafana/grafana-foundation-sdk/timeseries';

export const OVERVIEW = 'azhunt-overview';
export const STORAGE_UPLOAD = 'azhunt-storage-upload-link-account';
export const CLOUDSHELL_USAGE = 'azhunt-cloudshell-usage';
export const RESULT = 'azhunt-result';

// How many rows the tables of results show at most.
export const ROWS = 200;

//
// queries
//

// Grafana 11 renamed the plugin and knows it by this name, too.
const DATA_SOURCE: dashboard.DataSourceRef = { type: 'postgres', uid: '${datasource}' };

type Format = 'table' | 'time_series';

// The builders know no query of the PostgreSQL data source.
class SqlQuery implements Builder<Dataquery> {
  constructor(
    private readonly format: Format,
    private readonly rawSql: string,
    private readonly refId = 'A'
  ) {}

  build(): Dataquery {
    return sqlModel(this.format, this.rawSql, this.refId, DATA_SOURCE) as unknown as Dataquery;
  }
}

export function sqlModel(format: Format, rawSql: string, refId: string, datasource: dashboard.DataSourceRef) {
  return { refId, datasource, editorMode: 'code', format, rawQuery: true, rawSql: unindent(rawSql) };
}

// A query as it would be typed in Grafana's editor.
export function unindent(sql: string): string {
  const lines = sql.replace(/^\n/, '').trimEnd().split('\n');
  const indents = lines.filter((line) => line.trim() !== '').map((line) => line.search(/\S/));
  return lines.map((line) => line.slice(Math.min(...indents))).join('\n');
}

// Indent all lines but the first.
export function indent(sql: string, columns: number): string {
  return sql.replace(/\n/g, '\n' + ' '.repeat(columns));
}

// The values of a variable, quoted by Grafana.  All of them is an empty text.
const array = (variable: string) => `ARRAY[\${${variable}:sqlstring}]::text[]`;

// Names out of logs can have characters that do not come through.  Grafana decodes
// the address of a link, as often as its version likes, so that what was encoded
// means something again; puts a backslash before a double quote in quoted values;
// and looks for macros in them.  A comma is between two parts of a filter.  So a
// link, and a value in a list, has such a character as a tilde and two digits.
const UNSAFE = ['~', '%', '+', '&', '#', '"', '\\', '$', ','];

const digits = (character: string) => `'~${character.charCodeAt(0).toString(16)}'`;

// The name of a column as it is handed over.
export function keyOf(column: string): string {
  return UNSAFE.reduce((key, character) => `replace(${key}, ${literal(character)}, ${digits(character)})`, column);
}

// What was handed over, or typed, as it is in the column.
function nameOf(value: string): string {
  return [...UNSAFE].reverse().reduce((name, character) => `replace(${name}, ${digits(character)}, ${literal(character)})`, typed(value));
}

// A dollar sign by its code: Grafana would take what follows it for a variable.
const literal = (character: string) => (character === '$' ? 'chr(36)' : `'${character}'`);

// What was typed, without the backslash that Grafana puts before a double quote.
export const typed = (value: string) => `replace(${value}, '\\"', '"')`;

const isAll = (variable: string) => `(SELECT array_to_string(${array(variable)}, '') ~ '^[ ,]*$')`;

export function isOneOf(column: string, variable: string): string {
  return `(${isAll(variable)} OR ${column} = ANY (${array(variable)}))`;
}

// Is the rule of the column one of those chosen?
export function isChosenRule(column: string): string {
  return `(${isAll('rule')} OR ${column} = ANY (ARRAY(SELECT ${nameOf('v.value')} FROM unnest(${array('rule')}) AS v (value))))`;
}

// The one rule of a dashboard.
export const RULE = nameOf('${rule:sqlstring}');

// Is one of the values, or of the parts between their commas, a part of the
// column?  Case and blanks around do not matter.
export function hasPart(column: string, variable: string): string {
  return `(${isAll(variable)} OR ${column} ILIKE ANY (ARRAY(
    SELECT '%' || regexp_replace(${nameOf('btrim(p.part)')}, '([\\\\%_])', '\\\\\\1', 'g') || '%'
    FROM string_to_table(array_to_string(${array(variable)}, ','), ',') AS p (part)
    WHERE btrim(p.part) <> '')))`;
}

//
// what was found
//
// A match is at one time, or of a bin, which is a time that has a length.
//

// It begins in UTC, where a day has 24 hours, which it has not in each time zone.
const BIN = `CASE h.reach WHEN 'bin' THEN make_interval(secs => extract(epoch FROM coalesce(r.options ->> 'bin', h.default_options ->> 'bin')::interval)::double precision) END`;

// The chosen rules, as u.
export const RULES = `(
    SELECT r.rule, r.severity, h.title, h.tactics, h.techniques, coalesce(${BIN}, interval '1 microsecond') AS bin
    FROM azhunt.rules AS r
    JOIN azhunt.hunts AS h ON h.hunt = r.hunt
    WHERE ${isChosenRule('r.rule')}
    -- the bin is computed once for a rule, not for each match
    OFFSET 0
) AS u`;

// Is a match m of rule u in the time range, some time earlier?  What the planner
// estimates is the same with a bin of a day, and no longer one is looked for.
export function inTime(earlier = ''): string {
  const shift = earlier && ` - ${earlier}`;
  return `m."time" > $__timeFrom()::timestamptz${shift} - interval '24 hours' AND m."time" <= $__timeTo()::timestamptz${shift}
  AND m."time" > $__timeFrom()::timestamptz${shift} - u.bin`;
}

// The matches of the chosen rules in the time range that nothing hides, as m.
export const MATCHES = `${RULES}
JOIN azhunt.screened_matches AS m ON m.rule = u.rule AND ${inTime()} AND NOT m.hidden`;

export const FILTERED = `${hasPart('m.account', 'account')}
  AND ${hasPart('m.address', 'address')}`;

// The bar of a time.  $__timeGroup() gives the same, as numbers that take much longer.
export const bar = (time: string) => `date_bin(make_interval(secs => $__interval_ms / 1000), ${time}, timestamptz '1970-01-01 00:00:00+00')`;

// The results of the time range, each with what its matches of that time say.
// One is shown if any of its accounts and any of its addresses is.
export const RESULTS = `(
    SELECT f.*, r.severity, h.tactics, h.techniques, coalesce(s.status, 'new') AS status, s.classification
    FROM (
        SELECT m.result_id, m.rule, max(m."time") AS "time", count(*) AS matches,
               bool_or(${indent(hasPart('m.account', 'account'), 15)})
               AND bool_or(${indent(hasPart('m.address', 'address'), 15)}) AS shown
        FROM ${indent(MATCHES, 8)}
        GROUP BY m.result_id, m.rule
    ) AS f
    JOIN azhunt.rules AS r ON r.rule = f.rule
    JOIN azhunt.hunts AS h ON h.hunt = r.hunt
    -- by index, for each result of the time range
    LEFT JOIN LATERAL (SELECT s.status, s.classification FROM azhunt.result_status AS s WHERE s.result_id = f.result_id OFFSET 0) AS s ON true
) AS f`;

// The most severe first.
export const BY_SEVERITY = `array_position('{High,Medium,Low,Informational}', f.severity)`;

// Tactics and techniques as a person reads them.
export const attack = (alias: string) =>
  `concat_ws(' ', array_to_string(${alias}.techniques, ', '), regexp_replace(array_to_string(${alias}.tactics, ', '), '([a-z])([A-Z])', '\\1 \\2', 'g'))`;

// The first half of its id is enough to find a result, and fits a column.
export const SHORT_ID = 13;

export const shortId = (column: string) => `left(${column}::text, ${SHORT_ID})`;

const HEX = `replace(lower(btrim(\${result:sqlstring})), '-', '')`;

// Is this the chosen result?  An id that is no id is no error.
export function isChosen(column: string): string {
  const bound = (digit: string) => `CASE WHEN ${HEX} ~ '^[0-9a-f]{12,32}$' THEN rpad(${HEX}, 32, '${digit}')::uuid END`;
  return `${column} BETWEEN ${bound('0')} AND ${bound('f')}`;
}

//
// colours
//
// They mean the same on every dashboard: green is as it should be, yellow is
// being looked at or may be worth it, orange needs somebody, red is broken or
// severe.  They stand behind the text, which Grafana draws dark or light, and are
// those on which it can be read then, whatever the theme.  Blue and purple say which hunt.
//

const COLORS = { good: '#96D98D', watch: '#FADE2A', attend: '#FFB357', broken: '#C4162A', neutral: 'transparent' };
export const HUNT_COLORS = { storage_upload_link_account: 'blue', cloudshell_usage: 'purple' };

const STATES: Record<string, keyof typeof COLORS> = {
  // of rules
  running: 'good',
  late: 'attend',
  'never run': 'attend',
  failing: 'broken',
  // of log tables
  flowing: 'good',
  quiet: 'watch',
  'never loaded': 'neutral',
  stopped: 'broken',
  // of results; a rule can be new, too
  new: 'attend',
  investigating: 'watch',
  closed: 'good',
  // severities
  High: 'broken',
  Medium: 'attend',
  Low: 'watch',
  Informational: 'neutral',
};

const STATE_MAPPINGS: dashboard.ValueMapping[] = [
  {
    type: dashboard.MappingType.ValueToText,
    options: Object.fromEntries(
      Object.entries(STATES).map(([state, color], index) => [state, { text: state, color: COLORS[color], index }])
    ),
  },
  ...(
    [
      // of a log table, with the reason, and of several rules or tables
      ['/^not known: /', 'broken'],
      ['/^all /', 'good'],
      ['/^none/', 'neutral'],
      ['/^[0-9]+ of /', 'broken'],
    ] as const
  ).map(([pattern, color], index): dashboard.ValueMapping => ({
    type: dashboard.MappingType.RegexToText,
    options: { pattern, result: { color: COLORS[color], index: Object.keys(STATES).length + index } },
  })),
];

export function thresholds(...steps: [value: number, color: keyof typeof COLORS][]) {
  return new dashboard.ThresholdsConfigBuilder()
    .mode(dashboard.ThresholdsMode.Absolute)
    .steps([{ value: null, color: COLORS.neutral }, ...steps.map(([value, color]) => ({ value, color: COLORS[color] }))]);
}

// User agents by the name of the browser or tool and its version; the first that
// fits counts.  The cell keeps the whole text.
const AGENTS: [pattern: string, name: string][] = [
  ['^.*Azure Storage Explorer, ([0-9]+[.][0-9]+).*$', 'Storage Explorer $1'],
  ['^.*AzCopy/([0-9]+[.][0-9]+).*$', 'AzCopy $1'],
  ['^.*azsdk-([a-z]+)-([a-z-]+)/([0-9]+[.][0-9]+).*$', 'Azure SDK $1 $3'],
  ['^.*AZURECLI/([0-9]+[.][0-9]+).*$', 'Azure CLI $1'],
  ['^.*(?:Edg|EdgA|EdgiOS)/([0-9]+).*$', 'Edge $1'],
  ['^.*OPR/([0-9]+).*$', 'Opera $1'],
  ['^.*Firefox/([0-9]+).*$', 'Firefox $1'],
  ['^.*Chrome/([0-9]+).*$', 'Chrome $1'],
  ['^.*Version/([0-9]+).*Safari/.*$', 'Safari $1'],
  ['^([A-Za-z][A-Za-z0-9_.+-]{1,20})/([0-9]+[.][0-9]+)\\b.*$', '$1 $2'],
];

const AGENT_MAPPINGS: dashboard.ValueMapping[] = AGENTS.map(([pattern, text], index) => ({
  type: dashboard.MappingType.RegexToText,
  options: { pattern: `/${pattern}/`, result: { text, index } },
}));

//
// links
//

const KEPT = '${__url_time_range}&${datasource:queryparam}';

// A variable that has several values brings its name along.
export function url(uid: string, variables: Record<string, string>): string {
  const values = Object.entries(variables).map(([name, value]) => (value.endsWith(':queryparam}') ? `&${value}` : `&var-${name}=${value}`));
  return `/d/${uid}?${KEPT}${values.join('')}`;
}

export const kept = (...names: string[]) => Object.fromEntries(names.map((name) => [name, '${' + name + ':queryparam}']));

// The values of a row, in a link: ids, or what keyOf() makes of names.
export function field(name: string): string {
  return '${__data.fields["' + name + '"]:percentencode}';
}

export interface Link {
  title: string;
  url: string;
}

//
// panels
//

// The grid has 24 columns.
interface Panel {
  id: number;
  title: string;
  description: string;
  // what an empty panel says, and where to look whether that can be trusted
  noValue: string;
  width: number;
  height: number;
  sql: string;
}

type AnyPanel = table.PanelBuilder | timeseries.PanelBuilder | stat.PanelBuilder;

function describe<T extends AnyPanel>(builder: T, panel: Panel, format: Format): T {
  builder
    .id(panel.id)
    .title(panel.title)
    .description(panel.description)
    .datasource(DATA_SOURCE)
    .noValue(panel.noValue)
    .span(panel.width)
    .height(panel.height)
    .withTarget(new SqlQuery(format, panel.sql));
  return builder;
}

export interface Column {
  // pixels; the one column without takes what is left, but no less than minWidth
  width?: number;
  minWidth?: number;
  unit?: string;
  // what stands for null
  none?: string;
  decimals?: number;
  // colour the text by state
  state?: boolean;
  // a bar behind the number
  bar?: boolean;
  // cut off what does not fit; all of it on hover, and to copy
  long?: boolean;
  agent?: boolean;
  thresholds?: [value: number, color: keyof typeof COLORS][];
  link?: Link;
  // not shown, but for the links of others
  key?: boolean;
}

const COLORED = { type: common.TableCellDisplayMode.ColorBackground, mode: common.TableCellBackgroundDisplayMode.Basic };

function columnProperties(column: Column): dashboard.DynamicConfigValue[] {
  const properties: dashboard.DynamicConfigValue[] = [];
  const add = (id: string, value: unknown) => properties.push({ id, value });

  // the text of the panel is that of no rows
  add('noValue', column.none ?? '–');
  if (column.width !== undefined) {
    add('custom.width', column.width);
  }
  if (column.minWidth !== undefined) {
    add('custom.minWidth', column.minWidth);
  }
  if (column.unit !== undefined) {
    add('unit', column.unit);
  }
  if (column.decimals !== undefined) {
    add('decimals', column.decimals);
  }
  if (column.long) {
    add('custom.inspect', true);
  }
  if (column.state) {
    add('mappings', STATE_MAPPINGS);
    add('custom.cellOptions', COLORED);
  }
  if (column.agent) {
    add('mappings', AGENT_MAPPINGS);
  }
  if (column.bar) {
    add('min', 0);
    add('color', { mode: dashboard.FieldColorModeId.Fixed, fixedColor: COLORS.watch });
    add('custom.cellOptions', {
      type: common.TableCellDisplayMode.Gauge,
      mode: common.BarGaugeDisplayMode.Basic,
      valueDisplayMode: common.BarGaugeValueMode.Text,
    });
  }
  if (column.thresholds) {
    add('thresholds', thresholds(...column.thresholds).build());
    add('custom.cellOptions', COLORED);
  }
  if (column.link) {
    add('links', [column.link]);
  }
  if (column.key) {
    // each version knows one of these, and passes over the other
    add('custom.hidden', true);
    add('custom.hideFrom', { viz: true, legend: true, tooltip: true });
  }
  return properties;
}

// A table, with all its columns.
export function tablePanel(panel: Panel & { columns: Record<string, Column> }): table.PanelBuilder {
  const builder = describe(new table.PanelBuilder(), panel, 'table')
    .unit('string')
    .thresholds(thresholds())
    .colorScheme(new dashboard.FieldColorBuilder().mode(dashboard.FieldColorModeId.Thresholds))
    .cellOptions({ type: common.TableCellDisplayMode.Auto } as common.TableAutoCellOptions)
    .align(common.FieldTextAlignment.Auto)
    .inspect(false)
    .filterable(false)
    .cellHeight(common.TableCellHeight.Sm)
    .frameIndex(0)
    .showHeader(true);

  for (const [name, column] of Object.entries(panel.columns)) {
    builder.overrideByName(name, columnProperties(column));
  }
  return builder;
}

// Counts over time, as bars that stack: a bucket without any is no row.
export function countsPanel(
  panel: Panel & {
    colors?: Record<string, string>;
    interval: string;
    stacked: boolean;
    // can the bars be added up?
    total?: boolean;
    // series that are lines over the bars
    lines?: string[];
    link?: Link;
  }
): timeseries.PanelBuilder {
  const stacking = panel.stacked ? common.StackingMode.Normal : common.StackingMode.None;
  const builder = describe(new timeseries.PanelBuilder(), panel, 'time_series')
    .interval(panel.interval)
    // 'short' would draw 1,500 and 2,000 alike
    .unit('locale')
    .decimals(0)
    .min(0)
    .thresholds(thresholds())
    .colorScheme(new dashboard.FieldColorBuilder().mode(dashboard.FieldColorModeId.PaletteClassicByName))
    .drawStyle(common.GraphDrawStyle.Bars)
    .fillOpacity(70)
    .lineWidth(1)
    .showPoints(common.VisibilityMode.Never)
    .stacking(new common.StackingConfigBuilder().mode(stacking).group('A'))
    .legend(
      new common.VizLegendOptionsBuilder()
        .displayMode(common.LegendDisplayMode.List)
        .placement(common.LegendPlacement.Bottom)
        .showLegend(true)
        .calcs(panel.total ? ['sum'] : [])
    )
    .tooltip(
      new common.VizTooltipOptionsBuilder().mode(common.TooltipDisplayMode.Multi).sort(common.SortOrder.Descending)
    );

  if (panel.link) {
    const { link } = panel;
    builder.dataLinks([{ build: () => link as unknown as dashboard.DashboardLink }]);
  }
  for (const name of new Set([...Object.keys(panel.colors ?? {}), ...(panel.lines ?? [])])) {
    const properties: dashboard.DynamicConfigValue[] = [];
    if (panel.colors?.[name] !== undefined) {
      properties.push({ id: 'color', value: { mode: dashboard.FieldColorModeId.Fixed, fixedColor: panel.colors[name] } });
    }
    if (panel.lines?.includes(name)) {
      properties.push({ id: 'custom.drawStyle', value: common.GraphDrawStyle.Line }, { id: 'custom.fillOpacity', value: 0 });
      properties.push({ id: 'custom.lineInterpolation', value: common.LineInterpolation.StepAfter });
    }
    builder.overrideByName(name, properties);
  }
  return builder;
}

// The columns of one row, each a number or a state.
export function statPanel(panel: Panel & { columns: Record<string, Column>; textSize?: number }): stat.PanelBuilder {
  const builder = describe(new stat.PanelBuilder(), panel, 'table')
    .unit('locale')
    .thresholds(thresholds())
    .colorScheme(new dashboard.FieldColorBuilder().mode(dashboard.FieldColorModeId.Thresholds))
    .mappings(STATE_MAPPINGS)
    .reduceOptions(new common.ReduceDataOptionsBuilder().calcs(['lastNotNull']).fields('/.*/').values(false))
    .colorMode(common.BigValueColorMode.BackgroundSolid)
    .graphMode(common.BigValueGraphMode.None)
    .justifyMode(common.BigValueJustifyMode.Auto)
    .textMode(common.BigValueTextMode.ValueAndName)
    .orientation(common.VizOrientation.Auto);

  // otherwise it is made to fit on one line, however small it becomes
  if (panel.textSize !== undefined) {
    builder.text(new common.VizTextDisplayOptionsBuilder().titleSize(panel.textSize).valueSize(panel.textSize));
  }
  for (const [name, column] of Object.entries(panel.columns)) {
    const properties: dashboard.DynamicConfigValue[] = [{ id: 'noValue', value: column.none ?? '–' }];
    if (column.unit !== undefined) {
      properties.push({ id: 'unit', value: column.unit });
    }
    if (column.thresholds) {
      properties.push({ id: 'thresholds', value: thresholds(...column.thresholds).build() });
    }
    if (column.link) {
      properties.push({ id: 'links', value: [column.link] });
    }
    builder.overrideByName(name, properties);
  }
  return builder;
}

// What a number counts, in the table of its own dashboard that lists it.
export function listBelow(uid: string, panel: number, ...names: string[]): Link {
  return { title: 'List them', url: `${url(uid, kept(...names))}&viewPanel=${panel}` };
}

// What a bar is made of, on its own dashboard: from its time on.
export function fromThenOn(uid: string, ...names: string[]): Link {
  return { title: 'List what happened from then on', url: url(uid, kept(...names)).replace('${__url_time_range}', 'from=${__value.time}&to=${__to}') };
}

// Is nothing found because there is nothing?  For the one rule of a dashboard.
export function trustPanel(id: number, width: number): stat.PanelBuilder {
  return statPanel({
    id,
    title: 'Can an empty panel be trusted?',
    description:
      'Yes, if the rule is running and its logs flow. Failing: its last run failed. Late, or never run: no success for ' +
      'twice as long as its run_every. Logs are flowing if rows arrived in the last hour, quiet if in the last 24 hours; a table that was loaded and ' +
      'gets no more is stopped. The overview names the run and the table.',
    noValue: 'There is no such rule',
    width,
    height: 4,
    columns: {
      Rule: { link: { title: 'Show the rules', url: url(OVERVIEW, kept('rule')) + '&viewPanel=13' } },
      Logs: { link: { title: 'Show the log tables', url: url(OVERVIEW, kept('rule')) + '&viewPanel=14' } },
      'Since last success': { unit: 's', none: 'never', link: { title: 'Show the rules', url: url(OVERVIEW, kept('rule')) + '&viewPanel=13' } },
    },
    sql: `
      SELECT r.health AS "Rule",
             (SELECT CASE WHEN bool_or(s.state NOT IN ('flowing', 'quiet', 'never loaded')) THEN 'stopped'
                          WHEN bool_or(s.state = 'flowing') THEN 'flowing'
                          WHEN bool_or(s.state = 'quiet') THEN 'quiet'
                          ELSE 'never loaded' END
              FROM azhunt.source_health AS s
              WHERE s.log_table = ANY (h.tables)) AS "Logs",
             extract(epoch FROM now() - r.last_success) AS "Since last success"
      FROM azhunt.rule_health AS r
      LEFT JOIN azhunt.hunts AS h ON h.hunt = r.hunt
      WHERE ${isChosenRule('r.rule')}`,
  });
}

//
// dashboards
//

export function dataSourceVariable() {
  return new dashboard.DatasourceVariableBuilder('datasource')
    .label('Data source')
    .type('postgres')
    .current({ selected: true, text: 'azhunt', value: 'azhunt' });
}

// Rules by name: one, or several where several is true.
export function ruleVariable(from: string, rule: string, several: boolean) {
  return new dashboard.QueryVariableBuilder('rule')
    .label('Rule')
    .description('a rule, as named in azhunt.rules')
    .datasource(DATA_SOURCE)
    .query(`SELECT r.rule AS __text, ${keyOf('r.rule')} AS __value FROM azhunt.rules AS r ${from}`)
    .refresh(dashboard.VariableRefresh.OnDashboardLoad)
    .sort(dashboard.VariableSort.Disabled)
    .multi(several)
    .includeAll(several)
    .allValue(several ? ALL_VALUES : '')
    .current(several ? ALL : { selected: true, text: rule, value: rule });
}

export function textVariable(name: string, label: string, description: string) {
  return new dashboard.TextBoxVariableBuilder(name)
    .label(label)
    .description(description)
    .defaultValue('')
    .current({ selected: true, text: '', value: '' });
}

// All is an empty text: an allValue is sent as it is.
const ALL_VALUES = `''`;
const ALL = { selected: true, text: ['All'], value: ['$__all'] };

export function choiceVariable(name: string, label: string, description: string, choices: string[], chosen?: string[]) {
  return new dashboard.CustomVariableBuilder(name)
    .label(label)
    .description(description)
    .values(choices.join(','))
    .options(choices.map((choice) => ({ selected: chosen?.includes(choice) ?? false, text: choice, value: choice })))
    .multi(true)
    .includeAll(true)
    .allValue(ALL_VALUES)
    .current(chosen ? { selected: true, text: chosen, value: chosen } : ALL);
}

// What the rules found in the time range, with most results first.
function foundVariable(column: string, label: string) {
  return new dashboard.QueryVariableBuilder(column)
    .label(label)
    .description(`one or several, or a part of one: type it and press Enter`)
    .datasource(DATA_SOURCE)
    .query(
      unindent(`
      SELECT format('%s (%s)', min(m.${column}), count(DISTINCT m.result_id)) AS __text, ${keyOf(`lower(m.${column})`)} AS __value
      FROM ${indent(MATCHES, 6)}
      WHERE m.${column} <> ''
      GROUP BY lower(m.${column})
      ORDER BY count(DISTINCT m.result_id) DESC, 2
      LIMIT 500`)
    )
    .refresh(dashboard.VariableRefresh.OnTimeRangeChanged)
    .sort(dashboard.VariableSort.Disabled)
    .multi(true)
    .includeAll(true)
    .allValue(ALL_VALUES)
    .current(ALL);
}

export const accountVariable = () => foundVariable('account', 'Account');
export const addressVariable = () => foundVariable('address', 'Address');

export function failedRuns() {
  return new dashboard.AnnotationQueryBuilder()
    .name('Failed runs')
    .datasource(DATA_SOURCE)
    .enable(true)
    .hide(false)
    .iconColor(COLORS.broken)
    .target(
      new SqlQuery(
        'table',
        `
        SELECT r.started AS "time", r.finished AS timeend, format('%s failed: %s', r.rule, r.error) AS text, r.rule AS tags
        FROM azhunt.runs AS r
        WHERE $__timeFilter(r.started) AND r.status = 'failed' AND ${isChosenRule('r.rule')}
        ORDER BY r.started DESC
        LIMIT 100`,
        'Anno'
      ) as unknown as Builder<dashboard.AnnotationTarget>
    );
}

export function newDashboard(uid: string, title: string, description: string, annotations = [failedRuns()]): dashboard.DashboardBuilder {
  return new dashboard.DashboardBuilder(title)
    .uid(uid)
    .description(description)
    .tags(['azhunt'])
    .timezone('utc')
    .time({ from: 'now-7d', to: 'now' })
    .refresh('5m')
    .editable()
    .tooltip(dashboard.DashboardCursorSync.Crosshair)
    .annotations(annotations)
    .link(
      new dashboard.DashboardLinkBuilder('Hunts')
        .type(dashboard.DashboardLinkType.Dashboards)
        .icon('external link')
        .tooltip('')
        .tags(['azhunt'])
        .keepTime(true)
    );
}
