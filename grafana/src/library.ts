// What the dashboards share: queries, colours, links and panels.

import type { Builder, Dataquery } from '@grafana/grafana-foundation-sdk/cog';
import * as common from '@grafana/grafana-foundation-sdk/common';
import * as dashboard from '@grafana/grafana-foundation-sdk/dashboard';
import * as heatmap from '@grafana/grafana-foundation-sdk/heatmap';
import * as stat from '@grafana/grafana-foundation-sdk/stat';
import * as table from '@grafana/grafana-foundation-sdk/table';
import * as timeseries from '@grafana/grafana-foundation-sdk/timeseries';

export const OVERVIEW = 'azhunt-overview';
export const STORAGE_UPLOAD = 'azhunt-storage-upload-link-account';
export const CLOUDSHELL_USAGE = 'azhunt-cloudshell-usage';

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

// Variables, quoted by Grafana.  A text that is empty filters nothing.
export const RULE = '${rule:sqlstring}';
export const RESULT = '${result:sqlstring}';

// The uuid of the chosen result, or null; an invalid one is no error.
export const RESULT_ID = `CASE WHEN ${RESULT} ~ '^[0-9a-f]{8}(-[0-9a-f]{4}){3}-[0-9a-f]{12}$' THEN ${RESULT}::text::uuid END`;

// A link hands over all accounts of a result, as it shows them.
export function hasText(column: string, variable: string): string {
  const text = '${' + variable + ':sqlstring}';
  return `(${text} = '' OR ${column} OPERATOR(azhunt.=~) ANY (string_to_array(${text}, ', ')))`;
}

// The dashboard that shows a result r: the overview, if its hunt has none.
export const DASHBOARD = `CASE r.hunt WHEN 'cloudshell_usage' THEN '${CLOUDSHELL_USAGE}'
            WHEN 'storage_upload_link_account' THEN '${STORAGE_UPLOAD}'
            ELSE '${OVERVIEW}' END`;

// Indent all lines but the first.
export function indent(sql: string, columns: number): string {
  return sql.replace(/\n/g, '\n' + ' '.repeat(columns));
}

//
// colours
//
// They mean the same on every dashboard: green is as it should be, yellow is
// being looked at or may be worth it, orange needs somebody, red is broken or
// severe.  Blue and purple say which hunt.  Grafana's names for colours fit
// its dark and its light theme.
//

const COLORS = { good: 'green', watch: 'yellow', attend: 'orange', broken: 'red', neutral: 'text' };
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
  // of a log table, with the reason, which stays as it is
  {
    type: dashboard.MappingType.RegexToText,
    options: { pattern: '^not known: ', result: { color: COLORS.broken, index: Object.keys(STATES).length } },
  },
];

export function thresholds(...steps: [value: number, color: keyof typeof COLORS][]) {
  return new dashboard.ThresholdsConfigBuilder()
    .mode(dashboard.ThresholdsMode.Absolute)
    .steps([{ value: null, color: 'text' }, ...steps.map(([value, color]) => ({ value, color: COLORS[color] }))]);
}

//
// links
//

const KEPT = '${__url_time_range}&${datasource:queryparam}';

export function url(uid: string, variables: Record<string, string>): string {
  const values = Object.entries(variables).map(([name, value]) => `&var-${name}=${value}`);
  return `/d/${uid}?${KEPT}${values.join('')}`;
}

// The values of a row, in a link.
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

type AnyPanel = table.PanelBuilder | timeseries.PanelBuilder | stat.PanelBuilder | heatmap.PanelBuilder;

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
  hidden?: boolean;
  unit?: string;
  decimals?: number;
  // colour the text by state
  state?: boolean;
  // a bar behind the number
  bar?: boolean;
  // cut off what does not fit; all of it on hover, and to copy
  long?: boolean;
  thresholds?: [value: number, color: keyof typeof COLORS][];
  link?: Link;
}

function columnProperties(column: Column): dashboard.DynamicConfigValue[] {
  const properties: dashboard.DynamicConfigValue[] = [];
  const add = (id: string, value: unknown) => properties.push({ id, value });

  if (column.hidden) {
    add('custom.hidden', true);
    return properties;
  }
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
    add('custom.cellOptions', { type: common.TableCellDisplayMode.ColorText });
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
    add('custom.cellOptions', { type: common.TableCellDisplayMode.ColorText });
  }
  if (column.link) {
    add('links', [column.link]);
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
    .showHeader(true)
    .footer(new common.TableFooterOptionsBuilder().show(false).reducer(['sum']).countRows(false));

  for (const [name, column] of Object.entries(panel.columns)) {
    builder.overrideByName(name, columnProperties(column));
  }
  return builder;
}

