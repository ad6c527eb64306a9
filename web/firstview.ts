// Puts the front page's first view into index.html, so that it is seen before the app has
// started. Every other page begins with the bar alone: app.html. Styles and early.js are inline in
// both: nothing has to be fetched before the first paint (tools/embed.py hashes them for the policy).
// The app's script is fetched meanwhile, and early.js runs it after that paint.
import tailwindcss from '@tailwindcss/vite'
import { readFileSync, rmSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { pathToFileURL } from 'node:url'
import { build, transformWithEsbuild, type Plugin, type UserConfig } from 'vite'

/** What the modules of the app touch while they load and while they are drawn. */
const browser = {
  localStorage: { getItem: () => null },
  location: { pathname: '/', search: '', hash: '' },
  addEventListener: () => undefined,
}

interface Drawn {
  firstView: () => string
  styles: string
}

async function drawn(folder: string, resolve: UserConfig['resolve']): Promise<{ html: string; styles: string }> {
  const outDir = join(folder, '.firstview')
  await build({
    configFile: false,
    logLevel: 'error',
    plugins: [tailwindcss()],
    ...(resolve ? { resolve } : {}),
    esbuild: { jsx: 'automatic' },
    publicDir: false,
    ssr: { noExternal: true },
    build: {
      ssr: 'src/firstview.tsx',
      outDir,
      target: 'node18',
      cssTarget: 'es2022',
      cssMinify: true,
      rollupOptions: { output: { entryFileNames: 'firstview.mjs' } },
    },
  })
  Object.assign(globalThis, browser)
  const { firstView, styles } = (await import(pathToFileURL(join(outDir, 'firstview.mjs')).href)) as Drawn
  const html = firstView()
  rmSync(outDir, { recursive: true })
  return { html, styles }
}

function replaced(page: string, part: string | RegExp, by: string): string {
  const changed = page.replace(part, () => by)
  if (changed === page) throw new Error(`index.html has no place for ${by.slice(0, 30)}`)
  return changed
}

async function earlyScript(folder: string): Promise<string> {
  const path = join(folder, 'early.js')
  const { code } = await transformWithEsbuild(readFileSync(path, 'utf8'), path, { minify: true, target: 'es2022' })
  rmSync(path) // not served any more
  return code.trim()
}

const STYLES = '<link rel="stylesheet" href="/src/styles.css" />'
const SCRIPT = '<script src="/early.js"></script>'
const APP = /<script type="module" crossorigin src="([^"]+)"><\/script>/
// With the space around it: a text node in the app's root would make it insert every element anew.
const BAR = /\s*<!-- Shown until[^]*<header[^]*<\/header>\s*(?=<\/div>)/

export function firstView(resolve: UserConfig['resolve']): Plugin {
  let folder = ''
  return {
    name: 'first-view',
    apply: 'build',
    configResolved: (config) => {
      folder = config.build.outDir
    },
    transformIndexHtml: {
      order: 'pre',
      handler: (page, { filename }) => (filename.endsWith('index.html') ? replaced(page, STYLES, '<style></style>') : page),
    },
    closeBundle: {
      sequential: true,
      order: 'pre',
      async handler() {
        const path = join(folder, 'index.html')
        const { html, styles } = await drawn(folder, resolve)
        let page = readFileSync(path, 'utf8')
        page = replaced(page, '<style></style>', `<style>${styles.trim()}</style>`)
        page = replaced(page, SCRIPT, `<script>${await earlyScript(folder)}</script>`)
        page = replaced(page, APP, `<link rel="modulepreload" href="${APP.exec(page)?.[1]}">`)
        writeFileSync(join(folder, 'app.html'), page)
        writeFileSync(path, replaced(page, BAR, html))
      },
    },
  }
}
