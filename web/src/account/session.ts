// Logging in, signing up, logging out: what follows for the guest's work and what is shown.
import { api } from '@/api/client'
import { ApiError, errorOf } from '@/api/errors'
import { forgetGuest, forgetTokens, guestId, identityHeaders, isSignedIn, keepTokens, replaceTokens } from '@/api/session'
import { common } from '@/strings'
import type { TokenPair } from '@/api/types'

/** Asks once: a 401 here is about the password, not about the tokens. */
async function send<T>(method: 'POST' | 'DELETE', path: string, body: unknown, headers: Record<string, string> = {}): Promise<T> {
  let reply: Response
  try {
    reply = await fetch(path, {
      method,
      headers: { 'Content-Type': 'application/json', ...headers },
      body: JSON.stringify(body),
    })
  } catch {
    throw new ApiError(0, common.offline)
  }
  if (!reply.ok) throw errorOf(reply.status, await reply.text(), reply.headers.get('Retry-After'))
  return (await reply.json()) as T
}

export async function logIn(name: string, password: string): Promise<void> {
  keepTokens(await send<TokenPair>('POST', '/auth/login', { username_or_email: name, password }))
}

async function guestFiles(): Promise<number> {
  if (isSignedIn() || !guestId()) return 0
  return (await api.get('/usage/me')).total_files_uploaded
}

/** Makes the account, moves the guest's work into it, logs in. How many recordings came along. */
export async function signUp(email: string, username: string, password: string): Promise<number> {
  const isGuest = !isSignedIn() && guestId() !== null
  const files = await guestFiles().catch(() => 0)
  await send('POST', '/auth/signup', { email, username, password }, isGuest ? await identityHeaders() : {})
  forgetGuest()
  await logIn(username, password)
  return files
}

export async function logOut(): Promise<void> {
  try {
    await api.post('/auth/logout')
  } catch (error) {
    // A session that the server no longer knows is over all the same.
    if (!(error instanceof ApiError) || error.status === 0 || error.status >= 500) throw error
  }
  forgetTokens()
}

/** Ends every other session; this one goes on. */
export async function changePassword(current_password: string, new_password: string): Promise<void> {
  const headers = await identityHeaders() // before the lock: it may renew the tokens
  await replaceTokens(() => send<TokenPair>('POST', '/auth/password', { current_password, new_password }, headers))
}

/** The account is gone after this; this browser goes on as a guest. */
export async function deleteAccount(password: string): Promise<void> {
  await send('DELETE', '/auth/me', { password }, await identityHeaders())
  forgetTokens()
}
