import { LogOut } from 'lucide-react'
import { useState } from 'react'
import { useLocation } from 'wouter'
import { messageOf } from '@/api/errors'
import type { Me } from '@/api/types'
import { dateTime } from '@/lib/format'
import { notify } from '@/lib/notices'
import { useMe, useSignedIn } from '@/lib/queries'
import { account, common } from '@/strings'
import { Button, ButtonLink, Card, Failure, PageTitle, Skeleton } from '@/ui/kit'
import { Export } from '@/usage/UsagePage'
import { ChangePassword, DeleteAccount, MyData } from './Own'
import { logOut } from './session'

function Who({ me }: { me: Me }) {
  const [isBusy, setBusy] = useState(false)
  const [, go] = useLocation()
  const leave = async () => {
    setBusy(true)
    try {
      await logOut()
      notify('good', account.loggedOut)
      go('/')
    } catch (error) {
      notify('bad', messageOf(error))
      setBusy(false)
    }
  }
  const rows = [
    [account.username, me.username],
    [account.email, me.email],
    [account.verified, me.is_verified ? account.yes : account.no],
    [account.since, dateTime(me.created_at)],
  ]
  return (
    <Card title={account.who}>
      <dl className="mb-5 grid grid-cols-[auto_1fr] gap-x-6 gap-y-2 text-sm">
        {rows.map(([name, value]) => (
          <div key={name} className="contents">
            <dt className="text-soft">{name}</dt>
            <dd className="font-medium [overflow-wrap:anywhere]">{value}</dd>
          </div>
        ))}
      </dl>
      <Button isBusy={isBusy} onClick={() => void leave()}>
        <LogOut aria-hidden size={16} />
        {account.logOut}
      </Button>
    </Card>
  )
}

function AsGuest() {
  return (
    <Card title={account.guestTitle}>
      <p className="mb-4 text-soft">{account.guestText}</p>
      <div className="flex gap-2">
        <ButtonLink to="/signup" look="main">
          {common.signUp}
        </ButtonLink>
        <ButtonLink to="/login">{common.logIn}</ButtonLink>
      </div>
    </Card>
  )
}

export default function AccountPage() {
  const isSignedIn = useSignedIn()
  const me = useMe()
  return (
    <div className="mx-auto max-w-2xl">
      <PageTitle title={account.title} />
      <div className="space-y-4">
        {!isSignedIn && <AsGuest />}
        {isSignedIn && me.isError && <Failure error={me.error} onRetry={() => void me.refetch()} />}
        {isSignedIn && me.isPending && <Skeleton className="h-56" />}
        {isSignedIn && me.data && <Who me={me.data} />}
        {isSignedIn && <ChangePassword />}
        <Export />
        <MyData />
        {isSignedIn && <DeleteAccount />}
      </div>
    </div>
  )
}
