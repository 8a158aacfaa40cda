// A browser that draws dashboards.

import puppeteer, { Browser, Page } from 'puppeteer-core';

// at which the dashboards are laid out
export const WIDTH = 1440;
export const HEIGHT = 900;

export function launch(): Promise<Browser> {
  return puppeteer.launch({
    executablePath: process.env.CHROMIUM ?? '/usr/bin/chromium',
    args: ['--no-sandbox', '--disable-gpu', '--disable-dev-shm-usage', '--font-render-hinting=none', '--lang=en-US'],
    env: { ...process.env, TZ: 'UTC' },
  });
}

// Open a dashboard, and wait until all its queries are answered and drawn.
export async function open(browser: Browser, address: string): Promise<Page> {
  const page = await browser.newPage();
  await page.setViewport({ width: WIDTH, height: HEIGHT });
  page.on('pageerror', (error) => page.evaluate((text) => window.azhunt.errors.push(text), String(error)).catch(() => undefined));
  await page.goto(address);
  await settle(page);
  return page;
}

// Nothing is running, and nothing was drawn for some frames.
export async function settle(page: Page): Promise<void> {
  await page.waitForFunction(() => window.azhunt !== undefined && (window.azhunt.errors.length > 0 || document.querySelector('section[data-testid*="Panel header"]') !== null), { timeout: 60000 });
  await page.evaluate(
    () =>
      new Promise<void>((resolve) => {
        let quiet = 0;
        let before = '';
        const look = () => {
          const now = `${window.azhunt.queries} ${document.body.getElementsByTagName('*').length}`;
          quiet = window.azhunt.running === 0 && window.azhunt.queries > 0 && now === before ? quiet + 1 : 0;
          before = now;
          quiet >= 12 ? resolve() : setTimeout(look, 25);
        };
        look();
      })
  );
}

// The page as high as it is.
export async function picture(page: Page, path: string, whole: boolean): Promise<void> {
  if (whole) {
    const height = await page.evaluate(() => document.querySelector('.page')!.scrollHeight);
    await page.setViewport({ width: WIDTH, height });
    await settle(page);
  }
  await (path.endsWith('.webp')
    ? page.screenshot({ path: path as `${string}.webp`, type: 'webp', quality: 50 })
    : page.screenshot({ path: path as `${string}.png` }));
}
