// node build/check.js full|empty|broken: what a person reads on the dashboards over
// a database, as a test with TAP output.

import { readdirSync, readFileSync } from 'fs';
import { join } from 'path';

import type { Browser, Page } from 'puppeteer-core';

import { HEIGHT, launch, open, settle } from './browser';
import { look, Seen } from './look';
import { serve } from './server';

const DASHBOARDS = join(__dirname, '..', '..', 'dashboards');

interface Panel {
  title: string;
  type: string;
  fieldConfig: { defaults: { noValue: string } };
}

const dashboards: { uid: string; panels: Panel[] }[] = readdirSync(DASHBOARDS).map((file) => JSON.parse(readFileSync(join(DASHBOARDS, file), 'utf8')));

// What has to be whole at this width; other columns can be hovered over.
const WHOLE = /^(?:Severity|Status|State|Rule|Last event|Last upload|Last run|Hour|First hour|Time|Found|Id|Technique|Open|Results|Matches|Closed|Every|Took|New matches|Newest .*|.* delay|Wrong|Day|To say that)$/;

let tests = 0;
let failures = 0;

function ok(succeeded: boolean, name: string, ...details: unknown[]) {
  tests++;
  failures += succeeded ? 0 : 1;
  console.log(`${succeeded ? 'ok' : 'not ok'} ${tests} - ${name.replace(/#/g, '')}`);
  if (!succeeded) {
    details.forEach((detail) => console.log(`# ${typeof detail === 'string' ? detail : JSON.stringify(detail)}`.slice(0, 1000)));
  }
}

const none = (list: unknown[], name: string) => ok(list.length === 0, name, ...list.slice(0, 10));

function panelOf(seen: Seen[], title: string): Seen {
  const panel = seen.find((panel) => panel.title.startsWith(title));
  if (panel === undefined) {
    throw new Error(`there is no panel ${title}`);
  }
  return panel;
}

const valueOf = (panel: Seen, name: string) => panel.values.find((value) => value.name === name)?.value ?? '';
const column = (panel: Seen, name: string) => panel.cells.filter((cell) => cell.column === name).map(({ text }) => text);

// What must be true of every panel, whatever the data.
function always(name: string, seen: Seen[], panels: Panel[]) {
  ok(seen.length === panels.length, `${name}: all panels are drawn`, seen.map(({ title }) => title));
  none(seen.filter(({ text }) => /\bNo data\b/.test(text)).map(({ title }) => title), `${name}: no panel says No data`);
  none(seen.flatMap(({ title, faint }) => faint.map((text) => `${title}: ${text}`)), `${name}: all texts stand out`);
  none(seen.flatMap(({ title, small }) => small.map((text) => `${title}: ${text}`)), `${name}: all texts are large enough, and within their panel`);
  none(
    seen.flatMap(({ title, cells }) => cells.filter((cell) => cell.cut && WHOLE.test(cell.column) && !cell.text.startsWith('not known: ')).map((cell) => `${title}: ${cell.column} ${cell.text}`)),
    `${name}: no cell is cut that should be whole`
  );
  none(
    seen.flatMap((panel) => {
      const { noValue } = panels.find(({ title }) => title === panel.title)!.fieldConfig.defaults;
      return panel.cells.filter(({ text }) => text === noValue).map((cell) => `${panel.title}: ${cell.column}`);
    }),
    `${name}: no cell has the text for no rows`
  );
}

const errors = (page: Page) => page.evaluate(() => window.azhunt.errors);

const isShown = (panel: Seen) => (panel.rows ?? 0) > 0 || panel.graph || panel.values.length > 0;

const RESULT = 'azhunt-result';

async function full(browser: Browser, url: string) {
  let chosen = '';

  for (const theme of ['dark', 'light']) {
    for (const { uid, panels } of dashboards.sort((a, b) => Number(a.uid === RESULT) - Number(b.uid === RESULT))) {
      const name = `${uid}, ${theme}`;
      const page = await open(browser, `${url}/d/${uid}?theme=${theme}&var-result=${chosen}`);
      const seen = await page.evaluate(look);

      none(await errors(page), `${name}: no query fails`);
      always(name, seen, panels);
      // the role of this data source may not read the logs
      none(seen.filter((panel) => !isShown(panel) && !panel.title.startsWith('Which log rows')).map(({ title }) => title), `${name}: every panel shows something`);
      if (uid === 'azhunt-overview') {
        chosen = column(panelOf(seen, 'Which results'), 'Id')[0];
        if (theme === 'dark') {
          await overview(page, seen);
        }
      }
      await page.close();
    }
  }
}

