// Short messages at the edge of the page, read out by screen readers.
import { useSyncExternalStore } from 'react'

export interface Notice {
  id: number
  /** What is heard only is to be seen elsewhere on the page. */
  kind: 'good' | 'bad' | 'heard'
  text: string
}

const SHOWN_MS = 7000
let notices: Notice[] = []
let lastId = 0
const listeners = new Set<() => void>()

function set(next: Notice[]): void {
  notices = next
  for (const listener of listeners) listener()
}

export function dismiss(id: number): void {
  set(notices.filter((notice) => notice.id !== id))
}

export function notify(kind: Notice['kind'], text: string): void {
  const notice = { id: ++lastId, kind, text }
  set([...notices.slice(-1), notice])
  if (kind !== 'bad') setTimeout(() => dismiss(notice.id), SHOWN_MS) // trouble stays until it is read
}

export function useNotices(): Notice[] {
  return useSyncExternalStore(
    (listener) => {
      listeners.add(listener)
      return () => listeners.delete(listener)
    },
    () => notices,
  )
}
