// Identity, refusals and events: the parts of the client that think.
import { beforeEach, describe, expect, it, vi } from 'vitest'

const store = new Map<string, string>()
vi.stubGlobal('addEventListener', () => undefined)
vi.stubGlobal('navigator', {})
vi.stubGlobal('localStorage', {
  getItem: (key: string) => store.get(key) ?? null,
  setItem: (key: string, value: string) => void store.set(key, value),
  removeItem: (key: string) => void store.delete(key),
})
const fetched = vi.fn<(url: string, init?: RequestInit) => Promise<Response>>()
vi.stubGlobal('fetch', fetched)

const { errorOf } = await import('./errors')
const { eventsIn, followJob } = await import('./events')
const session = await import('./session')
const { sendFile } = await import('./upload')
const { optionsOf } = await import('@/enhance/options')
const { nameIn } = await import('@/enhance/files')
const { refusalOf } = await import('@/enhance/AddFiles')

function token(exp: number): string {
  return `x.${btoa(JSON.stringify({ sub: '1', exp }))}.y`
}
const LATER = Math.floor(Date.now() / 1000) + 1000
const pair = (access: string, refresh = 'r1') => ({ access_token: access, refresh_token: refresh, token_type: 'bearer' as const })
const json = (body: unknown, status = 200) => Promise.resolve(new Response(JSON.stringify(body), { status }))

beforeEach(() => {
  store.clear()
  fetched.mockReset()
})

describe('identity', () => {
  it('a newcomer becomes one guest, however many ask at once', async () => {
    fetched.mockImplementation(() => json({ guest_id: 'g', guest_token: token(LATER), token_type: 'bearer', expires_in: 600 }))
    const all = await Promise.all([session.identityHeaders(), session.identityHeaders(), session.identityHeaders()])
    expect(fetched).toHaveBeenCalledTimes(1)
    expect(new Set(all.map((headers) => headers['Authorization'])).size).toBe(1)
  })
  it('a guest whose token has ended goes on under its id', async () => {
    store.set('whazz.guest', JSON.stringify({ id: 'g-1', token: token(1), expires: 1 }))
    expect(await session.identityHeaders()).toEqual({ 'X-Guest-ID': 'g-1' })
  })
  it('an id that an older front end left still names the guest', async () => {
    store.set('guest_id', 'old-1')
    expect(await session.identityHeaders()).toEqual({ 'X-Guest-ID': 'old-1' })
    expect(fetched).not.toHaveBeenCalled()
  })
  it('an access token about to end is renewed once for all who ask', async () => {
    session.keepTokens(pair(token(10)))
    fetched.mockImplementation(() => json(pair(token(LATER), 'r2')))
    const all = await Promise.all([session.identityHeaders(), session.identityHeaders()])
    expect(fetched).toHaveBeenCalledTimes(1)
    expect(all[0]).toEqual({ Authorization: `Bearer ${token(LATER)}` })
    expect(session.userTokens()?.refresh_token).toBe('r2')
  })
  it('a renewal whose reply was lost is asked for again with the same key, another one with another', async () => {
    const keys: string[] = []
    let isLost = true
    fetched.mockImplementation((_, init) => {
      keys.push((init?.headers as Record<string, string>)['Idempotency-Key'] ?? '')
      const kept = JSON.parse(store.get('whazz.tokens') ?? '{}') as { renewal?: string }
      expect(kept.renewal, 'kept before it is sent').toBe(keys.at(-1))
      return isLost ? Promise.reject(new TypeError('no network')) : json(pair(token(10), `r${keys.length}`))
    })
    session.keepTokens(pair(token(10)))
    await expect(session.identityHeaders()).rejects.toThrow()
    isLost = false
    await session.identityHeaders()
    await session.refreshTokens(token(10))
    expect(keys).toHaveLength(3)
    expect(keys[0]).toMatch(/^[a-z0-9]{28}$/)
    expect(keys[1]).toBe(keys[0])
    expect(keys[2]).not.toBe(keys[0])
  })
  it('a token of a short life is not renewed at every turn', async () => {
    const soon = Math.floor(Date.now() / 1000) + 8
    session.keepTokens(pair(token(soon)))
    expect(await session.identityHeaders()).toEqual({ Authorization: `Bearer ${token(soon)}` })
    expect(fetched).not.toHaveBeenCalled()
    vi.useFakeTimers({ now: (soon - 1) * 1000 })
    fetched.mockImplementation(() => json(pair(token(LATER), 'r2')))
    expect(await session.identityHeaders()).toEqual({ Authorization: `Bearer ${token(LATER)}` })
    vi.useRealTimers()
  })
  it('a session that is over leaves a guest, an unreachable server leaves it alone', async () => {
    session.keepTokens(pair(token(10)))
    fetched.mockImplementation(() => Promise.reject(new TypeError('no network')))
    await expect(session.identityHeaders()).rejects.toThrow('cannot be reached')
    expect(session.isSignedIn()).toBe(true)
    fetched.mockImplementation((url) =>
      url === '/auth/refresh'
        ? json({ detail: 'Token has been revoked' }, 401)
        : json({ guest_id: 'g', guest_token: token(LATER), token_type: 'bearer', expires_in: 600 }),
    )
    const ended = vi.fn()
    session.onSessionEnd(ended)
    expect((await session.identityHeaders())['Authorization']).toBe(`Bearer ${token(LATER)}`)
    expect(session.isSignedIn()).toBe(false)
    expect(ended).toHaveBeenCalledOnce()
  })
})

