// What Grafana's application sets up before a dashboard is drawn.

import {
  createTheme, EventBusSrv, FieldConfigPropertyItem, FieldType, identityOverrideProcessor, locationUtil, standardFieldConfigEditorRegistry,
  standardTransformers, standardTransformersRegistry, ThresholdsMode, DataSourceInstanceSettings, DataSourceApi, getDefaultTimeRange, LoadingState,
} from '@grafana/data';
import { config, setAppEvents, setDataSourceSrv, setPluginImportUtils, setRunRequest, setTemplateSrv, toDataQueryError } from '@grafana/runtime';
import { from, Observable, of } from 'rxjs';
import { catchError, map } from 'rxjs/operators';

// Properties that every panel has; Grafana's own editors for them are not in its
// packages, and nobody edits here.
const STANDARD = ['unit', 'min', 'max', 'decimals', 'displayName', 'noValue', 'mappings', 'thresholds', 'color', 'links', 'filterable'];

function property(id: string, path = id): FieldConfigPropertyItem<any, any, any> {
  return {
    id,
    path,
    name: id,
    description: '',
    editor: () => null,
    override: () => null,
    process: identityOverrideProcessor,
    shouldApply: () => true,
    settings: {},
  } as unknown as FieldConfigPropertyItem;
}

export function customProperties(...paths: string[]) {
  return paths.map((path) => ({ path, name: path, editor: () => null as any, override: () => null as any, process: identityOverrideProcessor, shouldApply: () => true, settings: {} }));
}

export function setUp(mode: 'dark' | 'light', dataSource: DataSourceApi) {
  config.theme2 = createTheme({ colors: { mode } });
  config.bootData = { ...config.bootData, user: { ...config.bootData?.user, timezone: 'utc', locale: 'en-US' } as any };
  // the packages do not agree on what a configuration has
  locationUtil.initialize({ config: config as any, getVariablesUrlParams: () => ({}), getTimeRangeForUrl: () => ({ from: 'now-7d', to: 'now' }) as any });
  standardFieldConfigEditorRegistry.setInit(() => STANDARD.map((id) => property(id)) as any);

  const settings = {
    id: 1, uid: 'azhunt', name: 'azhunt', type: 'postgres', isDefault: true, access: 'proxy', readOnly: true, jsonData: {},
    meta: { id: 'postgres', name: 'PostgreSQL', module: '', baseUrl: '', type: 'datasource', info: { logos: { small: '', large: '' } } },
  } as unknown as DataSourceInstanceSettings;
  setDataSourceSrv({
    get: () => Promise.resolve(dataSource),
    getList: () => [settings],
    getInstanceSettings: () => settings,
    reload: () => undefined,
    registerRuntimeDataSource: () => undefined,
  } as any);
  // nothing but the uid of a data source is looked up in this way
  setTemplateSrv({ replace: (text: string) => (text === '${datasource}' ? 'azhunt' : text), getVariables: () => [], containsTemplate: () => false, updateTimeRange: () => undefined } as any);
  setAppEvents(new EventBusSrv());
  setPluginImportUtils({ importPanelPlugin: (id: string) => Promise.reject(new Error(`no panel ${id}`)), getPanelPluginFromCache: () => undefined });
  setRunRequest((source, request): Observable<any> =>
    from(source.query(request) as any).pipe(
      map((response: any) => ({ state: LoadingState.Done, series: response.data, timeRange: request.range, request })),
      catchError((error) => of({ state: LoadingState.Error, series: [], error: toDataQueryError(error), timeRange: request.range, request }))
    )
  );
}
