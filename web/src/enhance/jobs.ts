// The caller's jobs as the server knows them, and following those that run.
import { infiniteQueryOptions, useInfiniteQuery, type InfiniteData } from '@tanstack/react-query'
import { useEffect } from 'react'
import { api } from '@/api/client'
import { followJob, isOver } from '@/api/events'
import type { Job } from '@/api/types'
import { keys, queryClient, usageChanged } from '@/lib/queries'
import { notify } from '@/lib/notices'
import { enhance } from '@/strings'

interface Page {
  jobs: Job[]
  next_cursor: string | null
}
type Pages = InfiniteData<Page, string | undefined>

const PAGE_SIZE = 20

export const jobsQuery = infiniteQueryOptions({
  queryKey: keys.jobs,
  queryFn: ({ pageParam, signal }) =>
    api.get('/audio/jobs', { query: { limit: PAGE_SIZE, ...(pageParam ? { cursor: pageParam } : {}) }, signal }),
  initialPageParam: undefined as string | undefined,
  getNextPageParam: (last: Page) => last.next_cursor ?? undefined,
  staleTime: 30_000,
})

export function useJobs() {
  return useInfiniteQuery(jobsQuery)
}

function changePages(change: (jobs: Job[], isFirst: boolean) => Job[]): void {
  queryClient.setQueryData<Pages>(keys.jobs, (data) => {
    const pages = data ?? { pages: [{ jobs: [], next_cursor: null }], pageParams: [undefined] }
    return { ...pages, pages: pages.pages.map((page, i) => ({ ...page, jobs: change(page.jobs, i === 0) })) }
  })
}

/** A list asked for before the change would undo it on arrival: it is asked for again. */
function listChanged(): void {
  void queryClient.invalidateQueries({ queryKey: keys.jobs })
  usageChanged()
}

export function jobAdded(job: Job): void {
  changePages((jobs, isFirst) => (isFirst ? [job, ...jobs.filter((other) => other.job_id !== job.job_id)] : jobs))
  listChanged()
}

/** What following a job has told. Of its end nothing tells again. */
export function jobChanged(job: Job): void {
  changePages((jobs) => jobs.map((other) => (other.job_id === job.job_id ? job : other)))
  if (isOver(job.status)) listChanged()
}

export function jobGone(jobId: string): void {
  changePages((jobs) => jobs.filter((job) => job.job_id !== jobId))
  listChanged()
}

export async function deleteJob(jobId: string): Promise<void> {
  await api.delete('/audio/jobs/{job_id}', { path: { job_id: jobId } })
}

/** Follows a job that has not ended, as long as it is shown. */
export function useFollow(job: Job): void {
  const isRunning = !isOver(job.status)
  useEffect(() => {
    if (!isRunning) return undefined
    const abort = new AbortController()
    void followJob(
      job.job_id,
      (now) => {
        jobChanged(now)
        if (now.status === 'completed') notify('heard', enhance.done(now.original_filename))
      },
      abort.signal,
    )
    return () => abort.abort()
  }, [job.job_id, isRunning])
}
