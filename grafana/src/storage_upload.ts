// The dashboard of the hunt for storage uploads: who signed in, from the address
// that a file was uploaded from, moments before?

import {
  accountVariable, addressVariable, bar, countsPanel, dataSourceVariable, field, FILTERED, fromThenOn, HUNT_COLORS, indent, kept, keyOf, listBelow, MATCHES,
  newDashboard, RESULT, ROWS, RULE, ruleVariable, shortId, statPanel, STORAGE_UPLOAD, tablePanel, textVariable, trustPanel, typed, url,
} from './library';

const FILE = typed('${file:sqlstring}');

const FILTERS = ['rule', 'account', 'address', 'file'];

const CORRELATION_ID = `m.details ->> 'CorrelationId'`;

// What makes an upload one: several matches have the same.
const UPLOAD = `(m.result_id, m."time", m.address, ${CORRELATION_ID})`;

const SHOWN = `${FILTERED}
  AND (btrim(${FILE}) = '' OR strpos(lower(m.details ->> 'FileName'), lower(btrim(${FILE}))) > 0)`;

const QUIET = 'No upload of this time that the filters above let through was linked to an account. Whether that can be trusted, the panel on the top left says.';

const filter = (variable: string, key: string) => url(STORAGE_UPLOAD, { ...kept(...FILTERS), [variable]: field(key) });

const listResults = listBelow(STORAGE_UPLOAD, 5, ...FILTERS);

export function storageUpload() {
  return newDashboard(
    STORAGE_UPLOAD,
    'azhunt: storage uploads linked to accounts',
    'Which accounts signed in, from the address that a file was uploaded from, moments before? Times are in UTC unless ' +
      'the time picker says otherwise. What the allow-list hides is not counted.'
  )
    .withVariable(dataSourceVariable())
    .withVariable(
      ruleVariable(
        "WHERE r.hunt = 'storage_upload_link_account' ORDER BY r.rule <> r.hunt, r.rule",
        'storage_upload_link_account',
        false
      )
    )
    .withVariable(accountVariable())
    .withVariable(addressVariable())
    .withVariable(textVariable('file', 'File name', 'only files with this in their names, ignoring case; empty: all'))
    .withPanel(trustPanel(1, 8))
    .withPanel(numbers())
    .withPanel(timeline())
    .withPanel(linkedUploads())
    .withPanel(results());
}

// Grouping by hash is faster than count(DISTINCT), which sorts.
const numbers = () =>
  statPanel({
    id: 2,
    title: 'How much was found?',
    description: 'Of this time: results, which are files with the operation and the user agent; linked uploads; and whom they were linked to.',
    noValue: 'None',
    width: 16,
    height: 4,
    columns: {
      Results: { thresholds: [[1, 'attend']], link: listResults },
      'Linked uploads': { link: listResults },
      Accounts: { link: listResults },
      Addresses: { link: listResults },
    },
    sql: `
      WITH shown AS MATERIALIZED (
          SELECT m.result_id, m."time", m.address, ${CORRELATION_ID} AS correlationid, lower(m.account) AS account
          FROM ${indent(MATCHES, 10)}
          WHERE ${indent(SHOWN, 10)}
      )
      SELECT (SELECT count(*) FROM (SELECT FROM shown GROUP BY result_id) AS f) AS "Results",
             (SELECT count(*) FROM (SELECT FROM shown GROUP BY result_id, "time", address, correlationid) AS u) AS "Linked uploads",
             (SELECT count(*) FROM (SELECT FROM shown GROUP BY account) AS a) AS "Accounts",
             (SELECT count(*) FROM (SELECT FROM shown GROUP BY address) AS a) AS "Addresses"
      WHERE EXISTS (SELECT FROM shown)`,
  });

const timeline = () =>
  countsPanel({
    id: 3,
    title: 'When were the files uploaded, and where to?',
    description: 'Linked uploads by storage account.',
    noValue: QUIET,
    width: 12,
    height: 8,
    interval: '5m',
    stacked: true,
    total: true,
    link: fromThenOn(STORAGE_UPLOAD, ...FILTERS),
    sql: `
      SELECT ${bar('m."time"')} AS "time",
             coalesce(nullif(m.storageaccount, ''), 'account not in the log') AS metric,
             count(DISTINCT ${UPLOAD}) AS uploads
      FROM ${indent(MATCHES, 6)}
      WHERE ${indent(SHOWN, 6)}
      GROUP BY 1, 2
      ORDER BY 1, 2`,
  });