async function overview(page: Page, seen: Seen[]) {
  const numbers = panelOf(seen, 'How many results');
  const list = panelOf(seen, 'Which results');
  const severities = ['High', 'Medium', 'Low', 'Informational'];
  const health = panelOf(seen, 'Does everything run?');

  none(
    ['How many results', 'Which results', 'Is this time unlike', 'Does everything run?'].filter((title) => panelOf(seen, title).bottom > HEIGHT),
    'the first screen has what comes first'
  );
  ok(valueOf(numbers, 'Open') === String(list.rows), 'as many results are listed as are open', numbers.values, list.rows);
  ok(severities.reduce((sum, name) => sum + Number(valueOf(numbers, name)), 0) === list.rows, 'and as the severities say');
  const order = column(list, 'Severity').map((severity) => severities.indexOf(severity));
  ok(order.every((place, row) => row === 0 || order[row - 1] <= place), 'the most severe come first', order);
  ok(column(panelOf(seen, 'Which ATT&CK'), 'Rule').includes('role_assigned'), 'a hunt that somebody added is among the techniques');
  ok(/^all \d+ run$/.test(valueOf(health, 'Rules')) && /^all \d+ arrive$/.test(valueOf(health, 'Log tables')), 'all is well', health.values);
  none(health.values.filter(({ background }) => background !== '150,217,141'), 'which is green');
  none(column(panelOf(seen, 'Do the rules run now?'), 'Error').filter((error) => error !== 'none'), 'no rule that runs has an error');
  const agents = column(panelOf(seen, 'Which user agents'), 'User agent');
  none(agents.filter((agent) => !/^[A-Z][A-Za-z ]* [0-9]/.test(agent)), 'user agents are short');

  // with the keyboard: every cell can be reached, and every number followed
  const tabTo = async (wanted: string) => {
    for (let presses = 0; presses < 100; presses++) {
      await page.keyboard.press('Tab');
      const reached = await page.evaluate((selector) => document.activeElement?.matches(selector), wanted);
      if (reached) {
        return true;
      }
    }
    return false;
  };
  const address = page.url();
  ok(await tabTo('a[href*="severity=High"]'), 'Tab leads to a number');
  await Promise.all([page.waitForNavigation(), page.keyboard.press('Enter')]);
  await settle(page);
  const high = panelOf(await page.evaluate(look), 'Which results');
  ok(high.rows === Number(valueOf(numbers, 'High')) && column(high, 'Severity').every((severity) => severity === 'High'), 'Enter lists what it counts', high.rows);

  await page.goto(address);
  await settle(page);
  const investigated = await open(page.browser(), `${address}&var-status=investigating`);
  const looked = await investigated.evaluate(look);
  none(panelOf(looked, 'Which results').cells.filter((cell) => cell.cut && WHOLE.test(cell.column)), 'results under investigation are whole');
  ok(panelOf(looked, 'Which results').rows === Number(valueOf(numbers, 'Investigating')), 'and as many as are counted');
  await investigated.close();

  ok(await tabTo('section[data-testid*="Which results"] [role=gridcell]'), 'Tab leads into the list of results');
  for (let presses = 0; presses < 7; presses++) {
    await page.keyboard.press('ArrowRight');
  }
  const focused = await page.evaluate(() => document.activeElement?.textContent ?? '');
  ok(focused === column(list, 'Id')[0], 'arrows lead to the id of the first', focused);

  await Promise.all([page.waitForNavigation(), page.click('[role=grid] a[href*="/d/azhunt-result"]')]);
  await settle(page);
  const result = await page.evaluate(look);
  ok(panelOf(result, 'What was found?').rows === 1, 'a click on a result leads to it');
  ok((panelOf(result, 'Which matches').rows ?? 0) > 0, 'with its matches');
  const statements = column(panelOf(result, 'How is its status set?'), 'Run');
  ok(statements.length === 4 && statements.every((statement) => statement.startsWith(`SELECT azhunt.set_status('${column(list, 'Id')[0]}`)), 'and with how it is closed', statements);
}

