import { AudioLines } from 'lucide-react'
import { useEffect, useState } from 'react'
import { isOver } from '@/api/events'
import { messageOf } from '@/api/errors'
import { notify } from '@/lib/notices'
import { useLimits, useSignedIn } from '@/lib/queries'
import { until } from '@/lib/format'
import { enhance } from '@/strings'
import { Button, Card, Empty, Failure, PageTitle, Skeleton, TextLink } from '@/ui/kit'
import { AddFiles } from './AddFiles'
import { EntryRow } from './EntryRow'
import { fetchOriginal } from './files'
import { JobRow } from './JobRow'
import { jobAdded, useJobs } from './jobs'
import { queue, useQueue } from './queue'
import type { Job } from '@/api/types'

/** What may still be done today. Keeps its place while it loads. */
function Allowance() {
  const limits = useLimits()
  const isSignedIn = useSignedIn()
  const files = limits.data?.files_per_day
  if (!files) return <p className="min-h-6" />
  return (
    <p className="min-h-6 text-sm text-soft">
      {enhance.allowance(files.remaining, files.limit, files.resets_at ? until(files.resets_at) : '')}
      {!isSignedIn && (
        <>
          {' · '}
          <TextLink to="/signup">{enhance.allowanceMore}</TextLink>
        </>
      )}
    </p>
  )
}

async function tryAgain(job: Job): Promise<void> {
  const known = queue.fileOf(job.job_id)
  try {
    const file = known?.file ?? new File([(await fetchOriginal(job.job_id)).blob], job.original_filename)
    queue.add(file, known?.fields ?? (job.processing_type ? { processing_type: job.processing_type } : {}))
  } catch (error) {
    notify('bad', messageOf(error))
  }
}

export function EnhancePage() {
  const jobs = useJobs()
  const entries = useQueue()
  const [opened, setOpened] = useState<string | null>(null)
  useEffect(() => queue.onAccepted(jobAdded), [])

  const all = jobs.data?.pages.flatMap((page) => page.jobs) ?? []
  return (
    <>
      <PageTitle title={enhance.title} lead={enhance.lead} />
      <AddFiles />
      <div className="mt-3 mb-8">
        <Allowance />
      </div>
      <Card title={enhance.recent}>
        {jobs.isError && <Failure error={jobs.error} onRetry={() => void jobs.refetch()} />}
        {jobs.isPending && (
          <div className="space-y-3">
            <Skeleton className="h-14" />
            <Skeleton className="h-14" />
          </div>
        )}
        <ul className="divide-y divide-line">
          {entries.map((entry) => (
            <EntryRow key={entry.key} entry={entry} />
          ))}
          {all.map((job) => (
            <JobRow
              key={job.job_id}
              job={job}
              isOpen={opened === job.job_id}
              onToggle={() => setOpened(opened === job.job_id ? null : job.job_id)}
              onRetry={isOver(job.status) ? () => void tryAgain(job) : undefined}
            />
          ))}
        </ul>
        {jobs.isSuccess && !all.length && !entries.length && (
          <Empty icon={<AudioLines aria-hidden size={36} />} title={enhance.emptyTitle}>
            {enhance.emptyText}
          </Empty>
        )}
        {jobs.hasNextPage && (
          <div className="mt-4 text-center">
            <Button isBusy={jobs.isFetchingNextPage} onClick={() => void jobs.fetchNextPage()}>
              {enhance.older}
            </Button>
          </div>
        )}
      </Card>
    </>
  )
}
