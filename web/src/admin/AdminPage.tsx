import { Content, List, Root, Trigger } from '@radix-ui/react-tabs'
import { ShieldX } from 'lucide-react'
import { useState } from 'react'
import { useMe, useSignedIn } from '@/lib/queries'
import { admin, common } from '@/strings'
import { ButtonLink, Empty, Failure, PageTitle, Skeleton } from '@/ui/kit'
import { Guests } from './Guests'
import { Jobs } from './Jobs'
import { Overview } from './Overview'
import { Upkeep } from './Upkeep'
import { Users } from './Users'

type Tab = keyof typeof admin.tabs

const pages: Record<Tab, () => React.JSX.Element> = {
  overview: Overview,
  users: Users,
  guests: Guests,
  jobs: Jobs,
  upkeep: Upkeep,
}
const tabs = Object.keys(pages) as Tab[]

function firstTab(): Tab {
  const named = location.hash.slice(1) as Tab
  return tabs.includes(named) ? named : 'overview'
}

function Refused() {
  return (
    <Empty icon={<ShieldX aria-hidden size={40} />} isPage title={admin.refusedTitle}>
      <p className="mb-4">{admin.refusedText}</p>
      <ButtonLink to="/login">{common.logIn}</ButtonLink>
    </Empty>
  )
}

export default function AdminPage() {
  const isSignedIn = useSignedIn()
  const me = useMe()
  const [tab, setTab] = useState(firstTab)
  const pick = (next: string) => {
    history.replaceState(history.state, '', `#${next}`)
    setTab(next as Tab)
  }
  if (isSignedIn && me.isError) return <Failure error={me.error} onRetry={() => void me.refetch()} />
  if (isSignedIn && me.isPending) return <Skeleton className="h-96" />
  if (!me.data?.is_admin) return <Refused />
  return (
    <>
      <PageTitle title={admin.title} />
      <Root value={tab} onValueChange={pick}>
        <List aria-label={admin.title} className="mb-4 flex flex-wrap border-b sm:gap-1 border-line">
          {tabs.map((name) => (
            <Trigger
              key={name}
              value={name}
              className="min-h-10 border-b-2 border-transparent px-1 text-sm font-semibold text-soft max-sm:flex-1 sm:px-3 hover:text-ink data-[state=active]:border-accent data-[state=active]:text-accent"
            >
              {admin.tabs[name]}
            </Trigger>
          ))}
        </List>
        {tabs.map((name) => {
          const Page = pages[name]
          return (
            <Content key={name} value={name} className="outline-none focus-visible:outline-3">
              <Page />
            </Content>
          )
        })}
      </Root>
    </>
  )
}
