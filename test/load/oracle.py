#!/usr/bin/env python3
"""Records of every shape at random, and the rows that they are.

usage: oracle.py generate SEED COUNT TABLE SHAPE FILE
       oracle.py expect TABLE SHAPE FILE

"expect" reads a file by Python's own json and csv, and maps its fields to columns by
the descriptions in src/logs/tables, as doc/loading.md says; it shares nothing with
azhunt-load.  It prints the rows as JSON, one a line, without what is null.
"""
import csv
import datetime
import io
import json
import os
import random
import re
import sys

TABLES = os.path.join(os.path.dirname(os.path.abspath(__file__)), '../../src/logs/tables')
WORKSPACE = {'tenantid', 'type', 'sourcesystem'}
OTHER_TIMES = ('createdDateTime', 'activityDateTime', 'eventTimestamp')
TENANT = '/tenants/22222222-0000-0000-0000-000000000002/providers/Microsoft.aadiam'


class Table:
    """The description of a log table."""

    def __init__(self, name):
        self.name = name
        self.columns = {}       # by the name in lower case: (type, fields)
        self.json_text = set()
        self.listed = []
        self.derived = []
        for file in (name, 'every_table'):
            for line in open(os.path.join(TABLES, file + '.txt'), encoding='utf-8'):
                self.read_line(line.rstrip('\n'))

    def read_line(self, line):
        keyword = re.match(r'^([a-z]+(?: [a-z]+)*): (.+)$', line)
        column = re.match(r'^(\w+)\s+\| (\w+)\s+\| (.*?)\s*\| \S', line)
        if keyword:
            value = keyword.group(2)
            parts = re.split(r'\s*\|\s+', value)
            if keyword.group(1) == 'json text':
                self.json_text |= {name.lower() for name in value.split()}
            elif keyword.group(1) == 'category':
                self.categories = value.split()
            elif keyword.group(1) == 'listed':
                self.listed.append(parts)
            elif keyword.group(1) == 'derived listed':
                self.derived.append(('listed', *parts))
            elif keyword.group(1) == 'derived':
                self.derived.append(('raw', parts[0], parts[1], parts[-1]))
                self.derived.append(('named', parts[0], parts[2], parts[-1]))
        elif column and not line.startswith('#'):
            fields = [field for field in column.group(3).split(', ') if field]
            self.columns[column.group(1).lower()] = (column.group(2), fields, column.group(1))

    def mapping(self, shape):
        """From paths of fields, in lower case, to columns and whether they come second."""
        fields = {}
        folded = {re.sub(r'^lower\((.*)\)$', r'\1', f) for _, fs, _ in self.columns.values() for f in fs if f.startswith('lower(')}
        own = {f for _, fs, _ in self.columns.values() for f in fs}
        if shape == 'raw':
            for column, (_, sources, _) in self.columns.items():
                for place, source in enumerate(s for s in sources if not (s.startswith('lower(') and s[6:-1] in own)):
                    name = re.sub(r'^lower\((.*)\)$', r'\1', source).lower()
                    fields.setdefault(name, []).append((column, place > 0, source.startswith('lower(')))
        elif shape == 'listed':
            for source, column in self.listed:
                name = re.sub(r'^lower\((.*)\)$', r'\1', column)
                fields.setdefault(source.lower(), []).append((name.lower(), False, name != column))
        documented = set(fields)
        for column in self.columns:
            if shape == 'named':
                fields[column] = [(column, False, False)]
                continue
            if column in WORKSPACE:
                continue
            if column not in documented and (column + '.value' in documented or not any(path.startswith(column + '.') for path in documented)):
                fields[column] = [(column, False, False)]
            inner = 'properties.' + column
            if shape == 'raw' and inner not in documented and column != 'timegenerated':
                fields[inner] = [(column, True, False)]
        return fields


def parse_time(text):
    """A time in ISO 8601 as PostgreSQL's to_jsonb() writes it; what is after the microseconds is cut off."""
    match = re.match(r'^(\d+-\d+-\d+)[T ](\d+:\d+:\d+)(?:\.(\d+))?(Z|[+-]\d\d:\d\d)?$', text)
    if not match:
        return None
    day, clock, digits, zone = match.groups()
    time = datetime.datetime.fromisoformat(day + 'T' + clock)
    time = time.replace(microsecond=int(((digits or '') + '000000')[:6]))
    if zone and zone != 'Z':
        hours, minutes = int(zone[1:3]), int(zone[4:6])
        time -= datetime.timedelta(hours=hours, minutes=minutes) * (1 if zone[0] == '+' else -1)
    shown = time.strftime('%Y-%m-%dT%H:%M:%S')
    return shown + ('.%06d' % time.microsecond if time.microsecond else '').rstrip('0') + '+00:00'


