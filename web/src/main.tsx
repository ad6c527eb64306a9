import { render } from 'preact'
import { early } from './lib/early'
import { Root } from './Root'

// Preact's own render, which takes over the elements that index.html has: under React's name it
// would throw them away first.
function start(): void {
  const root = document.getElementById('root')
  if (!root) return
  render(<Root />, root)
  early.end()
  performance.mark('whazz.started')
}

// Taking the script in and starting it are two tasks: the browser answers in between.
setTimeout(start)
