// What goes wrong on the way: a server that dies, a token that ends, two tabs at once. The work
// gets done, and nothing is counted twice.
import assert from 'node:assert/strict'
import { connect, createServer } from 'node:net'
import { after, before, test } from 'node:test'
import { chooseFiles, logIn, newPage, startBrowser, startServer, wavFile } from './harness.mjs'

const TIMEOUT_MS = 30_000
let server, browser

before(async () => {
  server = await startServer(['--access-token-expiry', '4s'])
  browser = await startBrowser()
})
after(async () => {
  await browser?.close()
  assert.equal(await server?.stop(), 0)
})

const row = (page, name) => page.getByRole('listitem').filter({ hasText: name })
const isReady = (page, name) => row(page, name).getByText('Ready', { exact: true }).waitFor()

async function open(options) {
  const opened = await newPage(browser, server.url, options)
  opened.page.setDefaultTimeout(TIMEOUT_MS)
  return opened
}

/** Limits what the page sends; 0: no more. */
async function uploadSpeed(page, bytesPerSecond) {
  const client = await page.context().newCDPSession(page)
  await client.send('Network.enable')
  const limits = { offline: false, latency: 0, downloadThroughput: -1, uploadThroughput: bytesPerSecond || -1 }
  await client.send('Network.emulateNetworkConditions', limits)
}

/** Headers of whoever this page is; of `user` by a session of the test's own, since the page's
 * tokens may end at any moment. */
async function identity(page, user) {
  if (!user) return { 'X-Guest-ID': await page.evaluate(() => JSON.parse(localStorage.getItem('whazz.guest')).id) }
  const login = JSON.stringify({ username_or_email: user, password: 'correct horse 1' })
  const reply = await fetch(`${server.url}/auth/login`, { method: 'POST', headers: { 'Content-Type': 'application/json' }, body: login })
  assert.equal(reply.status, 200)
  return { Authorization: `Bearer ${(await reply.json()).access_token}` }
}

async function counted(page, files, user) {
  const headers = await identity(page, user)
  const asked = async (path) => (await fetch(server.url + path, { headers })).json()
  const me = await asked('/usage/me')
  assert.equal(me.total_files_uploaded, files)
  assert.equal(me.total_files_processed, files)
  assert.equal(me.total_files_failed, 0)
  const limits = await asked('/usage/limits')
  assert.equal(limits.files_per_day.used, files)
  assert.equal(limits.files_per_day.reserved, 0)
  assert.equal(limits.processing_minutes.reserved, 0)
}

test('an upload that a dying server breaks off is tried again and counts once', async () => {
  const { page, context, faults } = await open()
  await page.goto('/')
  await page.getByText('files left today').waitFor()
  await uploadSpeed(page, 1_000_000)
  await chooseFiles(page, wavFile(server.dir, 'long.wav', 60, 48000))
  const sent = page.getByRole('progressbar', { name: 'Progress of long.wav' })
  await sent.waitFor()
  await page.waitForFunction(() => document.querySelector('progress')?.value > 15)
  await server.crash()
  await row(page, 'long.wav').getByText('The connection broke while the file was on its way. Try again: it counts only once.').waitFor()
  await row(page, 'long.wav').getByText('Not sent', { exact: true }).waitFor()
  await server.revive()
  await uploadSpeed(page, 0)
  await page.getByRole('button', { name: 'Try long.wav again' }).click()
  await isReady(page, 'long.wav')
  await counted(page, 1)
  assert.equal(await row(page, 'long.wav').count(), 1)
  assert.deepEqual(faults().filter((fault) => !/net::ERR_/.test(fault)), [])
  await context.close()
})

/** Passes everything on to the server, but breaks off the connection that brings the reply to an
 * upload as long as `isCutting`. */
async function startProxy(state) {
  const proxy = createServer((near) => {
    let sent = ''
    const far = connect(Number(new URL(server.url).port), '127.0.0.1')
    near.on('data', (chunk) => {
      sent = (sent + chunk.subarray(0, 64).toString('latin1')).slice(-4096)
      far.write(chunk)
    })
    far.on('data', (chunk) => (state.isCutting && sent.includes('POST /audio/upload') ? near.destroy() : near.write(chunk)))
    for (const [one, other] of [[near, far], [far, near]]) one.on('error', () => other.destroy()).on('close', () => other.destroy())
  })
  await new Promise((resolve) => proxy.listen(0, '127.0.0.1', resolve))
  return proxy
}

