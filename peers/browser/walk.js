// Walks through Setup in a real browser with scripts turned off: an app with a wrong certificate, the
// refusal explained, the certificate changed, the sign-in that succeeds, a query with a mistake and without.
//
// node walk.js ACCREDIT CHROMIUM FOLDER; keys and screenshots are left in FOLDER.

import assert from 'node:assert/strict';
import { execFile, spawn } from 'node:child_process';
import { once } from 'node:events';
import { mkdir, readFile } from 'node:fs/promises';
import path from 'node:path';
import { promisify } from 'node:util';
import { chromium } from 'playwright-core';

const [accredit, executablePath, folder] = process.argv.slice(2);
const run = promisify(execFile);
const USER = 'integration@accredit.example';

async function keys(name) {
  const home = path.join(folder, name);
  await mkdir(home, { recursive: true });
  await run(accredit, ['key', 'new', '--force', '--out-dir', home]);
  return { key: path.join(home, 'server.key'), certificate: path.join(home, 'server.crt') };
}

async function start() {
  const child = spawn(accredit, ['emulator', 'start', '--listen', '127.0.0.1:0'], {
    stdio: ['ignore', 'pipe', 'ignore'],
  });
  const [line] = await once(child.stdout, 'data');
  return { child, url: line.toString().trim() };
}

// What the command line says to a sign-in: the code of the refusal, or 'ok'.
async function signIn(url, clientId, key, user = USER) {
  try {
    await run(accredit, ['token', '-q', '-i', clientId, '-o', user, '-f', key, '-r', url]);
    return 'ok';
  } catch (error) {
    return /ACC-\d+/.exec(error.stderr)?.[0] ?? error.stderr;
  }
}

async function look(page, name) {
  const views = [
    ['light', 'light', { width: 1280, height: 900 }],
    ['dark', 'dark', { width: 1280, height: 900 }],
    ['phone', 'light', { width: 390, height: 844 }],
  ];
  for (const [view, colorScheme, size] of views) {
    await page.emulateMedia({ colorScheme });
    await page.setViewportSize(size);
    await page.screenshot({ path: path.join(folder, `${name}-${view}.png`), fullPage: true });
    const overflow = await page.evaluate(() => document.documentElement.scrollWidth - innerWidth);
    assert.ok(overflow <= 0, `${name}: ${overflow} pixels too wide (${view})`);
  }
  await page.emulateMedia({ colorScheme: 'light' });
  await page.setViewportSize(views[0][2]);
  await nameless(page, name);
}

// Everything that can be used has a name for those who cannot see it.
async function nameless(page, name) {
  const found = await page.evaluate(() => {
    const controls = 'input:not([type=hidden]), select, textarea, button, a[href], [role=region]';
    const text = (e) => e.getAttribute('aria-label') || e.labels?.[0]?.textContent || e.textContent;
    return [...document.querySelectorAll(controls)].filter((e) => !text(e).trim()).map((e) => e.outerHTML);
  });
  assert.deepEqual(found, [], name);
  assert.equal(await page.locator('h1').count(), 1, `${name}: one heading`);
}

async function createApp(page, url, certificate) {
  await page.goto(`${url}/`);
  assert.equal(new URL(page.url()).pathname, '/setup');
  await look(page, '01-overview');
  await page.keyboard.press('Tab');
  assert.equal(await page.evaluate(() => document.activeElement.textContent), 'Skip to the page');
  await page.getByRole('navigation').getByRole('link', { name: 'External client apps' }).click();
  await look(page, '02-no-apps');
  await page.getByRole('link', { name: 'New app' }).first().click();
  await page.getByLabel('Name', { exact: true }).fill('Nightly <b>sync</b>');
  await page.getByLabel('Certificate file').setInputFiles(certificate);
  await look(page, '03-new-app');
  await page.getByRole('button', { name: 'Create app' }).click();
  await page.getByText('The app was created.').waitFor();
  assert.equal(await page.locator('h1').textContent(), 'Nightly <b>sync</b>');
  await look(page, '04-app');
  return page.locator('code').first().textContent();
}

async function readRefusal(page) {
  await page.getByRole('navigation').getByRole('link', { name: 'Login history' }).click();
  const row = page.locator('.logins > li').first();
  await row.getByText('Refused: ACC-1003').waitFor();
  await row.locator('summary').first().focus();
  await page.keyboard.press('Enter');
  await row.getByText('invalid_grant').waitFor();
  const rung = row.getByRole('row', { name: /^Signature Failed/ });
  assert.match(await rung.textContent(), /sha256/);
  await row.getByRole('row', { name: /^User \(sub\) Not reached/ }).waitFor();
  await look(page, '05-refused');
}

