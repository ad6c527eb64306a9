// What surrounds every page: the bar, the notices.
import { clsx } from 'clsx'
import { AudioLines, ChartColumn, CircleUser, Code, Monitor, Moon, Shield, Sun, X } from 'lucide-react'
import { useState, type ReactNode } from 'react'
import { Link, useLocation } from 'wouter'
import { dismiss, useNotices } from '@/lib/notices'
import { useMe, useSignedIn } from '@/lib/queries'
import { currentTheme, setTheme, type Theme } from '@/lib/theme'
import { common } from '@/strings'
import { Button, ButtonLink } from './kit'

function NavLink({ to, icon, children }: { to: string; icon: ReactNode; children: string }) {
  const [path] = useLocation()
  const isHere = path === to
  return (
    <Link
      href={to}
      aria-current={isHere ? 'page' : undefined}
      aria-label={children}
      className={clsx(
        'inline-flex min-h-10 items-center gap-2 rounded-lg px-2.5 text-sm font-semibold sm:px-3',
        isHere ? 'bg-accent-soft text-accent' : 'text-ink hover:bg-sunken',
      )}
    >
      {icon}
      <span className="hidden md:inline">{children}</span>
    </Link>
  )
}

const order: Theme[] = ['system', 'light', 'dark']
const icons = { system: Monitor, light: Sun, dark: Moon }

function ThemeButton() {
  const [theme, keep] = useState(currentTheme)
  const Icon = icons[theme]
  const pick = () => {
    const next = order[(order.indexOf(theme) + 1) % order.length] ?? 'system'
    setTheme(next)
    keep(next)
  }
  const label = `${common.theme}: ${common.themes[theme]}`
  return (
    <Button look="quiet" className="px-2.5" aria-label={label} title={label} onClick={pick}>
      <Icon aria-hidden size={18} />
    </Button>
  )
}

function Who() {
  const isSignedIn = useSignedIn()
  const me = useMe()
  if (!isSignedIn)
    return (
      <span className="contents user:invisible">
        <ButtonLink to="/login" look="quiet">
          {common.logIn}
        </ButtonLink>
        <span className="hidden sm:block">
          <ButtonLink to="/signup" look="main">
            {common.signUp}
          </ButtonLink>
        </span>
      </span>
    )
  return (
    <NavLink to="/account" icon={<CircleUser aria-hidden size={18} />}>
      {me.data?.username ?? common.account}
    </NavLink>
  )
}

function Notices() {
  const notices = useNotices()
  return (
    <div role="status" aria-live="polite" className="pointer-events-none fixed inset-x-4 bottom-4 z-20 flex flex-col items-center gap-2">
      {notices.map((notice) => (
        <div
          key={notice.id}
          className={clsx(
            notice.kind === 'heard' && 'sr-only',
            'pointer-events-auto flex max-w-xl items-center gap-3 rounded-xl border border-line bg-card px-4 py-2 text-sm shadow-lg [overflow-wrap:anywhere]',
            notice.kind === 'bad' ? 'text-bad' : 'text-ink',
          )}
        >
          <p className="min-w-0 flex-1">{notice.text}</p>
          <Button look="quiet" className="px-2" aria-label={common.close} onClick={() => dismiss(notice.id)}>
            <X aria-hidden size={16} />
          </Button>
        </div>
      ))}
    </div>
  )
}

/** favicon.svg: drawn here, since a picture of its own would be a document of its own. */
function Logo() {
  return (
    <svg aria-hidden viewBox="0 0 32 32" width={28} height={28}>
      <rect width="32" height="32" rx="8" fill="#4f46e5" />
      <path d="M6 17v-2M11 21v-10M16 25v-18M21 21v-10M26 17v-2" stroke="#fff" strokeWidth="3" strokeLinecap="round" />
    </svg>
  )
}

export function Frame({ children }: { children: ReactNode }) {
  const me = useMe()
  return (
    <>
      <a href="#content" className="sr-only rounded-lg bg-card p-3 focus:not-sr-only focus:fixed focus:top-2 focus:left-2 focus:z-30">
        {common.skip}
      </a>
      <header className="border-b border-line bg-card">
        <div className="mx-auto flex min-h-14 max-w-6xl items-center gap-1 px-3 sm:gap-2 sm:px-6">
          <Link href="/" className="mr-1 inline-flex min-h-10 items-center gap-2 rounded-lg text-lg font-bold sm:mr-4">
            <Logo />
            <span className="hidden sm:inline">{common.appName}</span>
            <span className="sr-only sm:hidden">{common.appName}</span>
          </Link>
          <nav aria-label={common.mainNav} className="flex flex-1 items-center gap-0.5">
            <NavLink to="/" icon={<AudioLines aria-hidden size={18} />}>
              {common.enhance}
            </NavLink>
            <NavLink to="/usage" icon={<ChartColumn aria-hidden size={18} />}>
              {common.usage}
            </NavLink>
            {me.data?.is_admin && (
              <NavLink to="/manage" icon={<Shield aria-hidden size={18} />}>
                {common.admin}
              </NavLink>
            )}
            <a href="/docs" aria-label={common.apiDocs} className="hidden min-h-10 items-center gap-2 rounded-lg px-3 text-sm font-semibold hover:bg-sunken sm:inline-flex">
              <Code aria-hidden size={18} />
              <span className="hidden md:inline">{common.apiDocs}</span>
            </a>
          </nav>
          <ThemeButton />
          <Who />
        </div>
      </header>
      <main id="content" tabIndex={-1} className="mx-auto max-w-6xl px-4 py-6 outline-none sm:px-6 sm:py-10">
        {children}
      </main>
      <footer className="mx-auto flex max-w-6xl gap-4 px-4 pb-6 text-sm text-soft sm:px-6">
        <a href="/redoc" className="underline underline-offset-2 hover:text-ink">
          {common.reference}
        </a>
        <a href="/licenses.txt" className="underline underline-offset-2 hover:text-ink">
          {common.licences}
        </a>
      </footer>
      <Notices />
    </>
  )
}