async function empty(browser: Browser, url: string) {
  for (const { uid, panels } of dashboards) {
    const page = await open(browser, `${url}/d/${uid}`);
    const seen = await page.evaluate(look);

    none(await errors(page), `${uid}: no query fails`);
    always(uid, seen, panels);
    none(
      seen
        // these say in which state what is
        .filter((panel) => panel.values.length === 0 && !/^(?:Do the|Which ATT&CK)/.test(panel.title))
        .filter((panel) => panel.rows! > 0 || panel.graph || !panel.text.includes(panels.find(({ title }) => title === panel.title)!.fieldConfig.defaults.noValue))
        .map(({ title, text }) => `${title}: ${text}`),
      `${uid}: every panel says what is not there`
    );
    await page.close();
  }
}

// What a link says besides what it should, whatever the text that it was made of.
function strays(href: string): string[] {
  const { hash, searchParams } = new URL(href, 'http://localhost');
  const known = /^(?:from|to|timezone|viewPanel|var-(?:datasource|rule|severity|status|account|address|file|result))$/;
  const names = [...searchParams.keys()];
  return [...(hash === '' ? [] : [hash]), ...names.filter((name, place) => !known.test(name) || (name !== 'var-status' && names.indexOf(name) < place))];
}

async function broken(browser: Browser, url: string) {
  for (const { uid, panels } of dashboards) {
    const page = await open(browser, `${url}/d/${uid}`);
    const seen = await page.evaluate(look);

    always(uid, seen, panels);
    // one that the database refuses
    const refused = uid === 'azhunt-storage-upload-link-account' ? ['How many uploads of each hour were linked to an account?'] : [];
    const failed = seen.filter((panel) => panel.failed).map(({ title }) => title);
    ok(String(failed) === String(refused), `${uid}: a panel says so if its query fails, and only then`, failed);
    none((await errors(page)).filter((error) => !error.startsWith('permission denied for function upload_counts')), `${uid}: no other query fails`);
    const links = await page.evaluate(() => [...document.querySelectorAll('section a[href^="/d/"]')].map((link) => link.getAttribute('href')!));
    none(links.filter((href) => strays(href).length > 0), `${uid}: no text becomes a part of a link`);
    if (uid === 'azhunt-overview') {
      const health = panelOf(seen, 'Does everything run?');
      const states = column(panelOf(seen, 'Do the rules run now?'), 'State');
      const list = panelOf(seen, 'Which results');

      ok(/^3 of 5: cloudshell_usage failing, role_assigned never run, storage_mass_deletion late$/.test(valueOf(health, 'Rules')), 'what does not run is named', health.values);
      ok(/^2 of \d+: azureactivity not known: .*, signinlogs stopped$/.test(valueOf(health, 'Log tables')), 'and what does not arrive', health.values);
      none(health.values.filter(({ background }) => background !== '196,22,42'), 'both are red');
      ok(['failing', 'never run', 'late', 'running'].every((state) => states.includes(state)), 'each rule has its state', states);
      ok(column(panelOf(seen, 'Do the rules run now?'), 'Error').some((error) => error.includes('has no column ingestxid')), 'with the error');
      none(list.cells.filter(({ text }) => text === '').map(({ column }) => column), 'no cell is empty');
      ok(list.cells.some(({ text }) => text.includes('<script>')), 'what looks like HTML is text');
      ok((await page.evaluate(() => document.querySelectorAll('section script, section img[src="x"]').length)) === 0, 'and nothing else');
      const guest = list.cells.find((cell) => cell.column === 'Account' && cell.text.startsWith('guest_'));
      const filtered = await open(browser, url + guest?.href);
      ok(String(column(panelOf(await filtered.evaluate(look), 'Which results'), 'Account')) === guest?.text, 'a click on an account leads to it, whatever its name', guest?.href);
      await filtered.close();
    }
    await page.close();
  }
}

async function main() {
  const [data] = process.argv.slice(2);
  const check = { full, empty, broken }[data];
  if (check === undefined) {
    console.error('usage: node build/check.js full|empty|broken');
    process.exit(2);
  }
  const server = await serve('azhunt_grafana');
  const browser = await launch();
  try {
    await check(browser, server.url);
  } finally {
    await browser.close();
    await server.close();
  }
  console.log(`1..${tests}`);
  process.exitCode = failures === 0 ? 0 : 1;
}

main().catch((error) => {
  console.log(`Bail out!  ${error.stack}`);
  process.exitCode = 1;
});