class Misfit(Exception):
    """A value that its column does not take."""


def convert(table, column, value):
    """A value as its column has it."""
    kind = table.columns[column][0]
    if value is None:
        return None
    if kind == 'string':
        if isinstance(value, str):
            return value
        if isinstance(value, (bool, dict, list)) and column not in table.json_text:
            raise Misfit
        return json.dumps(value, separators=(',', ':'), ensure_ascii=False)
    if isinstance(value, str) and value in ('', 'null', 'None') and kind != 'dynamic':
        return None
    if kind == 'dynamic':
        if isinstance(value, str):
            if value in ('', 'null', 'None'):
                return None
            if value.lstrip()[:1] in ('{', '['):
                try:
                    return json.loads(value)
                except ValueError:
                    pass
        return value
    if kind == 'datetime':
        return parse_time(value)
    if kind == 'bool':
        return value if isinstance(value, bool) else value.lower() == 'true'
    return json.loads(value) if isinstance(value, str) else value


def is_localized(value):
    """Is this {value, localizedValue}, as the REST API writes text?"""
    return isinstance(value, dict) and all(member is None or (isinstance(member, (str, int, float)) and not isinstance(member, bool))
                                           for member in value.values()) and \
        {name.lower() for name in value} in ({'value'}, {'value', 'localizedvalue'})


class Row:
    """A row while it is filled."""

    def __init__(self, table):
        self.table = table
        self.cells = {}
        self.leftovers = []     # path, value, columns that may take it at last

    def take(self, column, value, fold):
        """Let a column take a value; did it?"""
        try:
            converted = convert(self.table, column, value)
        except Misfit:
            return False
        if fold and isinstance(converted, str):
            converted = converted.lower()
        if converted is None or self.cells.get(column) == converted:
            return True
        if column in self.cells:
            return False
        self.cells[column] = converted
        return True

    def field(self, path, value, columns):
        taken = False
        for column, second, fold in columns:
            if not second:
                taken = self.take(column, value, fold) or taken
        if not taken:
            self.leftovers.append((path, value, [column for column, second, _ in columns if second]))

    def takes_text(self, column):
        return self.table.columns[column][0] != 'dynamic' and column not in self.table.json_text

    def walk(self, record, fields, path=()):
        for name, value in record.items():
            here = '.'.join(path + (name,)).lower()
            columns = fields.get(here, [])
            inner = any(known.startswith(here + '.') for known in fields)
            if isinstance(value, dict) and not columns and inner and len(path) < 2:
                self.walk(value, fields, path + (name,))
            elif is_localized(value) and len(path) < 2 and any(self.takes_text(column) for column, _, _ in columns):
                for member, text in value.items():
                    own = fields.get(here + '.' + member.lower(), columns if member.lower() == 'value' else [])
                    self.field(path + (name, member), text, own)
            else:
                self.field(path + (name,), value, columns)

    def finish(self):
        extra = {}
        for path, value, seconds in self.leftovers:
            if any([self.take(column, value, False) for column in seconds]) or value is None:
                continue
            place = extra
            for name in path[:-1]:
                place = place.setdefault(name, {})
            place[path[-1]] = value
        if extra:
            self.cells['additionalfields'] = extra
        return self.cells


def part_of(resource, name):
    parts = (resource or '').split('/')
    lower = [part.lower() for part in parts]
    found = [parts[i + 1] for i in range(len(parts) - 1) if lower[i] == name.lower() and parts[i + 1]]
    return found[-1] if found else None


def derive(row, record, shape):
    """Columns that are filled from other fields."""
    for kind, column, source, rule in row.table.derived:
        column = column.lower()
        # of two fields that differ in case, the first counts
        field = {name.lower(): value for name, value in reversed(record.items())}
        if (kind != shape and (kind, shape) != ('named', 'listed')) or row.cells.get(column):
            continue
        value = field.get(source.lower())
        part = {'subscription': 'subscriptions', 'resource group': 'resourceGroups', 'provider': 'providers'}.get(rule)
        if part and isinstance(value, str) and part_of(value, part):
            row.cells[column] = part_of(value, part)
        elif rule == 'whole' and value is not None:
            try:
                row.cells[column] = convert(row.table, column, value)
            except Misfit:
                pass
        elif rule.startswith('member ') and isinstance(value, dict):
            member = {k.lower(): v for k, v in value.items()}.get(rule[7:].lower())
            text = convert(row.table, column, member) if isinstance(member, (str, int)) and not isinstance(member, bool) else None
            if text is not None and text.strip(' '):
                row.cells[column] = text.strip(' ')