// Counts over time, as bars that stack: a bucket without any is no row.
export function countsPanel(
  panel: Panel & { colors?: Record<string, string>; unit?: string; interval: string; stacked: boolean }
): timeseries.PanelBuilder {
  const stacking = panel.stacked ? common.StackingMode.Normal : common.StackingMode.None;
  const builder = describe(new timeseries.PanelBuilder(), panel, 'time_series')
    .interval(panel.interval)
    .unit(panel.unit ?? 'short')
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
        .calcs(['sum'])
    )
    .tooltip(
      new common.VizTooltipOptionsBuilder().mode(common.TooltipDisplayMode.Multi).sort(common.SortOrder.Descending)
    );

  for (const [name, color] of Object.entries(panel.colors ?? {})) {
    builder.overrideByName(name, [
      { id: 'color', value: { mode: dashboard.FieldColorModeId.Fixed, fixedColor: color } },
    ]);
  }
  return builder;
}

// The columns of one row, each a number or a state.
export function statPanel(panel: Panel & { columns: Record<string, Column> }): stat.PanelBuilder {
  const builder = describe(new stat.PanelBuilder(), panel, 'table')
    .unit('short')
    .thresholds(thresholds())
    .colorScheme(new dashboard.FieldColorBuilder().mode(dashboard.FieldColorModeId.Thresholds))
    .mappings(STATE_MAPPINGS)
    .reduceOptions(new common.ReduceDataOptionsBuilder().calcs(['lastNotNull']).fields('/.*/').values(false))
    .colorMode(common.BigValueColorMode.Value)
    .graphMode(common.BigValueGraphMode.None)
    .justifyMode(common.BigValueJustifyMode.Auto)
    .textMode(common.BigValueTextMode.ValueAndName)
    .orientation(common.VizOrientation.Auto);

  for (const [name, column] of Object.entries(panel.columns)) {
    const properties: dashboard.DynamicConfigValue[] = [];
    if (column.unit !== undefined) {
      properties.push({ id: 'unit', value: column.unit });
    }
    if (column.thresholds) {
      properties.push({ id: 'thresholds', value: thresholds(...column.thresholds).build() });
    }
    builder.overrideByName(name, properties);
  }
  return builder;
}

// Each numeric column is a row of cells, from the bottom up.
export function heatmapPanel(panel: Panel & { unit: string; value: string }): heatmap.PanelBuilder {
  return describe(new heatmap.PanelBuilder(), panel, 'time_series')
    .unit(panel.unit)
    .thresholds(thresholds())
    .calculate(false)
    .rowsFrame(new heatmap.RowsHeatmapOptionsBuilder().layout(common.HeatmapCellLayout.Auto).value(panel.value))
    .cellGap(1)
    .cellValues(new heatmap.CellValuesBuilder().unit(panel.unit).decimals(0))
    .filterValues(new heatmap.FilterValueRangeBuilder().le(0))
    .color(
      new heatmap.HeatmapColorOptionsBuilder()
        .mode(heatmap.HeatmapColorMode.Scheme)
        .scheme('Purples')
        .fill('purple')
        .scale(heatmap.HeatmapColorScale.Exponential)
        .exponent(0.5)
        .steps(64)
        .reverse(false)
    )
    .showColorScale(true);
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
    columns: { Rule: {}, Logs: {}, 'Since last success': { unit: 's' } },
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
      WHERE r.rule = ${RULE}`,
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
export function ruleVariable(sql: string, rule: string, several: boolean) {
  return new dashboard.QueryVariableBuilder('rule')
    .label('Rule')
    .description('a rule, as named in azhunt.rules')
    .datasource(DATA_SOURCE)
    .query(sql)
    .refresh(dashboard.VariableRefresh.OnDashboardLoad)
    .sort(dashboard.VariableSort.Disabled)
    .multi(several)
    .includeAll(several)
    .current(
      several ? { selected: true, text: ['All'], value: ['$__all'] } : { selected: true, text: rule, value: rule }
    );
}

export function textVariable(name: string, label: string, description: string) {
  return new dashboard.TextBoxVariableBuilder(name)
    .label(label)
    .description(description)
    .defaultValue('')
    .current({ selected: true, text: '', value: '' });
}

export const accountVariable = () =>
  textVariable('account', 'Account', 'only this account, ignoring case; several with ", " between them; empty: all');
export const addressVariable = () =>
  textVariable('address', 'Address', 'only this address; several with ", " between them; empty: all');

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
        WHERE $__timeFilter(r.started) AND r.status = 'failed' AND r.rule IN (${RULE})
        ORDER BY r.started DESC
        LIMIT 100`,
        'Anno'
      ) as unknown as Builder<dashboard.AnnotationTarget>
    );
}

export function newDashboard(uid: string, title: string, description: string): dashboard.DashboardBuilder {
  return new dashboard.DashboardBuilder(title)
    .uid(uid)
    .description(description)
    .tags(['azhunt'])
    .timezone('utc')
    .time({ from: 'now-7d', to: 'now' })
    .refresh('5m')
    .editable()
    .tooltip(dashboard.DashboardCursorSync.Crosshair)
    .annotation(failedRuns())
    .link(
      new dashboard.DashboardLinkBuilder('Hunts')
        .type(dashboard.DashboardLinkType.Dashboards)
        .icon('external link')
        .tooltip('')
        .tags(['azhunt'])
        .keepTime(true)
    );
}
