// Grafana's PostgreSQL data source, as far as the dashboards use it: its macros,
// and the frames that it makes of rows.

import { Pool, types } from 'pg';

export interface Range {
  from: string;
  to: string;
  // seconds
  interval: number;
}

export interface Frame {
  fields: { name: string; type: 'time' | 'number' | 'string' | 'boolean'; labels?: Record<string, string>; values: unknown[] }[];
}

type FieldType = Frame['fields'][number]['type'];

const UNITS: Record<string, number> = { s: 1, m: 60, h: 3600, d: 86400, w: 604800 };

function seconds(interval: string): number {
  const match = /^'?(\d+)([smhdw])'?$/.exec(interval.trim());
  if (match === null) {
    throw new Error(`no interval: ${interval}`);
  }
  return Number(match[1]) * UNITS[match[2]];
}

function macro(name: string, args: string[], range: Range): string {
  switch (name) {
    case 'timeFilter':
      return `${args[0]} BETWEEN '${range.from}' AND '${range.to}'`;
    case 'timeFrom':
      return `'${range.from}'`;
    case 'timeTo':
      return `'${range.to}'`;
    case 'timeGroup':
    case 'timeGroupAlias': {
      const width = seconds(args[1]);
      const alias = name === 'timeGroupAlias' ? ' AS "time"' : '';
      return `floor(extract(epoch from ${args[0]})/${width})*${width}${alias}`;
    }
    default:
      throw new Error(`unknown macro $__${name}`);
  }
}

// What Grafana's backend makes of a query; the frontend has replaced variables.
export function expand(sql: string, range: Range): string {
  return sql
    .replace(/\$__interval_ms\b/g, String(range.interval * 1000))
    .replace(/\$__interval\b/g, `${range.interval}s`)
    .replace(/\$__(\w+)\(([^)]*)\)/g, (_, name: string, args: string) => macro(name, args.split(',').map((arg) => arg.trim()), range));
}

const NUMBERS = new Set<number>([types.builtins.INT2, types.builtins.INT4, types.builtins.INT8, types.builtins.NUMERIC, types.builtins.FLOAT4, types.builtins.FLOAT8]);
const TIMES = new Set<number>([types.builtins.TIMESTAMP, types.builtins.TIMESTAMPTZ, types.builtins.DATE]);

function typeOf(oid: number): FieldType {
  return NUMBERS.has(oid) ? 'number' : TIMES.has(oid) ? 'time' : oid === types.builtins.BOOL ? 'boolean' : 'string';
}

function convert(type: FieldType, text: string | null): unknown {
  if (text === null) {
    return null;
  }
  switch (type) {
    case 'number':
      return Number(text);
    case 'boolean':
      return text === 't';
    case 'time':
      return Date.parse(text.replace(' ', 'T').replace(/([+-]\d\d)$/, '$1:00'));
    default:
      return text;
  }
}

// Rows with a time, perhaps a name, and values become a column for each name.
function widen(frame: Frame): Frame {
  const [time, ...others] = frame.fields;
  const metric = others.find((field) => field.type === 'string');
  const values = others.filter((field) => field.type === 'number');
  if (metric === undefined) {
    return { fields: [time, ...values] };
  }

  const times = [...new Set(time.values as number[])];
  const rows = new Map(times.map((value, row) => [value, row]));
  const names = [...new Set(metric.values as string[])];
  const columns = new Map(names.map((name) => [name, new Array<unknown>(times.length).fill(null)]));
  metric.values.forEach((name, row) => {
    columns.get(name as string)![rows.get(time.values[row] as number)!] = values[0].values[row];
  });
  return {
    fields: [
      { ...time, values: times },
      ...names.map((name) => ({ name, type: 'number' as const, labels: { metric: name }, values: columns.get(name)! })),
    ],
  };
}

export async function query(pool: Pool, sql: string, format: string): Promise<Frame> {
  const result = await pool.query({ text: sql, rowMode: 'array', types: { getTypeParser: () => (text: string) => text } });
  const frame: Frame = {
    fields: result.fields.map(({ name, dataTypeID }, column) => {
      const type = typeOf(dataTypeID);
      return { name, type, values: result.rows.map((row: (string | null)[]) => convert(type, row[column])) };
    }),
  };
  // an epoch in a column of this name is a time
  for (const field of frame.fields.filter(({ name, type }) => name === 'time' && type === 'number')) {
    field.type = 'time';
    field.values = field.values.map((value) => (value as number) * 1000);
  }
  return format === 'time_series' && frame.fields[0]?.values.length > 0 ? widen(frame) : frame;
}