def unwrapped(record, inner=('identity', 'properties')):
    """A raw record without strings where objects should be."""
    result = {}
    for name, value in record.items():
        if name in inner and isinstance(value, str) and value.lstrip(' \t\r\n')[:1] == '{':
            try:
                value = json.loads(value)
            except ValueError:
                pass
        if name == 'identity' and isinstance(value, dict):
            value = unwrapped(value, ('claims', 'authorization', 'requester'))
        result[name] = value
    return result


def row_of(table, record, shape):
    row = Row(table)
    record = unwrapped(record) if shape == 'raw' else record
    row.walk(record, table.mapping(shape))
    cells = row.finish()
    for name in OTHER_TIMES:
        if 'timegenerated' not in cells and record.get(name):
            cells['timegenerated'] = parse_time(record[name])
    derive(row, record, shape)
    return cells


# -- the CSV of the Entra portal -------------------------------------------------------

SIGNIN_HEADINGS = {
    'Date (UTC)': 'createdDateTime', 'Request ID': 'id', 'User agent': 'userAgent', 'Correlation ID': 'correlationId', 'User ID': 'userId',
    'User': 'userDisplayName', 'Username': 'userPrincipalName', 'User type': 'userType', 'Incoming token type': 'incomingTokenType',
    'Authentication Protocol': 'authenticationProtocol', 'Unique token identifier': 'uniqueTokenIdentifier',
    'Token Protection - Sign In Session': 'tokenProtectionStatusDetails.signInSessionStatus',
    'Token Protection - Sign In Session StatusCode': 'tokenProtectionStatusDetails.signInSessionStatusCode',
    'Application': 'appDisplayName', 'Application ID ': 'appId', 'Resource': 'resourceDisplayName', 'Resource ID ': 'resourceId',
    'Home tenant ID': 'homeTenantId', 'IP address': 'ipAddress', 'Location': 'location', 'Sign-in error code': 'status.errorCode',
    'Failure reason': 'status.failureReason', 'Client app': 'clientAppUsed', 'Device ID': 'deviceDetail.deviceId', 'Browser': 'deviceDetail.browser',
    'Compliant': 'deviceDetail.isCompliant', 'Managed': 'deviceDetail.isManaged', 'Multifactor authentication result': 'status.additionalDetails',
    'Multifactor authentication auth method': 'mfaDetail.authMethod', 'Authentication requirement': 'authenticationRequirement',
    'Session ID': 'sessionId', 'Through Global Secure Access': 'isThroughGlobalSecureAccess', 'Autonomous system  number': 'autonomousSystemNumber',
    'Latency': 'processingTimeInMilliseconds', 'Conditional Access': 'conditionalAccessStatus', 'Managed Identity type': 'managedServiceIdentity.msiType'}
PROGRAM_HEADINGS = {
    'AADServicePrincipalSignInLogs': {'Service principal ID': 'servicePrincipalId', 'Service principal name': 'servicePrincipalName',
                                      'Credential key ID': 'servicePrincipalCredentialKeyId'},
    'AADManagedIdentitySignInLogs': {'Managed identity ID': 'servicePrincipalId', 'Managed identity name': 'servicePrincipalName'}}
NUMBERS = {'status.errorCode', 'tokenProtectionStatusDetails.signInSessionStatusCode', 'processingTimeInMilliseconds'}
BOOLEANS = {'deviceDetail.isCompliant', 'deviceDetail.isManaged', 'isThroughGlobalSecureAccess'}
WORDS = {'conditionalAccessStatus': {'Success': 'success', 'Failure': 'failure', 'Not Applied': 'notApplied'},
         'authenticationRequirement': {'Multifactor authentication': 'multiFactorAuthentication', 'Single-factor authentication': 'singleFactorAuthentication'}}
AUDIT_HEADINGS = {'Date (UTC)': 'activityDateTime', 'Id': 'id', 'CorrelationId': 'correlationId', 'Service': 'loggedByService', 'Category': 'category',
                  'Activity': 'activityDisplayName', 'OperationType': 'operationType', 'Result': 'result', 'ResultReason': 'resultReason'}
