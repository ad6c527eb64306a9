import bundle from 'redoc/bundles/redoc.standalone.js?url'
import { loadScript } from './load'

declare global {
  interface Window {
    Redoc: { init: (url: string, options: Record<string, unknown>, element: Element) => void }
  }
}

await loadScript(bundle)
const root = document.getElementById('root')
if (root) window.Redoc.init('/openapi.json', { disableSearch: false, hideHostname: true, nativeScrollbars: true }, root)
export {}