async function changeCertificate(page, certificate) {
  await page.getByRole('link', { name: /^Policies of/ }).first().click();
  const pem = await readFile(certificate, 'utf8');
  await page.getByText('Add a certificate').click();
  await page.getByLabel('Or paste its text').fill('nothing of the kind');
  await page.getByRole('button', { name: 'Add certificate' }).click();
  await page.getByRole('alert').getByText('That is no certificate.').waitFor();
  await look(page, '06-unfit-certificate');
  await page.getByLabel('Or paste its text').fill(pem);
  await page.getByRole('button', { name: 'Add certificate' }).click();
  await page.getByText('The certificate was added.').waitFor();
  await page.getByRole('button', { name: /^Remove/ }).first().click();
  await page.getByText('The certificate was removed.').waitFor();
}

async function seeSuccess(page) {
  await page.getByRole('navigation').getByRole('link', { name: 'Login history' }).click();
  const row = page.locator('.logins > li').first();
  await row.getByText('Success').waitFor();
  await row.locator('summary').first().click();
  await look(page, '07-success');
  await page.getByRole('navigation').getByRole('link', { name: 'Sessions' }).click();
  await page.getByRole('button', { name: /^Revoke session/ }).first().waitFor();
  await look(page, '08-sessions');
}

async function query(page) {
  await page.getByRole('navigation').getByRole('link', { name: 'SOQL console' }).click();
  await look(page, '09-console');
  await page.getByLabel('Query', { exact: true }).fill('SELECT Id, Nmae\nFROM Contact\nORDER BY LastName');
  await page.getByRole('button', { name: 'Run query' }).click();
  await page.getByRole('alert').getByText('INVALID_FIELD').waitFor();
  const shown = await page.locator('pre').textContent();
  assert.equal(shown, 'SELECT Id, Nmae\n           ^\nFROM Contact\nORDER BY LastName');
  await look(page, '10-mistake');
  const mended = 'SELECT Id, Name, Account.Name\nFROM Contact\nORDER BY LastName';
  await page.getByLabel('Query', { exact: true }).fill(mended);
  await page.getByRole('button', { name: 'Run query' }).click();
  await page.getByRole('columnheader', { name: 'Account.Name' }).waitFor();
  assert.ok(await page.locator('tbody tr').count() >= 100);
  await look(page, '11-answer');
}

async function browse(page) {
  await page.getByRole('navigation').getByRole('link', { name: 'Objects and data' }).click();
  await look(page, '12-objects');
  await page.getByRole('link', { name: 'Account', exact: true }).click();
  await page.getByRole('columnheader').getByRole('link').nth(1).click();
  assert.equal(await page.locator('th[aria-sort=ascending]').count(), 1);
  await look(page, '13-records');
  await page.locator('td a').first().click();
  await page.getByText('Related records').waitFor();
  await look(page, '14-record');
}

async function setClockAndUser(page, url, clientId, key) {
  await page.getByRole('navigation').getByRole('link', { name: 'Clock' }).click();
  await page.getByLabel('By', { exact: true }).fill('2');
  await page.getByLabel('Unit').selectOption('hours');
  await page.getByRole('button', { name: 'Advance' }).click();
  await page.getByText('The clock was set.').waitFor();
  await look(page, '15-clock');
  await page.getByRole('button', { name: /^Run with/ }).click();
  await page.getByRole('navigation').getByRole('link', { name: 'Users' }).click();
  await look(page, '16-users');
  await page.getByRole('link', { name: USER }).click();
  await page.getByLabel('Frozen').check();
  await look(page, '17-user');
  await page.getByRole('button', { name: 'Save user' }).click();
  assert.equal(await signIn(url, clientId, key), 'ACC-1040');
  await page.getByRole('navigation').getByRole('link', { name: 'Connect a client' }).click();
  await look(page, '18-connect');
}

