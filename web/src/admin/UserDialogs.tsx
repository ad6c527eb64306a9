import { useQuery } from '@tanstack/react-query'
import { useState } from 'react'
import { z } from 'zod'
import { api } from '@/api/client'
import type { AdminUser } from '@/api/types'
import { emailRule, Form, passwordRule, usernameRule } from '@/account/form'
import { keys, queryClient } from '@/lib/queries'
import { notify } from '@/lib/notices'
import { account, admin, common } from '@/strings'
import { Dialog } from '@/ui/Dialog'
import { Check, Failure, Skeleton } from '@/ui/kit'
import { Limits } from '@/usage/Limits'
import { UsageStatsDashboard } from '@/usage/UsageStatsDashboard'

const identity = { email: emailRule, username: usernameRule }
const identityFields = [
  { name: 'email' as const, label: account.email, type: 'email' as const, autoComplete: 'off' },
  { name: 'username' as const, label: account.username, autoComplete: 'off' },
]
const newPassword = {
  label: account.password,
  type: 'password' as const,
  autoComplete: 'new-password',
  hint: account.passwordHint,
}

interface Rights {
  is_admin: boolean
  is_verified: boolean
  is_active: boolean
}

function RightsFields({ rights, onChange }: { rights: Rights; onChange: (rights: Rights) => void }) {
  const box = (name: keyof Rights, label: string) => (
    <Check label={label} checked={rights[name]} onChange={(event) => onChange({ ...rights, [name]: event.target.checked })} />
  )
  return (
    <div className="flex flex-wrap gap-x-6 gap-y-2">
      {box('is_active', admin.isActive)}
      {box('is_verified', admin.isVerified)}
      {box('is_admin', admin.isAdmin)}
    </div>
  )
}

function changed(text: string, onClose: () => void): void {
  notify('good', text)
  void queryClient.invalidateQueries({ queryKey: keys.admin })
  onClose()
}

export function NewUser({ onClose }: { onClose: () => void }) {
  const [rights, setRights] = useState<Rights>({ is_admin: false, is_verified: false, is_active: true })
  return (
    <Dialog title={admin.newUser} onClose={onClose}>
      <Form
        schema={z.object({ ...identity, password: passwordRule })}
        values={{ email: '', username: '', password: '' }}
        fields={[...identityFields, { name: 'password', ...newPassword }]}
        action={admin.createUser}
        onSubmit={async (values) => {
          const user = await api.post('/admin/users', { body: { ...values, ...rights } })
          changed(admin.made(user.username), onClose)
        }}
      >
        <RightsFields rights={rights} onChange={setRights} />
      </Form>
    </Dialog>
  )
}

export function EditUser({ user, onClose }: { user: AdminUser; onClose: () => void }) {
  const [rights, setRights] = useState<Rights>(user)
  return (
    <Dialog title={admin.editTitle(user.username)} onClose={onClose}>
      <Form
        schema={z.object(identity)}
        values={{ email: user.email, username: user.username }}
        fields={identityFields}
        action={common.save}
        onSubmit={async (values) => {
          const { is_active, is_admin, is_verified } = rights
          await api.patch('/admin/users/{user_id}', {
            path: { user_id: user.id },
            body: { ...values, is_active, is_admin, is_verified },
          })
          changed(admin.saved(values.username), onClose)
        }}
      >
        <RightsFields rights={rights} onChange={setRights} />
      </Form>
    </Dialog>
  )
}

export function SetPassword({ user, onClose }: { user: AdminUser; onClose: () => void }) {
  return (
    <Dialog title={admin.passwordTitle(user.username)} onClose={onClose}>
      <Form
        schema={z.object({ new_password: passwordRule })}
        values={{ new_password: '' }}
        fields={[{ name: 'new_password', ...newPassword, label: admin.newPassword }]}
        action={admin.setPassword}
        onSubmit={async (body) => {
          await api.post('/admin/users/{user_id}/password', { path: { user_id: user.id }, body })
          changed(admin.saved(user.username), onClose)
        }}
      />
    </Dialog>
  )
}

export function UserUsage({ user, onClose }: { user: AdminUser; onClose: () => void }) {
  const stats = useQuery({
    queryKey: [...keys.admin, 'user', user.id],
    queryFn: ({ signal }) => api.get('/usage/admin/user/{user_id}', { path: { user_id: user.id }, signal }),
  })
  return (
    <Dialog title={admin.usageOf(user.username)} onClose={onClose} isWide>
      {stats.isError && <Failure error={stats.error} />}
      {stats.isPending && <Skeleton className="h-64" />}
      {stats.data && (
        <div className="space-y-4">
          <UsageStatsDashboard stats={stats.data} />
          <Limits limits={stats.data.limits} title={admin.limitsOf(user.username)} />
        </div>
      )}
    </Dialog>
  )
}
