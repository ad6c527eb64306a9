import { useQuery } from '@tanstack/react-query'
import { Clock, FileCheck, HardDrive, ListChecks, UserRound, Users as UsersIcon } from 'lucide-react'
import { useState } from 'react'
import { api } from '@/api/client'
import type { AdminOverview, Analytics, UsageStats } from '@/api/types'
import { count, megabytes, minutes, percent } from '@/lib/format'
import { keys, LIVE_MS } from '@/lib/queries'
import { admin, usage } from '@/strings'
import { Card, Failure, Select, Skeleton } from '@/ui/kit'
import { processingTime, StatCard, TypesTable } from '@/usage/UsageStatsDashboard'
import { Trends, type HistoryQuery } from '@/usage/Trends'
import { cell, row } from './list'
import { useWorkers, WorkersCard } from './Workers'

async function loadSeries(query: HistoryQuery, signal: AbortSignal) {
  return (await api.get('/usage/admin/analytics', { query, signal })).series
}

function Cards({ overview, analytics }: { overview: AdminOverview; analytics: Analytics }) {
  const { users, guests, jobs } = overview
  const cards = admin.cards
  const size = 20
  return (
    <div className="grid grid-cols-2 gap-3 sm:gap-4 lg:grid-cols-3">
      <StatCard
        title={cards.users}
        value={count(users.total)}
        note={cards.usersNote(count(users.active), count(users.new_last_24h))}
        icon={<UsersIcon aria-hidden size={size} />}
      />
      <StatCard title={cards.guests} value={count(guests.total)} note={cards.guestsNote(count(guests.active))} icon={<UserRound aria-hidden size={size} />} />
      <StatCard
        title={cards.files}
        value={count(analytics.total_files_processed)}
        note={cards.filesNote(percent(jobs.success_rate_percent))}
        icon={<FileCheck aria-hidden size={size} />}
      />
      <StatCard title={cards.storage} value={megabytes(analytics.total_storage_mb)} icon={<HardDrive aria-hidden size={size} />} />
      <StatCard title={cards.time} value={minutes(analytics.total_processing_minutes)} icon={<Clock aria-hidden size={size} />} />
      <StatCard
        title={cards.jobs}
        value={count(jobs.pending + jobs.processing)}
        note={cards.jobsNote(count(jobs.pending), count(jobs.processing))}
        icon={<ListChecks aria-hidden size={size} />}
      />
    </div>
  )
}

type Figure = keyof typeof admin.topBy

const figures: Record<Figure, (stats: UsageStats) => string> = {
  files_processed: (stats) => count(stats.total_files_processed),
  files_uploaded: (stats) => count(stats.total_files_uploaded),
  storage: (stats) => megabytes(stats.total_input_size_mb),
  processing_time: processingTime,
  api_calls: (stats) => count(stats.api_calls_count),
}

function TopUsers() {
  const [figure, setFigure] = useState<Figure>('files_processed')
  const top = useQuery({
    queryKey: [...keys.admin, 'top', figure],
    queryFn: ({ signal }) => api.get('/usage/admin/top-users', { query: { sort_by: figure, limit: 5 }, signal }),
  })
  return (
    <Card
      title={admin.topUsers}
      aside={
        <Select
          label={admin.topFigure}
          isLabelHidden
          options={Object.entries(admin.topBy)}
          value={figure}
          onPick={(picked) => setFigure(picked as Figure)}
        />
      }
    >
      {top.isError && <Failure error={top.error} onRetry={() => void top.refetch()} />}
      {top.isPending && <Skeleton className="h-40" />}
      {top.data && !top.data.results.length && <p className="text-soft">{admin.none}</p>}
      {top.data && top.data.results.length > 0 && (
        <table className="w-full text-sm">
          <thead>
            <tr className="text-left text-soft">
              <th scope="col" className="py-1 font-semibold">{admin.columns.user}</th>
              <th scope="col" className="py-1 text-right font-semibold">{admin.topBy[figure]}</th>
            </tr>
          </thead>
          <tbody>
            {top.data.results.map(({ user, stats }) => (
              <tr key={user.id} className={row}>
                <th scope="row" className={`${cell} text-left font-semibold`}>
                  {user.username}
                </th>
                <td className={`${cell} text-right tabular-nums`}>{figures[figure](stats)}</td>
              </tr>
            ))}
          </tbody>
        </table>
      )}
    </Card>
  )
}

export function Overview() {
  const overview = useQuery({
    queryKey: [...keys.admin, 'overview'],
    queryFn: ({ signal }) => api.get('/admin/stats/overview', { signal }),
    refetchInterval: LIVE_MS,
  })
  const analytics = useQuery({
    queryKey: [...keys.admin, 'analytics'],
    queryFn: ({ signal }) => api.get('/usage/admin/analytics', { signal }),
    refetchInterval: LIVE_MS,
  })
  const workers = useWorkers()
  const error = overview.error ?? analytics.error ?? workers.error
  return (
    <div className="space-y-4">
      {error && <Failure error={error} onRetry={() => void Promise.all([overview.refetch(), analytics.refetch(), workers.refetch()])} />}
      {overview.data && analytics.data && workers.data ? (
        <>
          <Cards overview={overview.data} analytics={analytics.data} />
          <WorkersCard state={workers.data} />
          <div className="grid gap-4 lg:grid-cols-2">
            <Card title={usage.typesTitle}>
              <TypesTable breakdown={analytics.data.processing_types_breakdown} />
            </Card>
            <TopUsers />
          </div>
        </>
      ) : (
        !error && <Skeleton className="h-96" />
      )}
      <Trends title={admin.platform} name={[...keys.admin, 'series']} load={loadSeries} />
    </div>
  )
}
