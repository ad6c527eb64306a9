// What the browser tests share: a real server in a folder of its own, a real browser, and a
// watch on everything that must never happen (console errors, refused content, other hosts).
import { spawn, execFileSync } from 'node:child_process'
import { mkdtempSync, rmSync, writeFileSync, existsSync } from 'node:fs'
import { createRequire } from 'node:module'
import { tmpdir } from 'node:os'
import { join } from 'node:path'

const require = createRequire(new URL('../../web/package.json', import.meta.url))
const { chromium } = require('playwright-core')
export const axeSource = require('axe-core').source

export const WHAZZ = process.env.WHAZZ_EXE
const CHROMIUM = process.env.CHROMIUM ?? '/usr/bin/chromium'
const FLAGS = ['--no-sandbox', '--disable-gpu', '--disable-quic', '--no-first-run', '--disable-background-networking',
  '--disable-component-update', '--disable-sync', '--autoplay-policy=no-user-gesture-required',
  '--use-fake-device-for-media-stream', '--use-fake-ui-for-media-stream', '--mute-audio']

/** One process of the server, once it serves. */
async function launch(port, args) {
  const server = spawn(WHAZZ, ['serve', '--listen', `127.0.0.1:${port}`, '--logins-per-minute', '1000',
    '--signups-per-hour', '1000', '--guests-per-hour', '1000', ...args], { stdio: ['ignore', 'ignore', 'pipe'] })
  let log = ''
  const bound = await new Promise((resolve, reject) => {
    server.stderr.on('data', (chunk) => {
      log += chunk
      const found = /event=serving.* port=(\d+)/.exec(log)
      if (found) resolve(Number(found[1]))
    })
    server.on('exit', (code) => reject(new Error(`the server ended with ${code}:\n${log}`)))
  })
  const end = (signal) => {
    server.removeAllListeners('exit')
    const over = new Promise((resolve) => server.on('exit', resolve))
    server.kill(signal)
    return over
  }
  return { port: bound, end, log: () => log }
}

export async function startServer(options = []) {
  const dir = mkdtempSync(join(tmpdir(), 'whazz-web-'))
  const args = ['--data-dir', join(dir, 'data'), ...options]
  let now = await launch(0, args)
  return {
    url: `http://127.0.0.1:${now.port}`,
    dir,
    log: () => now.log(),
    /** Gone at once, as by a power cut; `revive` starts it again on the same port and data. */
    crash: () => now.end('SIGKILL'),
    revive: async () => {
      now = await launch(now.port, args)
    },
    /** A user made beside the server, as an operator does. */
    addUser: (name, password, ...more) =>
      execFileSync(WHAZZ, ['user', 'add', ...more, '--data-dir', join(dir, 'data'), name, `${name}@example.com`],
        { input: `${password}\n${password}\n` }),
    stop: async () => {
      const code = await now.end('SIGTERM')
      rmSync(dir, { recursive: true, force: true })
      return code
    },
  }
}

export async function startBrowser() {
  if (!existsSync(CHROMIUM)) throw new Error(`there is no ${CHROMIUM}: install the group test-web`)
  return chromium.launch({ executablePath: CHROMIUM, headless: true, args: FLAGS })
}

/** A page of a new browser profile. `faults()` lists what must never happen. `expected` are
 * statuses whose console line belongs to the test. */
export async function newPage(browser, url, { expected = [], ...options } = {}) {
  const context = await browser.newContext({ baseURL: url, ...options })
  const page = await context.newPage()
  const faults = []
  page.on('console', (message) => {
    if (message.type() !== 'error' && message.type() !== 'warning') return
    if (expected.some((status) => message.text().includes(`status of ${status}`))) return
    faults.push(`console ${message.type()}: ${message.text()}`)
  })
  page.on('pageerror', (error) => faults.push(`uncaught: ${error.message}`))
  page.on('request', (request) => {
    const to = request.url()
    if (!to.startsWith(url) && !/^(data|blob):/.test(to)) faults.push(`request to ${to}`)
  })
  await page.addInitScript(() => {
    window.refusedContent = []
    addEventListener('securitypolicyviolation', (event) => {
      window.refusedContent.push(`${event.violatedDirective} ${event.blockedURI}`)
      console.error(`refused content: ${event.violatedDirective} ${event.blockedURI}`)
    })
  })
  return { page, context, faults: () => faults }
}

/** A recording: a tone that comes and goes, in noise. Bytes of a WAV file. */
export function wav(seconds = 2, rate = 16000) {
  const frames = Math.round(seconds * rate)
  const bytes = Buffer.alloc(44 + frames * 2)
  bytes.write('RIFF', 0)
  bytes.writeUInt32LE(36 + frames * 2, 4)
  bytes.write('WAVEfmt ', 8)
  bytes.writeUInt32LE(16, 16)
  bytes.writeUInt16LE(1, 20)
  bytes.writeUInt16LE(1, 22)
  bytes.writeUInt32LE(rate, 24)
  bytes.writeUInt32LE(rate * 2, 28)
  bytes.writeUInt16LE(2, 32)
  bytes.writeUInt16LE(16, 34)
  bytes.write('data', 36)
  bytes.writeUInt32LE(frames * 2, 40)
  let noise = 12345
  for (let i = 0; i < frames; i++) {
    noise = (noise * 1103515245 + 12345) & 0x7fffffff
    const voice = Math.sin(i / 12) * Math.max(0, Math.sin((i / rate) * 5)) * 16000
    bytes.writeInt16LE(Math.round(voice + (noise / 0x7fffffff - 0.5) * 6000), 44 + i * 2)
  }
  return bytes
}

export function wavFile(dir, name, seconds, rate) {
  const path = join(dir, name)
  writeFileSync(path, wav(seconds, rate))
  return path
}

export async function chooseFiles(page, ...files) {
  await page.locator('input[type=file]').setInputFiles(files)
}

export async function signUp(page, name, password = 'correct horse 1') {
  await page.goto('/signup')
  await page.getByLabel('Email').fill(`${name}@example.com`)
  await page.getByLabel('User name').fill(name)
  await page.getByLabel('Password').fill(password)
  await page.locator('form').getByRole('button', { name: 'Sign up' }).click()
  await page.getByText('Welcome.').waitFor()
}

export async function logIn(page, name, password) {
  await page.goto('/login')
  await page.getByLabel('User name or email').fill(name)
  await page.getByLabel('Password').fill(password)
  await page.locator('form').getByRole('button', { name: 'Log in' }).click()
  await page.getByText('Welcome back').waitFor()
}

/** Makes the page believe that its access token has ended. */
export async function ageAccessToken(page) {
  await page.evaluate(() => {
    const tokens = JSON.parse(localStorage.getItem('whazz.tokens'))
    const [head, claims, sign] = tokens.access_token.split('.')
    const aged = { ...JSON.parse(atob(claims.replaceAll('-', '+').replaceAll('_', '/'))), exp: 1 }
    tokens.access_token = [head, btoa(JSON.stringify(aged)), sign].join('.')
    localStorage.setItem('whazz.tokens', JSON.stringify(tokens))
  })
}
