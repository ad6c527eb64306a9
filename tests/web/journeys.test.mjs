// What people come to do, in a real browser against the real server.
import assert from 'node:assert/strict'
import { randomUUID } from 'node:crypto'
import { readFileSync } from 'node:fs'
import { after, before, test } from 'node:test'
import { ageAccessToken, chooseFiles, logIn, newPage, signUp, startBrowser, startServer, wav, wavFile } from './harness.mjs'

let server, browser

before(async () => {
  server = await startServer(['--guest-files-per-day', '3'])
  browser = await startBrowser()
})
after(async () => {
  await browser?.close()
  assert.equal(await server?.stop(), 0)
})

/** A page in a profile of its own; whatever must never happen fails the test. */
function journey(name, run, options) {
  test(name, async () => {
    const { page, context, faults } = await newPage(browser, server.url, options)
    page.setDefaultTimeout(30000)
    try {
      await run(page)
      assert.deepEqual(faults(), [])
      assert.deepEqual(await page.evaluate(() => window.refusedContent), [])
    } catch (error) {
      error.message += `\n${faults().join('\n')}\n${await page.locator('main').innerText().catch(() => '')}`
      throw error
    } finally {
      await context.close()
    }
  })
}

const row = (page, name) => page.getByRole('listitem').filter({ hasText: name })
const isReady = (page, name) => row(page, name).getByText('Ready', { exact: true }).waitFor()

async function card(page, title) {
  return page.locator('h2', { hasText: title }).first().locator('xpath=../..').innerText()
}

async function downloadOf(page, name) {
  const [download] = await Promise.all([
    page.waitForEvent('download'),
    page.getByRole('button', { name: `Download the result: ${name}` }).click(),
  ])
  return { name: download.suggestedFilename(), bytes: readFileSync(await download.path()) }
}

/** A recording of a guest who has nothing to do with the page. */
async function someonesFile(name) {
  const form = new FormData()
  form.append('file', new Blob([wav(0.5)]), name)
  const headers = { 'X-Guest-ID': randomUUID() }
  const reply = await fetch(`${server.url}/audio/upload`, { method: 'POST', headers, body: form })
  assert.equal(reply.status, 201)
}

journey('a guest cleans a recording, compares, downloads, and finds it after a reload', async (page) => {
  await page.goto('/')
  await page.getByText('3 of 3 files left today').waitFor()
  await chooseFiles(page, wavFile(server.dir, 'talk.wav', 3))
  await isReady(page, 'talk.wav')
  await page.getByText('2 of 3 files left today').waitFor()

  await page.getByRole('button', { name: 'Compare before and after: talk.wav' }).click()
  await page.getByRole('button', { name: 'Play', exact: true }).click()
  await page.getByRole('button', { name: 'Pause', exact: true }).waitFor()
  const position = page.getByRole('slider', { name: 'Position' })
  await page.waitForFunction(() => Number(document.querySelector('input[type=range]').value) > 0.3)
  const before = Number(await position.inputValue())
  await page.getByText('Original', { exact: true }).click()
  assert.equal(await page.getByRole('radio', { name: 'Original' }).isChecked(), true)
  const after = Number(await position.inputValue())
  assert.ok(after >= before && after < before + 2.5, `went from ${before} to ${after}`)
  await page.getByRole('button', { name: 'Pause', exact: true }).click()

  const file = await downloadOf(page, 'talk.wav')
  assert.equal(file.name, 'processed_talk.wav')
  assert.equal(file.bytes.subarray(0, 4).toString(), 'RIFF')
  assert.ok(file.bytes.length > 90000)

  await page.reload()
  await isReady(page, 'talk.wav')
})

/** A page's HTML as one line for each element. Ids that were given, and which choice stands in the
 * HTML, are the drawer's business. */
function outline(page, html) {
  return page.evaluate((text) => {
    const told = (item) => !/^(checked|selected)$/.test(item.name) && !/^P\d/.test(item.value)
    const line = (element) => {
      const attributes = [...element.attributes].filter(told).map((item) => `${item.name}=${item.value}`)
      const own = [...element.childNodes].filter((node) => node.nodeType === Node.TEXT_NODE).map((node) => node.data)
      return [element.localName, ...attributes.sort(), ...own].join(' ')
    }
    return [...new DOMParser().parseFromString(text, 'text/html').body.querySelectorAll('*')].map(line)
  }, html)
}

