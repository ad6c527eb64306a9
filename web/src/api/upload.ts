// An upload whose progress can be watched: fetch cannot tell it, XMLHttpRequest can.
import { ApiError, errorOf } from './errors'
import { identityHeaders, recoverIdentity } from './session'
import { common } from '@/strings'
import type { UploadResult } from './types'

export interface Upload {
  file: File
  /** Form fields beside the file: the processing type and its options. */
  fields: Record<string, string>
  /** Makes a repeated send one upload, not two. */
  key: string
  onProgress: (sentBytes: number, totalBytes: number) => void
  signal: AbortSignal
}

async function sendOnce(upload: Upload, identity: Record<string, string>): Promise<UploadResult> {
  upload.signal.throwIfAborted() // stopped while the identity was asked for
  return new Promise((resolve, reject) => {
    const xhr = new XMLHttpRequest()
    const form = new FormData()
    for (const [name, value] of Object.entries(upload.fields)) form.append(name, value)
    form.append('file', upload.file, upload.file.name)
    xhr.open('POST', '/audio/upload')
    for (const [name, value] of Object.entries(identity)) xhr.setRequestHeader(name, value)
    xhr.setRequestHeader('Idempotency-Key', `"${upload.key}"`)
    xhr.upload.onprogress = (event) => upload.onProgress(event.loaded, event.total)
    xhr.onload = () =>
      xhr.status === 201
        ? resolve(JSON.parse(xhr.responseText) as UploadResult)
        : reject(errorOf(xhr.status, xhr.responseText, xhr.getResponseHeader('Retry-After')))
    let isUnderWay = false
    xhr.upload.addEventListener('progress', (event) => (isUnderWay ||= event.loaded > 0))
    xhr.onerror = () => reject(new ApiError(0, isUnderWay ? common.broken : common.offline))
    xhr.onabort = () => reject(new DOMException('stopped', 'AbortError'))
    upload.signal.addEventListener('abort', () => xhr.abort(), { once: true })
    xhr.send(form)
  })
}

export async function sendFile(upload: Upload): Promise<UploadResult> {
  const identity = await identityHeaders()
  try {
    return await sendOnce(upload, identity)
  } catch (error) {
    if (!(error instanceof ApiError) || error.status !== 401 || !(await recoverIdentity(identity))) throw error
    return sendOnce(upload, await identityHeaders())
  }
}
