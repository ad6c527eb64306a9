import { ApiError, errorOf } from './errors'
import { identityHeaders, recoverIdentity } from './session'
import { common } from '@/strings'
import type { Call, Method, PathsOf, ReplyOf } from './types'

function urlOf(path: string, values: Record<string, unknown> = {}, query: Record<string, unknown> = {}): string {
  const filled = path.replace(/\{(\w+)\}/g, (_, name: string) => encodeURIComponent(String(values[name])))
  const search = new URLSearchParams()
  for (const [name, value] of Object.entries(query))
    if (value !== undefined && value !== null && value !== '') search.set(name, String(value))
  return search.size ? `${filled}?${search}` : filled
}

/** Fetches with the caller's identity, once more after a 401 that can be mended. */
export async function fetchAs(url: string, init: RequestInit = {}): Promise<Response> {
  for (let isSecond = false; ; isSecond = true) {
    const identity = await identityHeaders()
    let reply: Response
    try {
      reply = await fetch(url, { ...init, headers: { ...init.headers, ...identity } })
    } catch (error) {
      if (init.signal?.aborted) throw error
      throw new ApiError(0, common.offline)
    }
    if (reply.ok) return reply
    if (reply.status === 401 && !isSecond && (await recoverIdentity(identity))) continue
    throw errorOf(reply.status, await reply.text(), reply.headers.get('Retry-After'))
  }
}

async function call<P extends PathsOf<M>, M extends Method>(
  method: M,
  path: P,
  options: Call<P, M> = {},
): Promise<ReplyOf<P, M>> {
  const { path: values, query, body, signal } = options
  const reply = await fetchAs(urlOf(path, values as Record<string, unknown>, query as Record<string, unknown>), {
    method: method.toUpperCase(),
    ...(body === undefined ? {} : { body: JSON.stringify(body), headers: { 'Content-Type': 'application/json' } }),
    ...(signal ? { signal } : {}),
  })
  return (await reply.json()) as ReplyOf<P, M>
}

export const api = {
  get: <P extends PathsOf<'get'>>(path: P, options?: Call<P, 'get'>) => call('get', path, options),
  post: <P extends PathsOf<'post'>>(path: P, options?: Call<P, 'post'>) => call('post', path, options),
  patch: <P extends PathsOf<'patch'>>(path: P, options?: Call<P, 'patch'>) => call('patch', path, options),
  delete: <P extends PathsOf<'delete'>>(path: P, options?: Call<P, 'delete'>) => call('delete', path, options),
}
