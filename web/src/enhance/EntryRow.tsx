import { RotateCcw, X } from 'lucide-react'
import type { ApiError } from '@/api/errors'
import { bytes } from '@/lib/format'
import { common, enhance } from '@/strings'
import { Badge, Button, Progress } from '@/ui/kit'
import { queue, type Entry } from './queue'
import { Refusal } from './Refusal'

/** Neither a wrong file nor a limit of the day changes by asking again. */
function isWorthRetrying(error: ApiError): boolean {
  if (error.isLimit) return error.policies.some((policy) => policy.endsWith('storage_mb'))
  return [0, 408, 429].includes(error.status) || error.status >= 500
}

export function EntryRow({ entry }: { entry: Entry }) {
  const { key, file, state, sentBytes, error } = entry
  const total = Math.max(file.size, 1)
  return (
    <li className="py-4">
      <div className="flex flex-wrap items-center gap-x-3 gap-y-2">
        <p className="min-w-0 flex-1 basis-24 font-semibold [overflow-wrap:anywhere]">{file.name}</p>
        <Badge look={state === 'refused' ? 'bad' : 'plain'}>{enhance.state[error?.status === 0 ? 'unsent' : state]}</Badge>
        {state === 'refused' ? (
          <>
            {error && isWorthRetrying(error) && (
              <Button aria-label={enhance.retryOf(file.name)} onClick={() => queue.retry(key)}>
                <RotateCcw aria-hidden size={16} />
                {common.retry}
              </Button>
            )}
            <Button look="quiet" aria-label={enhance.removeOf(file.name)} className="px-2.5" onClick={() => queue.drop(key)}>
              <X aria-hidden size={18} />
            </Button>
          </>
        ) : (
          <Button aria-label={enhance.cancelOf(file.name)} onClick={() => queue.drop(key)}>
            <X aria-hidden size={18} className="sm:hidden" />
            <span className="hidden sm:inline">{common.cancel}</span>
          </Button>
        )}
      </div>
      {state === 'uploading' && (
        <div className="mt-2 space-y-1">
          <Progress label={enhance.progressOf(file.name)} value={Math.min(100, (sentBytes / total) * 100)} />
          <p className="text-sm text-soft tabular-nums">{enhance.sent(bytes(Math.min(sentBytes, file.size)), bytes(file.size))}</p>
        </div>
      )}
      {error && (
        <div role="alert" className="mt-2">
          <Refusal error={error} />
        </div>
      )}
    </li>
  )
}
