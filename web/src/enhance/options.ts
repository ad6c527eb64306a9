// What may be asked of an upload. GET /audio/types says it where the API has that route (the
// build looks in docs/openapi.json); else these two types, and nothing to set.
import { useQuery } from '@tanstack/react-query'
import { fetchAs } from '@/api/client'
import { typeName, types as known } from '@/strings'

declare const __HAS_AUDIO_TYPES__: boolean

export interface AudioType {
  id: string
  name: string
  text: string
  /** The values that `strength` may have; none: it cannot be set. */
  strengths: string[]
}

export interface UploadOptions {
  types: AudioType[]
  /** File formats that a result may have; one or none: nothing to choose. */
  outputs: string[]
  bytesMax: number
}

export const EXTENSIONS = ['.wav', '.mp3', '.flac', '.m4a', '.ogg']
const MEBIBYTE = 1048576

function typeOf(id: string, text?: string, strengths: string[] = []): AudioType {
  return { id, name: typeName(id), text: text ?? known[id]?.text ?? '', strengths }
}

const fallback: UploadOptions = {
  types: Object.keys(known).map((id) => typeOf(id)),
  outputs: [],
  bytesMax: 100 * MEBIBYTE,
}

type Raw = string | Record<string, unknown>

function rawType(raw: Raw): AudioType | null {
  if (typeof raw === 'string') return typeOf(raw)
  const id = raw['id'] ?? raw['processing_type'] ?? raw['type'] ?? raw['name']
  if (typeof id !== 'string') return null
  const text = typeof raw['description'] === 'string' ? raw['description'] : undefined
  const strengths = raw['strengths'] ?? raw['strength']
  return typeOf(id, text, Array.isArray(strengths) ? strengths.filter((item) => typeof item === 'string') : [])
}

/** Reads what the route says, leaving out what it does not understand. */
export function readOptions(reply: unknown): UploadOptions {
  const raw = (reply ?? {}) as Record<string, unknown>
  const list = (Array.isArray(reply) ? reply : (raw['types'] ?? raw['processing_types'])) as Raw[] | undefined
  const types = (Array.isArray(list) ? list : []).map(rawType).filter((type) => type !== null)
  const outputs = (raw['output_formats'] ?? raw['formats']) as Raw[] | undefined
  const max = raw['max_file_size_mb']
  return {
    types: types.length ? types : fallback.types,
    outputs: (Array.isArray(outputs) ? outputs : [])
      .map((item) => (typeof item === 'string' ? item : item['format'] ?? item['id'] ?? item['name']))
      .filter((item) => typeof item === 'string'),
    bytesMax: typeof max === 'number' ? max * MEBIBYTE : fallback.bytesMax,
  }
}

export function useUploadOptions(): UploadOptions {
  const { data } = useQuery({
    queryKey: ['audio', 'types'],
    queryFn: async ({ signal }) => readOptions(await (await fetchAs('/audio/types', { signal })).json()),
    enabled: __HAS_AUDIO_TYPES__,
    staleTime: Infinity,
  })
  return data ?? fallback
}