ACTOR_HEADINGS = {'ActorObjectId': 'id', 'ActorDisplayName': 'displayName', 'ActorUserPrincipalName': 'userPrincipalName', 'IPAddress': 'ipAddress',
                  'ActorHomeTenantId': 'homeTenantId', 'ActorHomeTenantName': 'homeTenantName', 'ActorServicePrincipalId': 'servicePrincipalId',
                  'ActorServicePrincipalName': 'servicePrincipalName'}


def put_member(record, path, value):
    names = path.split('.')
    for name in names[:-1]:
        record = record.setdefault(name, {})
    record[names[-1]] = value


def graph_value(path, cell):
    """A cell of sign-ins as Graph has it."""
    if path in NUMBERS:
        return int(cell) if re.match(r'^(0|[1-9][0-9]*)$', cell) else cell
    if path in BOOLEANS:
        return {'yes': True, 'true': True, 'no': False, 'false': False}.get(cell.lower(), cell)
    if path in WORDS:
        return WORDS[path].get(cell, cell)
    if path == 'location':
        parts = cell.rsplit(',', 2)
        parts = parts if len(parts) == 3 else parts[:-1] + [''] * (3 - len(parts)) + parts[-1:]
        return {name: part.strip(' ') for name, part in zip(('city', 'state', 'countryOrRegion'), parts) if part.strip(' ')}
    return cell


def portal_signin(table, names, cells):
    headings = {**SIGNIN_HEADINGS, **PROGRAM_HEADINGS.get(table, {})}
    record, rest = {}, {}
    for i, (name, cell) in enumerate(zip(names, cells)):
        before = [cells[j] for j in range(i) if names[j] == name]
        if cell == '' or cell in before:
            continue
        if name in headings and not before:
            put_member(record, headings[name], graph_value(headings[name], cell))
        else:
            rest['%s (%d)' % (name, len(before) + 1) if before else name] = cell
    # the members of an object that becomes text have the order of the headings above
    ordered = {}
    for path in headings.values():
        value = record
        for name in path.split('.'):
            value = value.get(name) if isinstance(value, dict) else None
        if value is not None:
            put_member(ordered, path, value)
    return {**ordered, **rest}


def portal_audit(names, cells):
    row = {name: cell for name, cell in zip(names, cells) if cell != ''}
    record = {AUDIT_HEADINGS[name]: cell for name, cell in row.items() if name in AUDIT_HEADINGS}
    actor = {member: row[name] for name, member in ACTOR_HEADINGS.items() if name in row}
    if actor:
        user = 'userPrincipalName' in actor or ('id' in actor and not {'servicePrincipalId', 'servicePrincipalName'} & set(actor))
        record['initiatedBy'] = {'user' if user else 'app': actor}
    targets, details = {}, {}
    for name, cell in row.items():
        numbered = re.match(r'^(?:Target(\d+)(?:ModifiedProperty(\d+))?|AdditionalDetail(\d+))(\w+)$', name)
        if numbered and numbered.group(3):
            details.setdefault(int(numbered.group(3)), {})[numbered.group(4).lower()] = cell
        elif numbered:
            target = targets.setdefault(int(numbered.group(1)), {'modifiedProperties': {}})
            if numbered.group(2):
                target = target['modifiedProperties'].setdefault(int(numbered.group(2)), {})
            target[{'Type': 'type', 'DisplayName': 'displayName', 'ObjectId': 'id', 'UserPrincipalName': 'userPrincipalName',
                    'Name': 'displayName', 'OldValue': 'oldValue', 'NewValue': 'newValue'}[numbered.group(4)]] = cell
    agent = [{'key': 'User-Agent', 'value': row['User Agent']}] if 'User Agent' in row else []
    record['additionalDetails'] = agent + [details[number] for number in sorted(details)]
    record['targetResources'] = [{**targets[number], 'modifiedProperties': [properties for _, properties in sorted(targets[number]['modifiedProperties'].items())]}
                                 for number in sorted(targets)]
    if 'ActorType' in row:
        record['ActorType'] = row['ActorType']
    for place, name in enumerate(names):
        if name.startswith('Unknown') and name in row:
            record['%s (column %d)' % (name, place + 1)] = row[name]
    return record


# -- files ---------------------------------------------------------------------------

def avro_number(n):
    z, out = (n << 1) ^ (n >> 63), b''
    z &= (1 << 64) - 1
    while z >= 128:
        out, z = out + bytes([z % 128 + 128]), z // 128
    return out + bytes([z])


def avro_text(data):
    return avro_number(len(data)) + data


AVRO_SCHEMA = b'{"type":"record","name":"EventData","fields":[{"name":"Offset","type":"string"},{"name":"Body","type":["null","bytes"]}]}'


