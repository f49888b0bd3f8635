// SPDX-License-Identifier: MIT
import { writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { pathToFileURL } from 'node:url';
import test from 'ava';
import { type Browser, chromium, type Page } from 'playwright-core';
import { htmlText } from '../../report/htmlPage.ts';
import type { Results } from '../../schema/results.ts';
import type { PlannedTest } from '../../stages/testPlan.ts';
import { requirePackages } from './packages.ts';
import { temporaryDirectory } from './pinlab.ts';
import { FAIL, PASS, resultsOf, runScripts, scriptTest } from './scripts.ts';

const EVIL = `<script>document.title = "owned"</script><img src=x onerror="document.title='owned'">`;
const NAME = '<script>document.title=1</script><img src=x onerror=alert(1)>';
const QUOTED = EVIL.replaceAll("'", `'\\''`);
const SCRIPTS = {
  evil: `echo '# ${QUOTED}'; echo '<0>${QUOTED}' > /dev/kmsg; ${FAIL}`,
  panics: 'echo c > /proc/sysrq-trigger; sleep 60',
  sound: PASS,
};
const STALLING: PlannedTest = {
  id: 'pin:pin.anon.unpinned_buffer_stalls_on_every_page',
  program: 'pin',
  name: 'pin.anon.unpinned_buffer_stalls_on_every_page',
};

let report: AsyncDisposable & { path: string };
let browser: Browser;
let failing: Results;

test.before('a guest fails in every way that the page shows', async () => {
  await requirePackages('chromium');
  report = await temporaryDirectory();
  // No name of a test has a quote: it is a C identifier.
  const evil = { ...scriptTest('evil'), id: `evil:${NAME}` };
  const tests = [evil, scriptTest('panics'), scriptTest('sound'), STALLING];
  const record = await runScripts(report.path, { scripts: SCRIPTS, tests });
  failing = await resultsOf(record, tests);
  await writeFile(join(report.path, 'report.html'), htmlText(failing));
  browser = await chromium.launch({
    executablePath: '/usr/bin/chromium',
    // It may run as root, and without a network.
    args: ['--no-sandbox', '--disable-gpu', '--disable-background-networking'],
  });
});

test.after.always('the browser ends', async () => {
  await browser?.close();
  await report?.[Symbol.asyncDispose]();
});

async function open(): Promise<Page> {
  const page = await browser.newPage();
  await page.goto(pathToFileURL(join(report.path, 'report.html')).href);
  return page;
}

function row(page: Page, name: string) {
  return page.locator('#tests tbody tr', { has: page.locator('code', { hasText: name }) });
}

test.serial('the decoded frame is there, with the source around its line', async (t) => {
  const page = await open();
  const frame = page.locator('#splats li', { hasText: '__handle_sysrq+' });
  t.regex(await frame.locator('code').innerText(), /\(drivers\/tty\/sysrq\.c:\d+\)$/);
  const line = /sysrq\.c:(\d+)/.exec(await frame.locator('code').innerText())?.[1];
  const marked = frame.locator('pre.source mark');
  t.true(await marked.isVisible());
  t.regex(await marked.innerText(), new RegExp(`^ *${line}  .*handler`));
  const other = page.locator('#splats li', { hasText: 'panic+' }).first();
  t.false(await other.locator('pre.source').isVisible());
  t.true((await frame.locator('pre.source').innerText()).split('\n').length > 5);
});

test.serial('each test has its duration and what the device counted', async (t) => {
  const page = await open();
  t.is(await page.locator('#tests tbody tr').count(), failing.tests.length);
  for (const { id, durationMs } of failing.tests) {
    const time = await row(page, id).first().locator('.time').innerText();
    t.regex(time, durationMs < 1000 ? /^\d+ ms$/ : /^[\d.]+ s$|^\d+ m/, id);
  }
  const heads = await page.locator('#tests thead th').allInnerTexts();
  const cells = await row(page, STALLING.id).locator('td').allInnerTexts();
  t.is(cells[heads.indexOf('stalls')], '64');
});

test.serial('the switches hide and show tests by their status, without a script', async (t) => {
  const page = await open();
  const [sound, panics] = [row(page, 'sound:t'), row(page, 'panics:t')];
  t.true(await sound.isVisible());
  await page.locator('#show-pass').uncheck();
  t.false(await sound.isVisible());
  t.true(await panics.isVisible());
  await page.locator('#show-lost').uncheck();
  t.false(await panics.isVisible());
  await page.locator('#show-pass').check();
  t.true(await sound.isVisible());
});

test.serial('what failed is unfolded and folds, a console unfolds', async (t) => {
  const page = await open();
  const said = row(page, 'evil:').locator('pre').first();
  t.true(await said.isVisible());
  await row(page, 'evil:').locator('summary').first().click();
  t.false(await said.isVisible());
  const splat = page.locator('details.splat', { hasText: 'sysrq triggered crash' });
  const console = splat.locator('> details pre');
  t.false(await console.isVisible());
  await splat.locator('> details summary').click();
  t.true(await console.isVisible());
});

test.serial('what the guest says is text', async (t) => {
  const page = await open();
  t.is(await page.title(), 'pinlab: failed');
  t.is(await page.locator('script, img').count(), 0);
  t.true((await row(page, 'evil:').locator('code').first().innerText()).includes(NAME));
  t.true((await row(page, 'evil:').locator('pre').first().innerText()).includes(EVIL));
});

test.serial('the page fits its window, and loads nothing', async (t) => {
  const page = await browser.newPage({ viewport: { width: 1000, height: 800 } });
  const asked: string[] = [];
  page.on('request', (request) => asked.push(request.url()));
  const url = pathToFileURL(join(report.path, 'report.html')).href;
  await page.goto(url);
  t.deepEqual(asked, [url]);
  const width = await page.evaluate('document.documentElement.scrollWidth');
  t.true(Number(width) <= 1000, `${width}`);
});