const linkedUploads = () =>
  countsPanel({
    id: 4,
    title: 'How many uploads of each hour were linked to an account?',
    description:
      'All uploads that the rule looks at, and those for which it found a sign-in. The logs are counted, which takes ' +
      'longer the more of them this time has. The filters do not apply.',
    noValue: 'The logs have no uploads in this time that the rule looks at. Whether they still arrive, the panel on the top left says.',
    width: 12,
    height: 8,
    interval: '1h',
    stacked: false,
    link: fromThenOn(STORAGE_UPLOAD, ...FILTERS),
    colors: { 'All uploads': 'text', 'Linked uploads': HUNT_COLORS.storage_upload_link_account },
    sql: `
      SELECT u."time", 'All uploads' AS metric, u.uploads
      FROM azhunt.upload_counts(${RULE}, $__timeFrom()::timestamptz, $__timeTo()::timestamptz, interval '1 hour') AS u
      UNION ALL
      SELECT azhunt.bin(m."time", interval '1 hour'), 'Linked uploads',
             count(DISTINCT ${UPLOAD})
      FROM ${indent(MATCHES, 6)}
      GROUP BY 1
      ORDER BY 1, 2`,
  });

const results = () =>
  tablePanel({
    id: 5,
    title: `Who may have uploaded what? The ${ROWS} results of this time with the latest uploads`,
    description:
      'Results with an upload in this time: the last upload, the accounts, the addresses and the number of uploads are those of this time. A click on an ' +
      'account or an address filters this dashboard by it, one on a file shows its uploads and sign-ins. Hover over what is cut off to see all of it.',
    noValue: QUIET,
    width: 24,
    height: 13,
    columns: {
      'Last upload': { width: 135, unit: 'time:YYYY-MM-DD HH:mm' },
      Account: { width: 170, long: true, link: { title: 'Only ${__value.raw}', url: filter('account', 'Account key') } },
      Address: { width: 125, long: true, link: { title: 'Only ${__value.raw}', url: filter('address', 'Address key') } },
      File: { minWidth: 110, long: true, link: { title: 'Show its uploads and sign-ins', url: url(RESULT, { result: field('Id') }) } },
      Operation: { width: 90 },
      'User agent': { width: 135, long: true, agent: true },
      Uploads: { width: 75, unit: 'locale' },
      Status: { width: 105, state: true },
      Id: { width: 125, link: { title: 'Show its uploads and sign-ins', url: url(RESULT, { result: '${__value.raw:percentencode}' }) } },
      'Account key': { key: true },
      'Address key': { key: true },
    },
    sql: `
      SELECT f.last_upload AS "Last upload",
             array_to_string(f.accounts, ', ') AS "Account",
             array_to_string(f.addresses, ', ') AS "Address",
             coalesce(nullif(azhunt.file_name(f.path), ''), f.path) AS "File",
             f.operation AS "Operation",
             f.useragent AS "User agent",
             f.uploads AS "Uploads",
             coalesce(s.status, 'new') AS "Status",
             ${shortId('f.result_id')} AS "Id",
             (SELECT string_agg(${keyOf('lower(a.account)')}, ',') FROM unnest(f.accounts) AS a (account)) AS "Account key",
             (SELECT string_agg(${keyOf('lower(a.address)')}, ',') FROM unnest(f.addresses) AS a (address)) AS "Address key"
      FROM (
          SELECT m.result_id, max(m."time") AS last_upload,
                 array_agg(DISTINCT m.account) AS accounts, array_agg(DISTINCT m.address) AS addresses,
                 min(m.details ->> 'FileUploadPath') AS path, min(m.details ->> 'OperationName') AS operation, min(m.useragent) AS useragent,
                 count(DISTINCT ${UPLOAD}) AS uploads
          FROM ${indent(MATCHES, 10)}
          GROUP BY m.result_id
          -- one is shown whole if any of its matches is
          HAVING bool_or(${indent(SHOWN, 10)})
          ORDER BY max(m."time") DESC
          LIMIT ${ROWS}
      ) AS f
      LEFT JOIN LATERAL (SELECT s.status FROM azhunt.result_status AS s WHERE s.result_id = f.result_id OFFSET 0) AS s ON true
      ORDER BY 1 DESC, 9`,
  });
