// What people do with their own account: a new password, their data, its end.
import { Download, Trash2 } from 'lucide-react'
import { useState } from 'react'
import { useLocation } from 'wouter'
import { z } from 'zod'
import { fetchAs } from '@/api/client'
import { messageOf } from '@/api/errors'
import { nameIn, saveAs } from '@/enhance/files'
import { notify } from '@/lib/notices'
import { account } from '@/strings'
import { Dialog } from '@/ui/Dialog'
import { Button, Card } from '@/ui/kit'
import { Form, passwordRule, requiredRule } from './form'
import { changePassword, deleteAccount } from './session'

export function ChangePassword() {
  const [changes, setChanges] = useState(0) // a change empties the form
  return (
    <Card title={account.passwordTitle}>
      <Form
        key={changes}
        schema={z.object({ current_password: requiredRule, new_password: passwordRule })}
        values={{ current_password: '', new_password: '' }}
        fields={[
          { name: 'current_password', label: account.currentPassword, type: 'password', autoComplete: 'current-password' },
          { name: 'new_password', label: account.newPassword, type: 'password', autoComplete: 'new-password', hint: account.passwordHint },
        ]}
        action={account.changePassword}
        onSubmit={async ({ current_password, new_password }) => {
          await changePassword(current_password, new_password)
          notify('good', account.passwordChanged)
          setChanges((count) => count + 1)
        }}
      />
    </Card>
  )
}

export function MyData() {
  const [isBusy, setBusy] = useState(false)
  const save = async () => {
    setBusy(true)
    try {
      const reply = await fetchAs('/auth/me/data')
      saveAs({ blob: await reply.blob(), name: nameIn(reply.headers.get('Content-Disposition'), 'whazz-data.json') })
    } catch (error) {
      notify('bad', messageOf(error))
    }
    setBusy(false)
  }
  return (
    <Card title={account.dataTitle}>
      <p className="mb-4 text-sm text-soft">{account.dataText}</p>
      <Button isBusy={isBusy} onClick={() => void save()}>
        <Download aria-hidden size={16} />
        {account.dataSave}
      </Button>
    </Card>
  )
}

function AskPassword({ onClose }: { onClose: () => void }) {
  const [, go] = useLocation()
  return (
    <Dialog title={account.deleteAsk} onClose={onClose}>
      <p className="mb-5 text-soft">{account.deleteText}</p>
      <Form
        schema={z.object({ password: requiredRule })}
        values={{ password: '' }}
        fields={[{ name: 'password', label: account.password, type: 'password', autoComplete: 'current-password' }]}
        action={account.deleteConfirm}
        look="danger"
        onSubmit={async ({ password }) => {
          await deleteAccount(password)
          notify('good', account.deleted)
          go('/')
        }}
      />
    </Dialog>
  )
}

export function DeleteAccount() {
  const [isAsking, setAsking] = useState(false)
  return (
    <Card title={account.deleteTitle}>
      <p className="mb-4 text-sm text-soft">{account.deleteText}</p>
      <Button look="danger" onClick={() => setAsking(true)}>
        <Trash2 aria-hidden size={16} />
        {account.deleteOpen}
      </Button>
      {isAsking && <AskPassword onClose={() => setAsking(false)} />}
    </Card>
  )
}
