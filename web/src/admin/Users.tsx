import { UserPlus } from 'lucide-react'
import { useEffect, useState } from 'react'
import { api } from '@/api/client'
import type { AdminUser } from '@/api/types'
import { dateTime } from '@/lib/format'
import { admin, common } from '@/strings'
import { Confirm } from '@/ui/Dialog'
import { Badge, Button, Card, Field, Select } from '@/ui/kit'
import { cell, PagedTable, row, useChange, usePage } from './list'
import { Menu } from './Menu'
import { EditUser, NewUser, SetPassword, UserUsage } from './UserDialogs'

type Filter = 'all' | 'active' | 'inactive' | 'unverified' | 'admins'

const filters: Record<Filter, { is_active?: boolean; is_verified?: boolean; is_admin?: boolean }> = {
  all: {},
  active: { is_active: true },
  inactive: { is_active: false },
  unverified: { is_verified: false },
  admins: { is_admin: true },
}

interface Opened {
  what: 'new' | 'edit' | 'password' | 'usage' | 'delete'
  user?: AdminUser
}

function Badges({ user }: { user: AdminUser }) {
  return (
    <div className="flex flex-wrap gap-1">
      {user.is_admin && <Badge look="good">{admin.badges.admin}</Badge>}
      {!user.is_active && <Badge look="bad">{admin.badges.inactive}</Badge>}
      <Badge look={user.is_verified ? 'plain' : 'warn'}>{user.is_verified ? admin.badges.verified : admin.badges.unverified}</Badge>
    </div>
  )
}

function useActions(open: (opened: Opened) => void) {
  const verify = useChange((id: number) => api.post('/admin/users/{user_id}/verify', { path: { user_id: id } }))
  const activate = useChange((id: number) => api.post('/admin/users/{user_id}/activate', { path: { user_id: id } }))
  const deactivate = useChange((id: number) => api.post('/admin/users/{user_id}/deactivate', { path: { user_id: id } }))
  return (user: AdminUser) => [
    { name: admin.figures, run: () => open({ what: 'usage', user }) },
    { name: admin.edit, run: () => open({ what: 'edit', user }) },
    ...(user.is_verified ? [] : [{ name: admin.verify, run: () => verify.mutate(user.id) }]),
    { name: admin.setPassword, run: () => open({ what: 'password', user }) },
    user.is_active
      ? { name: admin.deactivate, run: () => deactivate.mutate(user.id) }
      : { name: admin.activate, run: () => activate.mutate(user.id) },
    { name: common.delete, isDangerous: true, run: () => open({ what: 'delete', user }) },
  ]
}

function DeleteUser({ user, onClose }: { user: AdminUser; onClose: () => void }) {
  const remove = useChange(() => api.delete('/admin/users/{user_id}', { path: { user_id: user.id } }), onClose)
  return (
    <Confirm
      title={admin.deleteUserTitle(user.username)}
      text={admin.deleteUserText}
      action={common.delete}
      isBusy={remove.isPending}
      onConfirm={() => remove.mutate(undefined)}
      onClose={onClose}
    />
  )
}

function OpenedDialog({ opened, onClose }: { opened: Opened; onClose: () => void }) {
  const { what, user } = opened
  if (what === 'new') return <NewUser onClose={onClose} />
  if (!user) return null
  if (what === 'edit') return <EditUser user={user} onClose={onClose} />
  if (what === 'password') return <SetPassword user={user} onClose={onClose} />
  if (what === 'usage') return <UserUsage user={user} onClose={onClose} />
  return <DeleteUser user={user} onClose={onClose} />
}

const TYPING_MS = 250

/** What is typed, once the typing pauses. */
function useSettled(typed: string): string {
  const [settled, setSettled] = useState(typed)
  useEffect(() => {
    const timer = setTimeout(() => setSettled(typed), TYPING_MS)
    return () => clearTimeout(timer)
  }, [typed])
  return settled
}

export function Users() {
  const [typed, setTyped] = useState('')
  const [filter, setFilter] = useState<Filter>('all')
  const [opened, setOpened] = useState<Opened | null>(null)
  const search = useSettled(typed.trim())
  const actionsOf = useActions(setOpened)
  const page = usePage('users', { search, filter }, (place, signal) =>
    api.get('/admin/users', { query: { ...place, ...filters[filter], ...(search ? { search } : {}) }, signal }),
  )
  const columns = admin.columns
  return (
    <Card
      title={admin.tabs.users}
      aside={
        <Button look="main" onClick={() => setOpened({ what: 'new' })}>
          <UserPlus aria-hidden size={16} />
          {admin.newUser}
        </Button>
      }
    >
      <div className="mb-4 grid gap-3 sm:grid-cols-[1fr_12rem]">
        <Field label={admin.search} type="search" value={typed} onChange={(event) => setTyped(event.target.value)} />
        <Select label={admin.filter} options={Object.entries(admin.userFilters)} value={filter} onPick={(value) => setFilter(value as Filter)} />
      </div>
      <PagedTable caption={admin.tabs.users} page={page} columns={[columns.user, columns.state, columns.since, columns.actions]}>
        {(user) => (
          <tr key={user.id} className={row}>
            <th scope="row" className={`${cell} text-left font-normal`}>
              <span className="font-semibold">{user.username}</span>
              <span className="block min-w-36 text-soft">{user.email}</span>
            </th>
            <td className={cell}>
              <Badges user={user} />
            </td>
            <td className={`${cell} whitespace-nowrap text-soft`}>{dateTime(user.created_at)}</td>
            <td className={cell}>
              <Menu label={admin.actionsFor(user.username)} actions={actionsOf(user)} />
            </td>
          </tr>
        )}
      </PagedTable>
      {opened && <OpenedDialog opened={opened} onClose={() => setOpened(null)} />}
    </Card>
  )
}
