// Every page in both themes: nothing that axe-core finds, and the keyboard gets everywhere.
import assert from 'node:assert/strict'
import { after, before, test } from 'node:test'
import { axeSource, chooseFiles, logIn, newPage, startBrowser, startServer, wavFile } from './harness.mjs'

let server, browser

before(async () => {
  server = await startServer()
  browser = await startBrowser()
  server.addUser('boss', 'correct horse 1', '--admin')
})
after(async () => {
  await browser?.close()
  assert.equal(await server?.stop(), 0)
})

async function violationsOf(page) {
  await page.evaluate(axeSource)
  return page.evaluate(async () => {
    const found = await window.axe.run(document, {
      runOnly: ['wcag2a', 'wcag2aa', 'wcag21a', 'wcag21aa', 'wcag22aa', 'best-practice'],
    })
    return found.violations.map((v) => `${v.id}: ${v.nodes.map((n) => `${n.target} ${n.any[0]?.message ?? ''}`).join(' | ')}`)
  })
}

const tabs = ['Overview', 'Users', 'Guests', 'Jobs', 'Upkeep']

for (const colorScheme of ['light', 'dark']) {
  test(`no page has a fault that axe finds, ${colorScheme}`, async () => {
    const { page, context } = await newPage(browser, server.url, { colorScheme, reducedMotion: 'reduce' })
    page.setDefaultTimeout(30000)
    // The test's own script is not the page's: it may run beside the policy.
    const faults = {}
    const check = async (name) => {
      const violations = await violationsOf(page)
      if (violations.length) faults[name] = violations
    }
    await page.goto('/')
    await chooseFiles(page, wavFile(server.dir, 'talk.wav', 1), wavFile(server.dir, 'notes.txt', 0.1))
    await page.getByText('Ready', { exact: true }).waitFor()
    await page.getByRole('button', { name: /^Compare/ }).click()
    await page.getByRole('button', { name: 'Play', exact: true }).waitFor()
    await check('/ with player')
    await page.getByRole('button', { name: 'Remove talk.wav' }).click()
    await page.getByRole('dialog').waitFor()
    await check('dialog')
    await page.goto('/usage')
    await page.getByRole('img', { name: /bars/ }).waitFor()
    await check('/usage')
    await page.getByRole('button', { name: 'Show as a table' }).click()
    await check('/usage as a table')
    for (const path of ['/login', '/signup', '/account', '/manage', '/no/such']) {
      await page.goto(path)
      await page.locator('h1, main p').first().waitFor()
      await check(path)
    }
    await logIn(page, 'boss', 'correct horse 1')
    await page.goto('/account')
    await page.getByText('boss@example.com').waitFor()
    await check('/account of a user')
    await page.goto('/manage')
    for (const tab of tabs) {
      await page.getByRole('tab', { name: tab }).click()
      await page.waitForFunction(() => !document.querySelector('.animate-pulse'))
      await check(`/manage ${tab}`)
    }
    await page.getByRole('tab', { name: 'Users' }).click()
    await page.getByRole('button', { name: 'Actions for boss' }).click()
    await page.getByRole('menuitem', { name: 'Edit' }).waitFor()
    await check('menu')
    await context.close()
    assert.deepEqual(faults, {})
  })
}

test('the keyboard alone does the main job', async () => {
  const { page, context, faults } = await newPage(browser, server.url)
  page.setDefaultTimeout(30000)
  await page.goto('/')
  await page.locator('h1').waitFor()
  await page.keyboard.press('Tab')
  assert.equal(await page.evaluate(() => document.activeElement.textContent), 'Skip to the content')
  await page.keyboard.press('Enter')
  const reach = async (name) => {
    for (let i = 0; i < 40; i++) {
      await page.keyboard.press('Tab')
      if (await page.evaluate((n) => (document.activeElement.ariaLabel ?? document.activeElement.textContent).startsWith(n), name)) return
    }
    assert.fail(`Tab does not reach ${name}`)
  }
  await reach('Choose files')
  const asked = page.waitForEvent('filechooser')
  await page.waitForTimeout(500) // the browser driver has to listen before the dialog opens
  await page.keyboard.press('Enter')
  const chooser = await asked
  await chooser.setFiles(wavFile(server.dir, 'keys.wav', 1))
  await page.getByText('Ready', { exact: true }).waitFor()
  await reach('Compare before and after')
  await page.keyboard.press('Enter')
  await page.getByRole('button', { name: 'Play', exact: true }).waitFor()
  await reach('Play')
  await page.keyboard.press('Enter')
  await page.getByRole('button', { name: 'Pause', exact: true }).waitFor()
  await page.keyboard.press('x')
  assert.equal(await page.getByRole('radio', { name: 'Original' }).isChecked(), true)

  await page.getByRole('button', { name: 'Remove keys.wav' }).focus()
  await page.keyboard.press('Enter')
  await page.getByRole('dialog').waitFor()
  await page.keyboard.press('Escape')
  await page.getByRole('dialog').waitFor({ state: 'detached' })
  assert.equal(await page.evaluate(() => document.activeElement.ariaLabel), 'Remove keys.wav', 'the focus comes back')
  assert.deepEqual(faults(), [])
  await context.close()
})

test('nothing moves while a page fills', async () => {
  for (const path of ['/', '/usage']) {
    const { page, context } = await newPage(browser, server.url)
    await page.addInitScript(() => {
      window.shift = 0
      new PerformanceObserver((list) => {
        for (const entry of list.getEntries()) if (!entry.hadRecentInput) window.shift += entry.value
      }).observe({ type: 'layout-shift', buffered: true })
    })
    await page.goto(path)
    await page.waitForLoadState('networkidle')
    await page.waitForTimeout(300)
    const shift = await page.evaluate(() => window.shift)
    assert.ok(shift < 0.1, `${path} shifts by ${shift}`)
    await context.close()
  }
})

test('no page is wider than a phone', async () => {
  const { page, context } = await newPage(browser, server.url, { viewport: { width: 360, height: 740 } })
  for (const path of ['/', '/usage', '/login', '/signup', '/account']) {
    await page.goto(path)
    await page.locator('h1').waitFor()
    await page.waitForLoadState('networkidle')
    const width = await page.evaluate(() => document.documentElement.scrollWidth)
    assert.ok(width <= 360, `${path} is ${width} wide`)
  }
  await context.close()
})
