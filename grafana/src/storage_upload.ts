// The dashboard of the hunt for storage uploads: who signed in, from the address
// that a file was uploaded from, moments before?

import {
  accountVariable, addressVariable, countsPanel, dataSourceVariable, field, hasText, HUNT_COLORS, indent, newDashboard,
  RESULT_ID, ROWS, RULE, ruleVariable, statPanel, STORAGE_UPLOAD, tablePanel, textVariable, trustPanel, url,
} from './library';

const FILE = '${file:sqlstring}';

const CORRELATION_ID = `m.details ->> 'CorrelationId'`;
const SIGNIN_TIME = `(m.details ->> 'AzureLoginTime')::timestamptz`;

// What makes an upload one: several matches have the same.
const UPLOAD = `(m.result_id, m."time", m.address, ${CORRELATION_ID})`;

const SHOWN = `m.rule = ${RULE} AND $__timeFilter(m."time") AND NOT m.hidden
  AND ${hasText('m.account', 'account')}
  AND ${hasText('m.address', 'address')}
  AND (${FILE} = '' OR strpos(lower(m.details ->> 'FileName'), lower(${FILE})) > 0)`;

const QUIET = 'No upload of this time was linked to an account. Whether that can be trusted, the panel on the top left says.';

const filter = (variable: string) =>
  url(STORAGE_UPLOAD, { rule: '${rule:percentencode}', [variable]: '${__value.raw:percentencode}' });

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
        "SELECT r.rule FROM azhunt.rules AS r WHERE r.hunt = 'storage_upload_link_account' ORDER BY r.rule <> r.hunt, r.rule",
        'storage_upload_link_account',
        false
      )
    )
    .withVariable(accountVariable())
    .withVariable(addressVariable())
    .withVariable(textVariable('file', 'File name', 'only files with this in their names, ignoring case; empty: all'))
    .withVariable(textVariable('result', 'Result', 'the result_id of the result that is shown at the bottom'))
    .withPanel(trustPanel(1, 8))
    .withPanel(numbers())
    .withPanel(timeline())
    .withPanel(linkedUploads())
    .withPanel(results())
    .withPanel(result());
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
    columns: { Results: { thresholds: [[1, 'attend']] }, 'Linked uploads': {}, Accounts: {}, Addresses: {} },
    sql: `
      WITH shown AS MATERIALIZED (
          SELECT m.result_id, m."time", m.address, ${CORRELATION_ID} AS correlationid, lower(m.account) AS account
          FROM azhunt.screened_matches AS m
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
    sql: `
      SELECT $__timeGroupAlias(m."time", '$__interval'),
             coalesce(nullif(m.storageaccount, ''), 'account not in the log') AS metric,
             count(DISTINCT ${UPLOAD}) AS uploads
      FROM azhunt.screened_matches AS m
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
    colors: { 'All uploads': 'text', 'Linked uploads': HUNT_COLORS.storage_upload_link_account },
    sql: `
      SELECT u."time", 'All uploads' AS metric, u.uploads
      FROM azhunt.upload_counts(${RULE}::text, $__timeFrom()::timestamptz, $__timeTo()::timestamptz, interval '1 hour') AS u
      UNION ALL
      SELECT azhunt.bin(m."time", interval '1 hour'), 'Linked uploads',
             count(DISTINCT ${UPLOAD})
      FROM azhunt.screened_matches AS m
      WHERE m.rule = ${RULE} AND $__timeFilter(m."time") AND NOT m.hidden
      GROUP BY 1
      ORDER BY 1, 2`,
  });

const results = () =>
  tablePanel({
    id: 5,
    title: 'Who may have uploaded what?',
    description:
      `The ${ROWS} results of this time with the latest uploads. A click on an account or an address filters this ` +
      'dashboard by it, one on a file shows its uploads and sign-ins below. Hover over what is cut off to see all of it.',
    noValue: QUIET,
    width: 24,
    height: 11,
    columns: {
      'Last upload': { width: 150, unit: 'dateTimeAsIso' },
      Account: { width: 170, long: true, link: { title: 'Only this account', url: filter('account') } },
      Address: { width: 110, long: true, link: { title: 'Only this address', url: filter('address') } },
      File: {
        minWidth: 110,
        long: true,
        link: {
          title: 'Show its uploads and sign-ins',
          url: url(STORAGE_UPLOAD, { rule: '${rule:percentencode}', result: field('result') }),
        },
      },
      Path: { width: 110, long: true },
      Operation: { width: 80 },
      'Upload user agent': { width: 110, long: true },
      'Sign-in user agent': { width: 110, long: true },
      Uploads: { width: 60, unit: 'short' },
      Status: { width: 75, state: true },
      result: { hidden: true },
    },
    sql: `
      SELECT r.last_upload AS "Last upload",
             r.account AS "Account",
             r.address AS "Address",
             coalesce(nullif(azhunt.file_name(r.fileuploadpath), ''), r.fileuploadpath) AS "File",
             r.fileuploadpath AS "Path",
             r.operationname AS "Operation",
             r.uploaduseragent AS "Upload user agent",
             (SELECT string_agg(DISTINCT l.login ->> 'UserAgent', ' | ')
              FROM jsonb_array_elements(r.logins) AS l (login)) AS "Sign-in user agent",
             r.uploads AS "Uploads",
             r.status AS "Status",
             r.result_id::text AS result
      FROM azhunt.storage_upload_link_account_results AS r
      WHERE r.result_id = ANY (ARRAY(
          SELECT m.result_id
          FROM azhunt.screened_matches AS m
          WHERE ${indent(SHOWN, 10)}
          GROUP BY m.result_id
          ORDER BY max(m."time") DESC
          LIMIT ${ROWS}))
      ORDER BY r.last_upload DESC`,
  });

const result = () =>
  tablePanel({
    id: 6,
    title: 'Which uploads and sign-ins make up the result?',
    description: `Of the result chosen above or in the variable Result, at whatever time: the ${ROWS} latest uploads with a sign-in each, and the time between the two.`,
    noValue: 'Choose a result: click on a file in the table above',
    width: 24,
    height: 9,
    columns: {
      Upload: { width: 145, unit: 'dateTimeAsIso' },
      'Sign-in': { width: 145, unit: 'dateTimeAsIso' },
      Between: { width: 80, unit: 's' },
      Account: { width: 160, long: true },
      Address: { width: 105, long: true },
      'Storage account': { width: 100, long: true },
      'Sign-in user agent': { width: 100, long: true },
      Path: { minWidth: 100, long: true },
      Found: { width: 145, unit: 'dateTimeAsIso' },
    },
    sql: `
      SELECT m."time" AS "Upload",
             ${SIGNIN_TIME} AS "Sign-in",
             extract(epoch FROM m."time" - ${SIGNIN_TIME}) AS "Between",
             m.account AS "Account",
             m.address AS "Address",
             m.storageaccount AS "Storage account",
             m.details ->> 'UserAgent' AS "Sign-in user agent",
             m.details ->> 'FileUploadPath' AS "Path",
             m.found_at AS "Found"
      FROM azhunt.screened_matches AS m
      WHERE m.result_id = ${RESULT_ID} AND NOT m.hidden
      ORDER BY m."time" DESC, 2 DESC
      LIMIT ${ROWS}`,
  });
