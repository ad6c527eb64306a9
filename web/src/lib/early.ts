// What people did on the page before the app had started: public/early.js keeps it.
declare global {
  interface Window {
    early?: { files: File[]; end: () => void }
  }
}

export const early = {
  /** The app has started: presses that waited for it are done, and it takes the next ones itself. */
  end(): void {
    window.early?.end()
  },
  /** Files that were dropped; each is given once. */
  takeFiles(): File[] {
    return window.early?.files.splice(0) ?? []
  },
  /** What the form's element of this name stands at, where the page came with one. */
  valueOf(name: string): string | undefined {
    if (typeof document === 'undefined') return undefined // while the first view is drawn
    return document.querySelector<HTMLInputElement>(`input[name=${name}]:checked, select[name=${name}]`)?.value
  },
}
