// node build/preview.js PATH PICTURE: draw /d/UID?... into a file.

import { launch, open, picture } from './browser';
import { serve } from './server';

async function main() {
  const [path, file] = process.argv.slice(2);
  const server = await serve('azhunt_grafana');
  const browser = await launch();
  try {
    const page = await open(browser, server.url + path);
    await picture(page, file, true);
    for (const error of await page.evaluate(() => window.azhunt.errors)) {
      console.error(error);
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
