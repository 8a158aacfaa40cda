// Check dashboards against Grafana's own types, @grafana/schema, of the oldest
// and of the newest version that is supported: node build/check_types.js FILE...
//
// Each dashboard becomes a literal of TypeScript with the type Dashboard, so
// that properties that Grafana does not know are errors, too.

import { readFileSync } from 'fs';
import { join } from 'path';

import * as ts from 'typescript';

// Types as JSON has them: a text for an enumeration, and for each type of panel
// its own options instead of a Record<string, unknown>.
const SCHEMAS = ['@grafana/schema', 'grafana-schema-13'];

const TYPES = (schema: string) => `
import type * as schema from '${schema}';
import type * as stat from '${schema}/dist/esm/raw/composable/stat/panelcfg/x/StatPanelCfg_types.gen';
import type * as table from '${schema}/dist/esm/raw/composable/table/panelcfg/x/TablePanelCfg_types.gen';
import type * as timeseries from '${schema}/dist/esm/raw/composable/timeseries/panelcfg/x/TimeSeriesPanelCfg_types.gen';

type Json<T> = 0 extends 1 & T ? T
  : unknown extends T ? T
  : T extends string ? \`\${T}\`
  : T extends number | boolean | null | undefined ? T
  : T extends (infer Element)[] ? Json<Element>[]
  : { [Key in keyof T]: Json<T[Key]> };

interface Query {
  refId: string;
  datasource: schema.DataSourceRef;
  editorMode: 'code';
  format: 'table' | 'time_series';
  rawQuery: true;
  rawSql: string;
}

// What an override can set: by name, what the defaults have.
type Properties<Prefix extends string, Defaults> = {
  [Key in keyof Defaults & string]-?: { id: \`\${Prefix}\${Key}\`; value: NonNullable<Defaults[Key]> };
}[keyof Defaults & string];

// How the oldest, and how the newest, leaves out a column.
type Hidden = { id: 'custom.hidden'; value: true } | { id: 'custom.hideFrom'; value: { viz: true; legend: true; tooltip: true } };

interface Override<Custom> {
  matcher: { id: 'byName'; options: string };
  properties: (Properties<'', Omit<schema.FieldConfig, 'custom'>> | Properties<'custom.', Custom> | Hidden)[];
}

type PanelOf<Type, Options, Custom> = Omit<schema.Panel, 'type' | 'options' | 'fieldConfig' | 'targets'> & {
  type: Type;
  options: Partial<Options>;
  fieldConfig: {
    defaults: Omit<schema.FieldConfig, 'custom'> & { custom?: Partial<Custom> };
    overrides: Override<Custom>[];
  };
  targets: Query[];
};

type Panel =
  | PanelOf<'stat', stat.Options, {}>
  | PanelOf<'table', table.Options, table.FieldConfig>
  | PanelOf<'timeseries', timeseries.Options, timeseries.FieldConfig>;

type Dashboard = Omit<schema.Dashboard, 'panels' | 'annotations'> & {
  panels: Panel[];
  annotations: { list: (Omit<schema.AnnotationQuery, 'target'> & { target: Query })[] };
};

const dashboard: Json<Dashboard> =
`;

const files = process.argv.slice(2);
if (files.length === 0) {
  console.error('usage: node build/check_types.js FILE...');
  process.exit(2);
}

const options: ts.CompilerOptions = {
  module: ts.ModuleKind.Node16,
  moduleResolution: ts.ModuleResolutionKind.Node16,
  target: ts.ScriptTarget.ES2021,
  strict: true,
  noEmit: true,
  skipLibCheck: true,
  types: [],
};
const host = ts.createCompilerHost(options);
// here, so that node_modules is found
const literals = new Map(
  files.flatMap((file, index) =>
    SCHEMAS.map((schema, version) => [
      join(__dirname, '..', `dashboard_${index}_${version}.ts`).split('\\').join('/'),
      { file, schema, text: TYPES(schema) + JSON.stringify(JSON.parse(readFileSync(file, 'utf8')), null, 2) + ';\nexport default dashboard;\n' },
    ])
  )
);

const { fileExists, readFile, getSourceFile } = host;
host.fileExists = (path) => literals.has(path) || fileExists(path);
host.readFile = (path) => literals.get(path)?.text ?? readFile(path);
host.getSourceFile = (path, ...rest) => {
  const literal = literals.get(path);
  return literal ? ts.createSourceFile(path, literal.text, options.target!) : getSourceFile(path, ...rest);
};

const program = ts.createProgram([...literals.keys()], options, host);
const diagnostics = ts.getPreEmitDiagnostics(program);
for (const { file, start, messageText } of diagnostics) {
  const literal = literals.get(file?.fileName ?? '');
  const name = literal ? `${literal.file} (${literal.schema})` : file?.fileName ?? '';
  const line = file && start !== undefined ? file.getLineAndCharacterOfPosition(start).line : 0;
  console.error(`${name}: ${ts.flattenDiagnosticMessageText(messageText, '\n')}`);
  console.error(`  at: ${file?.text.split('\n')[line].trim()}`);
}
process.exit(diagnostics.length === 0 ? 0 : 1);
