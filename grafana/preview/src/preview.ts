// node build/preview.js DIRECTORY: draw the pictures of the documentation.
// node build/preview.js PATH FILE: draw /d/UID?... into a file.

import { join } from 'path';

import { Browser } from 'puppeteer-core';

import { launch, open, picture } from './browser';
import { serve } from './server';

const THEMES = ['dark', 'light'];

async function pictures(browser: Browser, url: string, directory: string) {
  let result = '';

  for (const theme of THEMES) {
    for (const uid of ['azhunt-overview', 'azhunt-result', 'azhunt-storage-upload-link-account', 'azhunt-cloudshell-usage']) {
      const name = uid.replace('azhunt-', '');
      const page = await open(browser, `${url}/d/${uid}?theme=${theme}&var-result=${result}`);
      if (name === 'overview') {
        await picture(page, join(directory, `${name}-first-${theme}.webp`), false);
        result = await page.evaluate(() => document.querySelector('a[href*="/d/azhunt-result"]')!.getAttribute('href')!.match(/var-result=([0-9a-f-]+)/)![1]);
      } else {
        await picture(page, join(directory, `${name}-${theme}.webp`), true);
      }
      await page.close();
    }
  }
}

async function main() {
  const [what, file] = process.argv.slice(2);
  // for log rows to be in the pictures, who may read them
  const server = await serve(process.env.PGUSER ?? 'azhunt_grafana');
  const browser = await launch();
  try {
    if (file === undefined) {
      await pictures(browser, server.url, what);
    } else {
      const page = await open(browser, server.url + what);
      await picture(page, file, true);
      for (const error of await page.evaluate(() => window.azhunt.errors)) {
        console.error(error);
      }
    }
  } finally {
    await browser.close();
    await server.close();
  }
}

main().catch((error) => {
  console.error(error);
  process.exitCode = 1;
});
