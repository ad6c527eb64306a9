import { Trash2 } from 'lucide-react'
import { useState } from 'react'
import { api } from '@/api/client'
import type { AdminJob, JobState } from '@/api/types'
import { bytes, dateTime } from '@/lib/format'
import { JobBadge } from '@/enhance/JobBadge'
import { admin, common, enhance, typeName } from '@/strings'
import { Confirm } from '@/ui/Dialog'
import { Button, Card, Select } from '@/ui/kit'
import { cell, PagedTable, row, useChange, usePage } from './list'

const states: JobState[] = ['pending', 'processing', 'completed', 'failed', 'cancelled', 'expired']

/** Enough of a long id to tell guests apart. */
function shortId(id: string): string {
  return id.length > 12 ? `${id.slice(0, 8)}…` : id
}

function ownerOf(job: AdminJob): string {
  if (job.user_id !== null) return admin.userIs(job.user_id)
  return job.guest_id ? admin.guestIs(shortId(job.guest_id)) : '–'
}

function DeleteJob({ job, onClose }: { job: AdminJob; onClose: () => void }) {
  const remove = useChange(() => api.delete('/admin/jobs/{job_id}', { path: { job_id: job.job_id } }), onClose)
  return (
    <Confirm
      title={admin.deleteJobTitle}
      text={admin.deleteJobText(job.original_filename)}
      action={common.delete}
      isBusy={remove.isPending}
      onConfirm={() => remove.mutate(undefined)}
      onClose={onClose}
    />
  )
}

export function Jobs() {
  const [state, setState] = useState('')
  const [deleting, setDeleting] = useState<AdminJob | null>(null)
  const page = usePage('jobs', state, (place, signal) =>
    api.get('/admin/jobs', { query: { ...place, ...(state ? { status_filter: state } : {}) }, signal }),
  )
  const columns = admin.columns
  return (
    <Card
      title={admin.tabs.jobs}
      aside={
        <Select
          label={admin.jobStates}
          isLabelHidden
          options={[['', admin.allStates], ...states.map((name): [string, string] => [name, enhance.state[name]])]}
          value={state}
          onPick={setState}
        />
      }
    >
      <PagedTable
        caption={admin.tabs.jobs}
        page={page}
        columns={[columns.job, columns.owner, columns.state, columns.since, columns.actions]}
      >
        {(job) => (
          <tr key={job.job_id} className={row}>
            <th scope="row" className={`${cell} min-w-44 text-left font-normal`}>
              <span className="font-semibold">{job.original_filename}</span>
              <span className="block text-soft">
                {typeName(job.processing_type)} · {bytes(job.file_size)}
              </span>
            </th>
            <td className={`${cell} min-w-32`} title={job.guest_id ?? undefined}>{ownerOf(job)}</td>
            <td className={cell}>
              <JobBadge state={job.status} />
              {job.error_message && <span className="mt-1 block min-w-40 text-bad">{job.error_message}</span>}
            </td>
            <td className={`${cell} whitespace-nowrap text-soft`}>{dateTime(job.created_at)}</td>
            <td className={cell}>
              <Button look="quiet" className="-my-1 px-2.5" aria-label={enhance.removeOf(job.original_filename)} onClick={() => setDeleting(job)}>
                <Trash2 aria-hidden size={18} />
              </Button>
            </td>
          </tr>
        )}
      </PagedTable>
      {deleting && <DeleteJob job={deleting} onClose={() => setDeleting(null)} />}
    </Card>
  )
}
