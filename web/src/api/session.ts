// Who is asking: a signed-in user, else a guest. Kept in localStorage, shared by all tabs.
import { ApiError, errorOf } from './errors'
import { dropNewest, readNewest, writeNewest } from './newest'
import { common } from '@/strings'
import type { GuestSession, TokenPair } from './types'

const USER_KEY = 'whazz.tokens'
const GUEST_KEY = 'whazz.guest'
/** The id that older front ends made for themselves; it still names a guest. */
const OLD_GUEST_KEYS = ['guest_id', 'guestId', 'X-Guest-ID']
/** A token is renewed this long before it ends, a short-lived one later. */
const EARLY_SECONDS = 30
const EARLY_PART = 0.25

interface Guest {
  id: string
  token: string
  /** Seconds since 1970. */
  expires: number
}

type Listener = () => void
const listeners = new Set<Listener>()
let version = 0

function changed(): void {
  version++
  for (const listener of listeners) listener()
}

export function onSessionChange(listener: Listener): () => void {
  listeners.add(listener)
  return () => listeners.delete(listener)
}

let onEnd: Listener = () => undefined

/** Told when the server ends the session: nobody logged out here. */
export function onSessionEnd(listener: Listener): void {
  onEnd = listener
}

/** Changes with every change of identity. */
export function sessionVersion(): number {
  return version
}

function read<T>(key: string): T | null {
  try {
    return JSON.parse(localStorage.getItem(key) ?? 'null') as T | null
  } catch {
    return null
  }
}

interface KeptTokens extends TokenPair {
  /** When they came, in seconds since 1970. */
  kept?: number
  /** The login that they come from, and how often what is kept of it has changed since. */
  login?: string
  turn?: number
  /** Their renewal has been asked for with this key, and no reply was seen yet. */
  renewal?: string
}

export function userTokens(): KeptTokens | null {
  return read<KeptTokens>(USER_KEY)
}

function write(tokens: KeptTokens): KeptTokens {
  localStorage.setItem(USER_KEY, JSON.stringify(tokens))
  return tokens
}

/** The same user goes on with these. */
async function renew(old: KeptTokens | null, tokens: TokenPair): Promise<void> {
  await writeNewest(write({ ...tokens, kept: Date.now() / 1000, login: old?.login ?? '', turn: (old?.turn ?? 0) + 1 }))
}

/** The key of these tokens' renewal, kept before it is used: should the reply be lost, as by a
 * reload of the page, the same request brings the same reply again. */
async function renewalKey(tokens: KeptTokens): Promise<KeptTokens & { renewal: string }> {
  if (tokens.renewal) return { ...tokens, renewal: tokens.renewal }
  const renewal = Array.from(crypto.getRandomValues(new Uint32Array(4)), (part) => part.toString(36).padStart(7, '0')).join('')
  const marked = { ...tokens, renewal, turn: (tokens.turn ?? 0) + 1 }
  await writeNewest(write(marked))
  return marked
}

/** The tokens as they are while this tab alone may renew them, whatever it has seen of another. */
async function newestTokens(): Promise<KeptTokens | null> {
  const newest = await readNewest<KeptTokens>()
  const now = userTokens()
  const isBehind = now && newest && (newest.login ?? '') === (now.login ?? '') && (newest.turn ?? 0) > (now.turn ?? 0)
  return isBehind ? write(newest) : now
}

export function isSignedIn(): boolean {
  return userTokens() !== null
}

/** Somebody logged in. */
export function keepTokens(tokens: TokenPair): void {
  write({ ...tokens, kept: Date.now() / 1000, login: `${Date.now()}-${Math.random()}` })
  changed()
}

/** Signed out here; the guest of this browser stays who it was. */
export function forgetTokens(): void {
  localStorage.removeItem(USER_KEY)
  void dropNewest()
  changed()
}

/** After its work moved to an account, the guest is nobody's any more. */
export function forgetGuest(): void {
  localStorage.removeItem(GUEST_KEY)
  for (const key of OLD_GUEST_KEYS) localStorage.removeItem(key)
}

export function guestId(): string | null {
  return read<Guest>(GUEST_KEY)?.id ?? null
}

/** The end of a token's life in seconds since 1970; 0 when it cannot be told. */
export function tokenExpiry(token: string): number {
  try {
    const payload = token.split('.')[1] ?? ''
    const claims = JSON.parse(atob(payload.replaceAll('-', '+').replaceAll('_', '/'))) as { exp?: number }
    return claims.exp ?? 0
  } catch {
    return 0
  }
}

