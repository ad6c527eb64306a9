import { Component, lazy, Suspense, useEffect, type ReactNode } from 'react'
import { Route, Switch, useLocation } from 'wouter'
import { EnhancePage } from './enhance/EnhancePage'
import { common } from './strings'
import { Frame } from './ui/Frame'
import { Button, ButtonLink, Empty, Skeleton } from './ui/kit'

const UsagePage = lazy(() => import('./usage/UsagePage'))
const AdminPage = lazy(() => import('./admin/AdminPage'))
const LogInPage = lazy(() => import('./account/LogInPage'))
const SignUpPage = lazy(() => import('./account/SignUpPage'))
const AccountPage = lazy(() => import('./account/AccountPage'))

/** Keeps one broken page from taking the app along. */
class Guard extends Component<{ children: ReactNode }, { isBroken: boolean }> {
  override state = { isBroken: false }

  static getDerivedStateFromError() {
    return { isBroken: true }
  }

  override render() {
    if (!this.state.isBroken) return this.props.children
    return (
      <Empty isPage title={common.crashTitle}>
        <p className="mb-4">{common.crashText}</p>
        <Button onClick={() => location.reload()}>{common.reload}</Button>
      </Empty>
    )
  }
}

function Waiting() {
  return (
    <div role="status" aria-label={common.loading} className="space-y-4">
      <Skeleton className="h-9 w-56" />
      <Skeleton className="h-40 w-full" />
      <Skeleton className="h-64 w-full" />
    </div>
  )
}

function NotFound() {
  return (
    <Empty isPage title={common.notFoundTitle}>
      <p className="mb-4">{common.notFoundText}</p>
      <ButtonLink to="/">{common.home}</ButtonLink>
    </Empty>
  )
}

const titles: Record<string, string> = {
  '/usage': common.usage,
  '/login': common.logIn,
  '/signup': common.signUp,
  '/account': common.account,
  '/manage': common.admin,
}

export function App() {
  const [path] = useLocation()
  useEffect(() => {
    const title = titles[path]
    document.title = title ? `${title} – ${common.appName}` : common.appName
  }, [path])
  return (
    <Frame>
      <Guard key={path}>
        <Suspense fallback={<Waiting />}>
          <Switch>
            <Route path="/" component={EnhancePage} />
            <Route path="/usage" component={UsagePage} />
            <Route path="/login" component={LogInPage} />
            <Route path="/signup" component={SignUpPage} />
            <Route path="/account" component={AccountPage} />
            <Route path="/manage" component={AdminPage} />
            <Route component={NotFound} />
          </Switch>
        </Suspense>
      </Guard>
    </Frame>
  )
}
