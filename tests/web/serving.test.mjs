// How the app is served, and that older clients are served as before.
import assert from 'node:assert/strict'
import { createHash, randomUUID } from 'node:crypto'
import { after, before, test } from 'node:test'
import { brotliDecompressSync, gunzipSync } from 'node:zlib'
import { request } from 'node:http'
import { startServer, wav } from './harness.mjs'

const BROWSER = 'text/html,application/xhtml+xml,application/xml;q=0.9,*/*;q=0.8'
let server

before(async () => {
  server = await startServer()
})
after(async () => {
  assert.equal(await server.stop(), 0)
})

/** One request with exactly these headers, the body as bytes. */
function ask(path, headers = {}, method = 'GET') {
  return new Promise((resolve, reject) => {
    const sent = request(server.url + path, { method, headers, agent: false }, (reply) => {
      const parts = []
      reply.on('data', (part) => parts.push(part))
      reply.on('end', () => resolve({ status: reply.statusCode, headers: reply.headers, body: Buffer.concat(parts) }))
    })
    sent.on('error', reject)
    sent.end()
  })
}

async function script() {
  const page = await ask('/', { Accept: BROWSER })
  return /href="(\/assets\/[^"]+\.js)"/.exec(page.body.toString())[1]
}

test('/ is the app to browsers and the greeting to programs', async () => {
  const page = await ask('/', { Accept: BROWSER })
  assert.equal(page.status, 200)
  assert.match(page.headers['content-type'], /^text\/html/)
  assert.match(page.body.toString(), /<div id="root">/)
  for (const accept of [{}, { Accept: '*/*' }, { Accept: 'application/json' }, { Accept: 'text/html;q=0' }]) {
    const reply = await ask('/', accept)
    assert.deepEqual(JSON.parse(reply.body), {
      message: 'Welcome to Whazz Audio Authentication API', version: '1.0.0', docs: '/docs',
    })
    assert.match(reply.headers.vary, /Accept/)
  }
})

test('a path that only the app knows is its page to browsers, 404 to programs', async () => {
  for (const path of ['/usage', '/manage', '/no/such/page', '/usage/']) {
    const page = await ask(path, { Accept: BROWSER })
    assert.equal(page.status, 200, path)
    assert.match(page.body.toString(), /<div id="root">/)
    const reply = await ask(path, { Accept: 'application/json' })
    assert.equal(reply.status, 404, path)
    assert.equal(JSON.parse(reply.body).detail, 'Not Found')
  }
  assert.equal((await ask('/no/such/page', { Accept: BROWSER }, 'POST')).status, 404)
  const api = await ask('/usage/me', { Accept: BROWSER })
  assert.equal(api.status, 401, 'routes of the API stay its own')
})

test('the front page comes with its first view, other pages without', async () => {
  assert.match((await ask('/', { Accept: BROWSER })).body.toString(), /<h1[^>]*>Hear your recording without the noise<.*>Choose files</)
  assert.doesNotMatch((await ask('/usage', { Accept: BROWSER })).body.toString(), /<h1/)
})

test('pages are confined', async () => {
  const policy = (await ask('/', { Accept: BROWSER })).headers['content-security-policy']
  assert.match(policy, /default-src 'none'/)
  assert.match(policy, /frame-ancestors 'none'/)
  assert.doesNotMatch(policy, /unsafe|\*|http/)
  for (const path of ['/', '/usage']) {
    const page = await ask(path, { Accept: BROWSER })
    const parts = [...page.body.toString().matchAll(/<(script|style)>([^]*?)<\/\1>/g)]
    assert.deepEqual(parts.map(([, kind]) => kind), ['script', 'style'])
    for (const [, kind, text] of parts) {
      const hash = createHash('sha256').update(text).digest('base64')
      assert.ok(page.headers['content-security-policy'].includes(`${kind}-src 'self' 'sha256-${hash}';`), `${kind} of ${path}`)
    }
  }
  for (const path of ['/docs', '/redoc']) {
    const { headers } = await ask(path, { Accept: BROWSER })
    assert.match(headers['content-security-policy'], /script-src 'self';/)
    assert.equal(headers['x-content-type-options'], 'nosniff')
  }
})

test('files with a hash are kept for good, pages are asked for again', async () => {
  const path = await script()
  const whole = await ask(path)
  assert.equal(whole.headers['cache-control'], 'public, max-age=31536000, immutable')
  assert.match(whole.headers['content-type'], /^text\/javascript/)
  const page = await ask('/', { Accept: BROWSER })
  assert.equal(page.headers['cache-control'], 'no-cache')
  const again = await ask('/', { Accept: BROWSER, 'If-None-Match': page.headers.etag })
  assert.equal(again.status, 304)
  assert.equal(again.body.length, 0)
  assert.equal((await ask('/assets/index-00000000.js')).status, 404)
  assert.equal((await ask('/assets/../index.html')).status, 404)
})

