import tailwindcss from '@tailwindcss/vite'
import { resolve } from 'node:path'
import { defineConfig, type Plugin } from 'vite'
import { firstView } from './firstview'
import { licences } from './licences'
import { packed } from './packed'
import { language, page } from './src/strings'

// In development, what is not a file of the app's is the API's.
const api = process.env.WHAZZ_API ?? 'http://localhost:8000'
const apiPaths = '^/(auth|guest|audio|admin|health|metrics|openapi\\.json|usage/.+)'

/** Redoc's bundle shows a picture from another host: ours instead, so that no request leaves. */
const noOtherHosts: Plugin = {
  name: 'no-other-hosts',
  generateBundle(_, bundle) {
    for (const file of Object.values(bundle))
      if (file.type === 'asset' && file.fileName.includes('redoc.standalone'))
        file.source = Buffer.from(file.source).toString().replaceAll('https://cdn.redoc.ly/redoc/logo-mini.svg', '/favicon.svg')
  },
}

const words: Plugin = {
  name: 'words',
  transformIndexHtml: {
    order: 'pre',
    handler: (html) => html.replace(/%(language|description|noScript)%/g, (_, name: string) => ({ language, ...page })[name] ?? ''),
  },
}

const names = {
  // Preact's own names for React, in order: the longer ones first.
  alias: [
    { find: /^@\//, replacement: `${resolve(__dirname, 'src')}/` },
    { find: /^react\/jsx-(dev-)?runtime$/, replacement: 'preact/jsx-runtime' },
    { find: /^react-dom\/client$/, replacement: 'preact/compat/client' },
    { find: /^react(-dom)?$/, replacement: 'preact/compat' },
    { find: /^\.\.\/createLucideIcon\.js$/, replacement: resolve(__dirname, 'src/ui/icon.ts') },
  ],
}

export default defineConfig({
  plugins: [tailwindcss(), words, noOtherHosts, licences(), firstView(names), packed()],
  resolve: names,
  esbuild: { jsx: 'automatic' },
  server: { port: 5173, strictPort: true, proxy: { [apiPaths]: { target: api } } },
  build: {
    target: 'es2022',
    assetsInlineLimit: 0, // the Content-Security-Policy allows no data: scripts or styles
    modulePreload: { polyfill: false },
    chunkSizeWarningLimit: 2000,
    rollupOptions: {
      input: ['index.html', 'docs.html', 'redoc.html'].map((page) => resolve(__dirname, page)),
    },
  },
  test: { include: ['src/**/*.test.ts', 'src/**/*.test.tsx'], environment: 'node' },
} as Parameters<typeof defineConfig>[0])
