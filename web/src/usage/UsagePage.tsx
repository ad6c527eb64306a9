import { Download } from 'lucide-react'
import { useState } from 'react'
import { api, fetchAs } from '@/api/client'
import { messageOf } from '@/api/errors'
import type { UsageStats } from '@/api/types'
import { nameIn, saveAs } from '@/enhance/files'
import { dateTime } from '@/lib/format'
import { notify } from '@/lib/notices'
import { keys, useLimits, useSignedIn, useStats } from '@/lib/queries'
import { usage } from '@/strings'
import { Button, Card, Failure, PageTitle, Skeleton } from '@/ui/kit'
import { Limits } from './Limits'
import { Trends, type HistoryQuery } from './Trends'
import { UsageStatsDashboard, UsageStatsSkeleton } from './UsageStatsDashboard'

const FORMATS = ['csv', 'json', 'ndjson'] as const

async function loadHistory(query: HistoryQuery, signal: AbortSignal) {
  return (await api.get('/usage/history', { query, signal })).buckets
}

function Activity({ stats }: { stats: UsageStats }) {
  const rows: [string, string | null][] = [
    [usage.first, stats.first_upload_at],
    [usage.last, stats.last_upload_at],
    [usage.lastDownload, stats.last_download_at],
    [usage.lastCall, stats.last_api_call_at],
    [usage.since, stats.created_at],
  ]
  return (
    <Card title={usage.activityTitle}>
      <dl className="grid grid-cols-[auto_1fr] gap-x-6 gap-y-2 text-sm">
        {rows.map(([name, time]) => (
          <div key={name} className="contents">
            <dt className="text-soft">{name}</dt>
            <dd className="text-right tabular-nums">{dateTime(time)}</dd>
          </div>
        ))}
      </dl>
    </Card>
  )
}

export function Export() {
  const [busy, setBusy] = useState<string | null>(null)
  const save = async (format: string) => {
    setBusy(format)
    try {
      const reply = await fetchAs(`/usage/export?format=${format}`)
      saveAs({ blob: await reply.blob(), name: nameIn(reply.headers.get('Content-Disposition'), `usage.${format}`) })
    } catch (error) {
      notify('bad', messageOf(error))
    }
    setBusy(null)
  }
  return (
    <Card title={usage.exportTitle}>
      <p className="mb-4 text-sm text-soft">{usage.exportText}</p>
      <div className="flex flex-wrap gap-2">
        {FORMATS.map((format) => (
          <Button key={format} isBusy={busy === format} onClick={() => void save(format)}>
            <Download aria-hidden size={16} />
            {usage.exportAs(format.toUpperCase())}
          </Button>
        ))}
      </div>
    </Card>
  )
}

export default function UsagePage() {
  const stats = useStats()
  const limits = useLimits()
  const isSignedIn = useSignedIn()
  return (
    <>
      <PageTitle title={usage.title} lead={isSignedIn ? usage.lead : usage.leadGuest} />
      <div className="space-y-4">
        {stats.isError && <Failure error={stats.error} onRetry={() => void stats.refetch()} />}
        {stats.data ? <UsageStatsDashboard stats={stats.data} /> : <UsageStatsSkeleton />}
        {limits.isError && <Failure error={limits.error} onRetry={() => void limits.refetch()} />}
        {limits.data ? <Limits limits={limits.data} /> : <Skeleton className="h-72" />}
        <Trends title={usage.trendsTitle} name={[...keys.usage, 'history']} load={loadHistory} />
        <div className="grid gap-4 lg:grid-cols-2">
          {stats.data ? <Activity stats={stats.data} /> : <Skeleton className="h-48" />}
          <Export />
        </div>
      </div>
    </>
  )
}
