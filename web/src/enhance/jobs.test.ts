// The list of jobs: what is known of a job and what the server lists come in any order.
import { InfiniteQueryObserver } from '@tanstack/react-query'
import { expect, it, vi } from 'vitest'

vi.stubGlobal('addEventListener', () => undefined)
vi.stubGlobal('navigator', {})
vi.stubGlobal('localStorage', {
  getItem: (key: string) => (key === 'guest_id' ? 'g-1' : null),
})
const replies: ((jobs: unknown[]) => void)[] = []
vi.stubGlobal('fetch', () =>
  new Promise((resolve) => replies.push((jobs) => resolve(new Response(JSON.stringify({ jobs, next_cursor: null }))))),
)

const { jobAdded, jobChanged, jobsQuery } = await import('./jobs')
const { jobOf } = await import('./queue')
const { queryClient } = await import('@/lib/queries')

it('a list that was asked for before a job ended does not undo its end', async () => {
  const job = jobOf({ job_id: 'j', status: 'processing' } as Parameters<typeof jobOf>[0], 'speech_enhancement')
  const observer = new InfiniteQueryObserver(queryClient, jobsQuery)
  const forget = observer.subscribe(() => undefined)
  await vi.waitFor(() => expect(replies).toHaveLength(1))
  replies[0]?.([])
  await vi.waitFor(() => expect(observer.getCurrentResult().isSuccess).toBe(true))

  jobAdded(job)
  await vi.waitFor(() => expect(replies).toHaveLength(2))
  jobChanged({ ...job, status: 'completed' })
  replies[1]?.([job])
  await new Promise((resolve) => setTimeout(resolve, 50)) // an older list would be in by now
  const listed = () => observer.getCurrentResult().data?.pages[0]?.jobs.map(({ status }) => status)
  expect(listed()).toEqual(['completed'])
  expect(replies).toHaveLength(3)
  replies[2]?.([{ ...job, status: 'completed' }])
  await vi.waitFor(() => expect(observer.getCurrentResult().isFetching).toBe(false))
  expect(listed()).toEqual(['completed'])
  forget()
})
