// The recordings of a job, fetched once: listening and saving use the same bytes.
import { fetchAs } from '@/api/client'

export interface Fetched {
  blob: Blob
  /** As the server names it. */
  name: string
}

const results = new Map<string, Promise<Fetched>>()
const RESULTS_KEPT = 4

/** The name in Content-Disposition; the exact one wins over the plain one. */
export function nameIn(disposition: string | null, fallback: string): string {
  const exact = /filename\*=UTF-8''([^;]+)/i.exec(disposition ?? '')?.[1]
  if (exact) {
    try {
      return decodeURIComponent(exact)
    } catch {
      // Not what it says it is: the plain name has to do.
    }
  }
  return /filename="((?:[^"\\]|\\.)*)"/i.exec(disposition ?? '')?.[1]?.replace(/\\(.)/g, '$1') ?? fallback
}

async function fetchFile(url: string): Promise<Fetched> {
  const reply = await fetchAs(url)
  return { blob: await reply.blob(), name: nameIn(reply.headers.get('Content-Disposition'), 'recording.wav') }
}

export function fetchResult(jobId: string): Promise<Fetched> {
  const known = results.get(jobId)
  if (known) return known
  const fetched = fetchFile(`/audio/download/${encodeURIComponent(jobId)}`)
  results.set(jobId, fetched)
  fetched.catch(() => results.delete(jobId))
  const oldest = results.keys().next().value
  if (results.size > RESULTS_KEPT && oldest) results.delete(oldest)
  return fetched
}

export function fetchOriginal(jobId: string): Promise<Fetched> {
  return fetchFile(`/audio/original/${encodeURIComponent(jobId)}`)
}

export function fetchOutput(jobId: string, index: number): Promise<Fetched> {
  return fetchFile(`/audio/download/${encodeURIComponent(jobId)}?output=${index}`)
}

export function fetchArchive(jobId: string): Promise<Fetched> {
  return fetchFile(`/audio/archive/${encodeURIComponent(jobId)}`)
}

export function saveAs({ blob, name }: Fetched): void {
  const link = document.createElement('a')
  link.href = URL.createObjectURL(blob)
  link.download = name
  link.click()
  setTimeout(() => URL.revokeObjectURL(link.href), 10_000)
}