test('a packed form is the same bytes under another tag, for those who take it', async () => {
  const path = await script()
  const plain = await ask(path)
  assert.equal(plain.headers['content-encoding'], undefined)
  assert.match(plain.headers.vary, /Accept-Encoding/)
  const tags = new Set([plain.headers.etag])
  const sizes = [plain.body.length]
  for (const [accepts, coding, unpack] of [['gzip, deflate', 'gzip', gunzipSync], ['gzip, deflate, br', 'br', brotliDecompressSync]]) {
    const packed = await ask(path, { 'Accept-Encoding': accepts })
    assert.equal(packed.headers['content-encoding'], coding)
    assert.ok(unpack(packed.body).equals(plain.body))
    assert.match(packed.headers.vary, /Accept-Encoding/)
    tags.add(packed.headers.etag)
    sizes.push(packed.body.length)
    const tagged = { 'Accept-Encoding': accepts, 'If-None-Match': packed.headers.etag }
    assert.equal((await ask(path, tagged)).status, 304)
    assert.equal((await ask(path, { ...tagged, 'If-None-Match': plain.headers.etag })).status, 200)
  }
  assert.equal(tags.size, 3)
  assert.ok(sizes[1] < sizes[0] / 2 && sizes[2] < sizes[1] * 0.95, String(sizes))
  for (const [accepts, coding] of [['gzip;q=0, br;q=0'], ['br;q=0, gzip', 'gzip'], ['identity'], ['BR', 'br']])
    assert.equal((await ask(path, { 'Accept-Encoding': accepts })).headers['content-encoding'], coding, accepts)
  assert.equal((await ask(`${path}.br`)).status, 404, 'a packed form has no address of its own')
})

test('the licences of what is inside come with it', async () => {
  const text = (await ask('/licenses.txt')).body.toString()
  for (const name of ['preact', 'swagger-ui-dist', 'redoc', 'lucide-react', 'tailwindcss']) assert.match(text, new RegExp(`^${name} \\d`, 'm'))
  assert.match(text, /Permission is hereby granted/)
})

test('HEAD tells what GET would', async () => {
  const get = await ask('/openapi.json')
  const head = await ask('/openapi.json', {}, 'HEAD')
  assert.equal(head.body.length, 0)
  assert.equal(head.headers.etag, get.headers.etag)
  assert.equal(Number(head.headers['content-length']), get.body.length)
})

test('an older client works from its own origin, by guest id and by token', async () => {
  const origin = 'http://localhost:5173'
  const preflight = await ask('/audio/upload', {
    Origin: origin, 'Access-Control-Request-Method': 'POST', 'Access-Control-Request-Headers': 'x-guest-id,authorization',
  }, 'OPTIONS')
  assert.equal(preflight.status, 200)
  assert.equal(preflight.headers['access-control-allow-origin'], origin)
  assert.match(preflight.headers['access-control-allow-headers'], /x-guest-id/)

  const upload = async (identity, name) => {
    const form = new FormData()
    form.append('file', new Blob([wav(1)]), name)
    const reply = await fetch(`${server.url}/audio/upload`, { method: 'POST', headers: { Origin: origin, ...identity }, body: form })
    assert.equal(reply.status, 201)
    assert.equal(reply.headers.get('access-control-allow-origin'), origin)
    return reply.json()
  }
  const finish = async (identity, id) => {
    for (let i = 0; i < 100; i++) {
      const job = await (await fetch(`${server.url}/audio/status/${id}`, { headers: identity })).json()
      if (job.status === 'completed') return (await fetch(`${server.url}/audio/download/${id}`, { headers: identity })).arrayBuffer()
      assert.ok(['pending', 'processing'].includes(job.status), job.status)
      await new Promise((resolve) => setTimeout(resolve, 100))
    }
    throw new Error('the job did not end')
  }
  const guest = { 'X-Guest-ID': randomUUID() }
  const job = await upload(guest, 'guest.wav')
  assert.equal(job.guest_id, guest['X-Guest-ID'])
  assert.ok((await finish(guest, job.job_id)).byteLength > 30000)

  const post = (path, body) => fetch(server.url + path, {
    method: 'POST', headers: { 'Content-Type': 'application/json', Origin: origin }, body: JSON.stringify(body),
  })
  const account = { email: 'old@example.com', username: 'old-client', password: 'correct horse 1' }
  assert.equal((await post('/auth/signup', account)).status, 201)
  const tokens = await (await post('/auth/login', { username_or_email: account.username, password: account.password })).json()
  const user = { Authorization: `Bearer ${tokens.access_token}`, ...guest }
  const own = await upload(user, 'user.wav')
  assert.equal(own.guest_id, null)
  assert.ok((await finish(user, own.job_id)).byteLength > 30000)
  const me = await (await fetch(`${server.url}/usage/me`, { headers: user })).json()
  assert.equal(me.total_files_processed, 1)
  assert.equal(me.user_type, 'authenticated')
})
