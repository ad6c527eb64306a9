import { hydrate, render } from 'preact'
import { isSignedIn } from './api/session'
import { early } from './lib/early'
import { currentTheme } from './lib/theme'
import { Root } from './Root'

/** Whether the page came as the app would draw it now. Then the app takes over its elements
 * untouched, which spares the browser a second layout. */
function isAsDrawn(): boolean {
  return location.pathname === '/' && !isSignedIn() && currentTheme() === 'system'
}

// Preact's own functions, which take over the elements that index.html has: under React's names
// they would throw them away first.
function start(): void {
  const root = document.getElementById('root')
  if (!root) return
  if (isAsDrawn()) hydrate(<Root />, root)
  else render(<Root />, root)
  early.end()
  performance.mark('whazz.started')
}

// Taking the script in and starting it are two tasks: the browser answers in between.
setTimeout(start)
