// What may be asked of an upload, as GET /audio/types says; until it has answered, what every
// server has.
import { useQuery } from '@tanstack/react-query'
import { api } from '@/api/client'
import type { ReplyOf } from '@/api/types'
import { typeName, types as known } from '@/strings'

export interface AudioType {
  id: string
  name: string
  text: string
}

export interface UploadOptions {
  types: AudioType[]
  /** Of these and of the outputs the first is the default; one or none: nothing to choose. */
  strengths: string[]
  outputs: string[]
  bytesMax: number
}

export const EXTENSIONS = ['.wav', '.mp3', '.flac', '.m4a', '.ogg']
export const MEBIBYTE = 1048576

const typeOf = (id: string): AudioType => ({ id, name: typeName(id), text: known[id]?.text ?? '' })

const fallback: UploadOptions = {
  types: Object.keys(known).map(typeOf),
  strengths: ['normal', 'light', 'strong'],
  outputs: ['wav', 'wav24', 'wavf32', 'flac', 'mp3', 'm4a', 'ogg'],
  bytesMax: 100 * MEBIBYTE,
}

export function optionsOf(reply: ReplyOf<'/audio/types', 'get'>): UploadOptions {
  return {
    types: reply.processing_types.filter((type) => type.available).map((type) => typeOf(type.name)),
    strengths: reply.strengths,
    outputs: reply.output_formats.map((format) => format.name),
    bytesMax: reply.max_file_size_bytes,
  }
}

export function useUploadOptions(): UploadOptions {
  const { data } = useQuery({
    queryKey: ['audio', 'types'],
    queryFn: async ({ signal }) => optionsOf(await api.get('/audio/types', { signal })),
    staleTime: Infinity,
  })
  return data ?? fallback
}