journey('the app takes over the front page untouched, and would draw the same', async (page) => {
  await page.route(/\/(guest|audio|usage)\//, () => undefined) // no figures yet
  await page.addInitScript(() => {
    window.changes = 0
    addEventListener('DOMContentLoaded', () => {
      const root = document.getElementById('root')
      window.came = root.innerHTML
      new MutationObserver((list) => (window.changes += list.length)).observe(root, { subtree: true, childList: true, attributes: true, characterData: true })
    })
  })
  await page.goto('/')
  await page.waitForFunction(() => performance.getEntriesByName('whazz.started').length)
  const came = await page.evaluate(() => window.came)
  assert.equal(await page.evaluate(() => window.changes), 0)
  await page.getByRole('link', { name: 'Usage' }).click()
  await page.getByRole('heading', { level: 1, name: 'Usage' }).waitFor()
  await page.getByRole('link', { name: 'Enhance' }).click()
  await page.getByText('Drop recordings here').waitFor()
  const drawn = await page.evaluate(() => document.getElementById('root').innerHTML)
  assert.deepEqual(await outline(page, drawn), await outline(page, came))

  await page.getByRole('button', { name: 'Theme: As my device' }).click()
  await page.reload()
  await page.getByRole('button', { name: 'Theme: Light' }).waitFor()
})

/** Drops a recording there; the browser would open what the page does not take. */
async function dropOn(place, name) {
  const isTaken = await place.evaluate((element, [base64, fileName]) => {
    const data = new DataTransfer()
    data.items.add(new File([Uint8Array.from(atob(base64), (c) => c.charCodeAt(0))], fileName))
    return !element.dispatchEvent(new DragEvent('drop', { dataTransfer: data, bubbles: true, cancelable: true }))
  }, [wav(0.5).toString('base64'), name])
  assert.ok(isTaken)
}

journey('what is done before the app has started counts', async (page) => {
  let letGo
  const held = new Promise((resolve) => (letGo = resolve))
  await page.route('**/assets/index-*.js', async (route) => {
    await held
    await route.continue()
  })
  await page.goto('/', { waitUntil: 'commit' })
  await page.getByRole('radio', { name: 'Noise Removes' }).check()
  await page.getByLabel('Strength').selectOption('Strong')
  await page.getByRole('button', { name: 'Theme: As my device' }).click()
  const chooser = page.waitForEvent('filechooser')
  await page.getByRole('button', { name: 'Choose files' }).click()
  await (await chooser).setFiles(wavFile(server.dir, 'early-chosen.wav', 0.5))
  await dropOn(page.getByText('Drop recordings here'), 'early-dropped.wav')
  assert.equal(await page.evaluate(() => performance.getEntriesByName('whazz.started').length), 0)
  letGo()
  await isReady(page, 'early-chosen.wav')
  await isReady(page, 'early-dropped.wav')
  await page.getByRole('button', { name: 'Theme: Light' }).waitFor()
  assert.equal(await page.getByRole('radio', { name: 'Noise Removes' }).isChecked(), true)
  assert.equal(await page.getByLabel('Strength').inputValue(), 'strong')
  await row(page, 'early-dropped.wav').getByText('Noise ·').waitFor()
})

journey('both sides play on one clock, and switching moves neither', async (page) => {
  await page.addInitScript(() => {
    window.starts = []
    const start = AudioBufferSourceNode.prototype.start
    AudioBufferSourceNode.prototype.start = function (when, offset) {
      window.starts.push({ when, offset, context: this.context, frames: this.buffer.length })
      start.call(this, when, offset)
    }
  })
  await page.goto('/')
  await chooseFiles(page, wavFile(server.dir, 'pair.wav', 4))
  await isReady(page, 'pair.wav')
  await page.getByRole('button', { name: 'Compare before and after: pair.wav' }).click()
  await page.getByRole('slider', { name: 'Position' }).fill('1')
  await page.getByRole('button', { name: 'Play', exact: true }).click()
  await page.waitForFunction(() => Number(document.querySelector('input[type=range]').value) > 1.3)
  for (const side of ['Original', 'Result', 'Original']) await page.getByText(side, { exact: true }).click()
  const starts = await page.evaluate(() => window.starts.map(({ when, offset, context, frames }) => ({ when, offset, frames, isSame: context === window.starts[0].context })))
  assert.equal(starts.length, 2, 'switching starts nothing anew')
  assert.deepEqual(starts[0], starts[1])
  assert.equal(starts[0].offset, 1)
  await page.getByRole('button', { name: 'Play', exact: true }).waitFor() // it ends by itself
})

journey('usage follows a job by itself, and every chart is a table too', async (page) => {
  await page.goto('/')
  await chooseFiles(page, wavFile(server.dir, 'first.wav', 1))
  await isReady(page, 'first.wav')
  await page.getByRole('link', { name: 'Usage' }).click()
  await page.getByText('1 of 3 used, 2 left').waitFor()
  assert.match(await card(page, 'Files processed'), /1\s+0 failed, 100 % succeeded/)
  assert.match(await card(page, 'API calls'), /Guest/)

  // Another tab of the same guest works on; this page learns of it without a reload.
  const tab = await page.context().newPage()
  await tab.goto('/')
  await chooseFiles(tab, wavFile(server.dir, 'second.wav', 1))
  await isReady(tab, 'second.wav')
  await tab.close()
  await page.getByText('2 of 3 used, 1 left').waitFor({ timeout: 20000 })

  await page.getByLabel('Split by type').check()
  await page.getByRole('img', { name: /Files processed: 2 in 30 bars/ }).waitFor()
  await page.getByRole('button', { name: 'Show as a table' }).click()
  assert.equal(await page.getByRole('region', { name: /Files processed/ }).getByRole('row').count(), 31)
  await page.getByLabel('Per').selectOption('month')
  await page.getByLabel('Time', { exact: true }).selectOption('365')
  await page.waitForFunction(() => document.querySelectorAll('[role=region] tbody tr').length >= 12)

  const [download] = await Promise.all([page.waitForEvent('download'), page.getByRole('button', { name: 'Download CSV' }).click()])
  assert.match(readFileSync(await download.path(), 'utf8'), /^event_id,occurred_at,kind,meter,/)
}, { timezoneId: 'Asia/Shanghai' })

journey('at a limit a guest learns why, until when, and the way on', async (page) => {
  await page.goto('/')
  const files = [1, 2, 3, 4].map((n) => wavFile(server.dir, `many${n}.wav`, 0.5))
  await chooseFiles(page, ...files)
  const refused = page.getByRole('listitem').filter({ hasText: 'Not accepted' })
  await refused.waitFor()
  const text = await refused.innerText()
  assert.match(text, /Daily upload limit of 3 files reached/)
  assert.match(text, /It starts again in/)
  await page.getByText('No files left today').waitFor()

  await refused.getByRole('link', { name: 'Sign up for more' }).click()
  await signUp(page, 'limited')
  await page.getByText(/Your 3 recordings and what you used as a guest moved/).waitFor()
  await isReady(page, 'many1.wav')
  await page.getByText('97 of 100 files left today').waitFor()
}, { expected: [429] })

journey('a file that cannot be taken is told apart before it is sent', async (page) => {
  await page.goto('/')
  await page.locator('input[type=file]').setInputFiles([
    { name: 'notes.txt', mimeType: 'text/plain', buffer: Buffer.from('hello') },
    { name: 'empty.wav', mimeType: 'audio/wav', buffer: Buffer.alloc(0) },
  ])
  await page.getByText('“notes.txt” is not WAV, MP3, FLAC, M4A or OGG.').waitFor()
  await page.getByText('“empty.wav” is empty.').waitFor()
  await page.getByRole('button', { name: 'Remove notes.txt' }).click()
  await page.getByText('“notes.txt”').waitFor({ state: 'detached' })
})

journey('a file that is no audio fails with a reason', async (page) => {
  await page.goto('/')
  await page.locator('input[type=file]').setInputFiles([{ name: 'fake.mp3', mimeType: 'audio/mpeg', buffer: Buffer.from('x'.repeat(5000)) }])
  await row(page, 'fake.mp3').getByText(/Not accepted|Failed/).waitFor()
  const text = await row(page, 'fake.mp3').innerText()
  assert.ok(text.split('\n').length >= 2, text)
}, { expected: [400] })

journey('a recording made here is cleaned like any other', async (page) => {
  await page.goto('/')
  await page.getByRole('button', { name: 'Record', exact: true }).click()
  await page.getByRole('button', { name: 'Stop recording, 0:01' }).click({ timeout: 5000 })
  await isReady(page, 'Recording')
})

/** Keeps what the page takes from the microphone in `streams`, given once `microphone` is called. */
function watchMicrophone(page, isWorkletBroken) {
  return page.addInitScript((isBroken) => {
    window.streams = []
    const held = new Promise((resolve) => (window.microphone = resolve))
    const take = navigator.mediaDevices.getUserMedia.bind(navigator.mediaDevices)
    navigator.mediaDevices.getUserMedia = async (wanted) => {
      await held
      const stream = await take(wanted)
      window.streams.push(stream)
      return stream
    }
    if (isBroken) AudioWorklet.prototype.addModule = () => Promise.reject(new Error('none'))
  }, isWorkletBroken)
}

const oneMicrophoneOff = (page) =>
  page.waitForFunction(() => window.streams.length === 1 && window.streams[0].getTracks().every((track) => track.readyState === 'ended'))

journey('the microphone is let go where recording fails', async (page) => {
  await watchMicrophone(page, true)
  await page.goto('/')
  await page.getByRole('button', { name: 'Record', exact: true }).click()
  await page.getByRole('button', { name: 'Record', exact: true, disabled: true }).waitFor() // one asks at a time
  await page.evaluate(() => window.microphone())
  await page.getByText('The microphone cannot be used.').waitFor()
  await oneMicrophoneOff(page)
  await page.getByRole('button', { name: 'Record', exact: true, disabled: false }).waitFor()
})

journey('the microphone is let go where the page was left while it was asked for', async (page) => {
  await watchMicrophone(page, false)
  await page.goto('/')
  await page.getByRole('button', { name: 'Record', exact: true }).click()
  await page.getByRole('button', { name: 'Record', exact: true, disabled: true }).waitFor()
  await page.getByRole('link', { name: 'Usage' }).click()
  await page.getByRole('heading', { level: 1, name: 'Usage' }).waitFor()
  await page.evaluate(() => window.microphone())
  await oneMicrophoneOff(page)
})

journey('a recording dropped beside the marked place is taken', async (page) => {
  await page.goto('/')
  await page.waitForFunction(() => performance.getEntriesByName('whazz.started').length)
  await dropOn(page.getByRole('banner'), 'beside.wav')
  await isReady(page, 'beside.wav')
})

journey('what went wrong stays to be read', async (page) => {
  await page.clock.install()
  await page.route('**/usage/export**', (route) => route.fulfill({ status: 503, json: { detail: 'Nothing to be had' } }))
  await page.goto('/usage')
  await page.getByRole('button', { name: 'Download CSV' }).click()
  await page.getByText('Nothing to be had').waitFor()
  await page.clock.fastForward(60_000)
  await page.getByText('Nothing to be had').waitFor()
  await page.getByRole('button', { name: 'Close' }).click()
  await page.getByText('Nothing to be had').waitFor({ state: 'detached' })
}, { expected: [503] })

journey('a list that was asked for before a job came does not hide the job', async (page) => {
  let isFirst = true
  await page.route('**/audio/jobs?**', async (route) => {
    const reply = await route.fetch()
    if (isFirst) await new Promise((resolve) => setTimeout(resolve, 3000))
    isFirst = false
    await route.fulfill({ response: reply }).catch(() => undefined) // the app may not want it any more
  })
  await page.goto('/')
  await chooseFiles(page, wavFile(server.dir, 'early.wav', 1))
  await isReady(page, 'early.wav')
  await page.waitForTimeout(3500)
  await isReady(page, 'early.wav')
})

journey('where no stream gets through, asking finds the outcome', async (page) => {
  await page.route('**/audio/events/**', (route) => route.fulfill({ status: 503, body: '' }))
  await page.goto('/')
  await chooseFiles(page, wavFile(server.dir, 'polled.wav', 1))
  await isReady(page, 'polled.wav')
}, { expected: [503] })

journey('an upload can be stopped', async (page) => {
  await page.route('**/audio/upload', () => undefined) // on its way for good
  await page.goto('/')
  await chooseFiles(page, wavFile(server.dir, 'slow.wav', 1))
  await row(page, 'slow.wav').getByText('Uploading').waitFor()
  await page.getByRole('button', { name: 'Cancel slow.wav' }).click()
  await page.getByText('Nothing here yet').waitFor()
  await page.getByText('3 of 3 files left today').waitFor()
})

journey('hostile names are text', async (page) => {
  const name = '"><img src=x onerror=alert(1)><script>alert(2)</script>.wav'
  page.on('dialog', () => assert.fail('a name was run'))
  await page.goto('/')
  await page.locator('input[type=file]').setInputFiles([{ name, mimeType: 'audio/wav', buffer: readFileSync(wavFile(server.dir, 'plain.wav', 1)) }])
  await page.getByText('Ready', { exact: true }).waitFor()
  assert.ok((await page.locator('main').innerText()).includes('<script>alert(2)</script>.wav'))
  assert.equal(await page.locator('main img, main script').count(), 0)
})

journey('a user logs in, works, stays signed in over a reload, logs out', async (page) => {
  server.addUser('alice', 'correct horse 1')
  await logIn(page, 'alice', 'correct horse 1')
  await page.getByText('100 of 100 files left today').waitFor()
  await chooseFiles(page, wavFile(server.dir, 'mine.wav', 1))
  await isReady(page, 'mine.wav')
  await page.reload()
  await isReady(page, 'mine.wav')
  await page.goto('/manage')
  await page.getByText('This is for admins').waitFor()
  await page.getByRole('link', { name: 'alice' }).click()
  await page.getByText('alice@example.com').waitFor()
  await page.getByRole('button', { name: 'Log out' }).click()
  await page.getByText('You are logged out.').waitFor()
  assert.equal(await row(page, 'mine.wav').count(), 0)
})

journey('a user changes the password here and is out elsewhere, takes the data, deletes the account', async (page) => {
  server.addUser('dora', 'correct horse 1')
  await logIn(page, 'dora', 'correct horse 1')
  await chooseFiles(page, wavFile(server.dir, 'doras.wav', 1))
  await isReady(page, 'doras.wav')
  const elsewhere = await newPage(browser, server.url, { expected: [401] })
  await logIn(elsewhere.page, 'dora', 'correct horse 1')
  await elsewhere.page.goto('/account')
  await elsewhere.page.getByText('dora@example.com').waitFor()

  await page.goto('/account')
  await page.getByLabel('Current password').fill('wrong horse 1')
  await page.getByLabel('New password').fill('another horse 2')
  await page.getByRole('button', { name: 'Change password' }).click()
  await page.getByRole('alert').getByText('Incorrect password').waitFor()
  await page.getByLabel('Current password').fill('correct horse 1')
  await page.getByRole('button', { name: 'Change password' }).click()
  await page.getByText('Your password is changed.').waitFor()
  assert.equal(await page.getByLabel('New password').inputValue(), '')
  await page.reload()
  await page.getByText('dora@example.com').waitFor()
  await elsewhere.page.reload()
  await elsewhere.page.getByText('You are a guest').waitFor()
  await elsewhere.page.getByText('You were signed out.').waitFor()
  assert.deepEqual(elsewhere.faults(), [])
  await elsewhere.context.close()

  const [download] = await Promise.all([page.waitForEvent('download'), page.getByRole('button', { name: 'Download my data' }).click()])
  assert.equal(download.suggestedFilename(), 'whazz-data.json')
  const data = JSON.parse(readFileSync(await download.path(), 'utf8'))
  assert.equal(data.profile.email, 'dora@example.com')
  assert.deepEqual(data.jobs.map((job) => job.original_filename), ['doras.wav'])
  assert.ok(data.ledger.length > 3)

  await page.getByRole('button', { name: 'Delete my account' }).click()
  const dialog = page.getByRole('dialog')
  await dialog.getByLabel('Password').fill('correct horse 1')
  await dialog.getByRole('button', { name: 'Delete for good' }).click()
  await dialog.getByRole('alert').getByText('Incorrect password').waitFor()
  await dialog.getByLabel('Password').fill('another horse 2')
  await dialog.getByRole('button', { name: 'Delete for good' }).click()
  await page.getByText('Your account is deleted.').waitFor()
  await page.getByText('3 of 3 files left today').waitFor()
  await page.goto('/login')
  await page.getByLabel('User name or email').fill('dora')
  await page.getByLabel('Password').fill('another horse 2')
  await page.locator('form').getByRole('button', { name: 'Log in' }).click()
  await page.getByRole('alert').getByText('Incorrect username/email or password').waitFor()
}, { expected: [401] })

journey('a guest takes the data along too', async (page) => {
  await page.goto('/account')
  await page.getByText('You are a guest').waitFor()
  const [download] = await Promise.all([page.waitForEvent('download'), page.getByRole('button', { name: 'Download my data' }).click()])
  const data = JSON.parse(readFileSync(await download.path(), 'utf8'))
  assert.ok(data.profile.guest_id)
  assert.equal(data.limits.files_per_day.limit, 3)
})

journey('an access token that has ended is renewed without a word', async (page) => {
  server.addUser('bob', 'correct horse 1')
  await logIn(page, 'bob', 'correct horse 1')
  await ageAccessToken(page)
  await page.goto('/account')
  await page.getByText('bob@example.com').waitFor()
})

/** Lets the server trade the page's next token, but the reply never comes. What was asked is in
 * `asked`; resolves once the reply is held back. */
function loseOneRenewal(page, asked) {
  page.context().on('request', (request) => {
    if (!request.url().endsWith('/auth/refresh')) return
    asked.push({ key: request.headers()['idempotency-key'], token: request.postDataJSON().refresh_token })
  })
  return new Promise((resolve) =>
    page.route('**/auth/refresh', async (route) => {
      if (asked.length > 1) return route.continue()
      assert.equal((await route.fetch()).status(), 200)
      resolve()
    }),
  )
}

journey('a page reloaded in the middle of a renewal stays signed in', async (page) => {
  server.addUser('hugo', 'correct horse 1')
  await logIn(page, 'hugo', 'correct horse 1')
  await page.getByText('files left today').waitFor()
  const asked = []
  const lost = loseOneRenewal(page, asked)
  await ageAccessToken(page)
  await page.getByRole('link', { name: 'Usage' }).click()
  await lost
  await page.reload()
  await page.getByText('0 of 100 used, 100 left').waitFor()
  await page.getByRole('link', { name: 'hugo' }).waitFor()
  assert.deepEqual(asked[1], asked[0])
})

journey('a tab closed in the middle of a renewal leaves the other signed in', async (page) => {
  server.addUser('iris', 'correct horse 1')
  await logIn(page, 'iris', 'correct horse 1')
  const tab = await page.context().newPage()
  await tab.goto('/')
  await tab.getByText('files left today').waitFor()
  const asked = []
  const lost = loseOneRenewal(tab, asked)
  await ageAccessToken(tab)
  await tab.getByRole('link', { name: 'Usage' }).click()
  await lost
  await tab.close()
  await ageAccessToken(page) // what the tab wrote may not have come here yet
  const renewed = page.waitForResponse('**/auth/refresh')
  await page.getByRole('link', { name: 'Usage' }).click()
  assert.equal((await renewed).status(), 200)
  await page.getByText('0 of 100 used, 100 left').waitFor()
  await page.getByRole('link', { name: 'iris' }).waitFor()
  assert.deepEqual(asked[1], asked[0])
})

journey('wrong words are refused beside the field', async (page) => {
  await page.goto('/signup')
  await page.getByLabel('Email').fill('nobody')
  await page.getByLabel('User name').fill('ab')
  await page.getByLabel('Password').fill('short')
  await page.locator('form').getByRole('button', { name: 'Sign up' }).click()
  await page.getByText('This is not an email address').waitFor()
  await page.getByText('At least 3 characters').waitFor()
  await page.getByText('At least 8 characters').waitFor()
  await page.goto('/login')
  await page.getByLabel('User name or email').fill('nobody')
  await page.getByLabel('Password').fill('wrong password')
  await page.locator('form').getByRole('button', { name: 'Log in' }).click()
  await page.getByRole('alert').getByText('Incorrect username/email or password').waitFor()
}, { expected: [401] })

journey('an admin’s day', async (page) => {
  server.addUser('root-admin', 'correct horse 1', '--admin')
  await someonesFile('admins-view.wav')
  await logIn(page, 'root-admin', 'correct horse 1')
  await page.getByRole('link', { name: 'Admin', exact: true }).click()
  await page.getByText('The whole platform over time').waitFor()
  await page.getByRole('combobox', { name: 'Most of' }).selectOption('Processing time')
  await page.getByRole('columnheader', { name: 'Processing time' }).waitFor()
  assert.match(await card(page, 'Users'), /\d+ active, \d+ new in 24 hours/)
  const workers = page.getByRole('region', { name: 'List: Queue and workers' }).getByRole('row')
  assert.match(await workers.nth(1).innerText(), /Worker 1\s+(Idle for|Processing) .*/)
  const done = await Promise.all((await workers.all()).slice(1).map(async (row) => Number(await row.getByRole('cell').nth(1).innerText())))
  assert.ok(done.reduce((sum, jobs) => sum + jobs) >= 1)

  await page.getByRole('tab', { name: 'Users' }).click()
  await page.getByRole('button', { name: 'New user' }).first().click()
  const dialog = page.getByRole('dialog')
  await dialog.getByLabel('Email', { exact: true }).fill('carol@example.com')
  await dialog.getByLabel('User name').fill('<b>carol</b>')
  await dialog.getByLabel('Password').fill('correct horse 1')
  await dialog.getByRole('button', { name: 'Create user' }).click()
  await page.getByText('<b>carol</b> can log in now.').waitFor()

  await page.getByLabel('Search name or email').fill('carol')
  const carol = page.getByRole('row').filter({ hasText: 'carol@example.com' })
  const act = async (name) => {
    await page.getByRole('button', { name: 'Actions for <b>carol</b>' }).click()
    await page.getByRole('menuitem', { name }).click()
  }
  await act('Mark as verified')
  await carol.getByText('Verified', { exact: true }).waitFor()
  await act('Deactivate')
  await carol.getByText('Deactivated').waitFor()
  await act('Edit')
  await dialog.getByLabel('User name').fill('carol-two')
  await dialog.getByRole('button', { name: 'Save' }).click()
  await page.getByText('carol-two is saved.').waitFor()
  await page.getByRole('button', { name: 'Actions for carol-two' }).click()
  await page.getByRole('menuitem', { name: 'Usage' }).click()
  await dialog.getByText('Files processed').waitFor()
  await dialog.getByText('0 of 100 used, 100 left').waitFor()
  await dialog.getByRole('button', { name: 'Close' }).click()
  await page.getByRole('button', { name: 'Actions for carol-two' }).click()
  await page.getByRole('menuitem', { name: 'Delete' }).click()
  await dialog.getByText('all its recordings and results go for good').waitFor()
  await dialog.getByRole('button', { name: 'Delete' }).click()
  await carol.waitFor({ state: 'detached' })

  await page.getByRole('tab', { name: 'Jobs' }).click()
  await page.getByRole('row').filter({ hasText: 'admins-view.wav' }).waitFor()
  await page.getByRole('tabpanel').getByRole('combobox').selectOption('failed')
  await page.getByText('None found.').or(page.getByRole('row').first()).first().waitFor()
  await page.getByRole('tab', { name: 'Guests' }).click()
  await page.getByRole('columnheader', { name: 'Last active' }).waitFor()
  await page.getByRole('tab', { name: 'Upkeep' }).click()
  await page.getByRole('button', { name: 'Remove now' }).click()
  await page.getByText(/Cleanup completed/).waitFor()
  const guests = page.getByRole('region', { name: 'List: Limits in force' }).getByRole('row').filter({ hasText: 'A guest' })
  assert.match(await guests.innerText(), /A guest\s+3\s+50 MB\s+10 min/)
})

journey('the API pages work without another host', async (page) => {
  await page.goto('/docs')
  await page.getByText('The web app for a browser, a greeting for programs').waitFor()
  await page.getByRole('button', { name: 'Authorize' }).first().waitFor()
  await page.goto('/redoc')
  await page.getByRole('heading', { name: 'Whazz (0.1.0)' }).waitFor()
})