function isFresh(expires: number, kept = 0): boolean {
  const early = Math.min(EARLY_SECONDS, (expires - kept) * EARLY_PART)
  return expires > Date.now() / 1000 + early
}

async function post<T>(path: string, body?: unknown, headers: Record<string, string> = {}): Promise<T> {
  let reply: Response
  try {
    reply = await fetch(path, {
      method: 'POST',
      headers: { ...(body ? { 'Content-Type': 'application/json' } : {}), ...headers },
      ...(body ? { body: JSON.stringify(body) } : {}),
    })
  } catch {
    throw new ApiError(0, common.offline)
  }
  if (!reply.ok) throw errorOf(reply.status, await reply.text(), reply.headers.get('Retry-After'))
  return (await reply.json()) as T
}

/** One tab at a time: a refresh token works once, and its second use ends the session. */
async function alone<T>(name: string, task: () => Promise<T>): Promise<T> {
  // Plain HTTP beyond localhost has no locks: then tabs may meet, and one logs in again.
  return navigator.locks ? await navigator.locks.request(name, task) : task()
}

let refreshing: Promise<string | null> | null = null

/** A new access token, or null when the session is over. `stale` is the token that failed. */
export function refreshTokens(stale: string): Promise<string | null> {
  refreshing ??= alone('whazz.refresh', async () => {
    const now = await newestTokens()
    if (!now) return null
    if (now.access_token !== stale) return now.access_token // another tab was quicker
    const asking = await renewalKey(now)
    try {
      const tokens = await post<TokenPair>('/auth/refresh', { refresh_token: asking.refresh_token }, { 'Idempotency-Key': asking.renewal })
      await renew(asking, tokens)
      return tokens.access_token
    } catch (error) {
      if (error instanceof ApiError && (error.status === 401 || error.status === 403)) {
        forgetTokens()
        onEnd()
        return null
      }
      throw error
    }
  }).finally(() => {
    refreshing = null
  })
  return refreshing
}

/** Keeps the tokens that `task` brings for the same user. No tab renews the old ones meanwhile. */
export function replaceTokens(task: () => Promise<TokenPair>): Promise<void> {
  return alone('whazz.refresh', async () => {
    await renew(await newestTokens(), await task())
  })
}

function oldGuestId(): string | null {
  for (const key of OLD_GUEST_KEYS) {
    const id = localStorage.getItem(key)
    if (id && /^[A-Za-z0-9_.:-]{1,128}$/.test(id)) return id
  }
  return null
}

let guestStarting: Promise<Guest> | null = null

function startGuest(): Promise<Guest> {
  guestStarting ??= alone('whazz.guest', async () => {
    const known = read<Guest>(GUEST_KEY)
    if (known) return known
    const made = await post<GuestSession>('/guest/session')
    const guest = { id: made.guest_id, token: made.guest_token, expires: Date.now() / 1000 + made.expires_in }
    localStorage.setItem(GUEST_KEY, JSON.stringify(guest))
    return guest
  }).finally(() => {
    guestStarting = null
  })
  return guestStarting
}

async function guestHeaders(): Promise<Record<string, string>> {
  const old = oldGuestId()
  let guest = read<Guest>(GUEST_KEY)
  if (!guest && old) return { 'X-Guest-ID': old }
  guest ??= await startGuest()
  // Past its token's end a guest goes on under its id.
  return isFresh(guest.expires) ? { Authorization: `Bearer ${guest.token}` } : { 'X-Guest-ID': guest.id }
}

/** The headers that say who asks; makes a guest of a newcomer. */
export async function identityHeaders(): Promise<Record<string, string>> {
  const tokens = userTokens()
  if (!tokens) return guestHeaders()
  if (isFresh(tokenExpiry(tokens.access_token), tokens.kept)) return { Authorization: `Bearer ${tokens.access_token}` }
  const access = await refreshTokens(tokens.access_token)
  return access ? { Authorization: `Bearer ${access}` } : guestHeaders()
}

/** After a 401: whether asking again, as somebody valid, is worth it. */
export async function recoverIdentity(headers: Record<string, string>): Promise<boolean> {
  const tokens = userTokens()
  if (tokens) return (await refreshTokens(headers['Authorization']?.slice(7) ?? '')) !== null || !isSignedIn()
  forgetGuest()
  return true
}

// Another tab: a login or logout counts, a renewed token does not.
addEventListener('storage', (event) => {
  if (event.key === USER_KEY && (event.oldValue === null) !== (event.newValue === null)) changed()
})
