// A job with several results: an engine of the operator's parts a recording in two.
import assert from 'node:assert/strict'
import { mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { after, before, test } from 'node:test'
import { axeSource, chooseFiles, newPage, startBrowser, startServer, wavFile } from './harness.mjs'

const PARTS = `
import os, shutil, sys
for name in ("first voice", "second voice"):
    shutil.copy(sys.argv[1], f"{sys.argv[2]}/{name}, {os.environ['WHAZZ_STRENGTH']}.wav")
`
let folder, server, browser

before(async () => {
  folder = mkdtempSync(join(tmpdir(), 'whazz-results-'))
  writeFileSync(join(folder, 'parts.py'), PARTS)
  const engine = `speaker_separation=/usr/bin/python3 ${folder}/parts.py {in} {outdir:2}`
  server = await startServer(['--engines', engine, '--engine-paths', folder])
  browser = await startBrowser()
})
after(async () => {
  await browser?.close()
  assert.equal(await server?.stop(), 0)
  rmSync(folder, { recursive: true, force: true })
})

async function saved(page, button) {
  const [download] = await Promise.all([page.waitForEvent('download'), button.click()])
  return { name: download.suggestedFilename(), bytes: readFileSync(await download.path()) }
}

test('two voices are listed, and saved one by one or together', async () => {
  const { page, context, faults } = await newPage(browser, server.url)
  page.setDefaultTimeout(30_000)
  await page.goto('/')
  await page.getByRole('radio', { name: 'Speaker separation' }).click()
  assert.equal(await page.getByRole('radio', { name: 'Music separation' }).count(), 0, 'no engine serves it')
  await page.getByLabel('Strength').selectOption('Strong')
  await chooseFiles(page, wavFile(folder, 'talk.wav', 1))
  const list = page.getByRole('list', { name: 'Results of talk.wav' })
  await list.waitFor()
  for (const [i, voice] of ['first voice, strong', 'second voice, strong'].entries())
    await list.getByRole('listitem').nth(i).getByText(voice).waitFor()

  const second = await saved(page, list.getByRole('button').nth(1))
  assert.match(second.name, /second voice, strong.*\.wav$/)
  assert.equal(second.bytes.toString('latin1', 0, 4), 'RIFF')
  const all = await saved(page, page.getByRole('button', { name: 'All as ZIP: talk.wav' }))
  assert.match(all.name, /talk\.zip$/)
  assert.ok(all.bytes.includes('first voice') && all.bytes.includes('second voice'))

  if (process.env.SHOT) await page.screenshot({ path: process.env.SHOT, fullPage: true })
  await page.evaluate(axeSource)
  const found = await page.evaluate(() => window.axe.run())
  assert.deepEqual(found.violations.map((v) => `${v.id}: ${v.nodes[0].html}`), [])
  assert.deepEqual(faults(), [])
  await context.close()
})
