// What is asked of the API, under which name it is kept, and who is asking.
import { QueryClient, useQuery } from '@tanstack/react-query'
import { useSyncExternalStore } from 'react'
import { api } from '@/api/client'
import { ApiError } from '@/api/errors'
import { isSignedIn, onSessionChange, onSessionEnd, sessionVersion } from '@/api/session'
import { notify } from '@/lib/notices'
import { common } from '@/strings'

export const queryClient = new QueryClient({
  defaultOptions: {
    queries: {
      staleTime: 5000,
      retry: (failures, error) => failures < 2 && !(error instanceof ApiError && error.status >= 400 && error.status < 500),
    },
  },
})

export const keys = {
  me: ['me'],
  jobs: ['jobs'],
  usage: ['usage'],
  stats: ['usage', 'stats'],
  limits: ['usage', 'limits'],
  admin: ['admin'],
}

/** Whether a user (not a guest) is signed in; follows logins and logouts of any tab. */
export function useSignedIn(): boolean {
  useSyncExternalStore(onSessionChange, sessionVersion)
  return isSignedIn()
}

// Another identity: what was known belongs to somebody else. Who that is, and what only an
// admin may see, is asked for by those who still want it.
onSessionChange(() => {
  queryClient.removeQueries({ queryKey: keys.me })
  queryClient.removeQueries({ queryKey: keys.admin })
  queryClient.removeQueries({ predicate: (query) => query.getObserversCount() === 0 })
  void queryClient.resetQueries({ predicate: (query) => query.queryKey[0] !== 'me' && query.queryKey[0] !== 'admin' })
})

onSessionEnd(() => notify('bad', common.sessionEnded))

export function useMe() {
  const signedIn = useSignedIn()
  return useQuery({
    queryKey: [...keys.me, sessionVersion()],
    queryFn: ({ signal }) => api.get('/auth/me', { signal }),
    enabled: signedIn,
    staleTime: 60_000,
  })
}

/** Reading usage costs nothing, so an open page may look often. */
export const LIVE_MS = 10_000

export function useLimits() {
  return useQuery({
    queryKey: keys.limits,
    queryFn: ({ signal }) => api.get('/usage/limits', { signal }),
    refetchInterval: LIVE_MS,
  })
}

export function useStats() {
  return useQuery({
    queryKey: keys.stats,
    queryFn: ({ signal }) => api.get('/usage/me', { signal }),
    refetchInterval: LIVE_MS,
  })
}

/** After a job changed: the figures have too. */
export function usageChanged(): void {
  void queryClient.invalidateQueries({ queryKey: keys.usage })
}
