// The front page as its first visitor finds it, as HTML: firstview.ts beside vite.config.ts puts
// it into index.html, and the styles with it.
import { renderToString } from 'preact-render-to-string'
import { Root } from './Root'
import styles from './styles.css?inline'

export { styles }

export function firstView(): string {
  return renderToString(<Root />)
}
