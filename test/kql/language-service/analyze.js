// What Microsoft's own parser and binder of KQL say of queries.
//
// Standard input is JSON: {"tables": {NAME: [[COLUMN, TYPE], ...]}, "queries": [TEXT, ...]}.
// For each query, a line of JSON: {"errors": [MESSAGE, ...], "columns": ["NAME:TYPE", ...]}.
const fs = require('fs');
const path = require('path');
const vm = require('vm');

const directory = path.dirname(require.resolve('@kusto/language-service-next/package.json'));
// scripts for a browser, which define globals
for (const file of ['bridge.min.js', 'Kusto.Language.Bridge.min.js']) {
  vm.runInThisContext(fs.readFileSync(path.join(directory, file), 'utf8'));
}
const { KustoCode, GlobalState, Symbols } = Kusto.Language;

// The elements of a list of theirs
function elements(list) {
  return Array.from({ length: list.Count }, (_, i) => list.getItem(i));
}

const { tables, queries } = JSON.parse(fs.readFileSync(0, 'utf8'));
const symbols = Object.entries(tables).map(([name, columns]) =>
  new Symbols.TableSymbol.$ctor7(name, `(${columns.map(([column, type]) => `['${column}']: ${type}`).join(', ')})`, ''));
const globals = GlobalState.Default.WithDatabase(new Symbols.DatabaseSymbol.$ctor1('db', symbols, false));

for (const query of queries) {
  const code = KustoCode.ParseAndAnalyze(query, globals);
  const errors = elements(code.GetDiagnostics()).filter((d) => d.Severity === 'Error').map((d) => d.Message);
  const result = code.ResultType;
  const columns = result && result.Columns ? elements(result.Columns).map((c) => `${c.Name}:${c.Type.Name}`) : [];
  console.log(JSON.stringify({ errors, columns }));
}
