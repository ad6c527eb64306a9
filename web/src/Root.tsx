// The whole app. Drawn twice: at build time into index.html, and in the browser over that.
import { QueryClientProvider } from '@tanstack/react-query'
import { StrictMode } from 'react'
import { App } from './App'
import { queryClient } from './lib/queries'

export function Root() {
  return (
    <StrictMode>
      <QueryClientProvider client={queryClient}>
        <App />
      </QueryClientProvider>
    </StrictMode>
  )
}
