// Looks at the dashboard of a broker in a real browser: a connection that is signed in, one that is
// refused, one not used yet; on a desk and a phone, light and dark; and again when it renews itself.
//
// node broker.js ACCREDIT CHROMIUM FOLDER; screenshots are left in FOLDER.

import assert from 'node:assert/strict';
import { execFileSync, spawn } from 'node:child_process';
import { once } from 'node:events';
import { mkdirSync, writeFileSync } from 'node:fs';
import { get } from 'node:http';
import path from 'node:path';
import { chromium } from 'playwright-core';

const [accredit, executablePath, folder] = process.argv.slice(2);
const keys = path.join(folder, 'broker-keys');
mkdirSync(keys, { recursive: true });

const children = [];
async function start(...words) {
  const child = spawn(accredit, words, { stdio: ['ignore', 'pipe', 'ignore'] });
  children.push(child);
  const [line] = await once(child.stdout, 'data');
  return line.toString().trim().split('\n')[0];
}

const connection = (name, clientId, user, org) => `[connections.${name}]
client_id = "${clientId}"
username = "${user}"
login_url = "${org}"
key = "broker-keys/server.key"
`;

async function broker() {
  const org = await start('emulator', 'start', '--listen', '127.0.0.1:0');
  execFileSync(accredit, ['key', 'new', '-q', '--force', '--out-dir', keys]);
  const certificate = path.join(keys, 'server.crt');
  execFileSync(accredit, ['emulator', 'app', 'add', 'b', '--cert', certificate, '--client-id', 'b', '--emulator', org]);
  const user = 'integration@accredit.example';
  const longName = `${'a.very.long.name.'.repeat(6)}b@example.com`.slice(-80);
  const file = path.join(folder, 'broker.toml');
  writeFileSync(file, [
    connection('default', 'b', user, org),
    connection('refused', 'nobody', user, org),
    connection('unused', 'b', longName, 'https://acme--sandbox.sandbox.my.salesforce.com'),
  ].join(''));
  return start('serve', '-q', '--config', file, '--listen', '127.0.0.1:0');
}

function contrast(page) {
  return page.evaluate(() => {
    const channel = (value) => (value <= 0.03928 ? value / 12.92 : ((value + 0.055) / 1.055) ** 2.4);
    const light = (color) => {
      const [r, g, b] = color.match(/[\d.]+/g).slice(0, 3).map((one) => channel(one / 255));
      return 0.2126 * r + 0.7152 * g + 0.0722 * b;
    };
    const ground = (e) => {
      const color = getComputedStyle(e).backgroundColor;
      return /, 0\)$/.test(color) && e.parentElement ? ground(e.parentElement) : color;
    };
    const texts = [...document.querySelectorAll('h1, h2, p, dt, dd, span, figcaption')];
    return Math.min(...texts.map((e) => {
      const pair = [light(getComputedStyle(e).color), light(ground(e))].sort((a, b) => b - a);
      return (pair[0] + 0.05) / (pair[1] + 0.05);
    }));
  });
}

async function look(page, name, colorScheme, width) {
  await page.emulateMedia({ colorScheme });
  await page.setViewportSize({ width, height: 900 });
  await page.screenshot({ path: path.join(folder, `broker-${name}.png`), fullPage: true });
  const overflow = await page.evaluate(() => document.documentElement.scrollWidth - innerWidth);
  assert.ok(overflow <= 0, `${name}: ${overflow} pixels too wide`);
  assert.ok((await contrast(page)) >= 4.5, `${name}: text is hard to read`);
}

async function walk(page, url) {
  const ask = (name) => new Promise((resolve, reject) => {
    const options = { headers: { 'Accredit-Request': 'true' } };
    get(`${url}/v1/connections/${name}/token`, options, (reply) => reply.resume().on('end', resolve)).on('error', reject);
  });
  await ask('default');
  await ask('refused');
  await page.goto(url);
  assert.equal(await page.locator('h1').count(), 1);
  const card = (name) => page.getByRole('article').filter({ has: page.getByRole('heading', { name, exact: true }) });
  await card('default').getByText('signed in', { exact: true }).waitFor();
  await card('default').getByText('1 use in the last hour').waitFor();
  await card('refused').getByText('ACC-1020').waitFor();
  await card('refused').getByText('What to do:').waitFor();
  await card('unused').getByText('not used yet').waitFor();
  for (const [name, scheme, width] of [['light', 'light', 1280], ['dark', 'dark', 1280], ['phone', 'light', 320], ['phone-dark', 'dark', 390]]) {
    await look(page, name, scheme, width);
  }
  const text = await page.content();
  assert.ok(!text.includes('00D'), 'no token stands in the page');
  await ask('default');
  await card('default').getByText('2 uses in the last hour').waitFor({ timeout: 20000 });
}

let browser;
try {
  const url = await broker();
  browser = await chromium.launch({ executablePath, args: ['--no-sandbox'] });
  const context = await browser.newContext({ javaScriptEnabled: true });
  await walk(await context.newPage(), url);
} finally {
  await browser?.close();
  children.forEach((child) => child.kill());
}
