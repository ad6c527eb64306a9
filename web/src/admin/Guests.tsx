import { useState } from 'react'
import { useQuery } from '@tanstack/react-query'
import { api } from '@/api/client'
import type { AdminGuest } from '@/api/types'
import { dateTime } from '@/lib/format'
import { keys } from '@/lib/queries'
import { admin, common } from '@/strings'
import { Confirm, Dialog } from '@/ui/Dialog'
import { Card, Check, Failure, Skeleton } from '@/ui/kit'
import { UsageStatsDashboard } from '@/usage/UsageStatsDashboard'
import { cell, PagedTable, row, useChange, usePage } from './list'
import { Menu } from './Menu'

function GuestUsage({ id, onClose }: { id: string; onClose: () => void }) {
  const stats = useQuery({
    queryKey: [...keys.admin, 'guest', id],
    queryFn: ({ signal }) => api.get('/usage/admin/guest/{guest_id}', { path: { guest_id: id }, signal }),
  })
  return (
    <Dialog title={admin.usageOf(id)} onClose={onClose} isWide>
      {stats.isError && <Failure error={stats.error} />}
      {stats.isPending && <Skeleton className="h-64" />}
      {stats.data && <UsageStatsDashboard stats={stats.data.stats} />}
    </Dialog>
  )
}

function DeleteGuest({ id, onClose }: { id: string; onClose: () => void }) {
  const remove = useChange(() => api.delete('/admin/guests/{guest_id}', { path: { guest_id: id } }), onClose)
  return (
    <Confirm
      title={admin.deleteGuestTitle}
      text={admin.deleteGuestText(id)}
      action={common.delete}
      isBusy={remove.isPending}
      onConfirm={() => remove.mutate(undefined)}
      onClose={onClose}
    />
  )
}

export function Guests() {
  const [isAll, setAll] = useState(false)
  const [opened, setOpened] = useState<{ id: string; isDelete: boolean } | null>(null)
  const page = usePage<AdminGuest>('guests', isAll, (place, signal) =>
    api.get('/admin/guests', { query: { ...place, include_expired: isAll }, signal }),
  )
  const close = () => setOpened(null)
  const columns = admin.columns
  return (
    <Card title={admin.tabs.guests} aside={<Check label={admin.showExpired} checked={isAll} onChange={(event) => setAll(event.target.checked)} />}>
      <PagedTable
        caption={admin.tabs.guests}
        page={page}
        columns={[columns.guest, columns.address, columns.active, columns.expires, columns.actions]}
      >
        {(guest) => (
          <tr key={guest.id} className={row}>
            <th scope="row" className={`${cell} min-w-40 text-left font-semibold`}>
              {guest.guest_id}
              {guest.converted_to_user_id !== null && <span className="block font-normal text-soft">{admin.nowUser(guest.converted_to_user_id)}</span>}
            </th>
            <td className={`${cell} max-sm:min-w-44`}>
              {guest.ip_address ?? '–'}
              <span className="line-clamp-2 max-w-60 text-soft">{guest.user_agent}</span>
            </td>
            <td className={`${cell} whitespace-nowrap`}>{dateTime(guest.last_active_at)}</td>
            <td className={`${cell} whitespace-nowrap`}>{dateTime(guest.expires_at)}</td>
            <td className={cell}>
              <Menu
                label={admin.actionsFor(guest.guest_id)}
                actions={[
                  { name: admin.figures, run: () => setOpened({ id: guest.guest_id, isDelete: false }) },
                  { name: common.delete, isDangerous: true, run: () => setOpened({ id: guest.guest_id, isDelete: true }) },
                ]}
              />
            </td>
          </tr>
        )}
      </PagedTable>
      {opened?.isDelete && <DeleteGuest id={opened.id} onClose={close} />}
      {opened && !opened.isDelete && <GuestUsage id={opened.id} onClose={close} />}
    </Card>
  )
}
