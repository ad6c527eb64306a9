import bundle from 'swagger-ui-dist/swagger-ui-bundle.js?url'
import style from 'swagger-ui-dist/swagger-ui.css?url'
import { loadScript, loadStyle } from './load'

declare global {
  interface Window {
    SwaggerUIBundle: (options: Record<string, unknown>) => unknown
  }
}

loadStyle(style)
await loadScript(bundle)
window.SwaggerUIBundle({
  url: '/openapi.json',
  dom_id: '#root',
  deepLinking: true,
  persistAuthorization: true,
  tryItOutEnabled: true,
  validatorUrl: null,
})
export {}
