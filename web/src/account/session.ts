// Logging in, signing up, logging out: what follows for the guest's work and what is shown.
import { api } from '@/api/client'
import { ApiError, errorOf } from '@/api/errors'
import { forgetGuest, forgetTokens, guestId, identityHeaders, isSignedIn, keepTokens } from '@/api/session'
import { common } from '@/strings'
import type { TokenPair } from '@/api/types'

async function post<T>(path: string, body: unknown, headers: Record<string, string> = {}): Promise<T> {
  let reply: Response
  try {
    reply = await fetch(path, {
      method: 'POST',
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
  keepTokens(await post<TokenPair>('/auth/login', { username_or_email: name, password }))
}

async function guestFiles(): Promise<number> {
  if (isSignedIn() || !guestId()) return 0
  return (await api.get('/usage/me')).total_files_uploaded
}

/** Makes the account, moves the guest's work into it, logs in. How many recordings came along. */
export async function signUp(email: string, username: string, password: string): Promise<number> {
  const isGuest = !isSignedIn() && guestId() !== null
  const files = await guestFiles().catch(() => 0)
  await post('/auth/signup', { email, username, password }, isGuest ? await identityHeaders() : {})
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
