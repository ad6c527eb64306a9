// Files on their way to the server. Two at a time; each is the server's job once it is accepted.
import { useSyncExternalStore } from 'react'
import { ApiError, messageOf } from '@/api/errors'
import { sendFile } from '@/api/upload'
import type { Job, UploadResult } from '@/api/types'

export interface Entry {
  key: string
  file: File
  fields: Record<string, string>
  state: 'waiting' | 'uploading' | 'refused'
  sentBytes: number
  error: ApiError | null
  abort: AbortController
}

const AT_A_TIME = 2
let entries: Entry[] = []
const listeners = new Set<() => void>()
let onAccepted: (job: Job) => void = () => undefined
/** Files that are still at hand, by job: for another try without choosing them again. */
const files = new Map<string, Entry>()

function set(next: Entry[]): void {
  entries = next
  for (const listener of listeners) listener()
}

function change(key: string, part: Partial<Entry>): void {
  set(entries.map((entry) => (entry.key === key ? { ...entry, ...part } : entry)))
}

export function jobOf(result: UploadResult, processingType: string): Job {
  return {
    job_id: result.job_id,
    status: result.status,
    progress: 0,
    filename: result.filename,
    original_filename: result.original_filename,
    processing_type: processingType,
    error_message: null,
    created_at: result.created_at,
    started_at: null,
    completed_at: null,
    expires_at: result.expires_at,
    output_available: result.status === 'completed',
    duration: result.duration ?? 0,
    // The job's own status, which follows at once, tells what was chosen.
    output_format: 'wav',
    strength: 'normal',
    loudness_normalised: false,
    peak_dbfs: null,
    loudness_lufs: null,
    noise_removed_db: null,
    outputs: [],
  }
}

async function send(entry: Entry): Promise<void> {
  change(entry.key, { state: 'uploading' })
  try {
    const result = await sendFile({
      file: entry.file,
      fields: entry.fields,
      key: entry.key,
      signal: entry.abort.signal,
      onProgress: (sentBytes) => change(entry.key, { sentBytes }),
    })
    files.set(result.job_id, entry)
    set(entries.filter((other) => other.key !== entry.key))
    onAccepted(jobOf(result, entry.fields['processing_type'] ?? ''))
  } catch (error) {
    if (entry.abort.signal.aborted) set(entries.filter((other) => other.key !== entry.key))
    else change(entry.key, { state: 'refused', error: error instanceof ApiError ? error : new ApiError(0, messageOf(error)) })
  }
  next()
}

function next(): void {
  const running = entries.filter((entry) => entry.state === 'uploading').length
  const waiting = entries.filter((entry) => entry.state === 'waiting')
  for (const entry of waiting.slice(0, Math.max(0, AT_A_TIME - running))) void send(entry)
}

export const queue = {
  onAccepted(listener: (job: Job) => void): void {
    onAccepted = listener
  },
  add(file: File, fields: Record<string, string>, refusal?: ApiError): void {
    const entry: Entry = {
      key: crypto.randomUUID?.() ?? `${Date.now()}-${Math.random()}`,
      file,
      fields,
      state: refusal ? 'refused' : 'waiting',
      sentBytes: 0,
      error: refusal ?? null,
      abort: new AbortController(),
    }
    set([entry, ...entries])
    next()
  },
  /** Stops an upload, or takes a refused one off the list. */
  drop(key: string): void {
    const entry = entries.find((other) => other.key === key)
    entry?.abort.abort()
    if (entry?.state !== 'uploading') set(entries.filter((other) => other.key !== key))
  },
  retry(key: string): void {
    change(key, { state: 'waiting', error: null, sentBytes: 0, abort: new AbortController() })
    next()
  },
  fileOf(jobId: string): Entry | undefined {
    return files.get(jobId)
  },
}

export function useQueue(): Entry[] {
  return useSyncExternalStore(
    (listener) => {
      listeners.add(listener)
      return () => listeners.delete(listener)
    },
    () => entries,
  )
}
