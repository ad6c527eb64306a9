// The four cards and the types of processing, for anybody's figures: the caller's own, or a
// user's or guest's that an admin looks at.
import { Clock, FileCheck, HardDrive, Plug } from 'lucide-react'
import type { ReactNode } from 'react'
import type { UsageStats } from '@/api/types'
import { count, megabytes, minutes, percent, seconds } from '@/lib/format'
import { typeName, usage } from '@/strings'
import { Card, Skeleton } from '@/ui/kit'

export function StatCard({ title, value, note, icon }: { title: string; value: string; note?: string; icon?: ReactNode }) {
  return (
    <div className="rounded-2xl border border-line bg-card p-4 sm:p-5">
      <div className="flex items-center justify-between gap-2 text-soft">
        <h2 className="text-sm font-semibold">{title}</h2>
        {icon}
      </div>
      <p className="mt-1 text-2xl font-bold tabular-nums sm:text-3xl">{value}</p>
      <p className="mt-1 min-h-5 text-sm text-soft">{note}</p>
    </div>
  )
}

export function TypesTable({ breakdown }: { breakdown: Record<string, number> }) {
  const rows = Object.entries(breakdown).sort((a, b) => b[1] - a[1])
  const total = rows.reduce((sum, [, files]) => sum + files, 0)
  if (!total) return <p className="text-soft">{usage.typesEmpty}</p>
  return (
    <table className="w-full text-sm">
      <thead>
        <tr className="text-left text-soft">
          <th scope="col" className="py-1 pr-4 font-semibold">{usage.type}</th>
          <th scope="col" className="py-1 pr-4 text-right font-semibold">{usage.files}</th>
          <th scope="col" className="w-1/2 py-1 font-semibold">{usage.share}</th>
        </tr>
      </thead>
      <tbody>
        {rows.map(([type, files]) => (
          <tr key={type} className="border-t border-line">
            <th scope="row" className="py-2 pr-4 text-left font-semibold">
              {typeName(type)}
            </th>
            <td className="py-2 pr-4 text-right tabular-nums">{count(files)}</td>
            <td className="py-2">
              <div className="flex items-center gap-3">
                <svg aria-hidden className="h-2.5 flex-1" viewBox="0 0 100 10" preserveAspectRatio="none">
                  <rect width="100" height="10" className="fill-sunken" />
                  <rect width={(files / total) * 100} height="10" className="fill-chart" />
                </svg>
                <span className="w-14 text-right tabular-nums">{percent((files / total) * 100)}</span>
              </div>
            </td>
          </tr>
        ))}
      </tbody>
    </table>
  )
}

export function UsageStatsSkeleton() {
  return (
    <div aria-hidden className="grid grid-cols-2 gap-3 sm:gap-4 lg:grid-cols-4">
      {[0, 1, 2, 3].map((i) => (
        <Skeleton key={i} className="h-34" />
      ))}
    </div>
  )
}

/** The total is told in hundredths of a minute: too coarse for the first files. */
export function processingTime(stats: UsageStats): string {
  const files = stats.total_files_processed + stats.total_files_failed
  return stats.total_processing_time_minutes < 1
    ? seconds(stats.average_processing_time_seconds * files)
    : minutes(stats.total_processing_time_minutes)
}

export function UsageStatsDashboard({ stats }: { stats: UsageStats }) {
  return (
    <div className="space-y-4">
      <div className="grid grid-cols-2 gap-3 sm:gap-4 lg:grid-cols-4">
        <StatCard
          title={usage.filesTitle}
          value={count(stats.total_files_processed)}
          note={usage.filesNote(count(stats.total_files_failed), percent(stats.success_rate_percent))}
          icon={<FileCheck aria-hidden size={20} />}
        />
        <StatCard
          title={usage.storageTitle}
          value={megabytes(stats.total_input_size_mb)}
          note={usage.storageNote(megabytes(stats.average_file_size_mb))}
          icon={<HardDrive aria-hidden size={20} />}
        />
        <StatCard
          title={usage.timeTitle}
          value={processingTime(stats)}
          note={usage.timeNote(seconds(stats.average_processing_time_seconds))}
          icon={<Clock aria-hidden size={20} />}
        />
        <StatCard
          title={usage.callsTitle}
          value={count(stats.api_calls_count)}
          note={usage.userTypes[stats.user_type]}
          icon={<Plug aria-hidden size={20} />}
        />
      </div>
      <Card title={usage.typesTitle}>
        <TypesTable breakdown={stats.processing_types_breakdown} />
      </Card>
    </div>
  )
}