test('a reply that is lost is no second upload', async () => {
  const state = { isCutting: true }
  const proxy = await startProxy(state)
  const { page, context, faults } = await newPage(browser, `http://127.0.0.1:${proxy.address().port}`)
  page.setDefaultTimeout(TIMEOUT_MS)
  await page.goto('/')
  await page.getByText('files left today').waitFor()
  await chooseFiles(page, wavFile(server.dir, 'twice.wav', 1))
  await row(page, 'twice.wav').getByText('Not sent', { exact: true }).waitFor()
  state.isCutting = false
  await page.getByRole('button', { name: 'Try twice.wav again' }).click()
  await page.getByText('Not sent').waitFor({ state: 'detached' })
  await isReady(page, 'twice.wav')
  assert.equal(await row(page, 'twice.wav').count(), 1)
  await counted(page, 1)
  assert.deepEqual(faults().filter((fault) => !/net::ERR_/.test(fault)), [])
  await context.close()
  proxy.close()
})

test('a token that ends during an upload and its job stops neither', async () => {
  server.addUser('erin', 'correct horse 1')
  const { page, context, faults } = await open()
  await logIn(page, 'erin', 'correct horse 1')
  const before = await page.evaluate(() => localStorage.getItem('whazz.tokens'))
  await page.getByText('files left today').waitFor()
  await uploadSpeed(page, 400_000)
  await chooseFiles(page, wavFile(server.dir, 'late.wav', 25, 48000)) // six seconds on its way
  await isReady(page, 'late.wav')
  await page.reload()
  await isReady(page, 'late.wav')
  assert.notEqual(await page.evaluate(() => localStorage.getItem('whazz.tokens')), before, 'the token was renewed')
  await counted(page, 1, 'erin')
  assert.deepEqual(faults(), [])
  await context.close()
})

test('two tabs renew one session, work at once, and log out together', async () => {
  server.addUser('finn', 'correct horse 1')
  const { page, context, faults } = await open()
  await logIn(page, 'finn', 'correct horse 1')
  const tab = await context.newPage()
  tab.setDefaultTimeout(TIMEOUT_MS)
  await tab.goto('/')
  await page.waitForTimeout(4500) // both find that the token has ended, at the same time
  const names = ['left.wav', 'right.wav']
  await Promise.all([page, tab].map((each, i) => chooseFiles(each, wavFile(server.dir, names[i], 1))))
  await Promise.all([page, tab].map((each, i) => isReady(each, names[i])))
  for (const each of [page, tab]) await each.reload()
  for (const each of [page, tab]) for (const name of names) await isReady(each, name)
  await counted(page, 2, 'finn')
  await page.goto('/account')
  await page.getByRole('button', { name: 'Log out' }).click()
  await page.getByText('You are logged out.').waitFor()
  await tab.getByRole('link', { name: 'Log in' }).waitFor()
  assert.equal(await row(tab, 'left.wav').count(), 0)
  assert.deepEqual(faults(), [])
  await context.close()
})

test('two tabs that renew at every request stay signed in', async () => {
  server.addUser('gwen', 'correct horse 1')
  const { page, context, faults } = await open()
  await context.addInitScript(() => {
    const now = Date.now
    Date.now = () => now() + 3_600_000 // by this clock every token has ended
  })
  await logIn(page, 'gwen', 'correct horse 1')
  const tab = await context.newPage()
  tab.setDefaultTimeout(TIMEOUT_MS)
  await tab.goto('/')
  await tab.getByText('files left today').waitFor()
  for (const round of [1, 2, 3]) {
    await Promise.all([page, tab].map((each, i) => chooseFiles(each, wavFile(server.dir, `round${round}-${i}.wav`, 0.5))))
    await Promise.all([page, tab].map((each, i) => isReady(each, `round${round}-${i}.wav`)))
  }
  assert.ok(await tab.getByRole('link', { name: 'gwen' }).isVisible())
  assert.deepEqual(faults(), [])
  await context.close()
})
