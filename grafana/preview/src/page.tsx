// One dashboard, drawn in the browser: /d/UID?theme=...&from=...&to=...&var-NAME=...

import React from 'react';
import { createRoot } from 'react-dom/client';
import { BrowserRouter } from 'react-router-dom';

import { DataFrame, DataQueryRequest, DataQueryResponse, FieldType, MetricFindValue, createDataFrame, getDefaultTimeRange } from '@grafana/data';
import { config } from '@grafana/runtime';
import {
  CustomVariable, DataSourceVariable, EmbeddedScene, QueryVariable, registerRuntimeDataSource, RuntimeDataSource, SceneControlsSpacer, sceneGraph, SceneGridItem, SceneGridLayout,
  SceneQueryRunner, SceneRefreshPicker, SceneTimePicker, SceneTimeRange, SceneVariable, SceneVariableSet, TextBoxVariable, VariableValueSelectors, VizPanel,
} from '@grafana/scenes';
import { GlobalStyles, PortalContainer } from '@grafana/ui';
import { ThemeContext } from '@grafana/data';

import './page.css';
import { registerPanels } from './panels';
import type { Frame } from './postgres';
import { setUp } from './setup';

const TYPES = { time: FieldType.time, number: FieldType.number, string: FieldType.string, boolean: FieldType.boolean };

// what is going on, for whoever waits for it
declare global {
  interface Window { azhunt: { running: number; queries: number; errors: string[] } }
}
window.azhunt = { running: 0, queries: 0, errors: [] };

class Postgres extends RuntimeDataSource<any> {
  async run(sql: string, format: string, range: { from: string; to: string; interval: number }): Promise<Frame> {
    window.azhunt.running++;
    window.azhunt.queries++;
    try {
      const response = await fetch('/query', { method: 'POST', body: JSON.stringify({ sql, format, range }) });
      const answer = await response.json();
      if (!response.ok) {
        window.azhunt.errors.push(`${answer.message}: ${sql}`);
        throw new Error(answer.message);
      }
      return answer;
    } finally {
      window.azhunt.running--;
    }
  }

  async query(request: DataQueryRequest<any>): Promise<DataQueryResponse> {
    const scene = request.scopedVars.__sceneObject!.value.valueOf();
    const range = { from: request.range.from.toISOString(), to: request.range.to.toISOString(), interval: Math.round(request.intervalMs / 1000) };
    const data: DataFrame[] = [];
    for (const target of request.targets) {
      const frame = await this.run(sceneGraph.interpolate(scene, target.rawSql, request.scopedVars), target.format, range);
      data.push(createDataFrame({
        refId: target.refId,
        fields: frame.fields.map(({ name, type, labels, values }) => ({
          name, type: TYPES[type], labels, values, config: labels ? { displayNameFromDS: labels.metric } : {},
        })),
      }));
    }
    return { data };
  }

  async metricFindQuery(query: any, options: any): Promise<MetricFindValue[]> {
    const sql = sceneGraph.interpolate(options.scopedVars.__sceneObject.value.valueOf(), typeof query === 'string' ? query : query.query);
    const range = options.range ?? getDefaultTimeRange();
    const { fields } = await this.run(sql, 'table', { from: range.from.toISOString(), to: range.to.toISOString(), interval: 60 });
    const column = (name: string) => fields.find((field) => field.name === name) ?? fields[0];
    return column('__text').values.map((text, row) => ({ text: String(text), value: String(column('__value').values[row]) }));
  }
}

// Values of the address come before those of the dashboard.
function variableOf(model: any, address: URLSearchParams): SceneVariable {
  const given = address.getAll(`var-${model.name}`);
  const current = model.current ?? {};
  const common = { name: model.name, label: model.label, hide: model.hide, description: model.description };
  const value = given.length === 0 ? current.value : model.multi ? given : given[0];
  const text = given.length === 0 ? current.text : value;

  switch (model.type) {
    case 'datasource':
      return new DataSourceVariable({ ...common, pluginId: model.query, value: 'azhunt', text: 'azhunt' });
    case 'textbox':
      return new TextBoxVariable({ ...common, value: value ?? '' });
    case 'custom':
      return new CustomVariable({ ...common, query: model.query, value, text, isMulti: model.multi, includeAll: model.includeAll, allValue: model.allValue, allowCustomValue: model.allowCustomValue });
    case 'query':
      return new QueryVariable({
        ...common, query: model.query, datasource: model.datasource, value, text, isMulti: model.multi, includeAll: model.includeAll, allValue: model.allValue,
        allowCustomValue: model.allowCustomValue, refresh: model.refresh, sort: model.sort,
      });
    default:
      throw new Error(`unknown type of variable ${model.type}`);
  }
}

function sceneOf(dashboard: any, address: URLSearchParams): EmbeddedScene {
  const time = (value: string) => (/^\d+$/.test(value) ? new Date(Number(value)).toISOString() : value);

  return new EmbeddedScene({
    $timeRange: new SceneTimeRange({
      from: time(address.get('from') ?? dashboard.time.from), to: time(address.get('to') ?? dashboard.time.to), timeZone: address.get('timezone') ?? dashboard.timezone,
    }),
    $variables: new SceneVariableSet({ variables: dashboard.templating.list.map((model: any) => variableOf(model, address)) }),
    controls: [new VariableValueSelectors({}), new SceneControlsSpacer(), new SceneTimePicker({}), new SceneRefreshPicker({ refresh: '' })],
    body: new SceneGridLayout({
      isLazy: false,
      children: dashboard.panels.map((panel: any) => new SceneGridItem({
        x: panel.gridPos.x, y: panel.gridPos.y, width: panel.gridPos.w, height: panel.gridPos.h,
        body: new VizPanel({
          key: `panel-${panel.id}`,
          pluginId: panel.type, title: panel.title, description: panel.description, options: panel.options ?? {}, fieldConfig: panel.fieldConfig, pluginVersion: '13.2.3',
          $data: new SceneQueryRunner({ datasource: panel.datasource, queries: panel.targets, minInterval: panel.interval, maxDataPoints: panel.maxDataPoints }),
        }),
      })),
    }),
  });
}

async function main() {
  const address = new URLSearchParams(location.search);
  const mode = address.get('theme') === 'light' ? 'light' : 'dark';
  const dataSource = new Postgres('postgres', 'azhunt');

  setUp(mode, dataSource);
  registerRuntimeDataSource({ dataSource });
  registerPanels();
  const dashboard = await (await fetch(`/dashboards/${location.pathname.split('/')[2]}`)).json();
  document.title = dashboard.title;
  const scene = sceneOf(dashboard, address);

  const rows = Math.max(...dashboard.panels.map(({ gridPos }: any) => gridPos.y + gridPos.h));
  createRoot(document.getElementById('root')!).render(
    <ThemeContext.Provider value={config.theme2}>
      <BrowserRouter>
        <GlobalStyles />
        <div className="page" style={{ background: config.theme2.colors.background.canvas, minHeight: `${rows * 38 + 160}px` }}>
          <header style={{ color: config.theme2.colors.text.primary }}>
            {dashboard.title}<small style={{ color: config.theme2.colors.text.secondary }}>drawn without a Grafana server</small>
          </header>
          <scene.Component model={scene} />
        </div>
        <PortalContainer />
      </BrowserRouter>
    </ThemeContext.Provider>
  );
}

main().catch((error) => {
  window.azhunt.errors.push(String(error.stack));
  document.getElementById('root')!.textContent = String(error.stack);
});
