// The results of a job that has several: each to save by itself, or all in one archive.
import { Archive, Download } from 'lucide-react'
import { messageOf } from '@/api/errors'
import type { Job } from '@/api/types'
import { bytes, clock } from '@/lib/format'
import { notify } from '@/lib/notices'
import { usageChanged } from '@/lib/queries'
import { enhance } from '@/strings'
import { Button } from '@/ui/kit'
import { fetchArchive, fetchOutput, saveAs, type Fetched } from './files'

async function save(fetched: Promise<Fetched>): Promise<void> {
  try {
    saveAs(await fetched)
    usageChanged()
  } catch (error) {
    notify('bad', messageOf(error))
  }
}

export function Outputs({ job }: { job: Job }) {
  return (
    <div className="mt-3 rounded-xl border border-line bg-page p-3">
      <ul aria-label={enhance.resultsOf(job.original_filename)} className="divide-y divide-line">
        {job.outputs.map((output) => (
          <li key={output.index} className="flex flex-wrap items-center gap-x-3 gap-y-2 py-2">
            <p className="min-w-0 flex-1 basis-40 [overflow-wrap:anywhere]">
              {output.label ?? output.name}
              <span className="ml-2 text-sm text-soft tabular-nums">
                {clock(output.duration)} · {bytes(output.size_bytes)}
              </span>
            </p>
            <Button aria-label={enhance.downloadOf(output.name)} onClick={() => void save(fetchOutput(job.job_id, output.index))}>
              <Download aria-hidden size={16} />
              <span className="hidden sm:inline">{enhance.download}</span>
            </Button>
          </li>
        ))}
      </ul>
      <Button className="mt-2" aria-label={enhance.downloadAllOf(job.original_filename)} onClick={() => void save(fetchArchive(job.job_id))}>
        <Archive aria-hidden size={16} />
        {enhance.downloadAll}
      </Button>
    </div>
  )
}
