import { Download, Headphones, RotateCcw, Trash2, X } from 'lucide-react'
import { lazy, Suspense, useState } from 'react'
import { isOver } from '@/api/events'
import { ApiError, messageOf } from '@/api/errors'
import type { Job } from '@/api/types'
import { moment, percent } from '@/lib/format'
import { notify } from '@/lib/notices'
import { usageChanged } from '@/lib/queries'
import { common, enhance, typeName } from '@/strings'
import { Button, Progress, Skeleton } from '@/ui/kit'
import { Confirm } from '@/ui/Dialog'
import { fetchResult, saveAs } from './files'
import { JobBadge } from './JobBadge'
import { Outputs } from './Outputs'
import { deleteJob, jobGone, useFollow } from './jobs'

const Player = lazy(() => import('./Player'))

function noteOf(job: Job): string | null {
  if (job.status === 'failed') return job.error_message ?? enhance.failedText
  if (job.status === 'expired') return enhance.expiredText
  if (job.status === 'cancelled') return enhance.cancelledText
  return null
}

function useRemove(job: Job) {
  const [isBusy, setBusy] = useState(false)
  const remove = async () => {
    setBusy(true)
    try {
      await deleteJob(job.job_id)
      jobGone(job.job_id)
    } catch (error) {
      if (error instanceof ApiError && error.status === 404) jobGone(job.job_id)
      else notify('bad', messageOf(error))
    }
    setBusy(false)
  }
  return { isBusy, remove }
}

async function download(job: Job): Promise<void> {
  try {
    saveAs(await fetchResult(job.job_id))
    usageChanged()
  } catch (error) {
    notify('bad', messageOf(error))
  }
}

interface Props {
  job: Job
  isOpen: boolean
  onToggle: () => void
  onRetry: (() => void) | undefined
}

function Actions({ job, isOpen, onToggle, onRetry, onRemove }: Props & { onRemove: () => void }) {
  const name = job.original_filename
  return (
    <>
      {job.output_available && (
        <>
          <Button look={isOpen ? 'plain' : 'main'} aria-expanded={isOpen} aria-label={isOpen ? enhance.hideOf(name) : enhance.compareOf(name)} onClick={onToggle}>
            <Headphones aria-hidden size={16} />
            {isOpen ? enhance.hide : enhance.compare}
          </Button>
          {job.outputs.length < 2 && (
            <Button aria-label={enhance.downloadOf(name)} onClick={() => void download(job)}>
              <Download aria-hidden size={16} />
              <span className="hidden sm:inline">{enhance.download}</span>
            </Button>
          )}
        </>
      )}
      {onRetry && (job.status === 'failed' || job.status === 'cancelled') && (
        <Button aria-label={enhance.retryOf(name)} onClick={onRetry}>
          <RotateCcw aria-hidden size={16} />
          {common.retry}
        </Button>
      )}
      {isOver(job.status) ? (
        <Button look="quiet" className="px-2.5" aria-label={enhance.removeOf(name)} onClick={onRemove}>
          <Trash2 aria-hidden size={18} />
        </Button>
      ) : (
        <Button aria-label={enhance.cancelOf(name)} onClick={onRemove}>
          <X aria-hidden size={18} className="sm:hidden" />
          <span className="hidden sm:inline">{common.cancel}</span>
        </Button>
      )}
    </>
  )
}

export function JobRow(props: Props) {
  const { job, isOpen } = props
  const [isAsking, setAsking] = useState(false)
  const { isBusy, remove } = useRemove(job)
  const note = noteOf(job)
  useFollow(job)
  return (
    <li className="py-4">
      <div className="flex flex-wrap items-center gap-x-3 gap-y-2">
        <div className="min-w-0 flex-1 basis-28 sm:basis-48">
          <p className="font-semibold [overflow-wrap:anywhere]">{job.original_filename}</p>
          <p className="text-sm text-soft">
            {typeName(job.processing_type)} · {moment(job.created_at)}
          </p>
        </div>
        <JobBadge state={job.status} />
        <div className="flex items-center gap-3">
          <Actions {...props} onRemove={() => (job.output_available ? setAsking(true) : void remove())} />
        </div>
      </div>
      {!isOver(job.status) && (
        <div className="mt-2 space-y-1">
          <Progress label={enhance.progressOf(job.original_filename)} value={job.progress} />
          <p className="text-sm text-soft tabular-nums">{percent(Math.round(job.progress))}</p>
        </div>
      )}
      {note && <p className="mt-1 text-sm text-soft [overflow-wrap:anywhere]">{note}</p>}
      {job.outputs.length > 1 && <Outputs job={job} />}
      {isOpen && job.output_available && (
        <Suspense fallback={<Skeleton className="mt-4 h-56" />}>
          <Player jobId={job.job_id} />
        </Suspense>
      )}
      {isAsking && (
        <Confirm
          title={enhance.removeTitle}
          text={enhance.removeText(job.original_filename)}
          action={enhance.remove}
          isBusy={isBusy}
          onConfirm={() => void remove().then(() => setAsking(false))}
          onClose={() => setAsking(false)}
        />
      )}
    </li>
  )
}
