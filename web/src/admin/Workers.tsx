// What waits to be processed, and what each worker is doing.
import { useQuery } from '@tanstack/react-query'
import { api } from '@/api/client'
import type { Worker, Workers } from '@/api/types'
import { count, percent, seconds } from '@/lib/format'
import { keys, LIVE_MS } from '@/lib/queries'
import { admin, typeName } from '@/strings'
import { Badge, Card, Progress } from '@/ui/kit'
import { cell, row } from './list'

const words = admin.workers
/** While one works, its progress is worth a look more often. */
const BUSY_MS = 2000

const figureHead = 'py-1 pr-4 text-right font-semibold last:pr-0 max-sm:pr-2'
const figureCell = `${cell} text-right whitespace-nowrap tabular-nums max-sm:pr-2`

export function useWorkers() {
  return useQuery({
    queryKey: [...keys.admin, 'workers'],
    queryFn: ({ signal }) => api.get('/admin/workers', { signal }),
    refetchInterval: ({ state }) => (state.data?.workers.some((worker) => worker.state === 'processing') ? BUSY_MS : LIVE_MS),
  })
}

function secondsBetween(start: string, end: string): number {
  return Math.max(0, (Date.parse(end) - Date.parse(start)) / 1000)
}

function Now({ worker, forSeconds }: { worker: Worker; forSeconds: number }) {
  const { job } = worker
  if (worker.state === 'idle') {
    return (
      <>
        <Badge>{words.idle}</Badge> <span className="text-soft">{words.idleFor(seconds(Math.floor(forSeconds)))}</span>
      </>
    )
  }
  if (!job) return <>{words.gone}</>
  const notes = [typeName(job.processing_type), seconds(Math.floor(forSeconds)), ...(job.attempt > 1 ? [words.attempt(job.attempt)] : [])]
  return (
    <>
      <Badge look="good">{words.processing}</Badge> <span className="font-semibold">{job.original_filename}</span>
      <span className="mb-1 block text-soft">{notes.join(' · ')}</span>
      <Progress label={words.progress(job.original_filename)} value={job.progress} />
    </>
  )
}

export function WorkersCard({ state }: { state: Workers }) {
  const { queue, workers, started_at: startedAt, timestamp } = state
  const upSeconds = secondsBetween(startedAt, timestamp)
  const busy = (worker: Worker) => percent(upSeconds ? Math.min(100, (100 * worker.processing_seconds) / upSeconds) : 0)
  return (
    <Card title={words.title}>
      <p className="mb-3">{queue.pending ? words.waiting(count(queue.pending), seconds(queue.longest_wait_seconds)) : words.empty}</p>
      <div className="max-h-96 overflow-auto" tabIndex={0} role="region" aria-label={admin.listOf(words.title)}>
        <table className="w-full text-sm">
          <caption className="sr-only">{words.title}</caption>
          <thead>
            <tr className="text-left text-soft">
              <th scope="col" className="py-1 pr-4 font-semibold">{words.worker}</th>
              <th scope="col" className="w-full py-1 pr-4 font-semibold">{words.now}</th>
              <th scope="col" className={figureHead}>{words.done}</th>
              <th scope="col" className={figureHead}>{words.failed}</th>
              <th scope="col" className={`${figureHead} max-sm:hidden`}>{words.busy}</th>
            </tr>
          </thead>
          <tbody>
            {workers.map((worker) => (
              <tr key={worker.worker} className={row}>
                <th scope="row" className={`${cell} text-left font-semibold whitespace-nowrap`}>
                  <span className="max-sm:sr-only">{words.worker} </span>
                  {worker.worker}
                </th>
                <td className={`${cell} min-w-28`}>
                  <Now worker={worker} forSeconds={secondsBetween(worker.since, timestamp)} />
                </td>
                <td className={figureCell}>{count(worker.jobs_completed)}</td>
                <td className={figureCell}>{count(worker.jobs_failed)}</td>
                <td className={`${figureCell} max-sm:hidden`}>{busy(worker)}</td>
              </tr>
            ))}
          </tbody>
        </table>
      </div>
    </Card>
  )
}
