// A job's progress, live: Server-Sent Events by fetch, since EventSource sends no headers;
// asking now and then where a stream does not get through, or enough are open.
import { api, fetchAs } from './client'
import { ApiError } from './errors'
import type { Job, JobState } from './types'

const POLL_MS = 3000
/** A browser keeps some six connections to a server, for all its tabs: streams must leave room
 * for the rest, in a second tab too. */
const STREAMS_MAX = 2
let streams = 0

/** The job is gone, or somebody else's: no later try will tell more. A token that ends does. */
function isFinal(error: unknown): boolean {
  return error instanceof ApiError && (error.status === 403 || error.status === 404)
}

export function isOver(status: JobState): boolean {
  return status !== 'pending' && status !== 'processing'
}

export interface ServerEvent {
  event: string
  data: string
}

/** Takes the complete events out of `text`; what is left belongs to the next one. */
export function eventsIn(text: string): { events: ServerEvent[]; rest: string } {
  const blocks = text.replaceAll('\r\n', '\n').split('\n\n')
  const rest = blocks.pop() ?? ''
  const events: ServerEvent[] = []
  for (const block of blocks) {
    let event = 'message'
    const data: string[] = []
    for (const line of block.split('\n')) {
      if (line.startsWith('event:')) event = line.slice(6).trim()
      if (line.startsWith('data:')) data.push(line.slice(5).replace(/^ /, ''))
    }
    if (data.length) events.push({ event, data: data.join('\n') })
  }
  return { events, rest }
}

/** True when the job is over or gone; false when the stream ended before. */
async function readStream(jobId: string, onJob: (job: Job) => void, signal: AbortSignal): Promise<boolean> {
  const reply = await fetchAs(`/audio/events/${encodeURIComponent(jobId)}`, {
    headers: { Accept: 'text/event-stream' },
    signal,
  })
  const reader = reply.body?.pipeThrough(new TextDecoderStream()).getReader()
  let buffer = ''
  while (reader) {
    const { done, value } = await reader.read()
    if (done) return false
    const { events, rest } = eventsIn(buffer + value)
    buffer = rest
    for (const { event, data } of events) {
      if (event === 'deleted') return true
      const job = JSON.parse(data) as Job
      onJob(job)
      if (isOver(job.status)) return true
    }
  }
  return false
}

async function streamed(jobId: string, onJob: (job: Job) => void, signal: AbortSignal): Promise<boolean> {
  streams++
  try {
    return await readStream(jobId, onJob, signal)
  } finally {
    streams--
  }
}

function sleep(ms: number, signal: AbortSignal): Promise<void> {
  return new Promise((resolve) => {
    const end = () => {
      clearTimeout(timer)
      signal.removeEventListener('abort', end)
      resolve()
    }
    const timer = setTimeout(end, ms)
    signal.addEventListener('abort', end)
  })
}

/** Tells every change until the job is over, it is gone, or `signal` aborts. */
export async function followJob(jobId: string, onJob: (job: Job) => void, signal: AbortSignal): Promise<void> {
  while (!signal.aborted) {
    try {
      if (streams < STREAMS_MAX && (await streamed(jobId, onJob, signal))) return
    } catch (error) {
      if (isFinal(error)) return
    }
    if (signal.aborted) return
    try {
      const job = await api.get('/audio/status/{job_id}', { path: { job_id: jobId }, signal })
      onJob(job)
      if (isOver(job.status)) return
    } catch (error) {
      if (isFinal(error)) return
    }
    await sleep(POLL_MS, signal)
  }
}