async function breakAndMend(page, url, clientId, key) {
  await page.getByRole('navigation').getByRole('link', { name: 'Users' }).click();
  await page.getByRole('link', { name: USER }).click();
  await page.getByLabel(/^Active/).check();
  await page.getByRole('button', { name: 'Save user' }).click();
  await page.getByRole('navigation').getByRole('link', { name: 'Faults' }).click();
  await page.getByRole('button', { name: 'Add fault' }).click();
  await page.getByRole('alert').getByText('Error needs status.').waitFor();
  await look(page, '21-unfit-fault');
  await page.getByLabel(/^Rate limit/).check();
  await page.getByLabel('Method').selectOption('POST');
  await page.getByLabel('Path').fill('/services/oauth2/token');
  await page.getByLabel('How many').fill('1');
  await page.getByRole('button', { name: 'Add fault' }).click();
  await page.getByText('The fault was added.').waitFor();
  assert.notEqual(await signIn(url, clientId, key), 'ok');
  assert.equal(await signIn(url, clientId, key), 'ok');
  await page.getByRole('navigation').getByRole('link', { name: 'Faults' }).click();
  await look(page, '22-faults');
  await page.getByRole('button', { name: /^Remove fault/ }).click();
  await page.getByText('The fault was removed.').waitFor();
}

async function snapshots(page) {
  await page.getByRole('navigation').getByRole('link', { name: 'Snapshots' }).click();
  await look(page, '23-no-snapshots');
  await page.getByLabel('Name').fill('before');
  await page.getByRole('button', { name: 'Take snapshot' }).click();
  await page.getByText('The snapshot was taken.').waitFor();
  await look(page, '24-snapshots');
  await page.getByRole('button', { name: 'Restore before' }).click();
  await page.getByText('The org is as it was in the snapshot.').waitFor();
}

async function settings(page) {
  await page.getByRole('navigation').getByRole('link', { name: 'Settings' }).click();
  await page.getByLabel(/^Strict/).check();
  await page.getByRole('button', { name: 'Save settings' }).click();
  await page.getByText('The settings were saved.').waitFor();
  await page.getByLabel('Name', { exact: true }).fill('trial');
  await page.getByRole('button', { name: 'Add org' }).click();
  await page.getByText('The org was created.').waitFor();
  await look(page, '25-settings');
  await page.getByRole('link', { name: 'trial', exact: true }).click();
  await page.getByText('trial.my.salesforce.com').first().waitFor();
  assert.equal(new URL(page.url()).pathname, '/orgs/trial/setup');
  await look(page, '26-other-org');
  await page.goBack();
}

async function deleteApp(page, url, clientId, key) {
  await page.getByRole('navigation').getByRole('link', { name: 'External client apps' }).click();
  await look(page, '19-apps');
  await page.getByRole('rowheader').getByRole('link').first().click();
  await page.getByRole('link', { name: 'Delete app' }).click();
  await look(page, '20-delete');
  await page.getByRole('button', { name: 'Delete app' }).click();
  await page.getByText('No apps yet').waitFor();
  assert.equal(await signIn(url, clientId, key), 'ACC-1020');
}

async function walk(page, url) {
  const [ours, theirs] = [await keys('ours'), await keys('theirs')];
  const clientId = await createApp(page, url, theirs.certificate);
  assert.equal(await signIn(url, clientId, ours.key), 'ACC-1003');
  await readRefusal(page);
  await changeCertificate(page, ours.certificate);
  assert.equal(await signIn(url, clientId, ours.key), 'ok');
  await seeSuccess(page);
  await query(page);
  await browse(page);
  await setClockAndUser(page, url, clientId, ours.key);
  await breakAndMend(page, url, clientId, ours.key);
  await snapshots(page);
  await deleteApp(page, url, clientId, ours.key);
  await settings(page);
}

const { child, url } = await start();
const browser = await chromium.launch({
  executablePath,
  args: ['--no-sandbox', '--disable-gpu', '--disable-quic', '--no-first-run',
    '--disable-background-networking', '--disable-component-update', '--disable-sync'],
});
try {
  const context = await browser.newContext({ javaScriptEnabled: false });
  const page = await context.newPage();
  page.setDefaultTimeout(15_000);
  const complaints = [];
  page.on('console', (message) => complaints.push(message.text()));
  await walk(page, url);
  // An answer of 422 to a form is what the browser always remarks upon.
  assert.deepEqual(complaints.filter((text) => !text.includes('422')), []);
  console.log(`screenshots are in ${folder}`);
} finally {
  await browser.close();
  child.kill('SIGTERM');
  await once(child, 'exit');
}
