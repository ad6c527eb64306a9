// Adds a style sheet or a script of ours to the page and waits for it.
export function loadStyle(url: string): void {
  const link = document.createElement('link')
  link.rel = 'stylesheet'
  link.href = url
  document.head.append(link)
}

export function loadScript(url: string): Promise<void> {
  return new Promise((resolve, reject) => {
    const script = document.createElement('script')
    script.src = url
    script.onload = () => resolve()
    script.onerror = () => reject(new Error(`cannot load ${url}`))
    document.head.append(script)
  })
}
