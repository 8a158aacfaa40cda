// Write the dashboards and the alert rules: node build/generate.js DIRECTORY

import { mkdirSync, writeFileSync } from 'fs';
import { dirname, join } from 'path';

import { alerts } from './alerts';
import { cloudshellUsage } from './cloudshell_usage';
import { overview } from './overview';
import { result } from './result';
import { storageUpload } from './storage_upload';

const [directory] = process.argv.slice(2);
if (directory === undefined) {
  console.error('usage: node build/generate.js DIRECTORY');
  process.exit(2);
}

const dashboards = [overview(), result(), storageUpload(), cloudshellUsage()].map((builder) => builder.build());

// The builders give every variable what only those of type interval have.
for (const variable of dashboards.flatMap((built) => built.templating.list ?? [])) {
  delete variable.auto;
  delete variable.auto_min;
  delete variable.auto_count;
}

// They give each table a footer where Grafana 10 to 12 expect it; 13 does not know
// it there, and no table has one.
for (const panel of dashboards.flatMap((built) => built.panels ?? [])) {
  if ('options' in panel && panel.type === 'table') {
    delete (panel.options as Record<string, unknown>).footer;
  }
}

const files: [name: string, content: unknown][] = [
  ...dashboards.map((built): [string, unknown] => [`dashboards/${built.uid}.json`, built]),
  ['provisioning/alerting/azhunt.json', alerts()],
];

for (const [name, content] of files) {
  const path = join(directory, name);
  mkdirSync(dirname(path), { recursive: true });
  writeFileSync(path, JSON.stringify(content, null, 2) + '\n');
}