describe('an upload', () => {
  it('that is stopped before it is known who asks is never sent', async () => {
    const made = vi.fn()
    vi.stubGlobal('XMLHttpRequest', made)
    const abort = new AbortController()
    fetched.mockImplementation(() => {
      abort.abort()
      return json({ guest_id: 'g', guest_token: token(LATER), token_type: 'bearer', expires_in: 600 })
    })
    const upload = { file: new File(['x'], 'a.wav'), fields: {}, key: 'k', onProgress: () => undefined, signal: abort.signal }
    await expect(sendFile(upload)).rejects.toThrow(/abort/)
    expect(made).not.toHaveBeenCalled()
  })
})

describe('refusals', () => {
  it('a limit names itself and when it ends', () => {
    const error = errorOf(429, JSON.stringify({
      detail: 'Daily upload limit of 5 files reached',
      'violated-policies': ['files_per_day'],
      limits: [{ policy: 'files_per_day', limit: 5, used: 5, reserved: 0, requested: 1, resets_at: '2026-01-02T00:00:00Z' }],
    }), '60')
    expect(error.isLimit).toBe(true)
    expect(error.message).toBe('Daily upload limit of 5 files reached')
    expect(error.retryAfter).toBe(60)
    expect(error.limits[0]?.resets_at).toBe('2026-01-02T00:00:00Z')
  })
  it('bad fields are told by name', () => {
    const error = errorOf(422, JSON.stringify({ detail: [{ type: 'x', loc: ['body', 'email'], msg: 'not an email' }] }), null)
    expect(error.fields).toEqual({ email: 'not an email' })
    expect(error.message).toBe('not an email')
  })
  it('what is no problem document still gets a sentence', () => {
    expect(errorOf(502, '<html>', 'soon').message).not.toBe('')
    expect(errorOf(413, '', null).message).toBe('The file is too large.')
  })
})

describe('events', () => {
  it('come out whole, however the stream is cut', () => {
    const text = 'event: progress\ndata: {"progress":1}\n\n: still here\n\nevent: completed\r\ndata: {"a":\ndata: 2}\n\nevent: pro'
    let rest = ''
    const seen: unknown[] = []
    for (const piece of text.match(/[\s\S]{1,7}/g) ?? []) {
      const got = eventsIn(rest + piece)
      rest = got.rest
      seen.push(...got.events)
    }
    expect(seen).toEqual([
      { event: 'progress', data: '{"progress":1}' },
      { event: 'completed', data: '{"a":\n2}' },
    ])
    expect(rest).toBe('event: pro')
  })
})

describe('following jobs', () => {
  it('leaves connections for everything else', async () => {
    const job = { status: 'pending' }
    let open = 0
    let asked = 0
    session.keepTokens(pair(token(LATER)))
    fetched.mockImplementation((url) => {
      if (!url.startsWith('/audio/events/')) {
        asked++
        return json(job)
      }
      open++
      return Promise.resolve(new Response(new ReadableStream({ start: () => undefined })))
    })
    const abort = new AbortController()
    for (let i = 0; i < 8; i++) void followJob(`job-${i}`, () => undefined, abort.signal)
    await vi.waitFor(() => expect(asked).toBe(6))
    expect(open).toBe(2)
    abort.abort()
  })
  it('goes on after a token that ended while a stream was asked for', async () => {
    store.set('whazz.tokens', JSON.stringify(pair(token(LATER))))
    fetched.mockImplementation((url: string) => {
      if (url.startsWith('/audio/status')) return json({ job_id: 'j', status: 'completed' })
      return url === '/auth/refresh' ? json(pair(token(LATER + 1))) : json({ detail: 'Could not validate credentials' }, 401)
    })
    const told: string[] = []
    await followJob('j', (job) => told.push(job.status), new AbortController().signal)
    expect(told).toEqual(['completed'])
  })
  it('ends with the job', async () => {
    fetched.mockImplementation((url: string) => (url.startsWith('/audio') ? json({ detail: 'Job not found' }, 404) : json({})))
    store.set('whazz.tokens', JSON.stringify(pair(token(LATER))))
    await followJob('j', () => undefined, new AbortController().signal)
    expect(fetched).toHaveBeenCalledTimes(1)
  })
})

describe('files', () => {
  it('have the name that the server gives', () => {
    expect(nameIn(`attachment; filename="a\\"b.wav"; filename*=UTF-8''%E9%9F%B3.wav`, 'x')).toBe('音.wav')
    expect(nameIn('attachment; filename="a\\"b.wav"', 'x')).toBe('a"b.wav')
    expect(nameIn("attachment; filename*=UTF-8''%E9%ZZ", 'x')).toBe('x')
    expect(nameIn(null, 'x')).toBe('x')
  })
  it('are refused here only where the server would', () => {
    expect(refusalOf({ name: 'A.MP3', size: 1 }, 10)).toBeUndefined()
    expect(refusalOf({ name: 'a.mp3', size: 10 }, 10)).toBeUndefined()
    expect(refusalOf({ name: 'a.mp3', size: 11 }, 10)?.status).toBe(413)
    expect(refusalOf({ name: 'a.mp4', size: 1 }, 10)?.status).toBe(400)
    expect(refusalOf({ name: 'a.wav', size: 0 }, 10)?.status).toBe(400)
  })
})

describe('options of an upload', () => {
  it('are what the server can do', () => {
    const options = optionsOf({
      processing_types: [
        { name: 'dereverb', available: true, engine: 'external' },
        { name: 'music_separation', available: false, engine: null },
      ],
      strengths: ['normal', 'light'],
      output_formats: [{ name: 'flac', description: 'FLAC', extension: 'flac', lossless: true }],
      max_file_size_bytes: 5,
    })
    expect(options).toEqual({
      types: [{ id: 'dereverb', name: 'Dereverb', text: '' }],
      strengths: ['normal', 'light'],
      outputs: ['flac'],
      bytesMax: 5,
    })
  })
})