def write_avro(records, at_random):
    data = b'Obj\x01' + avro_number(1) + avro_text(b'avro.schema') + avro_text(AVRO_SCHEMA) + avro_number(0) + b'0123456789abcdef'
    while records:
        size = at_random.randint(1, 5)
        block = b''
        for record in records[:size]:
            block += avro_text(b'1') + avro_number(1) + avro_text(json.dumps({'records': [record]}).encode())
        data += avro_number(len(records[:size])) + avro_text(block) + b'0123456789abcdef'
        records = records[size:]
    return data


def read_avro(data):
    """The records of a file that write_avro() wrote: each body follows its length."""
    decoder = json.JSONDecoder()
    text = data.decode('latin-1')
    place, records = 0, []
    while (place := text.find('{"records"', place)) >= 0:
        body, end = decoder.raw_decode(text, place)
        records += json.loads(text[place:end].encode('latin-1'))['records']
        place = end
    return records


def read_records(shape, data, table):
    """The records of a file, and the names that their fields have."""
    if shape == 'lines':
        return [json.loads(line) for line in data.decode().split('\n') if line], 'raw'
    if shape == 'envelope':
        return json.loads(data)['records'], 'raw'
    if shape == 'avro':
        return read_avro(data), 'raw'
    if shape == 'export':
        return [json.loads(line) for line in data.decode().split('\n') if line], 'named'
    if shape == 'query':
        return json.loads(data), 'named'
    if shape == 'api':
        answer = json.loads(data)['tables'][0]
        names = [column['name'] for column in answer['columns']]
        return [dict(zip(names, row)) for row in answer['rows']], 'named'
    if shape == 'graph':
        return json.loads(data)['value'], 'listed'
    if shape == 'list':
        return json.loads(data), 'listed'
    if shape == 'portal':
        rows = list(csv.reader(io.StringIO(data.decode('utf-8-sig'), newline=''), strict=True))
        return [portal_audit(rows[0], row) if table == 'AuditLogs' else portal_signin(table, rows[0], row) for row in rows[1:]], 'listed'
    encoding, separator = {'csv': ('utf-8-sig', ','), 'semicolons': ('utf-8', ';'), 'utf16': ('utf-16', '\t')}[shape]
    rows = list(csv.reader(io.StringIO(data.decode(encoding), newline=''), delimiter=separator, strict=True))
    names = [re.sub(r' \[UTC\]$', '', name) for name in rows[0]]
    return [dict(zip(names, [cell if cell != '' else None for cell in row])) for row in rows[1:]], 'named'


def expect(name, shape, file):
    table = Table(name)
    records, kind = read_records(shape, open(file, 'rb').read(), name)
    for record in records:
        print(json.dumps(row_of(table, record, kind)))


# -- values at random ------------------------------------------------------------------

