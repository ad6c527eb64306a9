// Pictures of every page in three widths and two themes: screenshots.mjs FOLDER
import { mkdirSync } from 'node:fs'
import { join } from 'node:path'
import { chooseFiles, logIn, newPage, startBrowser, startServer, wavFile } from './harness.mjs'

const folder = process.argv[2]
const WIDTHS = { phone: 375, tablet: 820, wide: 1440 }

async function asGuest(page, shoot, dir) {
  await page.goto('/')
  await page.getByText('Nothing here yet').waitFor()
  await shoot('enhance-empty')
  await chooseFiles(page, wavFile(dir, 'Interview with Ms Ada.wav', 6), wavFile(dir, 'notes.txt', 0.1))
  await page.getByText('Ready', { exact: true }).waitFor()
  await page.getByRole('button', { name: /^Compare/ }).click()
  await page.getByRole('button', { name: 'Play', exact: true }).click()
  await page.waitForTimeout(1500)
  await page.getByRole('button', { name: 'Pause', exact: true }).click()
  await shoot('enhance-player')
  await chooseFiles(page, ...[1, 2, 3, 4, 5].map((n) => wavFile(dir, `Lecture ${n}.wav`, 0.5)))
  await page.getByText('Daily upload limit').waitFor()
  await shoot('enhance-limit')
  for (const path of ['usage', 'login', 'signup', 'account']) {
    await page.goto(`/${path}`)
    await page.locator('h1').waitFor()
    await page.waitForTimeout(700)
    await shoot(path)
  }
}

/** With the workers at work and something that waits for them. */
async function asAdmin(page, shoot, dir) {
  await logIn(page, 'boss', 'correct horse 1')
  await page.goto('/')
  await chooseFiles(page, ...[1, 2, 3].map((n) => wavFile(dir, `Hearing, day ${n}.wav`, 400)))
  await page.getByText('Queued', { exact: true }).waitFor()
  await page.goto('/manage')
  for (const tab of ['Overview', 'Users', 'Guests', 'Jobs', 'Upkeep']) {
    await page.getByRole('tab', { name: tab }).click()
    await page.waitForTimeout(600)
    await shoot(`manage-${tab.toLowerCase()}`)
  }
  await page.getByRole('tab', { name: 'Users' }).click()
  await page.getByRole('button', { name: 'New user' }).first().click()
  await shoot('manage-new-user')
}

const server = await startServer()
const browser = await startBrowser()
mkdirSync(folder, { recursive: true })
server.addUser('boss', 'correct horse 1', '--admin')
for (const [width, pixels] of Object.entries(WIDTHS))
  for (const colorScheme of ['light', 'dark']) {
    const { page, context } = await newPage(browser, server.url, { colorScheme, viewport: { width: pixels, height: 900 } })
    const shoot = (name) => page.screenshot({ path: join(folder, `${name}-${width}-${colorScheme}.png`), fullPage: true })
    await asGuest(page, shoot, server.dir)
    await asAdmin(page, shoot, server.dir)
    await context.close()
  }
await browser.close()
await server.stop()
console.log(`pictures in ${folder}`)
