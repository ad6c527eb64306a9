import { common } from '@/strings'

/** One limit that a refused request would have passed; amounts in the meter's own unit. */
export interface RefusedLimit {
  policy: string
  limit: number
  used: number
  reserved: number
  requested: number
  resets_at: string | null
}

/** A reply that was not a success, or none at all (status 0). `message` is for people. */
export class ApiError extends Error {
  constructor(
    readonly status: number,
    message: string,
    /** Limits that stood in the way, by name. */
    readonly policies: string[] = [],
    readonly limits: RefusedLimit[] = [],
    /** Seconds to wait, where waiting helps. */
    readonly retryAfter: number | null = null,
    /** Validation messages by field. */
    readonly fields: Record<string, string> = {},
  ) {
    super(message)
    this.name = 'ApiError'
  }

  get isLimit(): boolean {
    return this.policies.length > 0
  }
}

interface Problem {
  detail?: string | { loc: (string | number)[]; msg: string }[]
  'violated-policies'?: string[]
  limits?: RefusedLimit[]
}

function fieldsOf(detail: Problem['detail']): Record<string, string> {
  const fields: Record<string, string> = {}
  if (Array.isArray(detail)) for (const entry of detail) fields[String(entry.loc.at(-1))] = entry.msg
  return fields
}

/** Reads what any refusal of the API says; tolerates a proxy's HTML. */
export function errorOf(status: number, body: string, retryAfter: string | null): ApiError {
  let problem: Problem = {}
  try {
    problem = JSON.parse(body) as Problem
  } catch {
    // Not the API's own reply: the status has to do.
  }
  const fields = fieldsOf(problem.detail)
  const message =
    typeof problem.detail === 'string' ? problem.detail : Object.values(fields).join('. ') || common.statusText(status)
  const seconds = Number(retryAfter)
  return new ApiError(
    status,
    message,
    problem['violated-policies'] ?? [],
    problem.limits ?? [],
    retryAfter && Number.isFinite(seconds) ? seconds : null,
    fields,
  )
}

export function messageOf(error: unknown): string {
  return error instanceof Error ? error.message : common.unknownError
}