class Generator:
    def __init__(self, table, seed):
        self.table = table
        self.random = random.Random(seed)

    def text(self):
        r = self.random
        alphabet = r.choice(['abcXYZ', 'aä€😀', 'a "\\\'', 'a\t\r\nb', ',;|\t"', '{}[]:', '0123456789', ' _-/.'])
        return ''.join(r.choice(alphabet) for _ in range(r.choice([0, 1, 2, 7, 8, 9, 40])))

    def plain(self):
        return ''.join(self.random.choice('abcdefgh-_ ') for _ in range(self.random.randint(1, 20)))

    def time(self):
        r = self.random
        digits = ''.join(r.choice('0123456789') for _ in range(r.choice([0, 1, 3, 6, 7, 9])))
        return '2026-%02d-%02d%s%02d:%02d:%02d%s%s' % (r.randint(1, 2), r.randint(1, 28), r.choice('T '), r.randint(0, 23), r.randint(0, 59),
                                                      r.randint(0, 59), '.' + digits if digits else '', r.choice(['Z', '+00:00', '+05:30', '-08:00', '']))

    def json(self, depth=0):
        r = self.random
        kind = r.randint(0, 6 if depth < 2 else 4)
        if kind == 5:
            return [self.json(depth + 1) for _ in range(r.randint(0, 3))]
        if kind == 6:
            return {self.plain() + str(i): self.json(depth + 1) for i in range(r.randint(0, 3))}
        return [self.plain(), r.randint(-9999, 9999), r.choice([True, False]), r.randint(-99, 99) / 4, self.plain()][kind]

    def value(self, column):
        r = self.random
        kind = self.table.columns[column][0]
        if r.random() < 0.1:
            return None
        if kind == 'string':
            return r.randint(-10 ** 6, 10 ** 6) if r.random() < 0.1 else \
                {'a': self.plain(), 'b': [1, 2]} if column in self.table.json_text and r.random() < 0.5 else self.text()
        if kind == 'dynamic':
            value = self.json()
            return json.dumps(value) if isinstance(value, (dict, list)) and r.random() < 0.3 else value
        return {'datetime': self.time, 'bool': lambda: r.choice([True, False]), 'real': lambda: r.randint(-10 ** 6, 10 ** 6) / 8,
                'long': lambda: r.choice([r.randint(-99, 99), r.randint(-2 ** 63, 2 ** 63 - 1)]),
                'int': lambda: r.randint(-2 ** 31, 2 ** 31 - 1)}[kind]()

    def put(self, record, path, value):
        names = path.split('.')
        for name in names[:-1]:
            record = record.setdefault(name, {})
            if not isinstance(record, dict):
                return
        record.setdefault(names[-1], value)

    def camel(self, name):
        return self.random.choice([name[0].lower() + name[1:], name, name.lower()])

    def shuffled(self, record):
        items = list(record.items())
        self.random.shuffle(items)
        return {name: self.shuffled(value) if name in ('properties', 'identity') and isinstance(value, dict) else value for name, value in items}

    def raw(self):
        """A raw record, which says what its table is."""
        r, table = self.random, self.table
        storage = table.name.startswith('Storage')
        record = {'time': self.time(), 'category': r.choice(table.categories[:3] if storage else table.categories[:1])}
        if storage:
            service = table.name[7:-4].lower()
            record['resourceId'] = '/subscriptions/S-%d/resourceGroups/G/providers/Microsoft.Storage/storageAccounts/a/%sServices/default' % (r.randint(1, 9), service)
            record['properties'] = {'serviceType': service}
        elif table.name == 'AzureActivity':
            record['resourceId'] = '/SUBSCRIPTIONS/S-1/RESOURCEGROUPS/G%d/PROVIDERS/MICROSOFT.WEB/SITES/x' % r.randint(1, 9)
            record['operationName'] = r.choice(['Microsoft.Web/sites/write', 'MICROSOFT.WEB/SITES/DELETE'])
        else:
            record['resourceId'] = TENANT
        spelled = {'time', 'category', 'resourceid', 'operationname', 'resourcetype'}
        for column, (_, fields, name) in table.columns.items():
            if column in WORKSPACE or column in ('timegenerated', '_resourceid', '_subscriptionid', 'category') or r.random() < 0.3:
                continue
            paths = fields or [self.camel(name), 'properties.' + self.camel(name)]
            path = r.choice(paths if table.name != 'AzureActivity' else [p for p in paths if not p.startswith('properties.')] or paths)
            first = path.split('.')[0].lower()
            if path.startswith('lower(') or path.lower() in spelled or 'claims' in path.lower() or path.lower() == 'properties.servicetype' or \
                    (first in ('properties', 'identity') and '.' not in path and (table.name != 'AzureActivity' or first == 'identity')) or \
                    path.lower() == 'operationname.localizedvalue':
                continue
            spelled.add(path.lower())
            value = self.value(column)
            if self.table.columns[column][0] == 'string' and path.count('.') < 2 and r.random() < 0.2:
                # text that is JSON keeps its escapes, which may be others
                value = self.localized(self.plain() if column in self.table.json_text else value)
            self.put(record, path, value)
        for i in range(r.randint(0, 3)):
            self.put(record, r.choice(['unknown%d', 'properties.unknown%d'] if table.name != 'AzureActivity' else ['unknown%d']) % i, self.json())
        return self.shuffled(record)

    def named(self, as_text):
        r, table = self.random, self.table
        record = {}
        for column, (_, _, name) in table.columns.items():
            value = self.time() if column == 'timegenerated' else table.name if column == 'type' else \
                self.plain() if column == 'category' else self.value(column)
            if column != 'timegenerated' and column != 'type' and r.random() < 0.3 and not as_text:
                continue
            if table.name == 'AzureActivity' and column in ('claims', 'authorization', 'operationname', 'properties', 'resourceid'):
                value = 'x'
            if column in ('_resourceid', 'serviceid', 'servicetype', 'resourcetype') or (column == 'resourceid' and value != 'x'):
                value = None
            record[name] = value
        record['Unknown'] = self.plain()
        if as_text:
            return {name: None if value is None else value if isinstance(value, str) else json.dumps(value) for name, value in record.items()}
        return record

    def graph(self):
        r, table = self.random, self.table
        if table.name == 'AuditLogs':
            record = {'activityDateTime': self.time(), 'activityDisplayName': self.plain()}
        else:
            events = {'AADServicePrincipalSignInLogs': ['servicePrincipal'], 'AADManagedIdentitySignInLogs': ['managedIdentity'],
                      'AADNonInteractiveUserSignInLogs': ['nonInteractiveUser'], 'SigninLogs': ['interactiveUser']}[table.name]
            record = {'createdDateTime': self.time(), 'ipAddress': self.plain(), 'appDisplayName': self.plain(), 'signInEventTypes': events,
                      'status': {'errorCode': r.randint(0, 99999), 'failureReason': self.plain(), 'additionalDetails': None},
                      'location': {'city': self.plain(), 'countryOrRegion': r.choice(['NL', 'DE', ''])}}
        spelled = {name.lower() for name in record} | {'isinteractive', 'timegenerated', 'resulttype', 'resultdescription', 'locationdetails', 'createddatetime',
                                                      'activitydatetime', 'eventtimestamp', 'operationname', 'category', 'type', 'tenantid', 'sourcesystem'}
        if table.name == 'AuditLogs':
            spelled.add('resourceid')
        taken = {name.lower() for pair in table.listed for name in pair}
        for column, (_, _, name) in table.columns.items():
            if column in spelled or column in taken or column.startswith('_') or r.random() < 0.3:
                continue
            record[name[0].lower() + name[1:]] = self.value(column)
        for source, column in table.listed:
            if '.' not in source and source.lower() not in {n.lower() for n in record} and not column.startswith('lower('):
                record[source] = self.plain() if source == 'resourceId' else self.value(column.lower())
        record['unknown'] = self.json()
        return self.shuffled(record)


    def localized(self, value):
        """A text as the REST API may write it."""
        r = self.random
        if not isinstance(value, str) or r.random() < 0.5:
            return value
        return r.choice([{'value': value}, {'value': value, 'localizedValue': self.plain()}, {'localizedValue': value or 'x', 'value': value + 'x'},
                         {'Value': value, 'LocalizedValue': None}, {'value': None, 'localizedValue': self.plain()}])

    def activity(self):
        """What az monitor activity-log list and Get-AzActivityLog have."""
        r, table = self.random, self.table
        record = {'eventTimestamp': self.time(), 'resourceId': r.choice([None, '/subscriptions/S-1/resourceGroups/G/providers/Microsoft.Web/sites/X%d' % r.randint(1, 9)]),
                  'category': self.localized(r.choice(['Administrative', 'Security', 'Policy'])), 'caller': self.text(),
                  'authorization': {'action': self.plain(), 'scope': self.plain()}, 'claims': {'aud': self.plain(), 'n': r.randint(0, 9)},
                  'httpRequest': {'clientIpAddress': self.plain(), 'method': 'PUT'}, 'properties': r.choice([None, {'value': self.plain()}, {'a': self.json()}]),
                  'unknown': self.localized(self.plain())}
        for field in ('operationName', 'status', 'subStatus', 'resourceProviderName'):
            record[field] = self.localized(self.plain())
        for field in ('resourceGroupName', 'correlationId', 'eventDataId', 'operationId', 'level', 'subscriptionId', 'description'):
            if r.random() < 0.8:
                record[field] = self.localized(self.text())
        record['submissionTimestamp'] = self.time()
        if r.random() < 0.3:
            record = {name[0].upper() + name[1:]: value for name, value in record.items()}
        return self.shuffled(record)

    def portal_cell(self, path):
        r = self.random
        if r.random() < 0.2:
            return ''
        if path in ('createdDateTime', 'activityDateTime'):
            return self.time()
        if path in NUMBERS:
            return r.choice(['0', '50126', '007', '1.5', 'None'])
        if path in BOOLEANS:
            return r.choice(['Yes', 'No', 'true', 'FALSE'])
        if path in WORDS:
            return r.choice(list(WORDS[path]) + ['Other'])
        if path == 'location':
            return r.choice(['Utrecht, Utrecht, NL', 'NL', ' , NL', 'a, b, c, d', ', ,', self.plain()])
        # what becomes text that is JSON keeps its escapes, which may be others
        return self.plain() if path == 'resourceId' or '.' in path else self.text()

    def portal_names(self):
        """The headings of a file, and what Graph calls them."""
        r = self.random
        if self.table.name == 'AuditLogs':
            names = {**AUDIT_HEADINGS, **dict.fromkeys(list(ACTOR_HEADINGS) + ['ActorType', 'User Agent', 'Unknown'], '')}
            for target in range(1, 4):
                names.update(dict.fromkeys(['Target%d%s' % (target, part) for part in ('Type', 'DisplayName', 'ObjectId', 'UserPrincipalName')], ''))
                names.update(dict.fromkeys(['Target%dModifiedProperty%d%s' % (target, i, part) for i in (1, 2, 10) for part in ('Name', 'OldValue', 'NewValue')], ''))
            names.update(dict.fromkeys(['AdditionalDetail%d%s' % (i, part) for i in (1, 2, 10) for part in ('Key', 'Value')], ''))
            needed = {'Date (UTC)', 'CorrelationId', 'Activity'}
        else:
            names = {**SIGNIN_HEADINGS, **PROGRAM_HEADINGS.get(self.table.name, {}), 'Status': '', 'Something new': ''}
            needed = {'Date (UTC)', 'Request ID', 'Incoming token type', 'Username', *PROGRAM_HEADINGS.get(self.table.name, {})}
        chosen = [(name, path) for name, path in names.items() if name in needed or r.random() < 0.8]
        r.shuffle(chosen)
        # the portal has this one twice
        return chosen + ([('Incoming token type', '')] if self.table.name != 'AuditLogs' else [])

    def portal(self, count):
        """The cells of a file of the Entra portal."""
        columns = self.portal_names()
        rows = [[name for name, _ in columns]]
        for _ in range(count):
            row = [self.portal_cell(path) if name not in ('Date (UTC)', 'Activity') else self.time() if path.endswith('DateTime') else 'Add ' + self.plain()
                   for name, path in columns]
            first = rows[0].index('Incoming token type') if 'Incoming token type' in rows[0] else None
            if first is not None and self.random.random() < 0.5:
                row[-1] = row[first]
            rows.append(row)
        return rows


