// The API's shapes, from docs/openapi.json by way of schema.d.ts: nothing is written twice.
import type { components, paths } from './schema'

type Schemas = components['schemas']

export type Job = Schemas['JobStatus']
export type JobState = Schemas['JobState']
export type UploadResult = Schemas['UploadResult']
export type UsageStats = Schemas['UsageStats']
export type UsageLimit = Schemas['UsageLimit']
export type UsageLimits = Schemas['UsageLimits']
export type UsageBucket = Schemas['UsageBucket']
export type Plans = Schemas['Plans']
export type Me = Schemas['Me']
export type TokenPair = Schemas['TokenPair']
export type GuestSession = Schemas['GuestSession']
export type AdminUser = Schemas['AdminUser']
export type AdminGuest = Schemas['AdminGuest']
export type AdminJob = Schemas['AdminJob']
export type AdminOverview = Schemas['AdminOverview']
export type Worker = Schemas['Worker']
export type Workers = Schemas['Workers']
export type Analytics = Schemas['Analytics']

export type Method = 'get' | 'post' | 'patch' | 'delete'

/** The paths that have this method. */
export type PathsOf<M extends Method> = {
  [P in keyof paths]: paths[P] extends Record<M, { responses: unknown }> ? P : never
}[keyof paths]

type Operation<P extends keyof paths, M extends Method> = paths[P] extends Record<M, infer O> ? O : never

type JsonOf<R> = R extends { content: infer C } ? (C extends { 'application/json': infer J } ? J : unknown) : unknown

/** What a successful reply holds. */
export type ReplyOf<P extends keyof paths, M extends Method> =
  Operation<P, M> extends { responses: infer R }
    ? R extends { 200: infer Ok }
      ? JsonOf<Ok>
      : R extends { 201: infer Made }
        ? JsonOf<Made>
        : unknown
    : unknown

/** What goes into the path and the query, and the JSON body. */
export interface Call<P extends keyof paths, M extends Method> {
  path?: Operation<P, M> extends { parameters: { path: infer V } } ? V : never
  query?: Operation<P, M> extends { parameters: { query?: infer V } } ? V : never
  body?: Operation<P, M> extends { requestBody: { content: { 'application/json': infer B } } } ? B : never
  signal?: AbortSignal
}
