// What the page needs: itself, the dashboards, and answers to their queries.

import { existsSync, readFileSync } from 'fs';
import { createServer, IncomingMessage, Server, ServerResponse } from 'http';
import { AddressInfo } from 'net';
import { join } from 'path';

import { Pool } from 'pg';

import { expand, query } from './postgres';

const DASHBOARDS = join(__dirname, '..', '..', 'dashboards');

const HTML = `<!doctype html>
<html lang="en">
<head><meta charset="utf-8"><title>azhunt</title><link rel="icon" href="data:,"><link rel="stylesheet" href="/page.css"></head>
<body><div id="root"></div><script src="/page.js"></script></body>
</html>`;

const MODULES = join(__dirname, '..', 'node_modules');
const FONTS: Record<string, string> = { 'Inter-Regular.woff2': 'inter-latin-400-normal.woff2', 'Inter-Medium.woff2': 'inter-latin-500-normal.woff2' };

// A font or an icon, wherever the page believes that it is.
function asset(path: string): string | undefined {
  const [, name] = /\/public\/(?:build\/)?([\w/-]+(?:\.\w+)+)$/.exec(path) ?? [];
  const font = FONTS[name?.split('/').pop() ?? ''];
  return font ? join(MODULES, '@fontsource/inter/files', font) : name && join(MODULES, '@grafana/ui/dist/public', name);
}

async function body(request: IncomingMessage): Promise<any> {
  let text = '';
  for await (const chunk of request) {
    text += chunk;
  }
  return JSON.parse(text);
}

async function answer(pool: Pool, request: IncomingMessage, response: ServerResponse) {
  const path = new URL(request.url!, 'http://localhost').pathname;
  const send = (type: string, content: string | Buffer) => response.setHeader('Content-Type', type).end(content);

  const file = asset(path);

  if (file !== undefined) {
    send(file.endsWith('svg') ? 'image/svg+xml' : 'font/woff2', existsSync(file) ? readFileSync(file) : '');
  } else if (path === '/query') {
    const { sql, format, range } = await body(request);
    send('application/json', JSON.stringify(await query(pool, expand(sql, range), format)));
  } else if (path === '/page.js' || path === '/page.css') {
    // compiled once for all pages of a browser
    response.setHeader('Cache-Control', 'max-age=3600');
    send(path.endsWith('js') ? 'text/javascript' : 'text/css', readFileSync(join(__dirname, path)));
  } else if (path.startsWith('/dashboards/')) {
    send('application/json', readFileSync(join(DASHBOARDS, `${path.split('/')[2].replace(/[^a-z-]/g, '')}.json`)));
  } else if (path.startsWith('/d/')) {
    send('text/html', HTML);
  } else {
    response.writeHead(404).end();
  }
}

// PGHOST and its like say where the database is; the role is Grafana's.
export async function serve(user: string): Promise<{ url: string; close: () => Promise<void> }> {
  const pool = new Pool({ user, max: 4 });
  const server: Server = createServer((request, response) => {
    answer(pool, request, response).catch((error) => response.writeHead(500).end(JSON.stringify({ message: String(error.message) })));
  });
  await new Promise<void>((listening) => server.listen(0, '127.0.0.1', listening));
  return {
    url: `http://127.0.0.1:${(server.address() as AddressInfo).port}`,
    close: async () => {
      server.closeAllConnections();
      server.close();
      await pool.end();
    },
  };
}