def write_csv(rows, separator, at_random):
    out = io.StringIO()
    # with less in quotes, and \n alone, Python leaves a \r as it is
    csv.writer(out, delimiter=separator, **at_random.choice([
        {'lineterminator': '\r\n'}, {'lineterminator': '\n', 'quoting': csv.QUOTE_ALL}])).writerows(rows)
    return out.getvalue()


def generate(seed, count, name, shape, file):
    table = Table(name)
    generator = Generator(table, '%s %s %s' % (seed, name, shape))
    if shape in ('lines', 'envelope', 'avro'):
        records = [generator.raw() for _ in range(count)]
    elif shape == 'graph':
        records = [generator.graph() for _ in range(count)]
    elif shape == 'list':
        records = [generator.activity() for _ in range(count)]
    elif shape == 'portal':
        records = generator.portal(count)
    else:
        records = [generator.named(shape not in ('export', 'api')) for _ in range(count)]
    ascii_only = generator.random.choice([True, False])
    if shape == 'avro':
        data = write_avro(records, generator.random)
    elif shape in ('lines', 'export'):
        data = ''.join(json.dumps(record, ensure_ascii=ascii_only) + '\n' for record in records).encode()
    elif shape == 'envelope':
        data = json.dumps({'records': records}, ensure_ascii=ascii_only).encode()
    elif shape == 'portal':
        data = write_csv(records, ',', generator.random).encode('utf-8-sig')
    elif shape in ('query', 'list'):
        data = json.dumps(records, ensure_ascii=ascii_only, indent=2).encode()
    elif shape == 'graph':
        data = json.dumps({'@odata.context': 'x', 'value': records}, ensure_ascii=ascii_only).encode()
    elif shape == 'api':
        names = list(dict.fromkeys(name for record in records for name in record))
        data = json.dumps({'tables': [{'name': 'PrimaryResult', 'columns': [{'name': n, 'type': 'string'} for n in names],
                                       'rows': [[record.get(n) for n in names] for record in records]}]}).encode()
    else:
        separator = {'csv': ',', 'semicolons': ';', 'utf16': '\t'}[shape]
        names = list(records[0])
        header = [n + ' [UTC]' if table.columns.get(n.lower(), ('',))[0] == 'datetime' else n for n in names]
        text = write_csv([header] + [[record[n] for n in names] for record in records], separator, generator.random)
        data = text.encode({'csv': 'utf-8-sig', 'semicolons': 'utf-8', 'utf16': 'utf-16'}[shape])
    open(file, 'wb').write(data)


if __name__ == '__main__':
    if sys.argv[1] == 'generate':
        generate(sys.argv[2], int(sys.argv[3]), *sys.argv[4:7])
    else:
        expect(*sys.argv[2:5])
